//! Devices that make tensors, for programs that run on any of them.

use super::{Device, MaybeTensor, OwnedTensor, TensorMut};
use crate::dtype::StorageDtype;
use crate::error::Result;

/// A device that makes tensors of values of the host.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::device::MakesTensors;
///
/// fn twice<D: MakesTensors>(device: &D) -> gradus::error::Result<Vec<f32>> {
///     let tensor = device.tensor(&[2, 1], &[1.0f32, 2.0])?;
///     Ok(device.fetch(&tensor)?.iter().map(|value| 2.0 * value).collect())
/// }
/// assert_eq!(twice(&Cpu::default())?, [2.0, 4.0]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
pub trait MakesTensors: Device {
    /// What it makes: `ArrayD` on the CPU.
    type Tensor<T: StorageDtype>: TensorMut<Self, T> + OwnedTensor<Self, T> + MaybeTensor<Self, T>;

    /// A tensor with these values, row-major.
    ///
    /// # Errors
    /// Whatever the device reports.
    ///
    /// # Panics
    /// If the shape has another number of elements.
    fn tensor<T: StorageDtype>(&self, shape: &[usize], values: &[T]) -> Result<Self::Tensor<T>>;

    /// The values of a tensor, row-major.
    ///
    /// # Errors
    /// Whatever the device reports.
    fn fetch<T: StorageDtype>(&self, tensor: &Self::Tensor<T>) -> Result<Vec<T>>;

    /// Waits until all that was asked of the device is done.
    ///
    /// # Errors
    /// Whatever the device reports.
    fn wait(&self) -> Result<()>;
}
