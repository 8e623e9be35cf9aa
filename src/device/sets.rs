//! Where a step finds its parameters and gradients.

use super::Device;
use crate::dtype::StorageDtype;
use crate::shape::Layout;
use core::hint::black_box;
use std::collections::BTreeMap;

/// A tensor on the device `D` that can be read.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tensor of `{T}` on this device",
    label = "the optimizer was built for `{T}` here",
    note = "parameters and gradients are slices, vectors or `ndarray` arrays of the formats that the optimizer was built for",
    note = "choose formats with `.parameters_in::<..>()` and `.gradients_in::<..>()`, or convert the tensor"
)]
pub trait Tensor<D: Device, T: StorageDtype> {
    /// Its shape and strides.
    fn layout(&self) -> Layout;
    /// Its elements as they lie in memory; [`None`] if there are gaps between them.
    fn elements(&self) -> Option<D::View<'_, T>>;

    /// Its place in a set of gradients.
    fn slot(&self) -> Slot<D::View<'_, T>> {
        self.elements().map_or(Slot::WithGaps, |elements| Slot::Present(self.layout(), elements))
    }
}

/// A tensor on the device `D` that can be written.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tensor of `{T}` on this device",
    label = "the optimizer was built for `{T}` here",
    note = "parameters and gradients are slices, vectors or `ndarray` arrays of the formats that the optimizer was built for",
    note = "choose formats with `.parameters_in::<..>()` and `.gradients_in::<..>()`, or convert the tensor"
)]
pub trait TensorMut<D: Device, T: StorageDtype>: Tensor<D, T> {
    /// Its elements as they lie in memory; [`None`] if there are gaps between them.
    fn elements_mut(&mut self) -> Option<D::ViewMut<'_, T>>;
}

/// A tensor that owns its memory, so that passing it by value frees it: a gradient to release.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tensor of `{T}` on this device",
    label = "the optimizer was built for `{T}` here",
    note = "parameters and gradients are slices, vectors or `ndarray` arrays of the formats that the optimizer was built for",
    note = "choose formats with `.parameters_in::<..>()` and `.gradients_in::<..>()`, or convert the tensor"
)]
pub trait OwnedTensor<D: Device, T: StorageDtype>: Tensor<D, T> {}

impl<D: Device, T: StorageDtype, A: Tensor<D, T> + ?Sized> Tensor<D, T> for &A {
    fn layout(&self) -> Layout {
        (**self).layout()
    }
    fn elements(&self) -> Option<D::View<'_, T>> {
        (**self).elements()
    }
}

impl<D: Device, T: StorageDtype, A: Tensor<D, T> + ?Sized> Tensor<D, T> for &mut A {
    fn layout(&self) -> Layout {
        (**self).layout()
    }
    fn elements(&self) -> Option<D::View<'_, T>> {
        (**self).elements()
    }
}

impl<D: Device, T: StorageDtype, A: TensorMut<D, T> + ?Sized> TensorMut<D, T> for &mut A {
    fn elements_mut(&mut self) -> Option<D::ViewMut<'_, T>> {
        (**self).elements_mut()
    }
}

/// What may stand in the place of a gradient: a tensor, or an `Option` of one.
///
/// A tensor type of your own says `Tensor::slot(self)` here.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tensor of `{T}` on this device",
    label = "the optimizer was built for `{T}` here",
    note = "parameters and gradients are slices, vectors or `ndarray` arrays of the formats that the optimizer was built for",
    note = "choose formats with `.parameters_in::<..>()` and `.gradients_in::<..>()`, or convert the tensor"
)]
pub trait MaybeTensor<D: Device, T: StorageDtype> {
    /// The gradient, or why there is none.
    fn slot(&self) -> Slot<D::View<'_, T>>;
}

impl<D: Device, T: StorageDtype, A: Tensor<D, T>> MaybeTensor<D, T> for Option<A> {
    fn slot(&self) -> Slot<D::View<'_, T>> {
        self.as_ref().map_or(Slot::Absent, Tensor::slot)
    }
}

impl<D: Device, T: StorageDtype, A: Tensor<D, T> + ?Sized> MaybeTensor<D, T> for &A {
    fn slot(&self) -> Slot<D::View<'_, T>> {
        Tensor::slot(*self)
    }
}

