//! Numbers in 16-bit formats on a device, whatever the formats of everything else are.

use super::Device;
use crate::dtype::{NarrowFormat, NarrowNumbers};
use crate::error::Result;
use half::{bf16, f16};

/// Numbers in a 16-bit format, in a device's memory.
#[derive(Debug)]
pub enum NarrowBuffer<D: Device> {
    /// In `bf16`.
    Bf16(D::Buffer<bf16>),
    /// In `f16`.
    F16(D::Buffer<f16>),
}

impl<D: Device> NarrowBuffer<D> {
    /// `length` zeros, or [`None`] if there is no memory for them.
    pub fn zeros(device: &D, format: NarrowFormat, length: usize) -> Option<Self> {
        Some(match format {
            NarrowFormat::Bf16 => Self::Bf16(device.zeros(length)?),
            NarrowFormat::F16 => Self::F16(device.zeros(length)?),
        })
    }

    /// A copy in the host's memory.
    ///
    /// # Errors
    /// Whatever the device reports.
    pub fn read(&self, device: &D) -> Result<NarrowNumbers> {
        Ok(match self {
            Self::Bf16(buffer) => NarrowNumbers::Bf16(device.read(buffer)?),
            Self::F16(buffer) => NarrowNumbers::F16(device.read(buffer)?),
        })
    }

    /// Fills it from the host's memory.
    ///
    /// # Errors
    /// Whatever the device reports.
    ///
    /// # Panics
    /// If formats or lengths differ.
    pub fn write(&mut self, device: &D, numbers: &NarrowNumbers) -> Result<()> {
        match (self, numbers) {
            (Self::Bf16(buffer), NarrowNumbers::Bf16(numbers)) => device.write(buffer, numbers),
            (Self::F16(buffer), NarrowNumbers::F16(numbers)) => device.write(buffer, numbers),
            (Self::Bf16(_), NarrowNumbers::F16(_)) | (Self::F16(_), NarrowNumbers::Bf16(_)) => {
                panic!("numbers in another format than the buffer's")
            }
        }
    }
}
