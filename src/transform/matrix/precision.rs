//! [`MatrixPrecision`]: what matrices are multiplied in.

/// What the matrices of a rule are multiplied in. Factorisations, and all else that is done to them, are in the
/// arithmetic of the parameters either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatrixPrecision {
    /// The arithmetic of the parameters. Default.
    #[default]
    Full,
    /// bf16 where the device multiplies it faster than `f32`: factors are rounded to eight binary digits, to
    /// nearest; products are summed in `f32`, and subnormal numbers count as zero. On the CPU that takes
    /// AVX512-BF16 (Zen 4, Cooper Lake and later), which is about twice as fast; elsewhere, and for `f64`
    /// parameters, products are made as in [`Full`](Self::Full).
    Bf16,
}
