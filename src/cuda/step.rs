//! How a step becomes launches: which function runs, in how many blocks, on what.

use super::{Kernel, Statistic};
use crate::device::{LEAF, MOST_STATISTICS, Statistics};
use crate::dtype::Arithmetic;
use crate::random::Noise;
use crate::transform::Fold;

/// One launch of a [function](Kernel::functions) of a kernel, in blocks of [`THREADS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The function.
    pub function: String,
    /// How many blocks.
    pub blocks: usize,
    /// How many tensors take part.
    pub tensors: usize,
    /// Pairs of a tensor, by its row in the table, and one of its leaves: a pair for each block, or for each tensor.
    /// Where a number is taken over all tensors, the second one is 1 for a tensor of [another kernel](Taken::is_elsewhere).
    pub list: Vec<[u32; 2]>,
    /// Where several kernels share a number over all tensors, all of them launch one wave before the next.
    pub wave: usize,
}

/// Threads in a block of every launch.
pub const THREADS: usize = 256;

/// What a launch must know of a tensor, beside its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its elements.
    pub length: usize,
    /// The statistics that are taken of it.
    pub statistics: Statistics,
    /// The [blocks](super::line_blocks) that its lines take, if there is state by axis; else 0.
    pub line_blocks: [usize; 2],
    /// Whether another kernel works on it, so that it only counts in numbers over all tensors. Of its row, elements and
    /// leaves are read.
    pub is_elsewhere: bool,
}

/// The wave in which parameters move: the last one.
const LAST_WAVE: usize = 2 * MOST_STATISTICS;

impl Kernel {
    /// The launches of a step over some tensors, one after the other.
    pub fn launches(&self, tensors: &[Taken]) -> Vec<Launch> {
        let statistics = self.statistics().iter();
        let mut launches: Vec<_> =
            statistics.flat_map(|statistic| self.measured(*statistic, tensors)).collect();
        let [maxima, raise] = [0, 1].map(|step| {
            let blocks = |tensor: &Taken| if self.has_lines() { tensor.line_blocks[step] } else { 0 };
            own(tensors).flat_map(|(place, tensor)| numbered(place, blocks(tensor))).collect::<Vec<_>>()
        });
        launches.extend(self.on_lines("maxima", maxima));
        let leaves = leaves(tensors, |_| true);
        if !leaves.is_empty() {
            let tensors = own(tensors).filter(|(_, tensor)| tensor.length > 0).count();
            let function = format!("{}_update", self.name());
            launches.push(Launch { function, blocks: leaves.len(), tensors, list: leaves, wave: LAST_WAVE });
        }
        launches.extend(self.on_lines("raise", raise));
        launches
    }

    /// A launch for the lines of tensors, if there are any.
    fn on_lines(&self, work: &str, list: Vec<[u32; 2]>) -> Option<Launch> {
        let function = format!("{}_{work}", self.name());
        (!list.is_empty()).then_some(Launch {
            function,
            blocks: list.len(),
            tensors: 0,
            list,
            wave: LAST_WAVE,
        })
    }

    /// The launches of a statistic.
    pub(super) fn measured(&self, statistic: Statistic, tensors: &[Taken]) -> impl Iterator<Item = Launch> {
        let takes = taking(statistic, tensors);
        let (leaves, each) = (leaves(tensors, &takes), each(tensors, &takes));
        let wave = 2 * statistic.pass;
        let measure = self.launch(("measure", wave), statistic, leaves.len(), each.len(), leaves);
        let fold = self.launch(("fold", wave), statistic, each.len(), each.len(), each);
        [measure, fold, self.finish(statistic, tensors)].into_iter().flatten()
    }

    /// The launch that makes numbers of the tensors of that, once all kernels have folded theirs.
    fn finish(&self, statistic: Statistic, tensors: &[Taken]) -> Option<Launch> {
        let takes = taking(statistic, tensors);
        let own = each(tensors, &takes);
        if own.is_empty() {
            return None;
        }
        let (blocks, list) =
            if statistic.is_joint { (1, everyone(tensors, takes)) } else { (own.len(), own) };
        self.launch((self.last(), 2 * statistic.pass + 1), statistic, blocks, list.len(), list)
    }

