//! A clip of each element by itself.

use crate::fields;
use crate::hyperparameter::Limit;
use crate::real::Real;
use crate::transform::{Input, Nothing, Step, Transform};
use typenum::B0;

/// Keeps each element between −c and c; NaN stays.
///
/// There is no default: what is large depends on the model.
///
/// ```
/// use gradus::clip::{ClipValue, ValueConstants};
/// use gradus::hyperparameter::Limit;
/// use gradus::transform::{Input, Nothing, Step, Transform};
///
/// let clip = ClipValue { limit: Limit::new(0.5)? };
/// let at: ValueConstants<f64> = clip.constants(&Step::first(1e-3));
/// let clipped = |x| ClipValue::update(&at, Input::of(x, 0.0), &mut Nothing);
/// assert_eq!([-7.0, 0.25, f64::INFINITY].map(clipped), [-0.5, 0.25, 0.5]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipValue {
    /// c, the largest magnitude.
    pub limit: Limit,
}

fields! {
    /// Constants of [`ClipValue`].
    pub struct ValueConstants {
        /// c.
        limit,
    }
}

impl Transform for ClipValue {
    type Constants = ValueConstants;
    type State = Nothing;
    type Keeps = B0;

    fn constants(&self, _at: &Step) -> ValueConstants<f64> {
        ValueConstants { limit: self.limit.get() }
    }

    #[inline(always)]
    fn update<F: Real>(at: &ValueConstants<F>, input: Input<F>, _: &mut Nothing) -> F {
        input.update.at_least(-at.limit).at_most(at.limit)
    }
}
