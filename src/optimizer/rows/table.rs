//! The rows of a step: of a parameter, of its gradient, and of its state.

use crate::device::{
    Beside, Chosen, Device, Formats, Lines, MaybeTensor, Number, Rows, Slot, SparseRows, Tensor, TensorMut,
};
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::optimizer::TensorState;
use crate::optimizer::assemble::{buffer, buffers_like, leaves_of};
use crate::shape::Layout;
use crate::store::Store;
use crate::transform::{AxesOf, ElementsOf, FieldSet, Of, Stage};
use core::mem;

/// The state of the rows of a step, which takes the place of that of the whole table.
pub(super) struct Table<C: Stage, K: Formats, D: Rows> {
    /// The rows of the step.
    pub(super) chosen: Chosen<D>,
    /// Elements in a row.
    pub(super) width: usize,
    pub(super) layout: Layout,
    pub(super) lines: Lines,
    state: Of<ElementsOf<C>, D::Buffer<K::State>>,
    axes: Of<AxesOf<C>, D::Buffer<Number<K>>>,
    room: Of<AxesOf<C>, D::Buffer<Number<K>>>,
    carry: Of<<K::Store as Store>::Carry, D::Buffer<Beside<K>>>,
    leaves: D::Buffer<f64>,
}

/// Some rows of a parameter or of its gradient.
pub(super) struct Part<D: Device, T: StorageDtype> {
    pub(super) layout: Layout,
    pub(super) elements: D::Buffer<T>,
    pub(super) is_present: bool,
}

impl<D: Device, T: StorageDtype> Tensor<D, T> for Part<D, T> {
    fn layout(&self) -> Layout {
        self.layout.clone()
    }
    fn elements(&self) -> Option<D::View<'_, T>> {
        Some(D::view(&self.elements))
    }
}

impl<D: Device, T: StorageDtype> TensorMut<D, T> for Part<D, T> {
    fn elements_mut(&mut self) -> Option<D::ViewMut<'_, T>> {
        Some(D::view_mut(&mut self.elements))
    }
}

impl<D: Device, T: StorageDtype> MaybeTensor<D, T> for Part<D, T> {
    fn slot(&self) -> Slot<D::View<'_, T>> {
        if self.is_present { Tensor::slot(self) } else { Slot::Absent }
    }
}

/// Room for some rows of each tensor.
pub(super) fn parts<C: Stage, K: Formats, D: Device, T: StorageDtype>(
    device: &D,
    tensors: &[TensorState<C, K, D>],
) -> Result<Vec<(String, Part<D, T>)>> {
    let part = |tensor: &TensorState<C, K, D>| {
        let elements = buffer(device, 0, &tensor.name)?;
        Ok((tensor.name.clone(), Part { layout: tensor.layout.clone(), elements, is_present: false }))
    };
    tensors.iter().map(part).collect()
}

impl<C: Stage, K: Formats, D: Device> TensorState<C, K, D> {
    /// The values of a gradient of some rows, if they fit.
    pub(super) fn check_rows<'a, I: AsRef<[usize]>, A: Tensor<D, K::Gradient>>(
        &self,
        gradient: &'a SparseRows<I, A>,
    ) -> Result<D::View<'a, K::Gradient>> {
        let (rows, layout, shape) = (gradient.rows.as_ref(), gradient.values.layout(), self.layout.shape());
        let expected = self.layout.with_rows(rows.len());
        if layout.shape() != expected.shape() {
            return Err(Error::RowShape {
                parameter: self.name.clone(),
                expected: expected.into(),
                found: layout.into(),
            });
        }
        let values = gradient.values.elements().ok_or_else(|| self.not_contiguous("gradient"))?;
        if layout != expected {
            return Err(Error::MemoryOrder {
                parameter: self.name.clone(),
                role: "gradient",
                expected: expected.strides().to_vec(),
                found: layout.strides().to_vec(),
            });
        }
        match rows.iter().position(|row| *row >= shape[0]) {
            None => Ok(values),
            Some(place) => Err(Error::RowOutOfRange {
                parameter: self.name.clone(),
                place,
                row: rows[place],
                rows: shape[0],
            }),
        }
    }
}

