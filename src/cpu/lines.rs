//! Numbers by axis: what an element reads from its lines, and what its lines keep of what it writes.
//!
//! All are read as they were before the step. What is written goes into room of its own: one part of
//! the tensor after the other along its slowest axis, whose lines no two parts share; for the lines of
//! the other axes each part has numbers of its own. In the end all are joined. A maximum does not
//! depend on the order, so the bits depend neither on the parts nor on the threads.

use super::Cpu;
use super::on_tiles::Aligned;
use super::pieces::{Piece, Shared, update_whole};
use super::simd::Vectors;
use super::threads;
use super::tile::TILE;
use crate::device::{Axis, Formats, Lines, Number, Parts, Work};
use crate::dtype::Arithmetic;
use crate::real::Real;
use crate::transform::{AxesOf, FieldSet, Of, Stage};
use smallvec::SmallVec;

/// The numbers of a field, for a piece of its tensor.
pub(super) struct Cover<'a, F> {
    pub(super) lines: &'a Lines,
    /// The numbers before the step.
    pub(super) old: &'a [F],
    /// Where those after the step are kept; [`None`] if nothing is written.
    pub(super) fresh: Option<Fresh<'a, F>>,
}

/// The room of one part of a tensor.
pub(super) struct Fresh<'a, F> {
    /// The numbers of the part's lines of the slowest axis.
    slowest: &'a mut [F],
    /// Which of them is the first.
    first: usize,
    /// Numbers for all lines of the other axes, one after the other.
    others: &'a mut [F],
}

impl<'a, F> Cover<'a, F> {
    /// The same numbers, to be read only.
    pub(super) fn reading(&self) -> Self {
        Self { lines: self.lines, old: self.old, fresh: None }
    }
}

/// The smaller of two; NaN if one of them is.
#[inline(always)]
fn min<F: Real>(left: F, right: F) -> F {
    -(-left).max(-right)
}

#[inline(always)]
fn raise<F: Real>(place: &mut F, number: F) {
    *place = place.max(number);
}

/// The larger of each two, neither of which is NaN: one instruction for a register.
#[inline(always)]
fn raise_all<V: Vectors>(vectors: V, places: &mut [V::Arithmetic; TILE], numbers: &V::Group) {
    let mut raised = vectors.widen(places, 0);
    for (place, number) in raised.as_mut().iter_mut().zip(numbers.as_ref()) {
        *place = number.at_least(*place);
    }
    vectors.round(&raised, places, 0);
}

/// The largest number, none of which is NaN: each half is held against the other, again and again.
fn largest_of<F: Real>(numbers: &mut [F; TILE]) -> F {
    let mut width = TILE;
    while width > 1 {
        width /= 2;
        let (lower, upper) = numbers.split_at_mut(width);
        for (place, number) in lower.iter_mut().zip(upper) {
            *place = number.at_least(*place);
        }
    }
    numbers[0]
}

/// A place in a tensor, run by run.
struct Walk<'a> {
    lines: &'a Lines,
    /// The index along each outer axis.
    index: SmallVec<[usize; 6]>,
    /// The place within the run.
    column: usize,
}

impl<'a> Walk<'a> {
    fn at(lines: &'a Lines, element: usize) -> Self {
        let (mut row, column) = (element / lines.run.max(1), element % lines.run.max(1));
        let mut index: SmallVec<[usize; 6]> = SmallVec::from_elem(0, lines.outer.len());
        for (index, axis) in index.iter_mut().zip(&lines.outer).rev() {
            (row, *index) = (row / axis.length, row % axis.length);
        }
        Self { lines, index, column }
    }

    /// How many of the next `length` elements lie in this run.
    #[inline(always)]
    fn left(&self, length: usize) -> usize {
        length.min(self.lines.run - self.column)
    }

    /// Goes on within the run; whether that is its end.
    #[inline(always)]
    fn advance(&mut self, length: usize) -> bool {
        self.column += length;
        self.column == self.lines.run
    }

    /// Goes on to the next run.
    fn next_run(&mut self) {
        self.column = 0;
        for (index, axis) in self.index.iter_mut().zip(&self.lines.outer).rev() {
            *index += 1;
            if *index < axis.length {
                return;
            }
            *index = 0;
        }
    }

    /// The lines of the run, one of each outer axis.
    fn outer(&self) -> impl Iterator<Item = usize> {
        self.lines.outer.iter().zip(&self.index).map(|(axis, index)| axis.first + index)
    }
}

/// Reads the numbers of tile after tile.
pub(super) struct Reader<'a, F> {
    walk: Walk<'a>,
    old: &'a [F],
    /// The smallest number of the run's outer lines.
    smallest: F,
    /// The first line of its elements, if they have lines of their own and the smallest number is not NaN,
    /// which no other changes.
    inner: Option<usize>,
}