    /// A launch for a statistic, if any tensor takes part.
    fn launch(
        &self,
        (work, wave): (&str, usize),
        statistic: Statistic,
        blocks: usize,
        tensors: usize,
        list: Vec<[u32; 2]>,
    ) -> Option<Launch> {
        let function = format!("{}_{work}_{}", self.name(), statistic.pass);
        (tensors > 0).then_some(Launch { function, blocks, tensors, list, wave })
    }

    /// The launch that writes the point for evaluation of a tensor, if there are elements and that is another one than
    /// the parameter.
    /// In the tensor's row, the place of the gradient is where the point is written.
    pub fn evaluation(&self, length: usize) -> Option<Launch> {
        let list = (self.evaluates() && length > 0).then(|| pairs(0, length).collect::<Vec<_>>())?;
        let function = format!("{}_evaluate", self.name());
        Some(Launch { function, blocks: list.len(), tensors: 1, list, wave: LAST_WAVE })
    }
}

/// Which tensors take part in a statistic.
fn taking(statistic: Statistic, tensors: &[Taken]) -> impl Fn(&Taken) -> bool {
    let pass = statistic.pass;
    // A tensor that needs a joint maximum needs those of all others, which may be older.
    let needs = |tensor: &Taken| tensor.statistics.folds[pass] == Fold::Max && tensor.statistics.takes(pass);
    let by_all = statistic.is_joint && tensors.iter().any(needs);
    move |tensor| tensor.length > 0 && (by_all || tensor.statistics.takes(pass))
}

/// The tensors that the kernel itself works on, with their rows.
fn own(tensors: &[Taken]) -> impl Iterator<Item = (u32, &Taken)> {
    (0..).zip(tensors).filter(|(_, tensor)| !tensor.is_elsewhere)
}

/// A pair for each tensor that takes part.
fn each(tensors: &[Taken], takes: impl Fn(&Taken) -> bool) -> Vec<[u32; 2]> {
    own(tensors).filter(|(_, tensor)| takes(tensor)).map(|(place, _)| [place, 0]).collect()
}

/// The same with those of other kernels, which are marked.
fn everyone(tensors: &[Taken], takes: impl Fn(&Taken) -> bool) -> Vec<[u32; 2]> {
    let taking = (0..).zip(tensors).filter(|(_, tensor)| takes(tensor));
    taking.map(|(place, tensor)| [place, u32::from(tensor.is_elsewhere)]).collect()
}

/// A pair for each leaf of the tensors that take part.
fn leaves(tensors: &[Taken], takes: impl Fn(&Taken) -> bool) -> Vec<[u32; 2]> {
    let taking = own(tensors).filter(|(_, tensor)| takes(tensor));
    taking.flat_map(|(place, tensor)| pairs(place, tensor.length)).collect()
}

/// A pair for each leaf of a tensor.
fn pairs(place: u32, length: usize) -> impl Iterator<Item = [u32; 2]> {
    numbered(place, length.div_ceil(LEAF))
}

/// So many pairs for a tensor.
fn numbered(place: u32, count: usize) -> impl Iterator<Item = [u32; 2]> {
    let count = u32::try_from(count).expect("fewer than 2^44 elements");
    (0..count).map(move |number| [place, number])
}

/// How the block of constants begins: with where the device leaves what it decides about all gradients, or 0.
pub fn header(decided: u64) -> Vec<u64> {
    vec![decided]
}

/// The word of a row that says how many elements a tensor has.
pub(super) const ELEMENTS: usize = 0;

/// The word of a row that leads to the leaves of sums.
pub(super) const LEAVES: usize = 4;

/// The words of a row in the table of tensors that come before the pointers: elements, where the tensor's
/// constants begin in the block of constants, and its seed.
pub fn row(length: usize, constants: usize, noise: &Noise) -> [u64; 3] {
    [length as u64, constants as u64, u64::from(noise.keys[0][0]) | u64::from(noise.keys[0][1]) << 32]
}

/// Adds a tensor to the block of constants: a word of noise, then the numbers, in whole words.
pub fn constants<F: Arithmetic>(block: &mut Vec<u64>, noise: &Noise, numbers: &[F]) {
    block.push(u64::from(noise.tensor) | u64::from(noise.gradient) << 32);
    let (begin, bytes): (_, &[u8]) = (block.len(), bytemuck::cast_slice(numbers));
    block.resize(begin + bytes.len().div_ceil(size_of::<u64>()), 0);
    let words: &mut [u8] = bytemuck::cast_slice_mut(&mut block[begin..]);
    words[..bytes.len()].copy_from_slice(bytes);
}
