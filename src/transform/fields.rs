//! Named numbers, written once as a struct and held in any container.
//!
//! [`fields!`](crate::fields) declares a struct that is generic over what it holds. The same
//! `Moments { first, second }` is then a pair of numbers inside a rule, a pair of buffers inside an
//! optimizer, a pair of slices inside a loop, and a pair of names in a snapshot.

use super::{Either, Flag};
use core::fmt::Debug;
use typenum::B0;

/// Anything that may lie in a field: it must be able to cross threads.
pub trait Held: Send + Sync {}
impl<X: Send + Sync> Held for X {}

/// A fixed set of names, and the struct that holds one `X` for each of them.
///
/// Implemented by [`fields!`](crate::fields), by [`Nothing`] and by [`Pair`]; there is no reason to
/// implement it by hand.
pub trait FieldSet: Send + Sync + 'static {
    /// The struct, holding one `X` per name.
    type Of<X: Held>: Held;
    /// Those of the names that hold a number for each element: all, unless they stand in
    /// [`ByAxis`](super::ByAxis).
    type Elements: FieldSet;
    /// Those that hold numbers for the lines of each axis.
    type Axes: FieldSet;
    /// How many names there are.
    const COUNT: usize;
    /// [`B1`](typenum::B1) if one of the numbers tells another point than the parameter, at which a
    /// model is evaluated: see [`Stage::evaluation`](super::Stage::evaluation).
    type SecondPoint: Flag;

    /// Calls `name` with every name, in order.
    fn each_name(name: &mut dyn FnMut(&'static str));
    /// [`generate`](Self::generate) with a function that others use, too. Sets whose length is only known at
    /// run time take it from `lengths`.
    fn generate_with<X: Held>(
        lengths: &mut impl Iterator<Item = usize>,
        make: &mut impl FnMut() -> X,
    ) -> Self::Of<X>;
    /// [`map`](Self::map) with a function that others use, too.
    fn map_with<X: Held, Y: Held>(set: Self::Of<X>, change: &mut impl FnMut(X) -> Y) -> Self::Of<Y>;
    /// Calls `visit` with each value, in order.
    #[inline(always)]
    fn for_each<X: Held>(set: &Self::Of<X>, visit: &mut impl FnMut(&X)) {
        Self::map(Self::each_ref(set), visit);
    }
    /// What `change` makes of each value, in order.
    #[inline(always)]
    fn map_ref<'s, X: Held + 's, Y: Held>(
        set: &'s Self::Of<X>,
        change: &mut impl FnMut(&'s X) -> Y,
    ) -> Self::Of<Y> {
        Self::map_with(Self::each_ref(set), change)
    }
    /// What `change` makes of each value and may do to it, in order.
    #[inline(always)]
    fn map_mut<'s, X: Held + 's, Y: Held>(
        set: &'s mut Self::Of<X>,
        change: &mut impl FnMut(&'s mut X) -> Y,
    ) -> Self::Of<Y> {
        Self::map_with(Self::each_mut(set), change)
    }
    /// Borrows each value.
    fn each_ref<X: Held>(set: &Self::Of<X>) -> Self::Of<&X>;
    /// Borrows each value mutably.
    fn each_mut<X: Held>(set: &mut Self::Of<X>) -> Self::Of<&mut X>;
    /// Pairs the values of two sets.
    fn zip<X: Held, Y: Held>(left: Self::Of<X>, right: Self::Of<Y>) -> Self::Of<(X, Y)>;
    /// Parts a set of pairs.
    fn unzip<X: Held, Y: Held>(set: Self::Of<(X, Y)>) -> (Self::Of<X>, Self::Of<Y>);
    /// Parts what is held by element from what is held by axis.
    fn part<X: Held>(set: Self::Of<X>) -> (Of<Self::Elements, X>, Of<Self::Axes, X>);
    /// Puts both kinds together.
    fn join<X: Held>(elements: Of<Self::Elements, X>, axes: Of<Self::Axes, X>) -> Self::Of<X>;

    /// Makes each value with `make`, in order. Of a set whose length is only known at run time, as many as
    /// it has room for.
    #[inline(always)]
    fn generate<X: Held>(mut make: impl FnMut() -> X) -> Self::Of<X> {
        Self::generate_with(&mut core::iter::repeat(usize::MAX), &mut make)
    }

    /// Replaces each value, in order.
    #[inline(always)]
    fn map<X: Held, Y: Held>(set: Self::Of<X>, mut change: impl FnMut(X) -> Y) -> Self::Of<Y> {
        Self::map_with(set, &mut change)
    }
}

/// The struct of the field set `S`, holding `X`.
pub type Of<S, X> = <S as FieldSet>::Of<X>;

/// Declares a struct of named numbers, generic over the kind of number, and its [`FieldSet`].
///
/// ```
/// use gradus::transform::FieldSet;
///
/// gradus::fields! {
///     /// Debiased moments of the gradient.
///     pub struct Moments {
///         /// The average.
///         first,
///         /// The average of the square.
///         second,
///     }
/// }
///
/// let moments = Moments { first: 0.5f32, second: 0.25 };
/// let doubled = Moments::map(moments, |number| f64::from(number) * 2.0);
/// assert_eq!((doubled.first, doubled.second), (1.0, 0.5));
/// assert_eq!(gradus::transform::field_names::<Moments>(), ["first", "second"]);
/// ```
///
/// State from which another point than the parameter follows says so, as `struct Average:
/// SecondPoint { average }`.
#[macro_export]
macro_rules! fields {
    (@second_point) => { $crate::typenum::B0 };
    (@second_point SecondPoint) => { $crate::typenum::B1 };
    ($(#[$doc:meta])* $visibility:vis struct $name:ident $(: $point:ident)? {
        $($(#[$field_doc:meta])* $field:ident),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        $visibility struct $name<X = ()> {
            $($(#[$field_doc])* pub $field: X,)+
        }

        impl $crate::transform::FieldSet for $name {
            type Of<X: $crate::transform::Held> = $name<X>;
            type Elements = Self;
            type Axes = $crate::transform::Nothing;
            const COUNT: usize = [$(stringify!($field)),+].len();
            type SecondPoint = $crate::fields!(@second_point $($point)?);

            fn each_name(name: &mut dyn FnMut(&'static str)) {
                $(name(stringify!($field));)+
            }
            #[inline(always)]
            fn generate_with<X: $crate::transform::Held>(
                _lengths: &mut impl Iterator<Item = usize>,
                make: &mut impl FnMut() -> X,
            ) -> $name<X> {
                $name { $($field: make(),)+ }
            }
            #[inline(always)]
            fn map_with<X: $crate::transform::Held, Y: $crate::transform::Held>(set: $name<X>, change: &mut impl FnMut(X) -> Y) -> $name<Y> {
                $name { $($field: change(set.$field),)+ }
            }
            #[inline(always)]
            fn each_ref<X: $crate::transform::Held>(set: &$name<X>) -> $name<&X> {
                $name { $($field: &set.$field,)+ }
            }
            #[inline(always)]
            fn each_mut<X: $crate::transform::Held>(set: &mut $name<X>) -> $name<&mut X> {
                $name { $($field: &mut set.$field,)+ }
            }
            #[inline(always)]
            fn zip<X: $crate::transform::Held, Y: $crate::transform::Held>(left: $name<X>, right: $name<Y>) -> $name<(X, Y)> {
                $name { $($field: (left.$field, right.$field),)+ }
            }
            #[inline(always)]
            fn unzip<X: $crate::transform::Held, Y: $crate::transform::Held>(set: $name<(X, Y)>) -> ($name<X>, $name<Y>) {
                $(let $field = set.$field;)+
                ($name { $($field: $field.0,)+ }, $name { $($field: $field.1,)+ })
            }
            #[inline(always)]
            fn part<X: $crate::transform::Held>(set: $name<X>) -> ($name<X>, $crate::transform::Nothing) {
                (set, $crate::transform::Nothing)
            }
            #[inline(always)]
            fn join<X: $crate::transform::Held>(elements: $name<X>, _: $crate::transform::Nothing) -> $name<X> {
                elements
            }
        }
    };
}

/// No numbers at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nothing;

impl FieldSet for Nothing {
    type Of<X: Held> = Self;
    type Elements = Self;
    type Axes = Self;
    const COUNT: usize = 0;
    type SecondPoint = B0;

    fn each_name(_name: &mut dyn FnMut(&'static str)) {}
    #[inline(always)]
    fn generate_with<X: Held>(
        _lengths: &mut impl Iterator<Item = usize>,
        _make: &mut impl FnMut() -> X,
    ) -> Self {
        Self
    }
    #[inline(always)]
    fn map_with<X: Held, Y: Held>(_set: Self, _change: &mut impl FnMut(X) -> Y) -> Self {
        Self
    }
    #[inline(always)]
    fn each_ref<X: Held>(_set: &Self) -> Self {
        Self
    }
    #[inline(always)]
    fn each_mut<X: Held>(_set: &mut Self) -> Self {
        Self
    }
    #[inline(always)]
    fn zip<X: Held, Y: Held>(_left: Self, _right: Self) -> Self {
        Self
    }
    #[inline(always)]
    fn unzip<X: Held, Y: Held>(_set: Self) -> (Self, Self) {
        (Self, Self)
    }
    #[inline(always)]
    fn part<X: Held>(_set: Self) -> (Self, Self) {
        (Self, Self)
    }
    #[inline(always)]
    fn join<X: Held>(_elements: Self, _axes: Self) -> Self {
        Self
    }
}

/// The names of two sets, those of `A` first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair<A, B>(core::marker::PhantomData<fn() -> (A, B)>);

impl<A: FieldSet, B: FieldSet> FieldSet for Pair<A, B> {
    type Of<X: Held> = (A::Of<X>, B::Of<X>);
    type Elements = Pair<A::Elements, B::Elements>;
    type Axes = Pair<A::Axes, B::Axes>;
    const COUNT: usize = A::COUNT + B::COUNT;
    type SecondPoint = Either<A::SecondPoint, B::SecondPoint>;

    fn each_name(name: &mut dyn FnMut(&'static str)) {
        A::each_name(name);
        B::each_name(name);
    }
    #[inline(always)]
    fn generate_with<X: Held>(
        lengths: &mut impl Iterator<Item = usize>,
        make: &mut impl FnMut() -> X,
    ) -> Self::Of<X> {
        let first = A::generate_with(lengths, make);
        (first, B::generate_with(lengths, make))
    }
    #[inline(always)]
    fn map_with<X: Held, Y: Held>(set: Self::Of<X>, change: &mut impl FnMut(X) -> Y) -> Self::Of<Y> {
        let first = A::map_with(set.0, change);
        (first, B::map_with(set.1, change))
    }
    #[inline(always)]
    fn for_each<X: Held>(set: &Self::Of<X>, visit: &mut impl FnMut(&X)) {
        A::for_each(&set.0, visit);
        B::for_each(&set.1, visit);
    }
    #[inline(always)]
    fn map_ref<'s, X: Held + 's, Y: Held>(
        set: &'s Self::Of<X>,
        change: &mut impl FnMut(&'s X) -> Y,
    ) -> Self::Of<Y> {
        let first = A::map_ref(&set.0, change);
        (first, B::map_ref(&set.1, change))
    }
    #[inline(always)]
    fn map_mut<'s, X: Held + 's, Y: Held>(
        set: &'s mut Self::Of<X>,
        change: &mut impl FnMut(&'s mut X) -> Y,
    ) -> Self::Of<Y> {
        let first = A::map_mut(&mut set.0, change);
        (first, B::map_mut(&mut set.1, change))
    }
    #[inline(always)]
    fn each_ref<X: Held>(set: &Self::Of<X>) -> Self::Of<&X> {
        (A::each_ref(&set.0), B::each_ref(&set.1))
    }
    #[inline(always)]
    fn each_mut<X: Held>(set: &mut Self::Of<X>) -> Self::Of<&mut X> {
        (A::each_mut(&mut set.0), B::each_mut(&mut set.1))
    }
    #[inline(always)]
    fn zip<X: Held, Y: Held>(left: Self::Of<X>, right: Self::Of<Y>) -> Self::Of<(X, Y)> {
        (A::zip(left.0, right.0), B::zip(left.1, right.1))
    }
    #[inline(always)]
    fn unzip<X: Held, Y: Held>(set: Self::Of<(X, Y)>) -> (Self::Of<X>, Self::Of<Y>) {
        let (first, second) = (A::unzip(set.0), B::unzip(set.1));
        ((first.0, second.0), (first.1, second.1))
    }
    #[inline(always)]
    fn part<X: Held>(set: Self::Of<X>) -> (Of<Self::Elements, X>, Of<Self::Axes, X>) {
        let (first, second) = (A::part(set.0), B::part(set.1));
        ((first.0, second.0), (first.1, second.1))
    }
    #[inline(always)]
    fn join<X: Held>(elements: Of<Self::Elements, X>, axes: Of<Self::Axes, X>) -> Self::Of<X> {
        (A::join(elements.0, axes.0), B::join(elements.1, axes.1))
    }
}

/// The names of a set, in order. Where a chain uses a name twice, the later ones are numbered:
/// `momentum`, `momentum_2`.
pub fn field_names<S: FieldSet>() -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    S::each_name(&mut |name| {
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let unused = core::iter::once(name.to_owned()).chain(numbered).find(|name| !names.contains(name));
        names.extend(unused);
    });
    names
}
