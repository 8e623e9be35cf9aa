//! Numbers over the tensors of several kernels.
//!
//! Each kernel folds its own tensors. Then each joins the folds of all, in the order of the step, so all come to the same
//! number without waiting for anything but each other's folds. For that, the table of each has a row for every tensor;
//! of one that another kernel works on, the row has what is joined: elements and leaves.

use super::run::{Group, Groups};
use super::step::{ELEMENTS, LEAVES, Taken};
use smallvec::SmallVec;

/// A tensor as its own kernel knows it.
struct Known {
    group: usize,
    row: usize,
    taken: Taken,
    elements: u64,
    leaves: u64,
}

/// Lets the kernels of a step know each other's tensors, if they take a number over all of them. `order` is the place of
/// each tensor's group.
pub(super) fn share(groups: &mut Groups<'_>, order: &[usize]) {
    let joins = |group: &Group<'_>| group.loaded.kernel.statistics().iter().any(|known| known.is_joint);
    if groups.len() < 2 || !groups.iter().any(joins) {
        return;
    }
    let mut rows = SmallVec::<[usize; 2]>::from_elem(0, groups.len());
    let known = |&group: &usize| {
        let row = rows[group];
        rows[group] += 1;
        let of = &groups[group];
        let words = &of.rows.words()[row * of.loaded.kernel.row_words()..];
        Known { group, row, taken: of.tensors[row], elements: words[ELEMENTS], leaves: words[LEAVES] }
    };
    let all: Vec<_> = order.iter().map(known).collect();
    for (place, group) in groups.iter_mut().enumerate() {
        let width = group.loaded.kernel.row_words();
        let mut words = Vec::with_capacity(width * all.len());
        group.tensors.clear();
        for known in &all {
            if known.group == place {
                words.extend_from_slice(&group.rows.words()[known.row * width..][..width]);
                group.tensors.push(known.taken);
            } else {
                let begin = words.len();
                words.resize(begin + width, 0);
                words[begin + ELEMENTS] = known.elements;
                words[begin + LEAVES] = known.leaves;
                group.tensors.push(Taken { line_blocks: [0, 0], is_elsewhere: true, ..known.taken });
            }
        }
        group.rows.replace(words);
    }
}
