//! [`Traced`]: a number that writes down what is done with it, as CUDA C.
//!
//! A rule is generic over [`Real`], so it runs in this kind of number, too. What comes out is not a
//! result but how results follow from inputs: straight-line code in which every number is assigned
//! once. What is computed twice is written once, and what no result needs is not written at all. The
//! same rule gives the same text, always.
//!
//! Only what leaves every bit as it is gets simplified: operations on literals, whose results are rounded
//! here as they would be there, and `x·1`, `x/1`, `x − 0`, `−(−x)`.

mod kind;
mod node;
mod text;

pub use kind::Kind;
pub use text::{Trace, Writer};

use super::Real;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Add, Div, Mul, Neg, Sub};
use node::{Binary, Node, Unary};

/// A number of the kind `F` that writes down what is done with it: its place in the trace of this thread.
///
/// ```
/// use gradus::real::{Real, Traced, Writer, trace};
///
/// let (trace, root) = trace(|| {
///     let x = Traced::<f32>::input("x", "memory[0]");
///     (x * x + Traced::constant(0.1) * Traced::constant(2.0)).sqrt()
/// });
/// let (mut writer, mut text) = (Writer::new(&trace), String::new());
/// writer.write(&[root], "", &mut text);
/// assert_eq!(
///     text,
///     "const float x = memory[0];\n\
///      const float t1 = x * x;\n\
///      const float t2 = t1 + 0.20000000298023224f;\n\
///      const float t3 = square_root(t2);\n"
/// );
/// assert_eq!(writer.name(root), "t3");
/// ```
pub struct Traced<F> {
    place: u32,
    kind: PhantomData<fn() -> F>,
}

impl<F> Clone for Traced<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Traced<F> {}

impl<F> PartialEq for Traced<F> {
    /// Whether both are the same number of a trace.
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl<F> fmt::Debug for Traced<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Traced({})", self.place)
    }
}

impl<F: Kind> Traced<F> {
    fn at(place: u32) -> Self {
        Self { place, kind: PhantomData }
    }

    fn of(node: Node) -> Self {
        Self::at(node::place_of(node))
    }

    /// A number that is read from somewhere: its name, and the expression that reads it.
    pub fn input(name: &str, read: &str) -> Self {
        Self::of(Node::Input { name: name.to_owned(), read: read.to_owned() })
    }

    /// Its value, if it is a literal.
    fn literal(self) -> Option<F> {
        node::literal(self.place).map(F::constant)
    }

    fn exact(value: F) -> Self {
        Self::of(Node::literal(value.exact()))
    }

    fn is(self, value: f64) -> bool {
        self.literal().is_some_and(|literal| literal.exact().to_bits() == value.to_bits())
    }

    fn unary(self, operation: Unary, run: impl FnOnce(F) -> F) -> Self {
        match self.literal() {
            Some(value) => Self::exact(run(value)),
            None => Self::of(Node::Unary(operation, self.place)),
        }
    }

    fn binary(self, operation: Binary, other: Self, run: impl FnOnce(F, F) -> F) -> Self {
        match (self.literal(), other.literal()) {
            (Some(left), Some(right)) => Self::exact(run(left, right)),
            _ => Self::of(Node::Binary(operation, self.place, other.place)),
        }
    }
}

/// Writes down what `run` does with the numbers that it makes, and gives its result, too.
///
/// A trace may be taken within another; their numbers must not be mixed.
pub fn trace<F: Kind, X>(run: impl FnOnce() -> X) -> (Trace<F>, X) {
    let (nodes, result) = node::record(run);
    (Trace::new(nodes), result)
}

impl<F: Kind> Add for Traced<F> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.binary(Binary::Add, other, F::add)
    }
}

impl<F: Kind> Sub for Traced<F> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        if other.is(0.0) { self } else { self.binary(Binary::Sub, other, F::sub) }
    }
}

impl<F: Kind> Mul for Traced<F> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        match (self.is(1.0), other.is(1.0)) {
            (true, _) => other,
            (_, true) => self,
            _ => self.binary(Binary::Mul, other, F::mul),
        }
    }
}

impl<F: Kind> Div for Traced<F> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        if other.is(1.0) { self } else { self.binary(Binary::Div, other, F::div) }
    }
}

impl<F: Kind> Neg for Traced<F> {
    type Output = Self;

    fn neg(self) -> Self {
        node::negated(self.place).map_or_else(|| self.unary(Unary::Neg, F::neg), Self::at)
    }
}

impl<F: Kind> Real for Traced<F> {
    const PRECISION: u32 = F::PRECISION;

    fn constant(value: f64) -> Self {
        Self::exact(F::constant(value))
    }

    fn sqrt(self) -> Self {
        self.unary(Unary::Sqrt, F::sqrt)
    }

    fn abs(self) -> Self {
        self.unary(Unary::Abs, F::abs)
    }

    fn max(self, other: Self) -> Self {
        self.binary(Binary::Max, other, F::max)
    }

    fn at_least(self, lowest: Self) -> Self {
        self.binary(Binary::AtLeast, lowest, F::at_least)
    }

    fn at_most(self, highest: Self) -> Self {
        self.binary(Binary::AtMost, highest, F::at_most)
    }

    fn exponent(self) -> Self {
        self.unary(Unary::Exponent, F::exponent)
    }

    fn significand(self) -> Self {
        self.unary(Unary::Significand, F::significand)
    }

    fn power_of_two(exponent: Self) -> Self {
        exponent.unary(Unary::PowerOfTwo, F::power_of_two)
    }

    fn select(condition_is_positive: Self, then: Self, otherwise: Self) -> Self {
        match condition_is_positive.literal() {
            Some(value) if value.exact() > 0.0 => then,
            Some(_) => otherwise,
            None if then == otherwise => then,
            None => Self::of(Node::Select(condition_is_positive.place, then.place, otherwise.place)),
        }
    }
}
