//! [`Queue`]: which tensor a lane works on next.

use super::workspace::MOST_LANES;
use core::array;

/// Tensors that wait. A lane takes any whose rank is not below its own number: it has the room for those.
pub(super) struct Queue<I, X, R> {
    waiting: I,
    rank: R,
    /// For each lane the tensor of its own rank, which lanes behind it have met and could not take.
    set_aside: [Option<X>; MOST_LANES],
}

impl<X, I: Iterator<Item = X>, R: Fn(&X) -> usize> Queue<I, X, R> {
    pub(super) fn new(waiting: I, rank: R) -> Self {
        Self { waiting, rank, set_aside: array::from_fn(|_| None) }
    }

    /// The next one for a lane; [`None`] once there will be no more.
    pub(super) fn next(&mut self, lane: usize) -> Option<X> {
        if let Some(own) = self.set_aside[lane].take() {
            return Some(own);
        }
        for next in self.waiting.by_ref() {
            let rank = (self.rank)(&next);
            if rank >= lane {
                return Some(next);
            }
            self.set_aside[rank] = Some(next);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tensor_is_taken_by_a_lane_with_room_for_it() {
        let ranks = [4, 0, 2, 5, 1, 3];
        // Lanes in turns, and one after the other from either end.
        let after = |lanes: [usize; 3]| lanes.into_iter().flat_map(|lane| [lane; 7]).collect();
        for turns in [[0, 1, 2].repeat(7), after([0, 1, 2]), after([2, 1, 0])] {
            let mut queue = Queue::new(ranks.iter(), |rank: &&usize| **rank);
            let mut taken = Vec::new();
            for lane in turns {
                if let Some(rank) = queue.next(lane) {
                    assert!(*rank >= lane, "{rank} in lane {lane}");
                    taken.push(*rank);
                }
            }
            taken.sort_unstable();
            assert_eq!(taken, [0, 1, 2, 3, 4, 5]);
        }
    }
}
