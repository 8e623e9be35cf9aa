//! What a chain makes of a step, worked out once for all tensors of which it makes the same.
//!
//! Most tensors of a group have received as many gradients as the others, so their constants are the same numbers. To
//! find them takes powers, for one, and walks through lists in a chain from data: more than all else that the host does
//! for a tensor.

use super::copied;
use crate::device::Statistics;
use crate::transform::{Arrives, FieldSet, Of, Stage, Step};
use core::ops::Index;
use smallvec::SmallVec;

/// Among how many a tensor looks for its own, from the last one on: weights and biases differ in their dimensions, few
/// others in anything. As long as there are no more, a step calls a chain once for each.
const RECENT: usize = 8;

/// What the chains of a step's groups have made so far; the tensors of the step borrow it.
pub(super) struct Alike<C: Stage> {
    made: Vec<Made<C>>,
}

/// What a chain has made of a step, and of what.
pub(super) struct Made<C: Stage> {
    group: usize,
    asked: Step,
    before: Of<C::Own, f64>,
    /// The step, which may only enter the averages.
    pub(super) at: Step,
    /// The numbers of the tensor behind the step.
    pub(super) own: Of<C::Own, f64>,
    pub(super) constants: Of<C::Constants, f64>,
    pub(super) statistics: Statistics,
}

impl<C: Stage> Alike<C> {
    /// Room for a gradient that comes by itself.
    pub(super) fn new() -> Self {
        Self { made: Vec::with_capacity(1) }
    }

    /// Begins a step of so many tensors, which may all differ.
    pub(super) fn begin(&mut self, tensors: usize) {
        self.made.clear();
        self.made.reserve(tensors);
    }

    /// Whether no tensor of the step takes a statistic, or has to take part in one.
    pub(super) fn take_no_statistics(&self) -> bool {
        self.made.iter().all(|made| made.statistics.taken == 0 && made.statistics.joint == 0)
    }

    /// The place of what a chain makes of a step of a tensor whose own numbers are `before`. All tensors of a group
    /// have the same chain, and the same `numbers` of the group.
    pub(super) fn place_of(
        &mut self,
        (group, chain, numbers): (usize, &C, &Of<C::Group, f64>),
        asked: Step,
        before: &Of<C::Own, f64>,
    ) -> usize {
        let is_it = |made: &Made<C>| {
            made.group == group && made.asked == asked && are_same::<C::Own>(&made.before, before)
        };
        let older = self.made.len().saturating_sub(RECENT);
        let found = self.made[older..].iter().rposition(is_it);
        found.map_or_else(
            || {
                self.made.push(Made::of((group, chain, numbers), asked, before));
                self.made.len() - 1
            },
            |place| older + place,
        )
    }
}

impl<C: Stage> Index<usize> for Alike<C> {
    type Output = Made<C>;

    fn index(&self, place: usize) -> &Made<C> {
        &self.made[place]
    }
}

impl<C: Stage> Made<C> {
    fn of(
        (group, chain, numbers): (usize, &C, &Of<C::Group, f64>),
        asked: Step,
        before: &Of<C::Own, f64>,
    ) -> Self {
        let at = if chain.moves(&asked) { asked } else { Step { arrives: Arrives::ToAccumulate, ..asked } };
        let mut own = copied::<C::Own>(before);
        let constants = chain.constants(&at, &mut own, numbers);
        let (before, statistics) = (copied::<C::Own>(before), Statistics::of(chain, &at));
        Self { group, asked, before, at, own, constants, statistics }
    }
}

/// Whether two sets hold the same numbers, to the bit.
fn are_same<S: FieldSet>(left: &Of<S, f64>, right: &Of<S, f64>) -> bool {
    let mut others = SmallVec::<[u64; 16]>::new();
    S::for_each(right, &mut |number| others.push(number.to_bits()));
    let (mut others, mut are_same) = (others.into_iter(), true);
    S::for_each(left, &mut |number| are_same &= others.next() == Some(number.to_bits()));
    are_same
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields;
    use crate::real::Real;
    use crate::transform::{Input, Nothing};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use typenum::B0;

    fields! { struct Number { number } }

    /// Counts how often it is asked, and how many gradients a tensor has received.
    #[derive(Clone, Debug, Default)]
    struct Asked(Arc<AtomicUsize>);

    impl Stage for Asked {
        type Constants = Number;
        type State = Nothing;
        type Tensor = Nothing;
        type Own = Number;
        type Group = Nothing;
        type Keeps = B0;
        type Joint = B0;

        fn constants(&self, at: &Step, own: &mut Number<f64>, _: &Nothing) -> Number<f64> {
            self.0.fetch_add(1, Ordering::Relaxed);
            own.number += 1.0;
            Number { number: 1000.0 * at.dimensions as f64 + own.number }
        }

        fn update<F: Real>(_: &Number<F>, input: Input<F>, _: &Nothing, _: &mut Nothing) -> Input<F> {
            input
        }
    }

    /// The constants of a tensor with so many dimensions that has received so many gradients.
    fn constants(alike: &mut Alike<Asked>, chain: &Asked, dimensions: usize, received: f64) -> f64 {
        let asked = Step { dimensions, ..Step::first(0.1) };
        let place = alike.place_of((0, chain, &Nothing), asked, &Number { number: received });
        let made = &alike[place];
        assert_eq!(made.own.number, received + 1.0);
        made.constants.number
    }

    #[test]
    fn a_chain_is_asked_once_for_all_tensors_that_are_alike() {
        let (chain, mut alike) = (Asked::default(), Alike::new());
        for _ in 0..3 {
            assert_eq!(constants(&mut alike, &chain, 1, 7.0), 1008.0);
            assert_eq!(constants(&mut alike, &chain, 2, 7.0), 2008.0);
            assert_eq!(constants(&mut alike, &chain, 2, 6.0), 2007.0);
        }
        assert_eq!(chain.0.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn what_is_not_recent_is_asked_for_again() {
        let (chain, mut alike) = (Asked::default(), Alike::new());
        for received in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 9] {
            assert_eq!(constants(&mut alike, &chain, 1, received.into()), 1001.0 + f64::from(received));
        }
        assert_eq!(chain.0.load(Ordering::Relaxed), 11);
    }
}
