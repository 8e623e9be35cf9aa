//! The kinds of numbers that are traced.

use crate::real::Real;

/// A kind of number that CUDA C has: `f32` or `f64`.
pub trait Kind: Real + sealed::Sealed {
    /// What it is called there.
    const NAME: &'static str;

    /// The same number in `f64`.
    fn exact(self) -> f64;

    /// A number as it is written there.
    fn literal(self) -> String;
}

// In decimal only where that is read back as it was. A literal of `f32` has the digits of an `f64`, so
// that it makes no difference whether a compiler rounds it once or twice.
impl Kind for f32 {
    const NAME: &'static str = "float";

    fn exact(self) -> f64 {
        self.into()
    }

    fn literal(self) -> String {
        if self.is_finite() {
            format!("{:?}f", f64::from(self))
        } else {
            format!("float_of(0x{:08X}u)", self.to_bits())
        }
    }
}

impl Kind for f64 {
    const NAME: &'static str = "double";

    fn exact(self) -> f64 {
        self
    }

    fn literal(self) -> String {
        if self.is_finite() {
            format!("{self:?}")
        } else {
            format!("double_of(0x{:016X}ull)", self.to_bits())
        }
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}
