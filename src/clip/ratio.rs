//! What the stages that see one tensor share: a statistic, and a ratio that it becomes.

use crate::fields;
use crate::real::Real;

fields! {
    /// The one constant of a clip by size.
    pub struct Bound {
        /// c, or the floor of a divisor.
        bound,
    }
}

fields! {
    /// What a tensor is scaled by.
    ///
    /// A divisor and a factor, since their quotient may be too small for a number where the result is
    /// not: the size of a tensor may be anything.
    pub struct Ratio {
        /// The size of the tensor, or 1 if it stays as it is.
        divisor,
        /// The size that it gets, or 1 if it stays as it is.
        factor,
    }
}

impl<F: Real> Ratio<F> {
    /// From `size` to `limit` if it is larger; NaN if either is.
    #[inline(always)]
    pub(super) fn to_at_most(size: F, limit: F) -> Self {
        let (zero, one) = (F::constant(0.0), F::constant(1.0));
        // Both are positive, zero or NaN, and NaN is what must not be lost.
        let unclipped = one + F::select(size, zero, size) + F::select(limit, zero, limit);
        let excess = size - limit;
        Self { divisor: F::select(excess, size, unclipped), factor: F::select(excess, limit, one) }
    }

    /// From `size` to 1.
    #[inline(always)]
    pub(super) fn to_one(size: F) -> Self {
        Self { divisor: size, factor: F::constant(1.0) }
    }

    #[inline(always)]
    pub(super) fn scale(&self, update: F) -> F {
        update / self.divisor * self.factor
    }
}

/// What differs between the stages that measure the update once.
pub(super) trait BySize {
    fn bound(&self) -> f64;

    /// What a tensor of `count` elements with this norm is scaled by.
    fn ratio<F: Real>(bound: F, norm: F, count: F) -> Ratio<F>;
}

/// Makes stages of types that say how they go [`BySize`]. (All of those at once cannot be stages:
/// all transforms are.)
macro_rules! stages_by_size {
    ($($stage:ident)+) => {$(
        impl $crate::transform::Stage for $stage {
            type Constants = Bound;
            type State = Nothing;
            type Tensor = Ratio;
            type Own = Nothing;
            type Group = Nothing;
            type Keeps = typenum::B0;
            type Joint = typenum::B0;
            const PASSES: usize = 1;

            fn constants(&self, _at: &Step, _own: &mut Nothing, _group: &Nothing) -> Bound<f64> {
                Bound { bound: self.bound() }
            }

            #[inline(always)]
            fn fold(_pass: usize) -> Fold {
                Fold::Norm
            }

            #[inline(always)]
            fn finish<F: Real>(_pass: usize, at: &Bound<F>, norm: F, count: F, tensor: &mut Ratio<F>) {
                *tensor = Self::ratio(at.bound, norm, count);
            }

            #[inline(always)]
            fn update<F: Real>(_at: &Bound<F>, input: Input<F>, tensor: &Ratio<F>, _: &mut Nothing) -> Input<F> {
                input.with_update(tensor.scale(input.update))
            }
        }
    )+};
}

pub(super) use stages_by_size;
