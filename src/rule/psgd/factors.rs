//! [`KronFactors`]: the preconditioner of PSGD, and how it is fitted.

use super::axes::{Axis, Kind, precondition};
use super::{
    BalancePlace, Balancing, Damping, DampingNoise, FactorFormat, FactorGeometry, FactorProducts,
    FactorShapes, FactorStorage, FirstFit, FirstScale, FitBound, FitDamping, FitSchedule, FitTo,
    Preconditioning, Probes, symmetric, triangular,
};
use crate::hyperparameter::FitRate;
use crate::shape::Layout;
use crate::transform::{
    Arrives, Job, LinearAlgebra, Matrix, MatrixPlan, MatrixRule, Merging, Slot, Step, merged,
};

/// A preconditioner P = ⊗ QᵀQ with a factor Q for each axis, fitted so that P·E\[ggᵗ\]·P = 1.
///
/// | Slots | |
/// |---|---|
/// | `factor_1`, `factor_2`, ... | Q of each axis: n numbers, n(n + 1)/2 packed, or n² |
/// | `product_1`, ... | QᵀQ, if it is kept |
/// | `bounds` | the bound that is remembered for each factor |
/// | `begun` | 1 once factors have their first values |
/// | `failures` | how often a factor could not be fitted, and was kept |
#[derive(Clone, Debug)]
pub struct KronFactors {
    /// Which factors are diagonal.
    pub shapes: FactorShapes,
    /// How axes become one, up to the limit of the shapes where there is one. Default: never.
    pub merging: Merging,
    /// What the others are. Default: triangles.
    pub geometry: FactorGeometry,
    /// How they lie in memory. Default: packed.
    pub storage: FactorStorage,
    /// What they are kept in. Default: the format of the arithmetic.
    pub format: FactorFormat,
    /// Whether their products are kept. Default: they are not.
    pub products: FactorProducts,
    /// How large they are at first. Default: by the first gradient.
    pub first_scale: FirstScale,
    /// μ, the length of a fit as a share of the largest with which factors stay invertible. Default 0.1.
    pub rate: FitRate,
    /// When they are fitted. Default: ever less often.
    pub schedule: FitSchedule,
    /// To what. Default: to the update.
    pub to: FitTo,
    /// How probes are made. Default: drawn.
    pub probes: Probes,
    /// How much of a probe is added to what factors are fitted to. Default: 1e-9, by element.
    pub damping: FitDamping,
    /// What divides the length of a fit.
    pub bound: FitBound,
    /// When factors are balanced. Default: with each fit.
    pub balancing: Balancing,
    /// Whether before or behind it. Default: before.
    pub balance_place: BalancePlace,
    /// Which factors a gradient meets. Default: those that have been fitted to it.
    pub preconditioning: Preconditioning,
    /// What the first gradient does. Default: what all others do.
    pub first_fit: FirstFit,
}

impl Default for KronFactors {
    fn default() -> Self {
        Self {
            shapes: FactorShapes::default(),
            merging: Merging::Never,
            geometry: FactorGeometry::default(),
            storage: FactorStorage::default(),
            format: FactorFormat::default(),
            products: FactorProducts::default(),
            first_scale: FirstScale::default(),
            rate: FitRate::checked(0.1),
            schedule: FitSchedule::default(),
            to: FitTo::default(),
            probes: Probes::default(),
            damping: FitDamping::default(),
            bound: FitBound::default(),
            balancing: Balancing::default(),
            balance_place: BalancePlace::default(),
            preconditioning: Preconditioning::default(),
            first_fit: FirstFit::default(),
        }
    }
}

/// What factors are fitted to, its probe, and room. The first two change places with the last.
pub(super) const TENSORS: [Slot; 3] = [Slot::Room(0), Slot::Room(1), Slot::Room(2)];
/// Squares of the longest axis with a factor that is not diagonal; the first is for an unpacked one.
pub(super) const SQUARES: [Slot; 4] = [Slot::Room(3), Slot::Room(4), Slot::Room(5), Slot::Room(6)];
/// Lines of the longest axis.
pub(super) const LINES: [Slot; 2] = [Slot::Room(7), Slot::Room(8)];
/// The number of the room for the first factor that is kept in a 16-bit format; those of the others follow.
pub(super) const FACTORS: usize = 9;

/// 2⁻²³: what `f32` tells from 1.
const EPSILON: f64 = 1.0 / 8_388_608.0;

impl KronFactors {
    fn kind(&self, axes: &[usize], place: usize) -> Kind {
        if !self.shapes.is_triangular(axes, place) {
            return Kind::Diagonal;
        }
        match (self.geometry, self.storage) {
            (FactorGeometry::Symmetric, _) => Kind::Symmetric,
            (FactorGeometry::Triangular, FactorStorage::Packed) => Kind::Packed,
            (FactorGeometry::Triangular, FactorStorage::Square) => Kind::Triangular,
        }
    }

