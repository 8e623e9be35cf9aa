//! [`ByAxis`]: numbers that are kept for the lines of each axis instead of for each element.
//!
//! Anil, Gupta, Koren, Singer, *Memory-Efficient Adaptive Optimization*, 2019,
//! <https://arxiv.org/abs/1901.11150>, §3: a *cover* of the elements by sets that may overlap.
//!
//! A **line** of an axis is all elements with the same index along it: a row, a column, a plane. A
//! matrix of *m*×*n* has *m* + *n* lines, so a number for each line is next to nothing beside one for
//! each element. An element belongs to one line of each axis, and
//!
//! ```text
//! reads   the smallest of the numbers of its lines,
//! writes  into each of its lines, where the largest that was ever written stays.
//! ```
//!
//! For a number that only grows, as a sum of squares does, what is read is never less than what the
//! element itself would have kept. So a rule is written as if it had a number per element, and is
//! told by the type of its state to do with fewer.

use super::{FieldSet, Held, Nothing};
use core::marker::PhantomData;
use typenum::B0;

/// The names of `S`, each of which holds a number for every line of every axis of a tensor.
///
/// Each element reads the smallest number of its lines, and a line keeps the largest that its elements
/// have written; all of them are read before any is written. A single number (0-d) is a line by
/// itself. The numbers start as 0, do not shrink, and lie in the format of the arithmetic.
///
/// ```
/// use gradus::transform::{ByAxis, Chain, Stage, field_names};
/// use gradus::rule::{Momentum, ScaleBySm3};
///
/// type State = <Chain<ScaleBySm3, Momentum> as Stage>::State;
/// assert_eq!(field_names::<State>(), ["accumulator", "velocity"]);
/// assert_eq!(field_names::<gradus::transform::ElementsOf<Chain<ScaleBySm3, Momentum>>>(), ["velocity"]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByAxis<S>(PhantomData<fn() -> S>);

impl<S: FieldSet> FieldSet for ByAxis<S> {
    type Of<X: Held> = S::Of<X>;
    type Elements = Nothing;
    type Axes = S;
    type SecondPoint = B0;
    const COUNT: usize = S::COUNT;

    fn each_name(name: &mut dyn FnMut(&'static str)) {
        S::each_name(name);
    }
    #[inline(always)]
    fn generate_with<X: Held>(
        lengths: &mut impl Iterator<Item = usize>,
        make: &mut impl FnMut() -> X,
    ) -> S::Of<X> {
        S::generate_with(lengths, make)
    }
    #[inline(always)]
    fn map_with<X: Held, Y: Held>(set: S::Of<X>, change: &mut impl FnMut(X) -> Y) -> S::Of<Y> {
        S::map_with(set, change)
    }
    #[inline(always)]
    fn each_ref<X: Held>(set: &S::Of<X>) -> S::Of<&X> {
        S::each_ref(set)
    }
    #[inline(always)]
    fn each_mut<X: Held>(set: &mut S::Of<X>) -> S::Of<&mut X> {
        S::each_mut(set)
    }
    #[inline(always)]
    fn zip<X: Held, Y: Held>(left: S::Of<X>, right: S::Of<Y>) -> S::Of<(X, Y)> {
        S::zip(left, right)
    }
    #[inline(always)]
    fn unzip<X: Held, Y: Held>(set: S::Of<(X, Y)>) -> (S::Of<X>, S::Of<Y>) {
        S::unzip(set)
    }
    #[inline(always)]
    fn part<X: Held>(set: S::Of<X>) -> (Nothing, S::Of<X>) {
        (Nothing, set)
    }
    #[inline(always)]
    fn join<X: Held>(_elements: Nothing, axes: S::Of<X>) -> S::Of<X> {
        axes
    }
}
