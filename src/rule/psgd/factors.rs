//! [`KronFactors`]: the preconditioner of PSGD, and how it is fitted.

use super::axes::{Acting, precondition};
use super::lists::{PART, Target, lists};
use super::part::{Way, copy};
use super::{
    BalancePlace, Balancing, FactorFormat, FactorGeometry, FactorProducts, FactorShapes, FactorStorage,
    FirstFit, FirstScale, FitBound, FitDamping, FitSchedule, FitTo, Preconditioning, Probes, Splitting,
};
use crate::hyperparameter::FitRate;
use crate::shape::Layout;
use crate::transform::{
    Arrives, Job, LinearAlgebra, MatrixPlan, MatrixRule, Merging, Slot, Step, merged, parted,
};

/// A preconditioner P = ⊗ QᵀQ with a factor Q for each axis, fitted so that P·E\[ggᵗ\]·P = 1.
///
/// | Slots | |
/// |---|---|
/// | `factor_1`, `factor_2`, ... | Q of each axis: n numbers, n(n + 1)/2 packed, or n²; of a tensor that is split, those of its parts one behind the other |
/// | `product_1`, ... | QᵀQ, if it is kept |
/// | `bounds` | the bound that is remembered for each factor |
/// | `begun` | 1 once the factors of a part have their first values |
/// | `failures` | how often a factor could not be fitted, and was kept |
#[derive(Clone, Debug)]
pub struct KronFactors {
    /// Which factors are diagonal.
    pub shapes: FactorShapes,
    /// How axes become one, up to the limit of the shapes where there is one. Default: never.
    pub merging: Merging,
    /// Whether axes that are still too long are cut. Default: never.
    pub splitting: Splitting,
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
            splitting: Splitting::default(),
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
        let limit = if self.splitting == Splitting::AtLimit { self.shapes.limit } else { 0 };
        plan.parts = parted(&plan.axes, limit);
        if plan.parts.len() > 1 {
            for part in &mut plan.parts {
                part.axes = merged(&part.axes, self.shapes.limit, self.merging);
            }
        }
        lists(self, &mut plan);
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
        let is_whole = job.plan.parts.len() == 1;
        for (number, part) in job.plan.parts.iter().enumerate() {
            let elements = part.len();
            let target = Target { number, part, elements, slot: if is_whole { Slot::Update } else { PART } };
            if is_whole {
                self.enter_part(job, algebra, target);
            } else {
                copy(algebra, &job.plan.axes, part, [PART, Slot::Update], Way::Out);
                if self.enter_part(job, algebra, target) {
                    copy(algebra, &job.plan.axes, part, [PART, Slot::Update], Way::Back);
                }
            }
        }
    }

    fn leave(&self, _job: &Job<'_>, _algebra: &mut dyn LinearAlgebra) {}
}

impl KronFactors {
    /// Preconditions a part of the update, and says whether that has changed it.
    fn enter_part(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra, target: Target<'_>) -> bool {
        // Without factors there is nothing to do: the update is 0, or shows that it is none.
        if !self.begin(job, algebra, target)
            || job.at.own <= self.builds_for()
            || job.at.arrives == Arrives::ToAccumulate
        {
            return false;
        }
        let fits = job.count > 0.0 && self.prepare(job, algebra, target);
        self.widen(algebra, self.axes(target.part), fits);
        if fits && self.preconditioning == Preconditioning::Fresh {
            self.fit(job, algebra, target);
        }
        let axes = self.axes(target.part);
        let acting = match self.geometry {
            FactorGeometry::SymmetricRoot => Acting::Root,
            FactorGeometry::Triangular | FactorGeometry::Symmetric => Acting::Product,
        };
        precondition(algebra, axes, acting, target.slot, target.elements);
        if fits && self.preconditioning == Preconditioning::Delayed {
            self.fit(job, algebra, target);
        }
        true
    }
}