impl<C: Stage, K: Formats, D: Rows> Table<C, K, D> {
    pub(super) fn of(device: &D, tensor: &TensorState<C, K, D>) -> Result<Self> {
        let name = &tensor.name;
        Ok(Self {
            chosen: Chosen::default(),
            width: tensor.layout.shape()[1..].iter().product(),
            layout: tensor.layout.clone(),
            lines: tensor.lines.clone(),
            state: buffers_like::<ElementsOf<C>, _, _, D>(device, &tensor.state, 0, name)?,
            axes: buffers_like::<AxesOf<C>, _, _, D>(device, &tensor.axes, 0, name)?,
            room: buffers_like::<AxesOf<C>, _, _, D>(device, &tensor.room, 0, name)?,
            carry: buffers_like::<<K::Store as Store>::Carry, _, _, D>(device, &tensor.carry, 0, name)?,
            leaves: buffer(device, 0, name)?,
        })
    }

    /// How many elements the rows of the step have.
    pub(super) fn elements(&self) -> usize {
        self.chosen.rows.len() * self.width
    }

    /// Copies the state of the rows.
    pub(super) fn gather(&mut self, device: &D, tensor: &TensorState<C, K, D>) -> Result<()> {
        let (elements, width) = (self.elements(), self.width);
        let Self { chosen, lines, state, axes, room, carry, leaves, .. } = self;
        *lines = Lines::rows(chosen.rows.len(), width);
        gather_fields::<D, ElementsOf<C>, _>(device, &tensor.state, chosen, width, state)?;
        gather_fields::<D, AxesOf<C>, _>(device, &tensor.axes, chosen, 1, axes)?;
        gather_fields::<D, <K::Store as Store>::Carry, _>(device, &tensor.carry, chosen, width, carry)?;
        let numbers = lines.room(elements);
        let mut result = Ok(());
        AxesOf::<C>::map(AxesOf::<C>::each_mut(room), |buffer| {
            and(&mut result, || device.resize(buffer, numbers));
        });
        result?;
        device.resize(leaves, leaves_of(C::PASSES, elements))
    }

    /// Exchanges the table of the optimizer for the rows of the step, or back.
    pub(super) fn exchange(&mut self, tensor: &mut TensorState<C, K, D>) {
        mem::swap(&mut self.layout, &mut tensor.layout);
        mem::swap(&mut self.lines, &mut tensor.lines);
        mem::swap(&mut self.state, &mut tensor.state);
        mem::swap(&mut self.axes, &mut tensor.axes);
        mem::swap(&mut self.room, &mut tensor.room);
        mem::swap(&mut self.carry, &mut tensor.carry);
        mem::swap(&mut self.leaves, &mut tensor.leaves);
    }

    /// Copies the state of the rows back.
    pub(super) fn scatter(&self, device: &D, tensor: &mut TensorState<C, K, D>) -> Result<()> {
        let Self { chosen, width, state, axes, carry, .. } = self;
        scatter_fields::<D, ElementsOf<C>, _>(device, state, chosen, *width, &mut tensor.state)?;
        scatter_fields::<D, AxesOf<C>, _>(device, axes, chosen, 1, &mut tensor.axes)?;
        scatter_fields::<D, <K::Store as Store>::Carry, _>(device, carry, chosen, *width, &mut tensor.carry)
    }
}

fn gather_fields<D: Rows, S: FieldSet, T: StorageDtype>(
    device: &D,
    from: &Of<S, D::Buffer<T>>,
    chosen: &Chosen<D>,
    width: usize,
    into: &mut Of<S, D::Buffer<T>>,
) -> Result<()> {
    let mut result = Ok(());
    S::map(S::zip(S::each_ref(from), S::each_mut(into)), |(from, into)| {
        and(&mut result, || {
            device.resize(into, chosen.rows.len() * width)?;
            device.gather(D::view(from), chosen, width, D::view_mut(into))
        });
    });
    result
}

fn scatter_fields<D: Rows, S: FieldSet, T: StorageDtype>(
    device: &D,
    from: &Of<S, D::Buffer<T>>,
    chosen: &Chosen<D>,
    width: usize,
    into: &mut Of<S, D::Buffer<T>>,
) -> Result<()> {
    let mut result = Ok(());
    S::map(S::zip(S::each_ref(from), S::each_mut(into)), |(from, into)| {
        and(&mut result, || device.scatter(D::view(from), chosen, width, D::view_mut(into)));
    });
    result
}

/// Does something more, unless something has failed.
fn and(result: &mut Result<()>, more: impl FnOnce() -> Result<()>) {
    if result.is_ok() {
        *result = more();
    }
}
