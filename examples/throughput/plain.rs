//! The limit: a plain loop over the same memory, reading and writing what the step must.
//!
//! It walks as many arrays of the same widths as the step does, in one pass, on as many threads,
//! and adds the gradient's words to each array that the step writes.

use crate::limit::Limit;
use crate::passes::Reads;
use crate::shapes::Shapes;
use gradus::error::{Error, Result};

/// Bytes per parameter of each array that a step walks.
pub(crate) struct Streams {
    pub(crate) parameter: usize,
    pub(crate) gradient: usize,
    pub(crate) state: usize,
    pub(crate) fields: usize,
    pub(crate) carried: usize,
    /// Passes that only read, before anything is written.
    pub(crate) passes: Vec<Reads>,
}

impl Streams {
    /// Bytes that a step moves per parameter: the gradient is read, everything else read and
    /// written.
    pub(crate) fn bytes(&self) -> usize {
        let of_pass = |reads: &Reads| {
            self.gradient * usize::from(reads.gradient)
                + self.parameter * usize::from(reads.parameter)
                + self.state * reads.fields
        };
        self.gradient
            + 2 * (self.parameter + self.fields * self.state + self.carried)
            + self.passes.iter().map(of_pass).sum::<usize>()
    }
}

/// Words of 32 bits: additions of them are as cheap as arithmetic can be.
struct Tensor {
    gradient: Vec<u32>,
    written: Vec<Vec<u32>>,
}

/// The loop and its memory.
pub(crate) struct Plain {
    tensors: Vec<Tensor>,
    passes: Vec<Reads>,
    pool: rayon::ThreadPool,
}

/// Words of the gradient that a task walks.
const PIECE: usize = 16384;

impl Plain {
    /// Allocates and touches the memory.
    pub(crate) fn new(streams: &Streams, shapes: &Shapes, threads: usize) -> Result<Self> {
        let words = |elements: usize, width: usize| vec![1u32; (elements * width).div_ceil(4)];
        let tensors = shapes.tensors.iter().map(|shape| {
            let elements = shape.iter().product();
            let mut written = vec![words(elements, streams.parameter)];
            written.extend((0..streams.fields).map(|_| words(elements, streams.state)));
            if streams.carried > 0 {
                written.push(words(elements, streams.carried));
            }
            Tensor { gradient: words(elements, streams.gradient), written }
        });
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Error::Threads { threads, reason: error.to_string() })?;
        Ok(Self { tensors: tensors.collect(), passes: streams.passes.clone(), pool })
    }
}

impl Limit for Plain {
    /// Walks all arrays once, and before that as statistics do.
    fn run(&mut self) -> Result<()> {
        let Self { tensors, passes, pool } = self;
        pool.install(|| {
            for reads in passes {
                std::hint::black_box(sum_of_tensors(tensors, *reads));
            }
            each_tensor(tensors);
        });
        Ok(())
    }
}

fn sum_of_tensors(tensors: &[Tensor], reads: Reads) -> u32 {
    match tensors {
        [] => 0,
        [Tensor { gradient, written }] => {
            let gradient = reads.gradient.then_some(gradient).into_iter();
            let parameter = reads.parameter.then(|| &written[0]).into_iter();
            let fields = written[1..].iter().take(reads.fields);
            gradient.chain(parameter).chain(fields).fold(0, |all, array| all.wrapping_add(sum(array)))
        }
        _ => {
            let (left, right) = tensors.split_at(tensors.len() / 2);
            let (left, right) = rayon::join(|| sum_of_tensors(left, reads), || sum_of_tensors(right, reads));
            left.wrapping_add(right)
        }
    }
}

fn sum(words: &[u32]) -> u32 {
    if words.len() <= PIECE {
        return words.iter().fold(0, |sum, word| sum.wrapping_add(*word));
    }
    let (left, right) = words.split_at(words.len() / 2);
    let (left, right) = rayon::join(|| sum(left), || sum(right));
    left.wrapping_add(right)
}

fn each_tensor(tensors: &mut [Tensor]) {
    if let [tensor] = tensors {
        walk(&tensor.gradient, tensor.written.iter_mut().map(Vec::as_mut_slice).collect());
    } else if !tensors.is_empty() {
        let (left, right) = tensors.split_at_mut(tensors.len() / 2);
        rayon::join(|| each_tensor(left), || each_tensor(right));
    }
}

/// The arrays that are written: the parameter, the fields of state, and a carry.
fn walk(gradient: &[u32], written: Vec<&mut [u32]>) {
    if gradient.len() > PIECE {
        let middle = gradient.len() / 2;
        let (left, right) = gradient.split_at(middle);
        let halves = written.into_iter().map(|array| {
            // Arrays may be wider or narrower than the gradient: split them at the same element.
            let middle = array.len() * middle / gradient.len();
            array.split_at_mut(middle)
        });
        let (first, second) = halves.unzip();
        rayon::join(|| walk(left, first), || walk(right, second));
        return;
    }
    if written.iter().any(|array| array.len() != gradient.len()) {
        // The gradient's words of a piece stay in the cache while wider arrays pass by.
        for part in written.into_iter().flat_map(|array| array.chunks_mut(gradient.len().max(1))) {
            part.iter_mut().zip(gradient).for_each(|(word, gradient)| *word = word.wrapping_add(*gradient));
        }
        return;
    }
    // Four arrays at a time: more of them, and the gradient comes from the cache.
    let mut written = written.into_iter();
    while let Some(a) = written.next() {
        let mut next = || written.next().unwrap_or_default();
        same_width(gradient, a, next(), next(), next());
    }
}

/// One loop over all arrays.
fn same_width(gradient: &[u32], a: &mut [u32], b: &mut [u32], c: &mut [u32], d: &mut [u32]) {
    match (b.is_empty(), c.is_empty(), d.is_empty()) {
        (true, _, _) => gradient.iter().zip(a).for_each(|(g, a)| *a = a.wrapping_add(*g)),
        (_, true, _) => gradient.iter().zip(a).zip(b).for_each(|((g, a), b)| {
            *a = a.wrapping_add(*g);
            *b = b.wrapping_add(*g);
        }),
        (_, _, true) => gradient.iter().zip(a).zip(b).zip(c).for_each(|(((g, a), b), c)| {
            *a = a.wrapping_add(*g);
            *b = b.wrapping_add(*g);
            *c = c.wrapping_add(*g);
        }),
        _ => gradient.iter().zip(a).zip(b).zip(c).zip(d).for_each(|((((g, a), b), c), d)| {
            *a = a.wrapping_add(*g);
            *b = b.wrapping_add(*g);
            *c = c.wrapping_add(*g);
            *d = d.wrapping_add(*g);
        }),
    }
}
