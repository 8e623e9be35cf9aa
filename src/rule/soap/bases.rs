//! [`EigenBases`]: the bases of SOAP, and the factors that they are the eigenvectors of.

use super::axes::{Axis, turn_all};
use super::refresh::Refresh;
use crate::hyperparameter::{Decay, SecondDecay};
use crate::shape::Layout;
use crate::transform::{
    Factorization, Job, LinearAlgebra, Matrix, MatrixPlan, MatrixPrecision, MatrixRule, Merging, Slot, Step,
    merged,
};

/// Which weight an average of products of gradients gives to the newest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FactorDecay {
    /// That of a decay of its own, debiased, which counts the first gradient.
    Own(Decay),
    /// That of the average of squares, which does not count the first: the gradient behind it replaces what
    /// the first has left. HeavyBall before 1.0.
    AsSquares(SecondDecay),
}

/// How bases follow their factors.
///
/// Columns are made orthonormal from the first to the last, as a QR factorisation does it. The nearest
/// orthonormal matrix, by [singular vectors or products](crate::rule::ZerothPower), would be no refresh: factor·basis
/// is a positive definite matrix times an orthonormal one, so the nearest orthonormal matrix is the basis as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BasisMethod {
    /// A power iteration of the factor plus a small multiple of 1, made orthonormal: columns without
    /// weight stay as they are. Default.
    #[default]
    Lifted,
    /// A power iteration of the factor alone.
    PowerIteration,
    /// The eigenvectors, each time anew.
    Eigenvectors,
    /// The eigenvectors in rising order, while squares fall in the order that the old basis had. Squares come
    /// to lie in columns that are not theirs: HeavyBall 0.24.4, for its recordings alone.
    EigenvectorsRising,
}

/// Whether vectors have a basis of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum VectorBases {
    /// They have none, and move as by the inner stages. Default.
    #[default]
    None,
    /// They have one, if they are not above the limit.
    Own,
}

/// What counts the first gradient, which only finds the bases. The averages of the inner stages do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FirstGradient {
    /// Schedules of the inner stages, such as PaLM's β₂. Default.
    #[default]
    CountsInSchedules,
    /// Nothing.
    CountsNowhere,
}

/// Turns updates into bases in which their products with themselves are nearly diagonal.
///
/// | Slots | |
/// |---|---|
/// | `factor_1`, `factor_2`, ... | the averages of products, n² numbers for each axis of length n with a basis |
/// | `basis_1`, `basis_2`, ... | the bases, as columns |
/// | `failures` | how often a basis could not be refreshed, and was kept |
#[derive(Clone, Debug)]
pub struct EigenBases {
    /// The longest axis with a basis. Default 2048.
    pub limit: usize,
    /// How axes become one. Default: up to the limit.
    pub merging: Merging,
    /// Whether vectors have a basis. Default: none.
    pub vectors: VectorBases,
    /// The weight of the newest product. Default: a decay of 0.95.
    pub factor_decay: FactorDecay,
    /// When bases are refreshed. Default: with every tenth gradient.
    pub refresh: Refresh,
    /// How. Default: by a lifted power iteration.
    pub method: BasisMethod,
    /// What gradients are multiplied in: into bases and back, and with themselves. Bases themselves are always found
    /// in the arithmetic of the parameters. Default: in that as well.
    pub precision: MatrixPrecision,
    /// What counts the first gradient. Default: schedules.
    pub first_gradient: FirstGradient,
    /// The fields of the inner stages that follow a basis, a binary digit for each. Default: the first.
    pub carried: u64,
}

impl Default for EigenBases {
    fn default() -> Self {
        Self {
            limit: 2048,
            merging: Merging::default(),
            vectors: VectorBases::None,
            factor_decay: FactorDecay::Own(Decay::checked(0.95)),
            refresh: Refresh::Every(10),
            method: BasisMethod::default(),
            precision: MatrixPrecision::Full,
            first_gradient: FirstGradient::default(),
            carried: 1,
        }
    }
}

/// Two tensors.
const TENSORS: [Slot; 2] = [Slot::Room(0), Slot::Room(1)];
/// Squares of the longest axis.
const SQUARES: [Slot; 4] = [Slot::Room(2), Slot::Room(3), Slot::Room(4), Slot::Room(5)];

impl EigenBases {
    /// The axes with a basis of a plan.
    fn axes(&self, plan: &MatrixPlan) -> impl Iterator<Item = Axis> + Clone {
        let elements: usize = plan.axes.iter().product();
        let is_vector = plan.axes.iter().filter(|length| **length > 1).count() < 2;
        let wanted = elements > 1 && (!is_vector || self.vectors == VectorBases::Own);
        let (limit, mut outer, mut slot) = (self.limit, 1, 0);
        let lengths = plan.axes.iter().copied();
        lengths.filter_map(move |length| {
            let axis = Axis { outer, length, inner: elements / (outer * length).max(1), slot };
            outer *= length;
            let has_basis = wanted && length > 1 && length <= limit;
            slot += if has_basis { 2 } else { 0 };
            has_basis.then_some(axis)
        })
    }

    /// The weight of the newest product.
    fn weight(&self, at: &Step) -> f64 {
        match self.factor_decay {
            FactorDecay::Own(decay) => decay.debiased_weight(at.own),
            FactorDecay::AsSquares(decay) => decay.debiased_weight(at.own.saturating_sub(1).max(1)),
        }
    }

