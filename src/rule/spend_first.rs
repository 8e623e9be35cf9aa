//! Spends the first gradient on averages alone.
//!
//! HeavyBall 1.0.0 fills the averages of RMSprop, and of chains with such a stage, with the first gradient
//! and leaves the parameters alone. With debiased averages there is no need to; the stage is for those who
//! continue such a training.

use crate::transform::{Input, Nothing, Of, Stage, Step};
use typenum::B0;

/// Lets nothing move, nor decay, at a tensor's first gradient, which only enters the averages. It may stand
/// anywhere in a chain.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::{AdamW, SpendFirst};
///
/// let mut parameters = [("x", vec![1.0f32])];
/// let mut optimizer = AdamW::default().on_update(SpendFirst).build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![1.0f32])])?;
/// assert_eq!(parameters[0].1, [1.0]);
/// optimizer.step(&mut parameters, &[("x", vec![1.0f32])])?;
/// assert!(parameters[0].1[0] < 1.0);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpendFirst;

impl Stage for SpendFirst {
    type Constants = Nothing;
    type State = Nothing;
    type Tensor = Nothing;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;

    fn moves(&self, at: &Step) -> bool {
        at.own > 1
    }

    fn constants(&self, _at: &Step, _own: &mut Nothing, _group: &Nothing) -> Of<Nothing, f64> {
        Nothing
    }

    #[inline(always)]
    fn update<F: crate::real::Real>(
        _at: &Nothing,
        input: Input<F>,
        _tensor: &Nothing,
        _state: &mut Nothing,
    ) -> Input<F> {
        input
    }
}
