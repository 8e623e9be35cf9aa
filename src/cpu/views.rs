//! Slices, vectors and `ndarray` arrays as parameters and gradients.
//!
//! Any contiguous order of the elements is taken as it is, without a copy. Memory with gaps (a
//! column of a row-major matrix) is refused by name: stepping through it would be slow, and a
//! hidden copy would be a second parameter.

use super::Cpu;
use crate::device::{MakesTensors, MaybeTensor, OwnedTensor, Slot, Tensor, TensorMut};
use crate::dtype::StorageDtype;
use crate::error::Result;
use crate::shape::Layout;
use ndarray::{ArrayBase, ArrayD, Data, DataMut, DataOwned, Dimension};

impl<T: StorageDtype> Tensor<Cpu, T> for [T] {
    fn layout(&self) -> Layout {
        Layout::row_major(&[self.len()])
    }
    fn elements(&self) -> Option<&[T]> {
        Some(self)
    }
}

impl<T: StorageDtype> TensorMut<Cpu, T> for [T] {
    fn elements_mut(&mut self) -> Option<&mut [T]> {
        Some(self)
    }
}

impl<T: StorageDtype> Tensor<Cpu, T> for Vec<T> {
    fn layout(&self) -> Layout {
        Layout::row_major(&[self.len()])
    }
    fn elements(&self) -> Option<&[T]> {
        Some(self)
    }
}

impl<T: StorageDtype> TensorMut<Cpu, T> for Vec<T> {
    fn elements_mut(&mut self) -> Option<&mut [T]> {
        Some(self)
    }
}

impl<T: StorageDtype> OwnedTensor<Cpu, T> for Vec<T> {}

impl<T: StorageDtype, S: Data<Elem = T>, I: Dimension> Tensor<Cpu, T> for ArrayBase<S, I> {
    fn layout(&self) -> Layout {
        Layout::new(self.shape(), self.strides())
    }
    fn elements(&self) -> Option<&[T]> {
        self.as_slice_memory_order()
    }
}

impl<T: StorageDtype, S: DataMut<Elem = T>, I: Dimension> TensorMut<Cpu, T> for ArrayBase<S, I> {
    fn elements_mut(&mut self) -> Option<&mut [T]> {
        self.as_slice_memory_order_mut()
    }
}

impl<T: StorageDtype, S: DataOwned<Elem = T>, I: Dimension> OwnedTensor<Cpu, T> for ArrayBase<S, I> {}

impl<T: StorageDtype> MaybeTensor<Cpu, T> for Vec<T> {
    fn slot(&self) -> Slot<&[T]> {
        Tensor::<Cpu, T>::slot(self)
    }
}

impl<T: StorageDtype, S: Data<Elem = T>, I: Dimension> MaybeTensor<Cpu, T> for ArrayBase<S, I> {
    fn slot(&self) -> Slot<&[T]> {
        Tensor::<Cpu, T>::slot(self)
    }
}

impl MakesTensors for Cpu {
    type Tensor<T: StorageDtype> = ArrayD<T>;

    fn tensor<T: StorageDtype>(&self, shape: &[usize], values: &[T]) -> Result<ArrayD<T>> {
        Ok(ArrayD::from_shape_vec(shape, values.to_vec()).expect("as many values as the shape has"))
    }

    fn fetch<T: StorageDtype>(&self, tensor: &ArrayD<T>) -> Result<Vec<T>> {
        Ok(tensor.iter().copied().collect())
    }

    fn wait(&self) -> Result<()> {
        Ok(())
    }
}
