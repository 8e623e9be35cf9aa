//! The numbers of a tensor in the format that is wanted.

use super::Checked;
use super::document::malformed;
use super::source::{Source, format_of};
use crate::dtype::{Arithmetic, Format, Plus8, Plus16, StorageDtype};
use crate::error::CheckpointFlaw;
use crate::real::Real;
use half::{bf16, f16};

/// What is wanted of a tensor.
pub(super) struct Wanted<'a> {
    /// Its name in the file.
    pub(super) name: &'a str,
    /// How many numbers it has here.
    pub(super) length: usize,
    /// Whether another format is converted.
    pub(super) converts: bool,
    /// What the document says of its format.
    pub(super) format: &'a str,
}

/// Reads a tensor; says whether its numbers had to be converted.
pub(super) fn read<T: StorageDtype>(source: &mut Source<'_>, wanted: &Wanted<'_>) -> Checked<(Vec<T>, bool)> {
    let Wanted { name, length, converts, format } = *wanted;
    let info = source.info(name).cloned().ok_or_else(|| malformed(name, "it is not in the file"))?;
    let format = format_of(&info, format).ok_or_else(|| malformed(name, "its format is none of ours"))?;
    if format != T::FORMAT && !converts {
        return Err(CheckpointFlaw::Format {
            what: format!("`{name}`"),
            expected: T::NAME.to_owned(),
            found: format.name().to_owned(),
        });
    }
    // The offsets have been checked against the file and against shape and format, so this is no more
    // memory than the file has bytes.
    let found = (info.data_offsets.1 - info.data_offsets.0) / format.bytes();
    if found != length {
        return Err(CheckpointFlaw::Differs {
            aspect: format!("the number of elements of `{name}`"),
            expected: length.to_string(),
            found: found.to_string(),
        });
    }
    if format == T::FORMAT {
        return Ok((exactly(source, &info, length)?, false));
    }
    let values = match format {
        Format::F64 => converted(&exactly::<f64>(source, &info, length)?),
        Format::F32 => converted(&exactly::<f32>(source, &info, length)?),
        Format::Bf16 => converted(&exactly::<bf16>(source, &info, length)?),
        Format::F16 => converted(&exactly::<f16>(source, &info, length)?),
        Format::Bf16Plus8 => converted(&exactly::<Plus8<bf16>>(source, &info, length)?),
        Format::Bf16Plus16 => converted(&exactly::<Plus16<bf16>>(source, &info, length)?),
        Format::F16Plus8 => converted(&exactly::<Plus8<f16>>(source, &info, length)?),
        Format::F16Plus16 => converted(&exactly::<Plus16<f16>>(source, &info, length)?),
        Format::I8 | Format::I16 => {
            return Err(malformed(name, "corrections of numbers are no numbers by themselves"));
        }
    };
    Ok((values, true))
}

fn exactly<T: StorageDtype>(
    source: &mut Source<'_>,
    info: &safetensors::tensor::TensorInfo,
    length: usize,
) -> Checked<Vec<T>> {
    let mut values = vec![T::default(); length];
    source.read(info, bytemuck::cast_slice_mut(&mut values))?;
    Ok(values)
}

fn converted<S: StorageDtype, T: StorageDtype>(values: &[S]) -> Vec<T> {
    let number = |value: &S| T::Arithmetic::constant(before_rounding::<T>(value.widen().to_f64()));
    values.iter().map(|value| T::round(number(value))).collect()
}

/// What the arithmetic holds exactly and a shorter format rounds as it would round `exact`. A number that is
/// rounded to `f32` first, and then again, may end up beside the nearest one.
fn before_rounding<T: StorageDtype>(exact: f64) -> f64 {
    let is_shorter = matches!(T::FORMAT, Format::Bf16 | Format::F16 | Format::Bf16Plus8 | Format::F16Plus8);
    let nearest = exact as f32;
    if !is_shorter || f64::from(nearest) == exact || !nearest.is_finite() {
        return exact;
    }
    // Rounding to odd: towards 0, and the last digit says that something was cut off.
    let beyond = f64::from(nearest).abs() > exact.abs();
    f64::from(f32::from_bits((nearest.to_bits() - u32::from(beyond)) | 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bit above the middle between 1 and the next number in `bf16`: in `f32` it is the middle itself, and that
    /// goes to the even one, which is 1.
    #[test]
    fn numbers_are_rounded_once() {
        let above = 1.0 + f64::powi(2.0, -8) + f64::powi(2.0, -40);
        assert_eq!(converted::<f64, bf16>(&[above, -above]), [1.0078125f32, -1.0078125].map(bf16::from_f32));
        assert_eq!(
            converted::<f64, bf16>(&[2.0 - above, f64::MAX, 0.0]),
            [0.99609375, f32::INFINITY, 0.0].map(bf16::from_f32)
        );
        assert_eq!(converted::<f64, f32>(&[above]), [above as f32]);
        assert!(converted::<f64, f16>(&[f64::NAN])[0].is_nan());
    }
}
