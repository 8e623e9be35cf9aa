//! The limit: a plain loop over the same memory, reading and writing what the step must.
//!
//! It walks as many arrays of the same widths as the step does, in one pass, on as many threads,
//! and adds the gradient's words to each array that the step writes.

use crate::shapes::Shapes;
use gradus::error::{Error, Result};

/// Bytes per parameter of each array that a step walks.
pub(crate) struct Streams {
    pub(crate) parameter: usize,
    pub(crate) gradient: usize,
    pub(crate) state: usize,
    pub(crate) fields: usize,
    pub(crate) carried: usize,
}

impl Streams {
    /// Bytes that a step moves per parameter: the gradient is read, everything else read and
    /// written.
    pub(crate) fn bytes(&self) -> usize {
        self.gradient + 2 * (self.parameter + self.fields * self.state + self.carried)
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
        Ok(Self { tensors: tensors.collect(), pool })
    }

    /// Walks all arrays once.
    pub(crate) fn run(&mut self) {
        let Self { tensors, pool } = self;
        pool.install(|| each_tensor(tensors));
    }
}

fn each_tensor(tensors: &mut [Tensor]) {
    if let [tensor] = tensors {
        let mut written = tensor.written.iter_mut().map(Vec::as_mut_slice);
        let mut next = || written.next().unwrap_or_default();
        walk(&tensor.gradient, [next(), next(), next(), next()]);
    } else if !tensors.is_empty() {
        let (left, right) = tensors.split_at_mut(tensors.len() / 2);
        rayon::join(|| each_tensor(left), || each_tensor(right));
    }
}

/// Up to four arrays are written: parameter, two fields of state, and a carry.
fn walk(gradient: &[u32], written: [&mut [u32]; 4]) {
    if gradient.len() > PIECE {
        let middle = gradient.len() / 2;
        let (left, right) = gradient.split_at(middle);
        let halves = written.map(|array| {
            // Arrays may be wider or narrower than the gradient: split them at the same element.
            let middle = array.len() * middle / gradient.len();
            array.split_at_mut(middle)
        });
        let [a, b, c, d] = halves;
        rayon::join(|| walk(left, [a.0, b.0, c.0, d.0]), || walk(right, [a.1, b.1, c.1, d.1]));
        return;
    }
    let [a, b, c, d] = written;
    if [b.len(), c.len(), d.len()].iter().all(|&length| length == 0 || length == a.len())
        && a.len() == gradient.len()
    {
        same_width(gradient, a, b, c, d);
    } else {
        // The gradient's words of a piece stay in the cache while wider arrays pass by.
        for part in [a, b, c, d].into_iter().flat_map(|array| array.chunks_mut(gradient.len().max(1))) {
            part.iter_mut().zip(gradient).for_each(|(word, gradient)| *word = word.wrapping_add(*gradient));
        }
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
