//! A fit of all factors: what comes before and behind it, whatever the factors are.

use super::axes::Axis;
use super::lists::{TENSORS, Target};
use super::part::{Way, copy};
use super::{
    BalancePlace, Damping, DampingNoise, FactorGeometry, FitTo, KronFactors, Probes, symmetric, triangular,
};
use crate::transform::{Job, LinearAlgebra, Matrix, Slot};

/// 2⁻²³: what `f32` tells from 1.
const EPSILON: f64 = 1.0 / 8_388_608.0;

/// What sets the probes of a part of a tensor apart from those of the part before: a number without a
/// pattern in its digits.
const NEXT_PART: u64 = 0x9E37_79B9_7F4A_7C15;

impl KronFactors {
    /// Lays out what factors are fitted to, and the probe; no if there is nothing to fit to.
    pub(super) fn prepare(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra, target: Target<'_>) -> bool {
        let [to, probe, _] = TENSORS.map(|slot| Matrix::new(slot, 1, target.elements));
        let axes = &job.plan.axes;
        let mut is_update = self.to == FitTo::Update;
        if is_update {
            algebra.combine(to, 0.0, 1.0, target.line());
        } else {
            copy(algebra, axes, target.part, [to.slot, Slot::Gradient], Way::Out);
        }
        match &self.probes {
            Probes::Drawn { seed } => {
                algebra.draw(probe, seed.wrapping_add(NEXT_PART.wrapping_mul(target.number as u64)));
            }
            Probes::Given(pairs) => {
                let elements = axes.iter().product();
                let is_there = pairs.with(job.tensor, elements, &mut |numbers, product| {
                    let at = |place| target.part.place(axes, place);
                    algebra.fill(probe, &mut |place| numbers[at(place)]);
                    if let Some(product) = product {
                        is_update = false;
                        algebra.fill(to, &mut |place| product[at(place)]);
                    }
                });
                if !is_there {
                    return false;
                }
            }
        }
        // What is 0 has nothing to say, and what is infinite or NaN would stay.
        if !algebra.is_usable(to) || !algebra.is_usable(probe) {
            return false;
        }
        match self.damping.amount {
            Damping::None => {}
            Damping::ByElement(amount) => algebra.perturb(to, amount.get(), EPSILON, probe),
            Damping::OfMean => {
                let mean = algebra.power_sum(to, 1) / target.elements as f64;
                algebra.perturb(to, EPSILON.sqrt() * mean, 0.0, probe);
            }
        }
        if self.damping.noise == DampingNoise::InUpdate && is_update {
            algebra.combine(target.line(), 0.0, 1.0, to);
        }
        true
    }

    /// Fits all factors to what has been laid out.
    pub(super) fn fit(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra, target: Target<'_>) {
        let axes = self.axes(target.part);
        let [bounds, _, failures] = Self::numbers(job.plan);
        let bounds = Matrix::new(bounds, 1, 1).at(target.number * job.plan.axes.len());
        let is_balanced = target.part.axes.len() > 1 && self.balancing.is_due(job.at);
        if is_balanced && self.balance_place == BalancePlace::BeforeFit {
            self.balance(algebra, axes.clone());
        }
        let failed = match self.geometry {
            FactorGeometry::Triangular => triangular::fit(self, algebra, axes.clone(), bounds),
            FactorGeometry::Symmetric | FactorGeometry::SymmetricRoot => {
                symmetric::fit(self, algebra, axes.clone(), bounds, target.elements)
            }
        };
        if failed > 0 {
            algebra.shift(Matrix::new(failures, 1, 1), failed as f64);
        }
        if is_balanced && self.balance_place == BalancePlace::BehindFit {
            self.balance(algebra, axes.clone());
        }
        axes.for_each(|axis| self.keep(algebra, axis));
    }

    /// Makes the largest number of all factors the same.
    fn balance(&self, algebra: &mut dyn LinearAlgebra, axes: impl Iterator<Item = Axis> + Clone) {
        let (mut sum, mut count) = (0.0, 0.0);
        for axis in axes.clone() {
            sum += libm::log(algebra.largest(axis.factor()));
            count += 1.0;
        }
        let mean = libm::exp(sum / count);
        if !(mean.is_finite() && mean > 0.0) {
            return;
        }
        for axis in axes {
            let largest = algebra.largest(axis.factor());
            algebra.scale(axis.factor(), mean / largest);
        }
    }

    /// The bound of a factor, with what is remembered of it among the `bounds` of its part.
    pub(super) fn bounded(
        &self,
        algebra: &mut dyn LinearAlgebra,
        estimate: f64,
        axis: Axis,
        bounds: Matrix,
    ) -> Option<f64> {
        let bound = self.bound.remembered(algebra, estimate, bounds.at(bounds.first + axis.place));
        (bound.is_finite() && bound > 0.0).then_some(bound)
    }
}
