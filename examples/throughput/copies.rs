//! The limit on CUDA: copies within the device's memory, which read as many bytes as they write.

use crate::limit::Limit;
use gradus::cuda::{Cuda, CudaMemory};
use gradus::device::Device;
use gradus::error::{Error, Result};

/// Memory to copy from and to.
pub(crate) struct Copies {
    device: Cuda,
    from: CudaMemory<f32>,
    into: CudaMemory<f32>,
}

impl Copies {
    /// A copy that moves `bytes` bytes, read and written ones counted.
    pub(crate) fn new(device: Cuda, bytes: usize) -> Result<Self> {
        let length = bytes.div_ceil(8);
        let room = || {
            let parameter = "the copy that steps are compared with".to_owned();
            device.zeros(length).ok_or(Error::OutOfMemory { parameter, bytes: 4 * length })
        };
        let (from, into) = (room()?, room()?);
        Ok(Self { device, from, into })
    }
}

impl Limit for Copies {
    fn run(&mut self) -> Result<()> {
        self.device.copy(self.from.view(), self.into.view_mut())
    }
}
