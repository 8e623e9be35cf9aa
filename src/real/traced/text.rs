//! A trace as CUDA C.

use super::Traced;
use super::kind::Kind;
use super::node::{Binary, Node, Unary};
use core::fmt::Write;
use core::marker::PhantomData;

/// What was done with [`Traced`] numbers of the kind `F`.
#[derive(Clone, Debug)]
pub struct Trace<F> {
    nodes: Vec<Node>,
    kind: PhantomData<fn() -> F>,
}

impl<F: Kind> Trace<F> {
    pub(super) fn new(nodes: Vec<Node>) -> Self {
        Self { nodes, kind: PhantomData }
    }
}

/// Writes a trace, as much of it at a time as some results need.
#[derive(Debug)]
pub struct Writer<'t, F> {
    trace: &'t Trace<F>,
    /// How the numbers are called that have been written; literals stand for themselves.
    names: Vec<Option<String>>,
    numbered: usize,
}

impl<'t, F: Kind> Writer<'t, F> {
    /// Starts with nothing written.
    pub fn new(trace: &'t Trace<F>) -> Self {
        let literal = |node: &Node| match node {
            Node::Literal(bits) => Some(F::constant(f64::from_bits(*bits)).literal()),
            _ => None,
        };
        Self { trace, names: trace.nodes.iter().map(literal).collect(), numbered: 0 }
    }

    /// Adds a statement for each number that the results need and that has none yet, in a line that
    /// begins with `indent`.
    pub fn write(&mut self, results: &[Traced<F>], indent: &str, text: &mut String) {
        let needed = self.missing(results);
        for (place, node) in self.trace.nodes.iter().enumerate().filter(|(place, _)| needed[*place]) {
            let expression = self.expression(node);
            let name = match node {
                Node::Input { name, .. } => name.clone(),
                _ => {
                    self.numbered += 1;
                    format!("t{}", self.numbered)
                }
            };
            writeln!(text, "{indent}const {} {name} = {expression};", F::NAME).expect("a string has room");
            self.names[place] = Some(name);
        }
    }

    /// How a number is called.
    ///
    /// # Panics
    /// If it has not been [written](Self::write).
    pub fn name(&self, number: Traced<F>) -> &str {
        self.of(number.place)
    }

    fn of(&self, place: u32) -> &str {
        self.names[place as usize].as_deref().expect("a number is written before it is named")
    }

    /// Which numbers the results need and have no name.
    fn missing(&self, results: &[Traced<F>]) -> Vec<bool> {
        let mut missing = vec![false; self.names.len()];
        let is_missing = |place: u32| self.names[place as usize].is_none();
        for result in results.iter().filter(|result| is_missing(result.place)) {
            missing[result.place as usize] = true;
        }
        for place in (0..missing.len()).rev() {
            if missing[place] {
                let operands = self.trace.nodes[place].operands();
                operands.filter(|place| is_missing(*place)).for_each(|place| missing[place as usize] = true);
            }
        }
        missing
    }

    fn expression(&self, node: &Node) -> String {
        match *node {
            Node::Input { ref read, .. } => read.clone(),
            Node::Literal(_) => unreachable!("a literal stands for itself"),
            Node::Unary(Unary::Neg, of) => format!("-{}", self.of(of)),
            Node::Unary(operation, of) => format!("{}({})", function(operation), self.of(of)),
            Node::Binary(operation, left, right) => {
                let (left, right) = (self.of(left), self.of(right));
                match operation {
                    Binary::Add => format!("{left} + {right}"),
                    Binary::Sub => format!("{left} - {right}"),
                    Binary::Mul => format!("{left} * {right}"),
                    Binary::Div => format!("{left} / {right}"),
                    Binary::Max => format!("larger({left}, {right})"),
                    Binary::AtLeast => format!("at_least({left}, {right})"),
                    Binary::AtMost => format!("at_most({left}, {right})"),
                }
            }
            Node::Select(condition, then, otherwise) => {
                format!("{} > 0 ? {} : {}", self.of(condition), self.of(then), self.of(otherwise))
            }
        }
    }
}