impl<'a, F: Arithmetic> Reader<'a, F> {
    pub(super) fn new(cover: &Cover<'a, F>, first: u64) -> Self {
        let walk = Walk::at(cover.lines, first as usize);
        let mut reader = Self { walk, old: cover.old, smallest: F::constant(0.0), inner: None };
        reader.begin_run();
        reader
    }

    fn begin_run(&mut self) {
        let infinity = F::constant(f64::INFINITY);
        self.smallest = self.walk.outer().fold(infinity, |smallest, line| min(smallest, self.old[line]));
        self.inner = self.walk.lines.inner.filter(|_| self.smallest <= infinity);
    }

    /// The numbers of the next `length` elements; those behind them are nothing in particular.
    #[inline(always)]
    pub(super) fn read<V: Vectors<Arithmetic = F>>(&mut self, vectors: V, length: usize) -> V::Group {
        if self.walk.left(length) < TILE {
            return vectors.widen(&self.read_runs(length), 0);
        }
        // Nearly always.
        let numbers = match self.inner {
            None => vectors.widen(&[self.smallest; TILE], 0),
            Some(first) => {
                let smallest = V::Number::constant(self.smallest.to_f64());
                let old = self.old[first + self.walk.column..].first_chunk();
                let mut numbers = vectors.widen(old.expect("a run has a number for each"), 0);
                for number in numbers.as_mut() {
                    *number = number.at_most(smallest);
                }
                numbers
            }
        };
        self.advance(TILE);
        numbers
    }

    /// The same for a tile that lies in several runs or is not whole.
    #[inline(always)]
    fn read_runs(&mut self, length: usize) -> [F; TILE] {
        let mut tile = [self.smallest; TILE];
        let mut at = 0;
        while at < length {
            let run = self.walk.left(length - at);
            let numbers = &mut tile[at..at + run];
            match self.inner {
                None => numbers.fill(self.smallest),
                Some(first) => {
                    let old = &self.old[first + self.walk.column..][..run];
                    for (number, old) in numbers.iter_mut().zip(old) {
                        *number = old.at_most(self.smallest);
                    }
                }
            }
            at += run;
            self.advance(run);
        }
        tile
    }

    #[inline(always)]
    fn advance(&mut self, length: usize) {
        if self.walk.advance(length) {
            self.walk.next_run();
            self.begin_run();
        }
    }
}

/// Keeps the largest numbers of tile after tile.
pub(super) struct Writer<'a, F> {
    walk: Walk<'a>,
    fresh: Fresh<'a, F>,
    /// The largest number of the run so far: of whole tiles place by place, and of the rest.
    largest: Aligned<F>,
    has_tiles: bool,
    of_rest: F,
    /// Whether NaN has been written, which stays where it is.
    has_nan: bool,
}

impl<'a, F: Arithmetic> Writer<'a, F> {
    pub(super) fn new(lines: &'a Lines, fresh: Fresh<'a, F>, first: u64) -> Self {
        let least = F::constant(f64::NEG_INFINITY);
        let walk = Walk::at(lines, first as usize);
        Self {
            walk,
            fresh,
            largest: Aligned([least; TILE]),
            has_tiles: false,
            of_rest: least,
            has_nan: false,
        }
    }

    /// Takes the numbers of the next `length` elements.
    #[inline(always)]
    pub(super) fn write<V: Vectors<Arithmetic = F>>(
        &mut self,
        vectors: V,
        numbers: &V::Group,
        length: usize,
    ) {
        self.has_nan |= vectors.has_nan(numbers);
        if self.has_nan || self.walk.left(length) < TILE {
            let mut tile = [F::default(); TILE];
            vectors.round(numbers, &mut tile, 0);
            return self.write_runs(&tile, length);
        }
        // Nearly always.
        if let Some(places) = self.places() {
            raise_all(vectors, places.first_chunk_mut().expect("a run has a number for each"), numbers);
        }
        raise_all(vectors, &mut self.largest.0, numbers);
        self.has_tiles = true;
        self.advance(TILE);
    }

    /// The same for a tile that lies in several runs, is not whole, or is not the first with NaN.
    #[inline(always)]
    fn write_runs(&mut self, tile: &[F; TILE], length: usize) {
        let mut at = 0;
        while at < length {
            let run = self.walk.left(length - at);
            let numbers = &tile[at..at + run];
            if let Some(places) = self.places() {
                places[..run].iter_mut().zip(numbers).for_each(|(place, number)| raise(place, *number));
            }
            numbers.iter().for_each(|number| raise(&mut self.of_rest, *number));
            at += run;
            self.advance(run);
        }
    }

