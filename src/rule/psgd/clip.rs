//! How far a preconditioned gradient may go.

use crate::fields;
use crate::hyperparameter::Limit;
use crate::real::{Real, bent};
use crate::transform::{Arrives, Fold, Input, Nothing, Stage, Step};
use typenum::B0;

/// How updates of PSGD are kept small while factors still fit badly.
///
/// What stands behind a rule as an option is a clip of its own: [`clip`](crate::clip).
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum UpdateClip {
    /// Nothing is done.
    None,
    /// Elements are bent from 1.5 on, and stay within ±2, as by
    /// [`TrustRegion`](crate::clip::TrustRegion): HeavyBall. Default.
    #[default]
    TrustRegion,
    /// A tensor whose root mean square is above the limit is scaled down to it: kron_torch, with 1.1.
    RootMeanSquare(Limit),
}

/// Where elements are bent.
const BEND: f64 = 1.5;
/// The share of the hyperbolic tangent in the bent line.
const TANGENT: f64 = 0.9;
/// What elements do not exceed.
const LARGEST: f64 = 2.0;
/// Keeps a divisor from zero.
const SMALLEST: f64 = 1e-12;

fields! {
    /// Constants of [`UpdateClip`].
    pub struct UpdateClipConstants {
        /// 1 if elements are bent, else 0.
        bends,
        /// The largest root mean square, or 0 for any.
        limit,
    }
}

fields! {
    /// What [`UpdateClip`] measures.
    pub struct UpdateSize {
        /// What the tensor is multiplied with.
        factor,
    }
}

impl Stage for UpdateClip {
    type Constants = UpdateClipConstants;
    type State = Nothing;
    type Tensor = UpdateSize;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;
    const PASSES: usize = 1;

    fn constants(&self, _at: &Step, _: &mut Nothing, _: &Nothing) -> UpdateClipConstants<f64> {
        UpdateClipConstants {
            bends: if *self == Self::TrustRegion { 1.0 } else { 0.0 },
            limit: if let Self::RootMeanSquare(limit) = self { limit.get() } else { 0.0 },
        }
    }

    fn measures(&self, at: &Step) -> bool {
        at.arrives == Arrives::ToStep && matches!(self, Self::RootMeanSquare(_))
    }

    #[inline(always)]
    fn fold(_pass: usize) -> Fold {
        Fold::Norm
    }

    #[inline(always)]
    fn finish<F: Real>(
        _pass: usize,
        at: &UpdateClipConstants<F>,
        norm: F,
        count: F,
        size: &mut UpdateSize<F>,
    ) {
        let root = norm / count.sqrt();
        size.factor = (at.limit / (root + F::constant(SMALLEST))).at_most(F::constant(1.0));
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &UpdateClipConstants<F>,
        input: Input<F>,
        size: &UpdateSize<F>,
        _: &mut Nothing,
    ) -> Input<F> {
        let update = input.update;
        let bent = F::when(
            at.bends,
            #[inline(always)]
            || {
                let (bend, largest) = (F::constant(BEND), F::constant(LARGEST));
                let bent = bend * bent(update / bend, F::constant(1.0 - TANGENT), F::constant(TANGENT));
                bent.at_least(-largest).at_most(largest)
            },
            update,
        );
        input.with_update(F::select(at.limit, update * size.factor, bent))
    }
}
