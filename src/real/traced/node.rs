//! What a traced number is, in terms of numbers before it, and where this is kept.

use std::cell::RefCell;
use std::collections::HashMap;

/// An operation on one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Unary {
    Neg,
    Sqrt,
    Abs,
    Exponent,
    Significand,
    PowerOfTwo,
}

/// An operation on two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Max,
    AtLeast,
    AtMost,
}

/// A number in terms of numbers before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// Its name, and the expression that reads it.
    Input {
        name: String,
        read: String,
    },
    /// The bits of its value in `f64`.
    Literal(u64),
    Unary(Unary, u32),
    Binary(Binary, u32, u32),
    /// The second where the first is positive, else the third.
    Select(u32, u32, u32),
}

impl Node {
    pub(super) fn literal(value: f64) -> Self {
        // All NaNs are one, so that the text does not depend on whose arithmetic made it.
        Self::Literal(if value.is_nan() { f64::NAN } else { value }.to_bits())
    }

    pub(super) fn operands(&self) -> impl Iterator<Item = u32> {
        let operands = match *self {
            Self::Input { .. } | Self::Literal(_) => [None; 3],
            Self::Unary(_, of) => [Some(of), None, None],
            Self::Binary(_, left, right) => [Some(left), Some(right), None],
            Self::Select(condition, then, otherwise) => [Some(condition), Some(then), Some(otherwise)],
        };
        operands.into_iter().flatten()
    }

    /// The same for all ways to write the same number: sums and products have no order.
    fn key(&self) -> Self {
        match *self {
            Self::Binary(operation @ (Binary::Add | Binary::Mul), left, right) if right < left => {
                Self::Binary(operation, right, left)
            }
            _ => self.clone(),
        }
    }
}

/// The numbers of a trace, each behind those that it is made of.
#[derive(Default)]
struct Arena {
    nodes: Vec<Node>,
    places: HashMap<Node, u32>,
}

thread_local! {
    static ARENA: RefCell<Arena> = RefCell::default();
}

/// Runs something with an empty arena, and gives what that holds in the end.
pub(super) fn record<X>(run: impl FnOnce() -> X) -> (Vec<Node>, X) {
    let outer = ARENA.take();
    let result = run();
    (ARENA.replace(outer).nodes, result)
}

/// The place of a number; the same number again has the same place.
pub(super) fn place_of(node: Node) -> u32 {
    ARENA.with_borrow_mut(|arena| {
        let Arena { nodes, places } = arena;
        *places.entry(node.key()).or_insert_with(|| {
            nodes.push(node);
            u32::try_from(nodes.len() - 1).expect("a rule is shorter than that")
        })
    })
}

/// The value of a literal.
pub(super) fn literal(place: u32) -> Option<f64> {
    with_node(place, |node| match node {
        Node::Literal(bits) => Some(f64::from_bits(*bits)),
        _ => None,
    })
}

/// What a number is the negative of, if it was made so.
pub(super) fn negated(place: u32) -> Option<u32> {
    with_node(place, |node| match node {
        Node::Unary(Unary::Neg, of) => Some(*of),
        _ => None,
    })
}

fn with_node<X>(place: u32, look: impl FnOnce(&Node) -> X) -> X {
    ARENA.with_borrow(|arena| {
        look(arena.nodes.get(place as usize).expect("a number is used within the trace that made it"))
    })
}