/// The functions of `cuda/common/number.cuh`.
fn function(operation: Unary) -> &'static str {
    match operation {
        Unary::Neg => unreachable!("it is written with a sign"),
        Unary::Sqrt => "square_root",
        Unary::Abs => "magnitude",
        Unary::Exponent => "exponent",
        Unary::Significand => "significand",
        Unary::PowerOfTwo => "power_of_two",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::{Real, interpolate, trace};

    fn text(run: impl FnOnce(Traced<f32>, Traced<f32>) -> Traced<f32>) -> String {
        let input = |name| Traced::input(name, name);
        let (trace, result) = trace(|| run(input("x"), input("y")));
        let (mut writer, mut text) = (Writer::new(&trace), String::new());
        writer.write(&[result], "", &mut text);
        let lines = text.lines().filter(|line| !line.ends_with("= x;") && !line.ends_with("= y;"));
        let lines: Vec<_> = lines.map(|line| line.replace("const float ", "")).collect();
        format!("{} {}", lines.join(" "), writer.name(result)).trim().to_owned()
    }

    #[test]
    fn what_is_computed_twice_is_written_once() {
        assert_eq!(text(|x, y| (x + y) * (y + x)), "t1 = x + y; t2 = t1 * t1; t2");
        assert_eq!(text(|x, y| (x - y) * (y - x)), "t1 = x - y; t2 = y - x; t3 = t1 * t2; t3");
    }

    #[test]
    fn what_no_result_needs_is_not_written() {
        assert_eq!(text(|x, y| [x * y, x.abs()][1]), "t1 = magnitude(x); t1");
    }

    #[test]
    fn only_what_is_exact_is_simplified() {
        let number = Traced::<f32>::constant;
        assert_eq!(text(|x, _| -(-(x * number(1.0) - number(0.0))) / number(1.0)), "x");
        assert_eq!(text(|x, _| number(1.0) * x), "x");
        assert_eq!(text(|x, _| x + number(0.0)), "t1 = x + 0.0f; t1"); // −0 + 0 is +0
        assert_eq!(text(|x, _| x - number(-0.0)), "t1 = x - -0.0f; t1");
        assert_eq!(text(|x, _| x * number(0.0)), "t1 = x * 0.0f; t1");
        assert_eq!(text(|x, y| Traced::select(x, y, y)), "y");
        assert_eq!(text(|_, _| number(1.0) / number(3.0)), "0.3333333432674408f"); // rounded to f32
        assert_eq!(text(|x, y| interpolate(x, y, number(1.0))), "y");
        assert_eq!(text(|_, _| number(f64::NAN)), "float_of(0x7FC00000u)");
        assert_eq!(text(|_, _| -number(f64::INFINITY)), "float_of(0xFF800000u)");
    }

    #[test]
    fn literals_in_f64_have_all_their_digits() {
        let (trace, third) = trace(|| Traced::<f64>::constant(1.0) / Traced::constant(3.0));
        assert_eq!(Writer::new(&trace).name(third), "0.3333333333333333");
        assert_eq!(Kind::literal(1e300f64), "1e300");
        assert_eq!(Kind::literal(f32::MIN_POSITIVE), "1.1754943508222875e-38f");
    }

    #[test]
    fn a_trace_is_written_part_by_part() {
        let (trace, [sum, root]) = trace(|| {
            let x = Traced::<f32>::input("x", "memory[3]");
            let sum = x + x;
            [sum, (sum - x).sqrt()]
        });
        let (mut writer, mut first, mut second) = (Writer::new(&trace), String::new(), String::new());
        writer.write(&[sum], "  ", &mut first);
        writer.write(&[root, sum], "", &mut second);
        assert_eq!(first, "  const float x = memory[3];\n  const float t1 = x + x;\n");
        assert_eq!(second, "const float t2 = t1 - x;\nconst float t3 = square_root(t2);\n");
    }
}