/// Anything that can hand out named parameters in an order that stays the same.
///
/// Slices of pairs and ordered maps are parameter sets already. A struct of your own becomes one by
/// handing out its fields:
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::device::ParameterSet;
/// use gradus::optimizer::Build;
/// use gradus::rule::AdamW;
/// use gradus::shape::Layout;
/// use ndarray::{Array1, Array2};
///
/// struct Linear {
///     weight: Array2<f32>,
///     bias: Array1<f32>,
/// }
///
/// impl ParameterSet<Cpu, f32> for Linear {
///     fn describe(&self, visit: &mut dyn FnMut(&str, Layout)) {
///         visit("weight", Layout::new(self.weight.shape(), self.weight.strides()));
///         visit("bias", Layout::new(self.bias.shape(), self.bias.strides()));
///     }
///
///     fn lend<'a>(&'a mut self, visit: &mut dyn FnMut(&str, Layout, Option<&'a mut [f32]>)) {
///         let layout = Layout::new(self.weight.shape(), self.weight.strides());
///         visit("weight", layout, self.weight.as_slice_memory_order_mut());
///         let layout = Layout::new(self.bias.shape(), self.bias.strides());
///         visit("bias", layout, self.bias.as_slice_memory_order_mut());
///     }
/// }
///
/// let mut layer = Linear { weight: Array2::ones((3, 2)), bias: Array1::zeros(3) };
/// let mut optimizer = AdamW::default().build(Cpu::default(), &layer)?;
/// let gradients = [("weight", vec![0.1f32; 6]), ("bias", vec![0.1; 3])];
/// let error = optimizer.step(&mut layer, &gradients).unwrap_err();
/// assert_eq!(error.to_string(), "gradient of `weight` has shape [6], but the parameter has shape [3, 2]");
/// # Ok::<(), gradus::error::Error>(())
/// ```
pub trait ParameterSet<D: Device, T: StorageDtype> {
    /// Calls `visit` with the name and the layout of every parameter.
    fn describe(&self, visit: &mut dyn FnMut(&str, Layout));

    /// Calls `visit` with every parameter in the same order, and its memory; [`None`] for memory
    /// with gaps.
    fn lend<'a>(&'a mut self, visit: &mut dyn FnMut(&str, Layout, Option<D::ViewMut<'a, T>>));
}

/// The place of one gradient in a [`GradientSet`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot<V> {
    /// There is a gradient.
    Present(Layout, V),
    /// There is none at this step: the parameter, its state and its counter stay as they are.
    Absent,
    /// There is one, but its memory has gaps.
    WithGaps,
}

/// Anything that can hand out a named gradient, or none, for every parameter in the same order.
///
/// Slices of pairs and ordered maps are gradient sets already; an `Option` around the tensor says
/// whether there is a gradient.
pub trait GradientSet<D: Device, T: StorageDtype> {
    /// Calls `visit` with every gradient.
    fn lend<'a>(&'a self, visit: &mut dyn FnMut(&str, Slot<D::View<'a, T>>));
}

/// Reads a letter of every name, before any is compared.
///
/// Names lie anywhere in memory, and what a step streams through the cache has driven them out. Asked for together they
/// come together; one by one, each comparison would wait for its own.
pub(crate) fn fetch_names<'a>(names: impl Iterator<Item = &'a str>) {
    let letters = names.filter_map(|name| name.as_bytes().first());
    black_box(letters.fold(0, |all, letter| all ^ letter));
}

/// Implements both sets for a collection of pairs of a name and a tensor.
macro_rules! sets_of_pairs {
    ($([$($length:tt)*] $collection:ty;)+) => {$(
        impl<D, T, N, A $($length)*> ParameterSet<D, T> for $collection
        where
            D: Device,
            T: StorageDtype,
            N: AsRef<str>,
            A: TensorMut<D, T>,
        {
            fn describe(&self, visit: &mut dyn FnMut(&str, Layout)) {
                for (name, tensor) in self {
                    visit(name.as_ref(), tensor.layout());
                }
            }

            fn lend<'a>(&'a mut self, visit: &mut dyn FnMut(&str, Layout, Option<D::ViewMut<'a, T>>)) {
                fetch_names(self.iter().map(|(name, _)| name.as_ref()));
                for (name, tensor) in self {
                    let layout = tensor.layout();
                    visit(name.as_ref(), layout, tensor.elements_mut());
                }
            }
        }

        impl<D, T, N, A $($length)*> GradientSet<D, T> for $collection
        where
            D: Device,
            T: StorageDtype,
            N: AsRef<str>,
            A: MaybeTensor<D, T>,
        {
            fn lend<'a>(&'a self, visit: &mut dyn FnMut(&str, Slot<D::View<'a, T>>)) {
                fetch_names(self.iter().map(|(name, _)| name.as_ref()));
                for (name, tensor) in self {
                    visit(name.as_ref(), tensor.slot());
                }
            }
        }
    )+};
}

sets_of_pairs! {
    [] [(N, A)];
    [] Vec<(N, A)>;
    [] BTreeMap<N, A>;
    [, const COUNT: usize] [(N, A); COUNT];
}
