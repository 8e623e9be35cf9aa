//! A soft limit at 2.
//!
//! The softsign of Glorot, Bengio, *Understanding the difficulty of training deep feedforward neural
//! networks*, 2010, <https://proceedings.mlr.press/v9/glorot10a.html>; doubled and used as a clip in
//! HeavyBall, <https://github.com/HomebrewML/HeavyBall>.
//!
//! ```text
//! u ← 2u/(1 + |u|)
//! ```

use crate::real::Real;
use crate::transform::{Input, Nothing, Step, Transform};
use typenum::B0;

/// 2u/(1 + |u|). The quotient has no value at infinity: NaN.
///
/// ```
/// use gradus::clip::Softsign;
/// use gradus::transform::{Input, Nothing, Transform};
///
/// let bent = |x| Softsign::update(&Nothing, Input::of(x, 0.0), &mut Nothing);
/// assert_eq!([-1.0, 0.0, 3.0, f32::MAX].map(bent), [-1.0, 0.0, 1.5, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Softsign;

impl Transform for Softsign {
    type Constants = Nothing;
    type State = Nothing;
    type Keeps = B0;

    fn constants(&self, _at: &Step) -> Nothing {
        Nothing
    }

    #[inline(always)]
    fn update<F: Real>(_at: &Nothing, input: Input<F>, _: &mut Nothing) -> F {
        // Doubled last: twice a huge number would be infinite.
        F::constant(2.0) * (input.update / (F::constant(1.0) + input.update.abs()))
    }
}
