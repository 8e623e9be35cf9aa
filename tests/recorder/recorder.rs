//! A number that writes down what is done with it.

use core::cell::RefCell;
use core::fmt;
use core::ops::{Add, Div, Mul, Neg, Sub};
use gradus::real::Real;

/// What a number is, in terms of numbers before it.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Input(String),
    Constant(f64),
    Unary(&'static str, Recorded),
    Binary(&'static str, Recorded, Recorded),
    Select(Recorded, Recorded, Recorded),
}

thread_local! {
    static NODES: RefCell<Vec<Node>> = const { RefCell::new(Vec::new()) };
}

/// The place of a number in the recording of this thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Recorded(usize);

impl Recorded {
    /// The same node again is the same number.
    fn of(node: Node) -> Self {
        NODES.with_borrow_mut(|nodes| {
            let known = nodes.iter().position(|known| *known == node);
            Self(known.unwrap_or_else(|| {
                nodes.push(node);
                nodes.len() - 1
            }))
        })
    }

    pub(crate) fn input(name: &str) -> Self {
        Self::of(Node::Input(name.to_owned()))
    }
}

macro_rules! operators {
    ($($contract:ident::$method:ident $sign:literal;)+) => {$(
        impl $contract for Recorded {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                Self::of(Node::Binary($sign, self, other))
            }
        }
    )+};
}

operators! {
    Add::add "+";
    Sub::sub "-";
    Mul::mul "*";
    Div::div "/";
}

impl Neg for Recorded {
    type Output = Self;
    fn neg(self) -> Self {
        Self::of(Node::Unary("-", self))
    }
}

/// A recording is of a step in `f32`.
impl Real for Recorded {
    const PRECISION: u32 = f32::PRECISION;

    fn constant(value: f64) -> Self {
        Self::of(Node::Constant(value))
    }
    fn sqrt(self) -> Self {
        Self::of(Node::Unary("sqrt", self))
    }
    fn abs(self) -> Self {
        Self::of(Node::Unary("abs", self))
    }
    fn max(self, other: Self) -> Self {
        Self::of(Node::Binary("max", self, other))
    }
    fn at_least(self, lowest: Self) -> Self {
        Self::of(Node::Binary("at_least", self, lowest))
    }
    fn at_most(self, highest: Self) -> Self {
        Self::of(Node::Binary("at_most", self, highest))
    }
    fn exponent(self) -> Self {
        Self::of(Node::Unary("exponent", self))
    }
    fn significand(self) -> Self {
        Self::of(Node::Unary("significand", self))
    }
    fn power_of_two(exponent: Self) -> Self {
        Self::of(Node::Unary("power_of_two", exponent))
    }
    fn select(condition_is_positive: Self, then: Self, otherwise: Self) -> Self {
        Self::of(Node::Select(condition_is_positive, then, otherwise))
    }
}

/// A recording, and which of its numbers are results.
#[derive(Debug)]
pub(crate) struct Program {
    nodes: Vec<Node>,
    results: Vec<(String, Recorded)>,
}

/// Records what `run` does.
pub(crate) fn record(run: impl FnOnce() -> Vec<(String, Recorded)>) -> Program {
    NODES.with_borrow_mut(Vec::clear);
    let results = run();
    Program { nodes: NODES.take(), results }
}

impl Program {
    /// The results in other numbers.
    pub(crate) fn run<F: Real>(&self, input: &impl Fn(&str) -> F) -> Vec<F> {
        let mut values: Vec<F> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let at = |number: &Recorded| values[number.0];
            values.push(match node {
                Node::Input(name) => input(name),
                Node::Constant(value) => F::constant(*value),
                Node::Unary("-", of) => -at(of),
                Node::Unary("sqrt", of) => at(of).sqrt(),
                Node::Unary("exponent", of) => at(of).exponent(),
                Node::Unary("significand", of) => at(of).significand(),
                Node::Unary("power_of_two", of) => F::power_of_two(at(of)),
                Node::Unary(_, of) => at(of).abs(),
                Node::Binary("+", left, right) => at(left) + at(right),
                Node::Binary("-", left, right) => at(left) - at(right),
                Node::Binary("*", left, right) => at(left) * at(right),
                Node::Binary("/", left, right) => at(left) / at(right),
                Node::Binary("max", left, right) => at(left).max(at(right)),
                Node::Binary("at_most", left, right) => at(left).at_most(at(right)),
                Node::Binary(_, left, right) => at(left).at_least(at(right)),
                Node::Select(condition, then, otherwise) => F::select(at(condition), at(then), at(otherwise)),
            });
        }
        self.results.iter().map(|(_, result)| values[result.0]).collect()
    }

    /// Which numbers the results need.
    fn needed(&self) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        self.results.iter().for_each(|(_, result)| needed[result.0] = true);
        for place in (0..self.nodes.len()).rev() {
            if needed[place] {
                self.nodes[place]
                    .operands()
                    .into_iter()
                    .flatten()
                    .for_each(|operand| needed[operand.0] = true);
            }
        }
        needed
    }

    /// How the numbers are called in the text: inputs and constants by themselves, what the results
    /// need of the others in order.
    fn names(&self) -> Vec<String> {
        let mut count = 0;
        let name = |(node, needed): (&Node, bool)| match node {
            Node::Input(name) => name.clone(),
            Node::Constant(value) => format!("{value:?}"),
            _ => {
                count += usize::from(needed);
                format!("t{count}")
            }
        };
        self.nodes.iter().zip(self.needed()).map(name).collect()
    }
}

impl Node {
    fn operands(&self) -> [Option<Recorded>; 3] {
        match *self {
            Self::Input(_) | Self::Constant(_) => [None; 3],
            Self::Unary(_, of) => [Some(of), None, None],
            Self::Binary(_, left, right) => [Some(left), Some(right), None],
            Self::Select(condition, then, otherwise) => [Some(condition), Some(then), Some(otherwise)],
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (needed, names) = (self.needed(), self.names());
        for (place, node) in self.nodes.iter().enumerate().filter(|(place, _)| needed[*place]) {
            let name = |number: &Recorded| &names[number.0];
            let result = &names[place];
            match node {
                Node::Input(_) | Node::Constant(_) => {}
                Node::Unary(sign, of) => writeln!(f, "{result} = {sign}({})", name(of))?,
                Node::Binary(function @ ("max" | "at_least" | "at_most"), left, right) => {
                    writeln!(f, "{result} = {function}({}, {})", name(left), name(right))?
                }
                Node::Binary(sign, left, right) => {
                    writeln!(f, "{result} = {} {sign} {}", name(left), name(right))?
                }
                Node::Select(condition, then, otherwise) => {
                    writeln!(f, "{result} = {} > 0 ? {} : {}", name(condition), name(then), name(otherwise))?;
                }
            }
        }
        for (name, result) in &self.results {
            writeln!(f, "{name} <- {}", names[result.0])?;
        }
        Ok(())
    }
}
