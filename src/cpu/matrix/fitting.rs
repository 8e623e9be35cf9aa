//! What triangular factors are fitted with.

use super::hands::{Field, Hands, number, view, view_mut};
use super::triangles::Triangle;
use super::{lines, normal, products, triangles};
use crate::random::round_keys;
use crate::transform::{Matrix, TriangularAlgebra};

impl<F: Field> TriangularAlgebra for Hands<'_, F> {
    fn fill(&mut self, into: Matrix, number_at: &mut dyn FnMut(usize) -> f64) {
        let numbers = self.numbers_mut(into).iter_mut().enumerate();
        numbers.for_each(|(place, into)| *into = number(number_at(place)));
    }

    fn draw(&mut self, into: Matrix, seed: u64) {
        let noise = self.noise;
        normal::draw(self.numbers_mut(into), &noise, &round_keys(seed));
    }

    fn perturb(&mut self, matrix: Matrix, absolute: f64, relative: f64, by: Matrix) {
        self.writing(matrix, |hands, numbers| {
            lines::perturb(numbers, absolute, relative, hands.numbers(by));
        });
    }

    fn grow(&mut self, matrix: Matrix, scale: f64, by: Matrix) {
        self.writing(matrix, |hands, numbers| lines::grow(numbers, scale, hands.numbers(by)));
    }

    fn shift(&mut self, matrix: Matrix, amount: f64) {
        let amount: F = number(amount);
        self.numbers_mut(matrix).iter_mut().for_each(|number| *number += amount);
    }

    fn sum_and_difference(&mut self, first: Matrix, second: Matrix) {
        self.lending([first, second], |[first, second], _| lines::sum_and_difference(first, second));
    }

    fn scale_rows(&mut self, matrix: Matrix, by: Matrix, power: i32) {
        self.writing(matrix, |hands, numbers| {
            lines::scale_rows(matrix, numbers, hands.numbers(by), power);
        });
    }

    fn square_rows(&mut self, into: Matrix, keep: f64, of: Matrix) {
        self.writing(into, |hands, sums| lines::square_rows(sums, keep, of, hands.numbers(of)));
    }

    fn number(&mut self, at: Matrix) -> f64 {
        self.numbers(at)[0].to_f64()
    }

    fn largest(&mut self, of: Matrix) -> f64 {
        lines::largest(self.numbers(of))
    }

    fn power_sum(&mut self, of: Matrix, power: u32) -> f64 {
        // Not `powi`, whose last digits may differ between machines.
        lines::sum_of(self.numbers(of), |number| (0..power).fold(1.0, |product, _| product * number.abs()))
    }

    fn trace(&mut self, of: Matrix) -> f64 {
        self.numbers(of).iter().step_by(of.columns + 1).map(|number| number.to_f64()).sum()
    }

    fn norm(&mut self, of: Matrix) -> f64 {
        products::norm(self.numbers(of))
    }

    fn longest_row(&mut self, of: Matrix) -> (usize, f64) {
        lines::longest_row(of.columns, self.numbers(of))
    }

    fn unpack(&mut self, into: Matrix, from: Matrix) {
        let rows = into.rows;
        self.writing(into, |hands, square| triangles::unpack(square, hands.numbers(from), rows));
    }

    fn pack(&mut self, into: Matrix, from: Matrix) {
        self.writing(into, |hands, packed| triangles::pack(packed, hands.numbers(from), from.rows));
    }

    fn multiply_triangle(&mut self, into: Matrix, triangle: Matrix, right: Matrix) {
        self.writing(into, |hands, numbers| {
            let left =
                Triangle { view: view(triangle, hands.numbers(triangle)), transposed: triangle.transposed };
            triangles::multiply(view_mut(into, numbers), left, view(right, hands.numbers(right)));
        });
    }

    fn multiply_triangles(&mut self, into: Matrix, scale: f64, left: Matrix, right: Matrix) {
        self.writing(into, |hands, numbers| {
            let (left, right) = (view(left, hands.numbers(left)), view(right, hands.numbers(right)));
            triangles::multiply_both(numbers, number(scale), left, right);
        });
    }

    fn square_triangle(&mut self, into: Matrix, triangle: Matrix) {
        self.writing(into, |hands, numbers| {
            triangles::square(numbers, view(triangle, hands.numbers(triangle)));
        });
    }

    fn solve_triangle(&mut self, matrix: Matrix, triangle: Matrix) {
        self.writing(matrix, |hands, numbers| {
            let view = view(triangle, hands.numbers(triangle));
            let triangle = Triangle { view, transposed: triangle.transposed };
            triangles::solve(view_mut(matrix, numbers), triangle);
        });
    }

    fn antisymmetric(&mut self, into: Matrix, of: Matrix) {
        let rows = of.rows;
        self.writing(into, |hands, numbers| triangles::antisymmetric(numbers, hands.numbers(of), rows));
    }
}
