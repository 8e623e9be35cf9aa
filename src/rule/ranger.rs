//! Ranger: RAdam with lookahead.
//!
//! Wright, *Ranger, a synergistic optimizer*, 2019,
//! <https://github.com/lessw2020/Ranger-Deep-Learning-Optimizer>: the rule of [`RAdam`], and every k
//! steps the return of [`Lookahead`]. The equations stand there.
//!
//! | | |
//! |---|---|
//! | State | `m`, `v` and the slow weights, three numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | Adam's, without a warm-up |
//!
//! Differences from the original: none of its later additions (centred gradients among them), as in
//! optimi.

use super::{AddDecay, Decayed, Lookahead, RAdam, ScaleByRAdam};
use crate::hyperparameter::{LearningRate, Tunable};
use crate::transform::{Chain, Rule};

/// Ranger. [`Default`] looks ahead every 6 steps.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::{Lookahead, RAdam, Ranger};
/// use std::num::NonZeroU64;
///
/// let every = NonZeroU64::new(2).expect("not zero");
/// let rule = Ranger {
///     radam: RAdam { learning_rate: LearningRate::new(1.0)?, ..RAdam::default() },
///     lookahead: Lookahead { every, ..Lookahead::default() },
/// };
/// let mut parameters = [("x", vec![0.0f64])];
/// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// for expected in [1.0, 1.0] {
///     optimizer.step(&mut parameters, &[("x", vec![-1.0f64])])?;
///     assert_eq!(parameters[0].1, [expected]); // 1 | 2 → halfway from 0: 1
/// }
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranger {
    /// The rule of the fast weights.
    pub radam: RAdam,
    /// The return to the slow ones.
    pub lookahead: Lookahead,
}

impl Default for Ranger {
    fn default() -> Self {
        Self { radam: RAdam::default(), lookahead: Lookahead::checked(6) }
    }
}

impl Rule for Ranger {
    type Direction = Chain<AddDecay, ScaleByRAdam>;
    type Finish = Chain<Decayed, Lookahead>;

    fn direction(&self) -> Self::Direction {
        self.radam.direction()
    }

    fn finish(&self) -> Self::Finish {
        Chain { first: self.radam.finish(), second: self.lookahead }
    }

    fn learning_rate(&self) -> LearningRate {
        self.radam.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        self.radam.learning_rate = learning_rate;
    }

    fn tune(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Tunable)) {
        self.radam.tune(visit);
        visit("share", &mut self.lookahead.share);
    }
}
