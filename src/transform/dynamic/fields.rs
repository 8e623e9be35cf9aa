//! Sets of numbers whose length is known at run time, or whose names are.

use super::Program;
use crate::transform::{FieldSet, Held, Nothing};
use typenum::{B0, B1};

/// `COUNT` numbers that are named by their places.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<const COUNT: usize>;

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

impl<const COUNT: usize> FieldSet for Numbers<COUNT> {
    type Of<X: Held> = [X; COUNT];
    /// There may be one: [`Stage::has_second_point`](crate::transform::Stage::has_second_point) knows.
    type SecondPoint = B1;
    type Elements = Self;
    type Axes = Nothing;
    const COUNT: usize = COUNT;

    fn each_name(name: &mut dyn FnMut(&'static str)) {
        NAMES[..COUNT].iter().for_each(|text| name(text));
    }

    #[inline(always)]
    fn generate_with<X: Held>(make: &mut impl FnMut() -> X) -> [X; COUNT] {
        core::array::from_fn(
            #[inline(always)]
            |_| make(),
        )
    }

    #[inline(always)]
    fn map_with<X: Held, Y: Held>(set: [X; COUNT], change: &mut impl FnMut(X) -> Y) -> [Y; COUNT] {
        filled(
            #[inline(always)]
            |places| {
                for (place, item) in places.iter_mut().zip(set) {
                    *place = Some(change(item));
                }
            },
        )
    }

    #[inline(always)]
    fn each_ref<X: Held>(set: &[X; COUNT]) -> [&X; COUNT] {
        set.each_ref()
    }

    #[inline(always)]
    fn each_mut<X: Held>(set: &mut [X; COUNT]) -> [&mut X; COUNT] {
        set.each_mut()
    }

    #[inline(always)]
    fn zip<X: Held, Y: Held>(left: [X; COUNT], right: [Y; COUNT]) -> [(X, Y); COUNT] {
        filled(
            #[inline(always)]
            |places| {
                for (place, both) in places.iter_mut().zip(left.into_iter().zip(right)) {
                    *place = Some(both);
                }
            },
        )
    }

    #[inline(always)]
    fn unzip<X: Held, Y: Held>(set: [(X, Y); COUNT]) -> ([X; COUNT], [Y; COUNT]) {
        let mut second = [const { None }; COUNT];
        let mut places = second.iter_mut();
        let first = set.map(
            #[inline(always)]
            |(first, other)| {
                *places.next().expect("both have as many") = Some(other);
                first
            },
        );
        (first, second.map(|other| other.expect("each place was filled")))
    }

    #[inline(always)]
    fn part<X: Held>(set: [X; COUNT]) -> ([X; COUNT], Nothing) {
        (set, Nothing)
    }

    #[inline(always)]
    fn join<X: Held>(elements: [X; COUNT], _axes: Nothing) -> [X; COUNT] {
        elements
    }
}

/// A list whose places have been filled in a loop. The closures of `core::array` are not always inlined, and
/// within one that is not there are no vector instructions.
#[inline(always)]
fn filled<X, const COUNT: usize>(fill: impl FnOnce(&mut [Option<X>; COUNT])) -> [X; COUNT] {
    let mut places = [const { None }; COUNT];
    fill(&mut places);
    places.map(
        #[inline(always)]
        |place| place.expect("each place was filled"),
    )
}

/// The constants of a program, with the program itself.
#[derive(Clone, Copy, Debug)]
pub struct Listed;

/// Numbers in a list, and the program that they are for.
#[derive(Clone, Debug, Default)]
pub struct ListedConstants<X> {
    pub(super) program: Program,
    pub(super) numbers: Vec<X>,
}

impl FieldSet for Listed {
    type Of<X: Held> = ListedConstants<X>;
    type SecondPoint = B0;
    type Elements = Self;
    type Axes = Nothing;
    const COUNT: usize = 0;

    fn each_name(_name: &mut dyn FnMut(&'static str)) {}

    fn generate_with<X: Held>(_make: &mut impl FnMut() -> X) -> ListedConstants<X> {
        ListedConstants { program: Program::default(), numbers: Vec::new() }
    }

    fn map_with<X: Held, Y: Held>(
        set: ListedConstants<X>,
        change: &mut impl FnMut(X) -> Y,
    ) -> ListedConstants<Y> {
        ListedConstants { program: set.program, numbers: set.numbers.into_iter().map(change).collect() }
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
