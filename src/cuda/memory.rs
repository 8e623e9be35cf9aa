//! [`CudaMemory`]: owned memory on a device.

use super::flaw::out_of_memory;
use super::launch;
use crate::dtype::StorageDtype;
use crate::error::CudaFlaw;
use core::marker::PhantomData;
use cudarc::driver::{CudaSlice, CudaStream, CudaView, CudaViewMut, DriverError};
use std::sync::Arc;

/// Owned memory on a CUDA device, of numbers in any storage format.
///
/// A `CudaSlice` of `bf16` needs a feature of cudarc; this does not.
#[derive(Debug)]
pub struct CudaMemory<T> {
    /// A little more than the numbers, since no driver gives memory of no bytes.
    bytes: CudaSlice<u8>,
    length: usize,
    numbers: PhantomData<fn() -> T>,
}

/// What the driver aligns memory to, and so the least worth asking for.
const LEAST: usize = 256;

impl<T: StorageDtype> CudaMemory<T> {
    pub(super) fn zeros(stream: &Arc<CudaStream>, length: usize) -> Result<Self, DriverError> {
        let bytes = stream.alloc_zeros(length.saturating_mul(size_of::<T>()).max(LEAST))?;
        Ok(Self { bytes, length, numbers: PhantomData })
    }

    /// Makes room for `length` numbers, whatever they are; memory that suffices is kept.
    pub(super) fn resize(&mut self, stream: &Arc<CudaStream>, length: usize) -> Result<(), CudaFlaw> {
        let bytes = length.saturating_mul(size_of::<T>());
        if bytes > self.bytes.len() {
            let room = bytes.checked_next_power_of_two().unwrap_or(bytes);
            let new = stream.alloc_zeros(room);
            self.bytes = new.map_err(|error| out_of_memory(error, room, "the rows of a step"))?;
        }
        self.length = length;
        Ok(())
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Lends the numbers to be read: to kernels of your own, for one.
    pub fn view(&self) -> CudaView<'_, T> {
        launch::numbers(&self.bytes, self.length).expect("as many bytes as were asked for")
    }

    /// Lends the numbers to be written.
    pub fn view_mut(&mut self) -> CudaViewMut<'_, T> {
        launch::numbers_mut(&mut self.bytes, self.length).expect("as many bytes as were asked for")
    }

    /// Fills the memory from the host's, and waits until that is done.
    pub(super) fn fill(&mut self, stream: &Arc<CudaStream>, values: &[T]) -> Result<(), DriverError> {
        if !values.is_empty() {
            stream.memcpy_htod::<u8, [u8], _>(bytemuck::cast_slice(values), &mut self.bytes)?;
        }
        stream.synchronize()
    }
}

/// A copy of numbers in the host's memory, once all that was enqueued before is done.
pub(super) fn fetch<T: StorageDtype>(
    stream: &Arc<CudaStream>,
    view: &CudaView<'_, T>,
) -> Result<Vec<T>, DriverError> {
    let mut values = vec![T::default(); view.len()];
    if !values.is_empty() {
        stream.memcpy_dtoh::<u8, _, [u8]>(&launch::bytes(view), bytemuck::cast_slice_mut(&mut values))?;
    }
    stream.synchronize()?;
    Ok(values)
}
