//! What triangular factors are fitted with.

use super::hands::{Field, Hands, number};
use super::{lines, normal, packed, products, triangles};
use crate::random::round_keys;
use crate::transform::{Matrix, TriangularAlgebra};

impl<F: Field> TriangularAlgebra for Hands<'_, F> {
    fn fill(&mut self, into: Matrix, number_at: &mut dyn FnMut(usize) -> f64) {
        let numbers = self.slots.numbers_mut(into).iter_mut().enumerate();
        numbers.for_each(|(place, into)| *into = number(number_at(place)));
    }

    fn draw(&mut self, into: Matrix, seed: u64) {
        let noise = self.noise;
        normal::draw(self.slots.numbers_mut(into), &noise, &round_keys(seed));
    }

    fn perturb(&mut self, matrix: Matrix, absolute: f64, relative: f64, by: Matrix) {
        self.slots.writing(matrix, |slots, numbers| {
            lines::perturb(numbers, absolute, relative, slots.numbers(by));
        });
    }

    fn grow(&mut self, matrix: Matrix, scale: f64, by: Matrix) {
        self.slots.writing(matrix, |slots, numbers| lines::grow(numbers, scale, slots.numbers(by)));
    }

    fn shift(&mut self, matrix: Matrix, amount: f64) {
        let amount: F = number(amount);
        self.slots.numbers_mut(matrix).iter_mut().for_each(|number| *number += amount);
    }

    fn sum_and_difference(&mut self, first: Matrix, second: Matrix) {
        self.slots.lending([first, second], |[first, second]| lines::sum_and_difference(first, second));
    }

    fn scale_rows(&mut self, matrix: Matrix, by: Matrix, power: i32) {
        self.slots.writing(matrix, |slots, numbers| {
            lines::scale_rows(matrix, numbers, slots.numbers(by), power);
        });
    }

    fn square_rows(&mut self, into: Matrix, keep: f64, of: Matrix) {
        self.slots.writing(into, |slots, sums| lines::square_rows(sums, keep, of, slots.numbers(of)));
    }

    fn number(&mut self, at: Matrix) -> f64 {
        self.slots.numbers(at)[0].to_f64()
    }

    fn largest(&mut self, of: Matrix) -> f64 {
        lines::largest(self.slots.numbers(of))
    }

    fn power_sum(&mut self, of: Matrix, power: u32) -> f64 {
        // Not `powi`, whose last digits may differ between machines.
        lines::sum_of(self.slots.numbers(of), |number| {
            (0..power).fold(1.0, |product, _| product * number.abs())
        })
    }

    fn trace(&mut self, of: Matrix) -> f64 {
        self.slots.numbers(of).iter().step_by(of.columns + 1).map(|number| number.to_f64()).sum()
    }

    fn norm(&mut self, of: Matrix) -> f64 {
        products::norm(self.slots.numbers(of))
    }

    fn longest_row(&mut self, of: Matrix) -> (usize, f64) {
        lines::longest_row(of.columns, self.slots.numbers(of))
    }

    fn unpack(&mut self, into: Matrix, from: Matrix) {
        let rows = into.rows;
        self.slots.writing(into, |slots, square| packed::unpack(square, slots.numbers(from), rows));
    }

    fn pack(&mut self, into: Matrix, from: Matrix) {
        self.slots.writing(into, |slots, line| packed::pack(line, slots.numbers(from), from.rows));
    }

    fn multiply_triangle(&mut self, into: Matrix, triangle: Matrix, right: Matrix) {
        let spare = self.scratch.spare().0;
        self.slots.writing(into, |slots, numbers| {
            let (left, right) = (slots.operand(triangle), slots.operand(right));
            triangles::multiply(numbers, into.transposed, left, right, spare);
        });
    }

    fn multiply_triangles(&mut self, into: Matrix, scale: f64, left: Matrix, right: Matrix) {
        self.slots.writing(into, |slots, numbers| {
            triangles::multiply_both(numbers, scale, slots.operand(left), slots.operand(right));
        });
    }

    fn square_triangle(&mut self, into: Matrix, triangle: Matrix) {
        let spare = self.scratch.spare().0;
        self.slots.writing(into, |slots, numbers| triangles::square(numbers, slots.operand(triangle), spare));
    }

    fn solve_triangle(&mut self, matrix: Matrix, triangle: Matrix) {
        let spare = self.scratch.spare().0;
        self.slots.writing(matrix, |slots, numbers| {
            triangles::solve(numbers, matrix.transposed, slots.operand(triangle), spare);
        });
    }

    fn antisymmetric(&mut self, into: Matrix, of: Matrix) {
        let rows = of.rows;
        self.slots.writing(into, |slots, numbers| lines::antisymmetric(numbers, slots.numbers(of), rows));
    }
}