    /// The first basis of an axis: eigenvectors, or none of the factor's if there are none.
    fn begin(&self, algebra: &mut dyn LinearAlgebra, axis: Axis) {
        let copy = Matrix::square(SQUARES[0], axis.length);
        algebra.combine(copy, 0.0, 1.0, axis.factor());
        if !algebra.is_usable(copy) || !algebra.eigenvectors(axis.basis(), copy) {
            algebra.scale(axis.basis(), 0.0);
            algebra.add_to_diagonal(axis.basis(), 1.0);
        }
    }

    /// Refreshes the basis of an axis, and turns what follows it.
    fn follow(&self, algebra: &mut dyn LinearAlgebra, axis: Axis, failures: Matrix) {
        let [old, first, second, third] = SQUARES.map(|slot| Matrix::square(slot, axis.length));
        algebra.combine(old, 0.0, 1.0, axis.basis());
        let done = match self.method {
            BasisMethod::Eigenvectors => {
                algebra.combine(first, 0.0, 1.0, axis.factor());
                algebra.eigenvectors(axis.basis(), first)
            }
            BasisMethod::EigenvectorsRising => self.follow_rising(algebra, axis),
            method => {
                let lift = if method == BasisMethod::Lifted { lift(axis.length) } else { 0.0 };
                algebra.iterate_basis(axis.basis(), axis.factor(), lift, [first, second, third])
            }
        };
        if !done {
            algebra.add_to_diagonal(failures, 1.0);
            return;
        }
        algebra.multiply(first, 0.0, 1.0, old.t(), axis.basis());
        for field in (0..u64::BITS as usize).filter(|field| self.carried >> field & 1 == 1) {
            algebra.load(field, TENSORS[0]);
            axis.turn(algebra, TENSORS[1], TENSORS[0], first);
            algebra.store(field, TENSORS[1]);
        }
    }
}

impl EigenBases {
    /// [`BasisMethod::EigenvectorsRising`]. The old basis is in the first of the squares.
    fn follow_rising(&self, algebra: &mut dyn LinearAlgebra, axis: Axis) -> bool {
        let [old, first, second, third] = SQUARES.map(|slot| Matrix::square(slot, axis.length));
        algebra.combine(first, 0.0, 1.0, axis.factor());
        if !algebra.eigenvectors(third, first) {
            return false;
        }
        algebra.order_of_columns(first, old, axis.factor());
        let squares = self.carried.trailing_ones() as usize;
        algebra.load(squares, TENSORS[0]);
        axis.turn(algebra, TENSORS[1], TENSORS[0], first);
        algebra.store(squares, TENSORS[1]);
        algebra.combine(second, 0.0, -1.0, axis.factor());
        algebra.order_of_columns(first, third, second);
        algebra.multiply(axis.basis(), 0.0, 1.0, third, first);
        true
    }
}

/// What a lifted power iteration adds, as a share of the largest eigenvalue: HeavyBall's.
fn lift(length: usize) -> f64 {
    (64.0 * length as f64 * f64::from(f32::EPSILON)).clamp(1e-8, 0.125)
}

impl MatrixRule for EigenBases {
    fn plan(&self, layout: &Layout) -> MatrixPlan {
        let mut plan = MatrixPlan::of(layout);
        plan.axes = merged(&plan.axes, self.limit, self.merging);
        let axes: Vec<_> = self.axes(&plan).collect();
        for (number, axis) in axes.iter().enumerate() {
            plan.keep(format!("factor_{}", number + 1), axis.length * axis.length);
            plan.keep(format!("basis_{}", number + 1), axis.length * axis.length);
            plan.factorizations.push(Factorization::Eigenvectors(axis.length));
            plan.factorizations.push(Factorization::Orthonormal(axis.length));
        }
        let Some(longest) = axes.iter().map(|axis| axis.length).max() else { return plan };
        plan.precision = self.precision;
        plan.keep("failures", 1);
        TENSORS.iter().for_each(|_| _ = plan.make_room(layout.len()));
        SQUARES.iter().for_each(|_| _ = plan.make_room(longest * longest));
        plan
    }

    fn builds_for(&self) -> u64 {
        1
    }

    fn schedules_count_building(&self) -> bool {
        self.first_gradient == FirstGradient::CountsInSchedules
    }

    fn count(&self, at: &Step, count: &mut f64) {
        self.refresh.count(at, count);
    }

    fn enter(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra) {
        let axes = self.axes(job.plan);
        let elements: usize = job.plan.axes.iter().product();
        // What is infinite or NaN must not enter the averages, and what is 0 has nothing to say.
        if axes.clone().next().is_some() && algebra.is_usable(Matrix::new(Slot::Update, 1, elements)) {
            let weight = if job.at.own == 1 { 1.0 } else { self.weight(job.at) };
            axes.clone().for_each(|axis| axis.accumulate(algebra, 1.0 - weight, weight, Slot::Update));
        }
        if job.at.own == 1 {
            axes.for_each(|axis| self.begin(algebra, axis));
        } else {
            turn_all(algebra, axes, Slot::Update, TENSORS[0], false);
        }
    }

    fn leave(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra) {
        let axes = self.axes(job.plan);
        turn_all(algebra, axes.clone(), Slot::Update, TENSORS[0], true);
        if job.count > 0.0 {
            let failures = Matrix::new(Slot::State(job.plan.state.len().saturating_sub(1)), 1, 1);
            axes.for_each(|axis| {
                if algebra.is_usable(axis.factor()) {
                    self.follow(algebra, axis, failures);
                }
            });
        }
    }
}