    /// The axes of a plan.
    fn axes<'a>(&'a self, plan: &'a MatrixPlan) -> impl Iterator<Item = Axis> + Clone + 'a {
        let elements: usize = plan.axes.iter().product();
        let is_narrow = self.format.narrow().is_some();
        let (mut outer, mut slots) = (1, 0);
        let mut next = move || {
            slots += 1;
            slots - 1
        };
        plan.axes.iter().enumerate().map(move |(place, &length)| {
            let kind = self.kind(&plan.axes, place);
            let keeps = kind != Kind::Diagonal && self.products == FactorProducts::Kept;
            let slot = (!is_narrow).then(&mut next);
            let product = keeps.then(&mut next);
            let inner = elements / (outer * length).max(1);
            let axis = Axis { outer, length, inner, kind, place, slot, product };
            outer *= length;
            axis
        })
    }

    /// The number of the last slots: bounds, begun, failures.
    fn numbers(plan: &MatrixPlan) -> [Slot; 3] {
        let count = plan.state.len();
        [count - 3, count - 2, count - 1].map(Slot::State)
    }

    /// What factors are multiples of at first; [`None`] if that cannot be told from this gradient.
    fn scale_at_first(&self, algebra: &mut dyn LinearAlgebra, update: Matrix) -> Option<f64> {
        let scale = match self.first_scale {
            FirstScale::Given(scale) => scale.get(),
            FirstScale::FromGradient { scale, power } => {
                let largest = algebra.largest(update);
                if !(largest.is_finite() && largest > 0.0) {
                    return None;
                }
                let mean = algebra.power_sum(update, 4) / update.len() as f64;
                // Fourth powers leave the range of numbers long before the gradient does.
                let is_in_range = mean.is_finite() && mean >= f64::MIN_POSITIVE;
                let size = if is_in_range { libm::pow(mean, -0.125) } else { libm::pow(largest, -0.5) };
                libm::pow(scale.get() * size, power.get())
            }
        };
        (scale.is_finite() && scale > 0.0).then_some(scale)
    }

    /// Gives factors their first values; no if that has to wait for another gradient.
    fn begin(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra, update: Matrix) -> bool {
        let begun = Matrix::new(Self::numbers(job.plan)[1], 1, 1);
        if algebra.number(begun) > 0.0 {
            return true;
        }
        let Some(scale) = self.scale_at_first(algebra, update) else { return false };
        let scale = libm::pow(scale, 1.0 / job.plan.axes.len() as f64);
        for axis in self.axes(job.plan) {
            let (mut diagonal, mut rest) = (0, axis.length);
            let step = usize::from(axis.kind != Kind::Diagonal);
            algebra.fill(axis.factor(), &mut |place| {
                if place != diagonal {
                    return 0.0;
                }
                // The distance to the next element of the diagonal.
                diagonal += match axis.kind {
                    Kind::Diagonal => 1,
                    Kind::Packed => rest,
                    Kind::Triangular | Kind::Symmetric => axis.length + 1,
                };
                rest -= step;
                scale
            });
            self.keep(algebra, axis);
        }
        algebra.fill(begun, &mut |_| 1.0);
        true
    }

    /// Makes factors readable that are kept in a 16-bit format, where this step needs them.
    fn widen(&self, algebra: &mut dyn LinearAlgebra, axes: impl Iterator<Item = Axis>, fits: bool) {
        if self.format.narrow().is_some() {
            let needed = axes.filter(|axis| fits || axis.product.is_none());
            needed.for_each(|axis| algebra.widen(axis.factor(), axis.place, 0));
        }
    }

    /// Keeps a new factor, rounded if it is kept in a 16-bit format, and QᵀQ, if that is kept.
    fn keep(&self, algebra: &mut dyn LinearAlgebra, axis: Axis) {
        if let Some((_, seed)) = self.format.narrow() {
            algebra.narrow(axis.factor(), axis.place, 0, seed);
        }
        let Some(product) = axis.kept_product() else { return };
        let square = axis.square(algebra);
        match axis.kind {
            Kind::Symmetric => algebra.gram(product, 0.0, 1.0, square.t()),
            _ => algebra.square_triangle(product, square),
        }
    }

