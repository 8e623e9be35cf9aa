//! A bent line between logarithm and hyperbolic tangent, with a limit.
//!
//! HeavyBall, `trust_region_clip_`, <https://github.com/HomebrewML/HeavyBall>, for the updates of PSGD.
//!
//! With y = u/s:
//!
//! ```text
//! u ← clamp(s·((1 − w)·sign(y)·ln(1 + |y|) + w·tanh(y)), −c, c)
//! ```
//!
//! A y beyond the largest number counts as infinite: ±c.

use crate::fields;
use crate::hyperparameter::{Limit, Scale, Share};
use crate::real::{Real, bent};
use crate::transform::{Input, Nothing, Step, Transform};
use typenum::B0;

/// Small elements stay, larger ones are bent, none exceeds the limit. [`Default`] is HeavyBall's
/// setting.
///
/// ```
/// use gradus::clip::{TrustRegion, TrustRegionConstants};
/// use gradus::transform::{Input, Nothing, Step, Transform};
///
/// let at: TrustRegionConstants<f64> = TrustRegion::default().constants(&Step::first(1e-3));
/// let bent = |x| TrustRegion::update(&at, Input::of(x, 0.0), &mut Nothing);
/// assert!((bent(0.01) - 0.01).abs() < 1e-5);
/// assert!((bent(-10.0) - -1.6555).abs() < 1e-4);
/// assert_eq!(bent(f64::INFINITY), 2.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrustRegion {
    /// s, the size from which elements are bent. Default 1.5.
    pub scale: Scale,
    /// w, the share of the hyperbolic tangent; the rest is the logarithm's. Default 0.9.
    pub interpolation: Share,
    /// c, the largest magnitude that comes out. Default 2.
    pub limit: Limit,
}

impl Default for TrustRegion {
    fn default() -> Self {
        Self { scale: Scale::checked(1.5), interpolation: Share::checked(0.9), limit: Limit::checked(2.0) }
    }
}

fields! {
    /// Constants of [`TrustRegion`].
    pub struct TrustRegionConstants {
        /// s.
        scale,
        /// 1 − w.
        logarithm,
        /// w.
        tangent,
        /// c.
        limit,
    }
}

impl Transform for TrustRegion {
    type Constants = TrustRegionConstants;
    type State = Nothing;
    type Keeps = B0;

    fn constants(&self, _at: &Step) -> TrustRegionConstants<f64> {
        let tangent = self.interpolation.get();
        TrustRegionConstants {
            scale: self.scale.get(),
            logarithm: 1.0 - tangent,
            tangent,
            limit: self.limit.get(),
        }
    }

    #[inline(always)]
    fn update<F: Real>(at: &TrustRegionConstants<F>, input: Input<F>, _: &mut Nothing) -> F {
        let bent = at.scale * bent(input.update / at.scale, at.logarithm, at.tangent);
        bent.at_least(-at.limit).at_most(at.limit)
    }
}
