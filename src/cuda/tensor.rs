//! CUDA memory as parameters and gradients.

use super::{Cuda, CudaMemory};
use crate::device::{MakesTensors, MaybeTensor, OwnedTensor, Slot, Tensor, TensorMut};
use crate::dtype::StorageDtype;
use crate::error::{CudaFlaw, Result};
use crate::shape::Layout;
use core::marker::PhantomData;
use cudarc::driver::{CudaSlice, CudaView, CudaViewMut};

/// Memory on a CUDA device that can be read.
pub trait Reads<T>: sealed::Sealed {
    /// Lends it.
    fn reads(&self) -> CudaView<'_, T>;
}

/// Memory on a CUDA device that can be written.
pub trait Writes<T>: Reads<T> {
    /// Lends it.
    fn writes(&mut self) -> CudaViewMut<'_, T>;
}

/// A shape, row-major, and memory on a CUDA device: owned by gradus ([`CudaMemory`]), by cudarc (`CudaSlice`),
/// or borrowed (`&mut CudaSlice`, `CudaView`, `CudaViewMut`). Nothing is copied.
///
/// A `CudaSlice` by itself is a tensor with one axis.
///
/// ```no_run
/// use gradus::cuda::{Cuda, CudaTensor, cudarc::driver::CudaContext};
/// use half::bf16;
///
/// let stream = CudaContext::new(0)?.new_stream()?;
/// let device = Cuda::on(stream.clone())?;
/// let ours = device.tensor(&[2, 3], &[bf16::ONE; 6])?;        // from the host
/// let yours = stream.alloc_zeros::<f32>(6)?;
/// let yours = CudaTensor::<f32, _>::new(&[2, 3], yours)?;     // a slice of your own
/// assert_eq!(device.fetch(&ours)?, [bf16::ONE; 6]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CudaTensor<T, M = CudaMemory<T>> {
    shape: Vec<usize>,
    memory: M,
    numbers: PhantomData<fn() -> T>,
}

impl<T, M: Reads<T>> CudaTensor<T, M> {
    /// Gives memory a shape.
    ///
    /// # Errors
    /// [`CudaFlaw::Length`] if it has another number of elements.
    pub fn new(shape: &[usize], memory: M) -> Result<Self> {
        let (found, expected) = (memory.reads().len(), shape.iter().product());
        if found != expected {
            return Err(CudaFlaw::Length { found, expected }.into());
        }
        Ok(Self { shape: shape.to_vec(), memory, numbers: PhantomData })
    }

    /// The shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The memory.
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The memory, to be written.
    pub fn memory_mut(&mut self) -> &mut M {
        &mut self.memory
    }

    /// The memory by itself.
    pub fn into_memory(self) -> M {
        self.memory
    }
}

impl<T> Reads<T> for CudaSlice<T> {
    fn reads(&self) -> CudaView<'_, T> {
        self.as_view()
    }
}

impl<T> Writes<T> for CudaSlice<T> {
    fn writes(&mut self) -> CudaViewMut<'_, T> {
        self.as_view_mut()
    }
}

impl<T> Reads<T> for CudaView<'_, T> {
    fn reads(&self) -> CudaView<'_, T> {
        self.slice(..)
    }
}

impl<T> Reads<T> for CudaViewMut<'_, T> {
    fn reads(&self) -> CudaView<'_, T> {
        self.as_view()
    }
}

impl<T> Writes<T> for CudaViewMut<'_, T> {
    fn writes(&mut self) -> CudaViewMut<'_, T> {
        self.slice_mut(..)
    }
}

impl<T: StorageDtype> Reads<T> for CudaMemory<T> {
    fn reads(&self) -> CudaView<'_, T> {
        self.view()
    }
}

impl<T: StorageDtype> Writes<T> for CudaMemory<T> {
    fn writes(&mut self) -> CudaViewMut<'_, T> {
        self.view_mut()
    }
}

impl<T, M: Reads<T>> Reads<T> for &M {
    fn reads(&self) -> CudaView<'_, T> {
        (**self).reads()
    }
}

impl<T, M: Reads<T>> Reads<T> for &mut M {
    fn reads(&self) -> CudaView<'_, T> {
        (**self).reads()
    }
}

impl<T, M: Writes<T>> Writes<T> for &mut M {
    fn writes(&mut self) -> CudaViewMut<'_, T> {
        (**self).writes()
    }
}

impl<T: StorageDtype> Tensor<Cuda, T> for CudaSlice<T> {
    fn layout(&self) -> Layout {
        Layout::row_major(&[self.len()])
    }
    fn elements(&self) -> Option<CudaView<'_, T>> {
        Some(self.as_view())
    }
}

impl<T: StorageDtype> TensorMut<Cuda, T> for CudaSlice<T> {
    fn elements_mut(&mut self) -> Option<CudaViewMut<'_, T>> {
        Some(self.as_view_mut())
    }
}

impl<T: StorageDtype> OwnedTensor<Cuda, T> for CudaSlice<T> {}

impl<T: StorageDtype> MaybeTensor<Cuda, T> for CudaSlice<T> {
    fn slot(&self) -> Slot<CudaView<'_, T>> {
        Tensor::slot(self)
    }
}

impl<T: StorageDtype, M: Reads<T>> Tensor<Cuda, T> for CudaTensor<T, M> {
    fn layout(&self) -> Layout {
        Layout::row_major(&self.shape)
    }
    fn elements(&self) -> Option<CudaView<'_, T>> {
        Some(self.memory.reads())
    }
}

impl<T: StorageDtype, M: Writes<T>> TensorMut<Cuda, T> for CudaTensor<T, M> {
    fn elements_mut(&mut self) -> Option<CudaViewMut<'_, T>> {
        Some(self.memory.writes())
    }
}

impl<T: StorageDtype> OwnedTensor<Cuda, T> for CudaTensor<T, CudaSlice<T>> {}
impl<T: StorageDtype> OwnedTensor<Cuda, T> for CudaTensor<T, CudaMemory<T>> {}

impl<T: StorageDtype, M: Reads<T>> MaybeTensor<Cuda, T> for CudaTensor<T, M> {
    fn slot(&self) -> Slot<CudaView<'_, T>> {
        Tensor::slot(self)
    }
}

impl MakesTensors for Cuda {
    type Tensor<T: StorageDtype> = CudaTensor<T>;

    fn tensor<T: StorageDtype>(&self, shape: &[usize], values: &[T]) -> Result<CudaTensor<T>> {
        Self::tensor(self, shape, values)
    }

    fn fetch<T: StorageDtype>(&self, tensor: &CudaTensor<T>) -> Result<Vec<T>> {
        Self::fetch(self, tensor)
    }

    fn wait(&self) -> Result<()> {
        Self::wait(self)
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for super::CudaSlice<T> {}
    impl<T> Sealed for super::CudaView<'_, T> {}
    impl<T> Sealed for super::CudaViewMut<'_, T> {}
    impl<T> Sealed for super::CudaMemory<T> {}
    impl<M: Sealed> Sealed for &M {}
    impl<M: Sealed> Sealed for &mut M {}
}
