//! Sets of numbers whose length is known at run time, or whose names are.

use super::Program;
use crate::transform::{FieldSet, Held, Nothing};
use arrayvec::ArrayVec;
use smallvec::SmallVec;
use typenum::{B0, B1};

/// At most `MOST` numbers, which are named by their places.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<const MOST: usize>;

const NAMES: [&str; 16] = [
    "number_1",
    "number_2",
    "number_3",
    "number_4",
    "number_5",
    "number_6",
    "number_7",
    "number_8",
    "number_9",
    "number_10",
    "number_11",
    "number_12",
    "number_13",
    "number_14",
    "number_15",
    "number_16",
];

impl<const MOST: usize> FieldSet for Numbers<MOST> {
    type Of<X: Held> = ArrayVec<X, MOST>;
    /// There may be one: [`Stage::has_second_point`](crate::transform::Stage::has_second_point) knows.
    type SecondPoint = B1;
    type Elements = Self;
    type Axes = Nothing;
    const COUNT: usize = MOST;

    fn each_name(name: &mut dyn FnMut(&'static str)) {
        NAMES[..MOST].iter().for_each(|text| name(text));
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn generate_with<X: Held>(
        lengths: &mut impl Iterator<Item = usize>,
        make: &mut impl FnMut() -> X,
    ) -> ArrayVec<X, MOST> {
        let length = lengths.next().map_or(MOST, |length| length.min(MOST));
        listed(
            0..length,
            #[inline(always)]
            |_| (*make)(),
        )
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn map_with<X: Held, Y: Held>(
        set: ArrayVec<X, MOST>,
        change: &mut impl FnMut(X) -> Y,
    ) -> ArrayVec<Y, MOST> {
        // Called as it is: as an argument it would be called by a function that is not inlined.
        listed(
            set,
            #[inline(always)]
            |item| (*change)(item),
        )
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn for_each<X: Held>(set: &ArrayVec<X, MOST>, visit: &mut impl FnMut(&X)) {
        set.iter().for_each(visit);
    }

    // Not inlined: all of the room would be copied word by word, however few values there are.
    #[inline(never)]
    fn map_mut<'s, X: Held + 's, Y: Held>(
        set: &'s mut ArrayVec<X, MOST>,
        change: &mut impl FnMut(&'s mut X) -> Y,
    ) -> ArrayVec<Y, MOST> {
        listed(set, change)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn each_ref<X: Held>(set: &ArrayVec<X, MOST>) -> ArrayVec<&X, MOST> {
        listed(set, |item| item)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn each_mut<X: Held>(set: &mut ArrayVec<X, MOST>) -> ArrayVec<&mut X, MOST> {
        listed(set, |item| item)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn zip<X: Held, Y: Held>(left: ArrayVec<X, MOST>, right: ArrayVec<Y, MOST>) -> ArrayVec<(X, Y), MOST> {
        listed(left.into_iter().zip(right), |both| both)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn unzip<X: Held, Y: Held>(set: ArrayVec<(X, Y), MOST>) -> (ArrayVec<X, MOST>, ArrayVec<Y, MOST>) {
        let mut second = ArrayVec::new();
        let first = listed(set, |(first, other)| {
            second.push(other);
            first
        });
        (first, second)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn part<X: Held>(set: ArrayVec<X, MOST>) -> (ArrayVec<X, MOST>, Nothing) {
        (set, Nothing)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn join<X: Held>(elements: ArrayVec<X, MOST>, _axes: Nothing) -> ArrayVec<X, MOST> {
        elements
    }
}

/// A list of at most `MOST`, made in a loop that is inlined, so that vector instructions stay vector
/// instructions.
#[cfg_attr(not(debug_assertions), inline(always))]
fn listed<X, Y, const MOST: usize>(
    items: impl IntoIterator<Item = X>,
    mut change: impl FnMut(X) -> Y,
) -> ArrayVec<Y, MOST> {
    let mut list = ArrayVec::new();
    for item in items {
        list.push(change(item));
    }
    list
}

/// The constants of a program, with the program itself.
#[derive(Clone, Copy, Debug)]
pub struct Listed;

/// Constants in a list: as many as all but the longest programs have need no memory of their own.
pub(crate) type ConstantList<X> = SmallVec<[X; 32]>;

/// Numbers in a list, and the program that they are for.
#[derive(Clone, Debug, Default)]
pub struct ListedConstants<X> {
    pub(super) program: Program,
    pub(super) numbers: ConstantList<X>,
}

impl FieldSet for Listed {
    type Of<X: Held> = ListedConstants<X>;
    type SecondPoint = B0;
    type Elements = Self;
    type Axes = Nothing;
    const COUNT: usize = 0;

    fn each_name(_name: &mut dyn FnMut(&'static str)) {}

    fn generate_with<X: Held>(
        _lengths: &mut impl Iterator<Item = usize>,
        _make: &mut impl FnMut() -> X,
    ) -> ListedConstants<X> {
        ListedConstants { program: Program::default(), numbers: SmallVec::new() }
    }

    fn map_with<X: Held, Y: Held>(
        set: ListedConstants<X>,
        change: &mut impl FnMut(X) -> Y,
    ) -> ListedConstants<Y> {
        ListedConstants { program: set.program, numbers: set.numbers.into_iter().map(change).collect() }
    }

    fn for_each<X: Held>(set: &ListedConstants<X>, visit: &mut impl FnMut(&X)) {
        set.numbers.iter().for_each(visit);
    }

    fn map_ref<'s, X: Held + 's, Y: Held>(
        set: &'s ListedConstants<X>,
        change: &mut impl FnMut(&'s X) -> Y,
    ) -> ListedConstants<Y> {
        ListedConstants { program: set.program.clone(), numbers: set.numbers.iter().map(change).collect() }
    }

    fn each_ref<X: Held>(set: &ListedConstants<X>) -> ListedConstants<&X> {
        ListedConstants { program: set.program.clone(), numbers: set.numbers.iter().collect() }
    }

    fn each_mut<X: Held>(set: &mut ListedConstants<X>) -> ListedConstants<&mut X> {
        ListedConstants { program: set.program.clone(), numbers: set.numbers.iter_mut().collect() }
    }

    fn zip<X: Held, Y: Held>(left: ListedConstants<X>, right: ListedConstants<Y>) -> ListedConstants<(X, Y)> {
        let numbers = left.numbers.into_iter().zip(right.numbers).collect();
        ListedConstants { program: left.program, numbers }
    }

    fn unzip<X: Held, Y: Held>(set: ListedConstants<(X, Y)>) -> (ListedConstants<X>, ListedConstants<Y>) {
        let (first, second) = set.numbers.into_iter().unzip();
        (
            ListedConstants { program: set.program.clone(), numbers: first },
            ListedConstants { program: set.program, numbers: second },
        )
    }

    fn part<X: Held>(set: ListedConstants<X>) -> (ListedConstants<X>, Nothing) {
        (set, Nothing)
    }

    fn join<X: Held>(elements: ListedConstants<X>, _axes: Nothing) -> ListedConstants<X> {
        elements
    }
}