    /// Lays out what factors are fitted to, and the probe; no if there is nothing to fit to.
    fn prepare(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra, elements: usize) -> bool {
        let [to, probe, _] = TENSORS.map(|slot| Matrix::new(slot, 1, elements));
        let from = if self.to == FitTo::Update { Slot::Update } else { Slot::Gradient };
        algebra.combine(to, 0.0, 1.0, Matrix::new(from, 1, elements));
        let mut is_update = self.to == FitTo::Update;
        match &self.probes {
            Probes::Drawn { seed } => algebra.draw(probe, *seed),
            Probes::Given(pairs) => {
                let is_there = pairs.with(job.tensor, elements, &mut |numbers, product| {
                    algebra.fill(probe, &mut |place| numbers[place]);
                    if let Some(product) = product {
                        is_update = false;
                        algebra.fill(to, &mut |place| product[place]);
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
                let mean = algebra.power_sum(to, 1) / elements as f64;
                algebra.perturb(to, EPSILON.sqrt() * mean, 0.0, probe);
            }
        }
        if self.damping.noise == DampingNoise::InUpdate && is_update {
            algebra.combine(Matrix::new(Slot::Update, 1, elements), 0.0, 1.0, to);
        }
        true
    }

    /// Fits all factors to what has been laid out.
    fn fit(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra, elements: usize) {
        let axes = self.axes(job.plan);
        let [bounds, _, failures] = Self::numbers(job.plan);
        let is_balanced = job.plan.axes.len() > 1 && self.balancing.is_due(job.at);
        if is_balanced && self.balance_place == BalancePlace::BeforeFit {
            self.balance(algebra, axes.clone());
        }
        let failed = match self.geometry {
            FactorGeometry::Triangular => triangular::fit(self, algebra, axes.clone(), bounds),
            FactorGeometry::Symmetric => symmetric::fit(self, algebra, axes.clone(), bounds, elements),
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

    /// The bound of a factor, with what is remembered of it.
    pub(super) fn bounded(
        &self,
        algebra: &mut dyn LinearAlgebra,
        estimate: f64,
        axis: Axis,
        bounds: Slot,
    ) -> Option<f64> {
        let bound = self.bound.remembered(algebra, estimate, Matrix::new(bounds, 1, 1).at(axis.place));
        (bound.is_finite() && bound > 0.0).then_some(bound)
    }
}

impl MatrixRule for KronFactors {
    fn plan(&self, layout: &Layout) -> MatrixPlan {
        let mut plan = MatrixPlan::of(layout);
        plan.axes = merged(&plan.axes, self.shapes.limit, self.merging);
        if layout.is_empty() {
            return plan;
        }
        if plan.axes.is_empty() {
            plan.axes.push(1);
        }
        let narrow = self.format.narrow();
        let mut longest = 0;
        // What is unpacked, two grams, and what makes symmetric.
        let mut squares = [0; SQUARES.len()];
        for axis in self.axes(&plan.clone()) {
            let number = axis.place + 1;
            let (name, length) = (format!("factor_{number}"), axis.factor().len());
            match narrow {
                Some((format, _)) => plan.keep_narrow(name, length, format),
                None => plan.keep(name, length),
            };
            if axis.product.is_some() {
                plan.keep(format!("product_{number}"), axis.length * axis.length);
            }
            longest = longest.max(axis.length);
            let needed = match axis.kind {
                Kind::Diagonal => [false; SQUARES.len()],
                Kind::Triangular => [false, true, true, false],
                Kind::Packed => [true, true, true, false],
                Kind::Symmetric => [false, true, true, true],
            };
            for (square, _) in squares.iter_mut().zip(needed).filter(|(_, needed)| *needed) {
                *square = axis.length.max(*square);
            }
        }
        plan.keep("bounds", plan.axes.len());
        plan.keep("begun", 1);
        plan.keep("failures", 1);
        TENSORS.iter().for_each(|_| _ = plan.make_room(layout.len()));
        squares.iter().for_each(|length| _ = plan.make_room(length * length));
        LINES.iter().for_each(|_| _ = plan.make_room(longest));
        let widened: Vec<_> = plan.narrow.iter().map(|(_, length, _)| *length).collect();
        widened.into_iter().for_each(|length| _ = plan.make_room(length));
        plan
    }

    fn builds_for(&self) -> u64 {
        u64::from(self.first_fit == FirstFit::OnlyBegins)
    }

    fn count(&self, at: &Step, count: &mut f64) {
        match at.own.checked_sub(self.builds_for()).filter(|own| *own > 0) {
            Some(own) if at.arrives == Arrives::ToStep => self.schedule.count(at, own, count),
            _ => *count = -count.abs(),
        }
    }

    fn enter(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra) {
        let elements: usize = job.plan.axes.iter().product();
        let update = Matrix::new(Slot::Update, 1, elements);
        // Without factors there is nothing to do: the update is 0, or shows that it is none.
        if !self.begin(job, algebra, update)
            || job.at.own <= self.builds_for()
            || job.at.arrives == Arrives::ToAccumulate
        {
            return;
        }
        let fits = job.count > 0.0 && self.prepare(job, algebra, elements);
        self.widen(algebra, self.axes(job.plan), fits);
        if fits && self.preconditioning == Preconditioning::Fresh {
            self.fit(job, algebra, elements);
        }
        precondition(algebra, self.axes(job.plan), Slot::Update, elements);
        if fits && self.preconditioning == Preconditioning::Delayed {
            self.fit(job, algebra, elements);
        }
    }

    fn leave(&self, _job: &Job<'_>, _algebra: &mut dyn LinearAlgebra) {}
}
