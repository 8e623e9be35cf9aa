//! The two companding laws of telephony: small numbers grow, large ones become their logarithms.
//!
//! ITU-T, *Recommendation G.711: Pulse code modulation of voice frequencies*, 1988,
//! <https://www.itu.int/rec/T-REC-G.711>; as clips in HeavyBall, <https://github.com/HomebrewML/HeavyBall>.
//!
//! ```text
//! μ-law:            u ← sign(u)·ln(1 + μ·|u|) / ln(1 + μ)
//! A-law, y = A·|u|: u ← sign(u)·(y if y < 1, else 1 + ln y) / (1 + ln A)
//! ```
//!
//! Both keep −1, 0 and 1. They have no limit: infinity stays infinite.

use crate::fields;
use crate::hyperparameter::Compression;
use crate::real::{Real, ln, ln_1p, odd};
use crate::transform::{Input, Nothing, Step, Transform};
use typenum::B0;

/// The μ-law. [`Default`] is HeavyBall's μ.
///
/// ```
/// use gradus::clip::{CompandingConstants, MuLaw};
/// use gradus::transform::{Input, Nothing, Step, Transform};
///
/// let at: CompandingConstants<f64> = MuLaw::default().constants(&Step::first(1e-3));
/// let bent = |x| MuLaw::update(&at, Input::of(x, 0.0), &mut Nothing);
/// assert_eq!(bent(-1.0), -1.0);
/// assert!((bent(1.0 / 127.0) - 1.0 / 7.0).abs() < 1e-15); // ln 2 / ln 2⁷
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MuLaw {
    /// μ. Default 127.
    pub compression: Compression,
}

impl Default for MuLaw {
    fn default() -> Self {
        Self { compression: Compression::checked(127.0) }
    }
}

/// The A-law. [`Default`] is the A of Recommendation G.711, and HeavyBall's.
///
/// ```
/// use gradus::clip::{ALaw, CompandingConstants};
/// use gradus::transform::{Input, Nothing, Step, Transform};
///
/// let at: CompandingConstants<f64> = ALaw::default().constants(&Step::first(1e-3));
/// let bent = |x| ALaw::update(&at, Input::of(x, 0.0), &mut Nothing);
/// assert!((bent(-1.0) - -1.0).abs() < 1e-15);
/// assert!((bent(0.001) - 0.0876 / (1.0 + 87.6f64.ln())).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ALaw {
    /// A. Default 87.6.
    pub compression: Compression,
}

impl Default for ALaw {
    fn default() -> Self {
        Self { compression: Compression::checked(87.6) }
    }
}

fields! {
    /// Constants of [`MuLaw`] and [`ALaw`].
    pub struct CompandingConstants {
        /// μ or A.
        compression,
        /// Its logarithm.
        logarithm,
        /// What makes 1 of 1: ln(1 + μ) or 1 + ln A.
        divisor,
    }
}

/// `compression`·`size`, or only `size` where the product might overflow; and the part of its
/// logarithm that is missing then.
#[inline(always)]
fn expanded<F: Real>(at: &CompandingConstants<F>, size: F) -> (F, F) {
    let huge = size - F::constant(1e20);
    (F::select(huge, size, at.compression * size), F::select(huge, at.logarithm, F::constant(0.0)))
}

impl Transform for MuLaw {
    type Constants = CompandingConstants;
    type State = Nothing;
    type Keeps = B0;

    fn constants(&self, _at: &Step) -> CompandingConstants<f64> {
        let compression = self.compression.get();
        CompandingConstants {
            compression,
            logarithm: libm::log(compression),
            divisor: libm::log1p(compression),
        }
    }

    #[inline(always)]
    fn update<F: Real>(at: &CompandingConstants<F>, input: Input<F>, _: &mut Nothing) -> F {
        let (expanded, missing) = expanded(at, input.update.abs());
        odd(input.update, (ln_1p(expanded) + missing) / at.divisor)
    }
}

impl Transform for ALaw {
    type Constants = CompandingConstants;
    type State = Nothing;
    type Keeps = B0;

    fn constants(&self, _at: &Step) -> CompandingConstants<f64> {
        let compression = self.compression.get();
        let logarithm = libm::log(compression);
        CompandingConstants { compression, logarithm, divisor: 1.0 + logarithm }
    }

    #[inline(always)]
    fn update<F: Real>(at: &CompandingConstants<F>, input: Input<F>, _: &mut Nothing) -> F {
        let one = F::constant(1.0);
        let (expanded, missing) = expanded(at, input.update.abs());
        let bent = one + (ln(expanded) + missing);
        odd(input.update, F::select(one - expanded, expanded, bent) / at.divisor)
    }
}