    /// Where the lines of the run's elements keep their numbers, from the next element on.
    #[inline(always)]
    fn places(&mut self) -> Option<&mut [F]> {
        let Self { walk: Walk { lines, column, .. }, fresh, .. } = self;
        if lines.outer.is_empty() {
            return Some(&mut fresh.slowest[*column - fresh.first..]);
        }
        let behind = fresh.others.len() + *column;
        lines.inner.map(|_| &mut fresh.others[behind - lines.run..])
    }

    #[inline(always)]
    fn advance(&mut self, length: usize) {
        if self.walk.advance(length) {
            self.end_run();
        }
    }

    /// Gives what the run came to to its lines.
    fn end_run(&mut self) {
        let least = F::constant(f64::NEG_INFINITY);
        if core::mem::take(&mut self.has_tiles) {
            raise(&mut self.of_rest, largest_of(&mut self.largest.0));
            self.largest = Aligned([least; TILE]);
        }
        let mut behind = 0;
        for (place, (axis, index)) in self.walk.lines.outer.iter().zip(&self.walk.index).enumerate() {
            if place == 0 {
                raise(&mut self.fresh.slowest[index - self.fresh.first], self.of_rest);
            } else {
                raise(&mut self.fresh.others[behind + index], self.of_rest);
                behind += axis.length;
            }
        }
        self.of_rest = least;
        self.walk.next_run();
    }
}

/// The parts of a tensor that are still to be cut.
struct Task<'a, C: Stage, K: Formats> {
    piece: Piece<'a, C, K>,
    fresh: Of<AxesOf<C>, Fresh<'a, Number<K>>>,
    parts: Parts,
}

/// Updates a tensor that keeps numbers by axis.
pub(super) fn update<C: Stage, K: Formats>(work: &mut Work<'_, Cpu, C, K>, part: usize) {
    let (lines, elements) = (work.lines, work.gradient.len());
    if elements == 0 {
        return;
    }
    let slowest = lines.slowest();
    let mut room = AxesOf::<C>::map(AxesOf::<C>::each_mut(&mut work.room), core::mem::take);
    let fresh = AxesOf::<C>::map(AxesOf::<C>::each_mut(&mut room), |room| {
        room.fill(Number::<K>::constant(f64::NEG_INFINITY));
        let (slowest, others) = room.split_at_mut(slowest.length);
        Fresh { slowest, first: 0, others }
    });
    let (piece, shared) = Piece::of(work, part);
    run(Task { piece, fresh, parts: lines.parts(elements) }, &shared);
    let joined = AxesOf::<C>::zip(AxesOf::<C>::each_mut(&mut work.axes), room);
    work.room = AxesOf::<C>::map(joined, |(numbers, room)| {
        join(lines, numbers, room);
        room
    });
}

/// Runs parts on all threads.
fn run<C: Stage, K: Formats>(task: Task<'_, C, K>, shared: &Shared<'_, C, K>) {
    let Task { mut piece, fresh, parts } = task;
    if parts.count == 1 {
        let covers = AxesOf::<C>::zip(piece.covers, fresh);
        piece.covers = AxesOf::<C>::map(covers, |(cover, fresh)| Cover { fresh: Some(fresh), ..cover });
        update_whole(piece, shared);
        return;
    }
    let before = parts.count / 2;
    let lines = before * parts.lines;
    let (left, right) = piece.split_at(lines * parts.elements);
    let fresh = AxesOf::<C>::map(fresh, |fresh| {
        let Fresh { slowest, first, others } = fresh;
        let of_each = others.len() / parts.count;
        let (slowest, others) = (slowest.split_at_mut(lines), others.split_at_mut(before * of_each));
        (
            Fresh { slowest: slowest.0, first, others: others.0 },
            Fresh { slowest: slowest.1, first: first + lines, others: others.1 },
        )
    });
    let fresh = AxesOf::<C>::unzip(fresh);
    let left = Task { piece: left, fresh: fresh.0, parts: Parts { count: before, ..parts } };
    let right = Task { piece: right, fresh: fresh.1, parts: Parts { count: parts.count - before, ..parts } };
    threads::join(|| run(left, shared), || run(right, shared));
}

/// Joins what all parts have found to the numbers.
fn join<F: Real>(lines: &Lines, numbers: &mut [F], room: &[F]) {
    let Axis { length, first } = lines.slowest();
    let (slowest, others) = room.split_at(length);
    let all = slowest.iter().fold(F::constant(f64::NEG_INFINITY), |all, number| all.max(*number));
    numbers[first..first + length].iter_mut().zip(slowest).for_each(|(place, number)| raise(place, *number));
    let mut others = others;
    while !others.is_empty() {
        for axis in lines.others() {
            let (of_axis, behind) = others.split_at(axis.length);
            let places = numbers[axis.first..].iter_mut();
            places.zip(of_axis).for_each(|(place, number)| raise(place, *number));
            others = behind;
        }
    }
    lines.whole.iter().for_each(|line| raise(&mut numbers[*line], all));
}
