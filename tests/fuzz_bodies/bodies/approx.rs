//! A number in `f64`, and how far the same number may be off after each operation was rounded.
//!
//! Running error analysis (Wilkinson): every operation adds its own rounding to what it inherits, so
//! a tolerance follows from the computation and is nowhere chosen. Where nothing can be said (after
//! an overflow, NaN, a division by what may be zero) the bound is infinite.

use gradus::dtype::StorageDtype;
use half::{bf16, f16};

/// A storage format as IEEE 754 describes it.
pub(super) trait Stored: StorageDtype {
    /// Bits of the significand, the hidden one included.
    const PRECISION: i32;
    /// The exponent of the smallest normal number.
    const LOWEST: i32;
    /// The largest finite number.
    const LARGEST: f64;

    fn of(value: f64) -> Self;
    fn get(self) -> f64;

    /// The distance between neighbours at `value`.
    fn unit(value: f64) -> f64 {
        let exponent = if value == 0.0 { Self::LOWEST } else { exponent(value).max(Self::LOWEST) };
        power_of_two(exponent - Self::PRECISION + 1)
    }
}

macro_rules! stored {
    ($($format:ident: $precision:literal, $lowest:literal, $largest:expr, $of:expr, $get:expr;)*) => {$(
        impl Stored for $format {
            const PRECISION: i32 = $precision;
            const LOWEST: i32 = $lowest;
            const LARGEST: f64 = $largest;

            fn of(value: f64) -> Self {
                $of(value)
            }
            fn get(self) -> f64 {
                $get(self)
            }
        }
    )*};
}

stored! {
    f64: 53, -1022, f64::MAX, |value| value, |stored| stored;
    f32: 24, -126, f32::MAX as f64, |value| value as f32, f64::from;
    bf16: 8, -126, 3.3895313892515355e38, bf16::from_f64, bf16::to_f64;
    f16: 11, -14, 65504.0, f16::from_f64, f16::to_f64;
}

/// The largest integer whose power of two is not above a finite number other than 0.
fn exponent(value: f64) -> i32 {
    let biased = (value.to_bits() >> 52 & 0x7FF) as i32;
    if biased == 0 { -1023 } else { biased - 1023 }
}

fn power_of_two(exponent: i32) -> f64 {
    // In two factors, since the smallest subnormal number is below what one exponent field says.
    let half = exponent / 2;
    let normal = |exponent: i32| f64::from_bits(((exponent + 1023) as u64) << 52);
    normal(half) * normal(exponent - half)
}

/// A number, and the largest distance of its computed counterpart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Approx {
    pub(super) value: f64,
    pub(super) error: f64,
}

impl Approx {
    pub(super) const UNKNOWN: Self = Self { value: 0.0, error: f64::INFINITY };

    pub(super) fn exact(value: f64) -> Self {
        Self { value, error: 0.0 }.checked(f64::MAX)
    }

    pub(super) fn is_known(self) -> bool {
        self.error < f64::INFINITY
    }

    /// The largest magnitude that the computed number may have.
    pub(super) fn reach(self) -> f64 {
        self.value.abs() + self.error
    }

    fn checked(self, largest: f64) -> Self {
        // The bound is computed too; it must not be rounded below the truth.
        let error = self.error * (1.0 + 1e-12);
        let fits = self.value.abs() + error <= largest;
        if fits { Self { value: self.value, error } } else { Self::UNKNOWN }
    }

    /// After a round trip through the format `T`; stochastic rounding may go either way.
    pub(super) fn stored_in<T: Stored>(self, stochastic: bool) -> Self {
        if T::EXACT || !self.is_known() {
            return self;
        }
        let unit = T::unit(self.reach());
        let error = self.error + if stochastic { unit } else { unit / 2.0 };
        Self { error, ..self }.checked(T::LARGEST)
    }

    /// Whether `found` may be the computed counterpart.
    pub(super) fn allows(self, found: f64) -> bool {
        !self.is_known() || (found - self.value).abs() <= self.error
    }
}

/// The format in which a rule computes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arithmetic {
    /// The relative error of an operation, the reference's own included.
    unit: f64,
    /// The absolute error of an operation whose result is subnormal.
    tiny: f64,
    largest: f64,
}

/// The relative error of an operation in `f64`.
const HALF_UNIT: f64 = f64::EPSILON / 2.0;

impl Arithmetic {
    pub(super) fn of<T: Stored>() -> Self {
        if size_of::<T>() == size_of::<f64>() {
            Self { unit: 2.0 * HALF_UNIT, tiny: 4.0 * f64::from_bits(1), largest: f64::MAX }
        } else {
            let unit = f64::from(f32::EPSILON) / 2.0 + HALF_UNIT;
            Self { unit, tiny: f64::from(f32::from_bits(1)), largest: f32::MAX.into() }
        }
    }

    /// A number that the host computed with the relative error `relative`, rounded once.
    pub(super) fn constant(self, value: f64, relative: f64) -> Approx {
        self.rounded(value, value.abs() * relative, self.tiny)
    }

    /// An operation whose operands let its result be off by `inherited` already.
    fn rounded(self, value: f64, inherited: f64, tiny: f64) -> Approx {
        let error = inherited + self.unit * (value.abs() + inherited) + tiny;
        Approx { value, error }.checked(self.largest)
    }

    pub(super) fn add(self, a: Approx, b: Approx) -> Approx {
        if a == Approx::exact(0.0) || b == Approx::exact(0.0) {
            return Approx { value: a.value + b.value, error: a.error.max(b.error) }; // nothing is rounded
        }
        // Sums of subnormal numbers are exact.
        self.rounded(a.value + b.value, a.error + b.error, 0.0)
    }

    pub(super) fn sub(self, a: Approx, b: Approx) -> Approx {
        self.add(a, Approx { value: -b.value, ..b })
    }

    pub(super) fn mul(self, a: Approx, b: Approx) -> Approx {
        let inherited = a.value.abs() * b.error + b.value.abs() * a.error + a.error * b.error;
        self.rounded(a.value * b.value, inherited, self.tiny)
    }

    pub(super) fn div(self, a: Approx, b: Approx) -> Approx {
        let nearest_to_zero = b.value.abs() - b.error;
        if nearest_to_zero <= 0.0 {
            return Approx::UNKNOWN;
        }
        let value = a.value / b.value;
        self.rounded(value, (a.error + value.abs() * b.error) / nearest_to_zero, self.tiny)
    }

    /// The root of what is not negative.
    pub(super) fn sqrt(self, a: Approx) -> Approx {
        let value = a.value.max(0.0).sqrt();
        let below = value - (a.value - a.error).max(0.0).sqrt();
        let above = (a.value + a.error).max(0.0).sqrt() - value;
        self.rounded(value, below.max(above), self.tiny)
    }

    pub(super) fn max(self, a: Approx, b: Approx) -> Approx {
        Approx { value: a.value.max(b.value), error: a.error.max(b.error) }
    }

    pub(super) fn sign(self, a: Approx) -> Approx {
        match a {
            _ if !a.is_known() => Approx::UNKNOWN,
            _ if a.value.abs() > a.error => Approx::exact(a.value.signum()),
            Approx { value: 0.0, error: 0.0 } => Approx::exact(0.0),
            _ => Approx { value: 0.0, error: 1.0 },
        }
    }

    /// `(1 − weight)·old + weight·new`.
    pub(super) fn average(self, old: Approx, new: Approx, weight: Approx) -> Approx {
        let keep = self.rounded(1.0 - weight.value, weight.error, self.tiny);
        self.add(self.mul(keep, old), self.mul(weight, new))
    }
}
