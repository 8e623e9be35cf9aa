//! 16-bit formats as values, and lists of numbers in one of them.

use super::{Format, StorageDtype};
use half::{bf16, f16};

/// A 16-bit format as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NarrowFormat {
    /// [`Format::Bf16`].
    Bf16,
    /// [`Format::F16`].
    F16,
}

impl NarrowFormat {
    /// The bytes of a number.
    pub const BYTES: usize = 2;

    /// The same among all formats.
    pub const fn format(self) -> Format {
        match self {
            Self::Bf16 => Format::Bf16,
            Self::F16 => Format::F16,
        }
    }
}

/// Numbers in a 16-bit format, in the host's memory.
///
/// ```
/// use gradus::dtype::{NarrowFormat, NarrowNumbers};
///
/// let zeros = NarrowNumbers::zeros(NarrowFormat::F16, 3);
/// assert_eq!((zeros.len(), zeros.format().format().name()), (3, "f16"));
/// assert_eq!(zeros.widened(), [0.0; 3]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum NarrowNumbers {
    /// In `bf16`.
    Bf16(Vec<bf16>),
    /// In `f16`.
    F16(Vec<f16>),
}

impl NarrowNumbers {
    /// So many zeros.
    pub fn zeros(format: NarrowFormat, length: usize) -> Self {
        match format {
            NarrowFormat::Bf16 => Self::Bf16(vec![bf16::ZERO; length]),
            NarrowFormat::F16 => Self::F16(vec![f16::ZERO; length]),
        }
    }

    /// What they are in.
    pub fn format(&self) -> NarrowFormat {
        match self {
            Self::Bf16(_) => NarrowFormat::Bf16,
            Self::F16(_) => NarrowFormat::F16,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Bf16(numbers) => numbers.len(),
            Self::F16(numbers) => numbers.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same numbers in `f32`.
    pub fn widened(&self) -> Vec<f32> {
        match self {
            Self::Bf16(numbers) => numbers.iter().map(|number| number.widen()).collect(),
            Self::F16(numbers) => numbers.iter().map(|number| number.widen()).collect(),
        }
    }
}
