//! No clip.

use crate::real::Real;
use crate::transform::{Input, Nothing, Step, Transform};
use typenum::B0;

/// Leaves the update as it is: what stands where a clip might.
///
/// ```
/// use gradus::clip::Identity;
/// use gradus::transform::{Input, Nothing, Transform};
///
/// assert_eq!(Identity::update(&Nothing, Input::of(3.0f32, 0.0), &mut Nothing), 3.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity;

impl Transform for Identity {
    type Constants = Nothing;
    type State = Nothing;
    type Keeps = B0;

    fn constants(&self, _at: &Step) -> Nothing {
        Nothing
    }

    #[inline(always)]
    fn update<F: Real>(_at: &Nothing, input: Input<F>, _: &mut Nothing) -> F {
        input.update
    }
}
