//! A device whose kernels run on the host: its memory is the CPU's, its arithmetic the text of the kernels.

use crate::host::{Host, Step};
use gradus::cpu::Cpu;
use gradus::cuda::{Kernel, Taken, constants, header, line_blocks, line_words, row};
use gradus::device::{
    Device, Evaluated, Formats, MaybeTensor, Number, OwnedTensor, Slot, Tensor, TensorMut, Work,
};
use gradus::dtype::StorageDtype;
use gradus::error::Result;
use gradus::random::Noise;
use gradus::real::Real;
use gradus::shape::Layout;
use gradus::store::Store;
use gradus::transform::{AxesOf, ElementsOf, FieldSet, MatrixNeeds, Of, Stage};
use std::sync::Arc;

/// Runs one kernel.
#[derive(Clone, Debug)]
pub struct OnHost {
    pub host: Arc<Host>,
    pub kernel: Kernel,
}

/// The bytes of all tensors, and where in them each pointer of the table leads.
#[derive(Default)]
struct Memory<'a> {
    buffers: Vec<&'a mut [u8]>,
    table: Vec<u64>,
}

impl<'a> Memory<'a> {
    /// Adds a buffer, and a pointer to it.
    fn point<T: StorageDtype>(&mut self, memory: &'a mut [T]) {
        self.point_to_bytes(bytemuck::cast_slice_mut(memory));
    }

    fn point_to_bytes(&mut self, memory: &'a mut [u8]) {
        self.buffers.push(memory);
        self.table.push(self.buffers.len() as u64);
    }
}

impl OnHost {
    fn step<C: Stage, K: Formats>(&self, works: &mut [Work<'_, Self, C, K>]) {
        let taken = |work: &Work<'_, Self, C, K>| Taken {
            length: work.gradient.len(),
            statistics: work.statistics,
            line_blocks: line_blocks(work.lines, work.gradient.len()),
            is_elsewhere: false,
        };
        let launched = works.len();
        let launches = self.kernel.launches(&works.iter().map(taken).collect::<Vec<_>>());
        // What the program sends back it has not changed, but this has no place to write it to.
        let mut gradients: Vec<Vec<K::Gradient>> = works.iter().map(|work| work.gradient.to_vec()).collect();
        let (mut memory, mut block) = (Memory::default(), header(0));
        let mut lines: Vec<_> =
            works.iter().map(|work| line_words(work.lines, work.gradient.len())).collect();
        for ((work, gradient), lines) in works.iter_mut().zip(&mut gradients).zip(&mut lines) {
            memory.table.extend(row(work.gradient.len(), block.len(), &work.noise));
            memory.point_to_bytes(bytemuck::cast_slice_mut(lines));
            constants(&mut block, &work.noise, &rounded::<C, K>(work.constants));
            memory.point(&mut *work.leaves);
            match &mut work.parameter {
                Some(parameter) => memory.point(parameter),
                None => memory.table.push(0),
            }
            memory.point(gradient.as_mut_slice());
            ElementsOf::<C>::map(ElementsOf::<C>::each_mut(&mut work.state), |field| memory.point(field));
            let carry = <K::Store as Store>::Carry::each_mut(&mut work.carry);
            <K::Store as Store>::Carry::map(carry, |field| memory.point(field));
            C::Tensor::map(C::Tensor::each_mut(&mut work.tensor), |number| memory.point(number));
            AxesOf::<C>::map(AxesOf::<C>::each_mut(&mut work.axes), |field| memory.point(field));
            AxesOf::<C>::map(AxesOf::<C>::each_mut(&mut work.room), |field| memory.point(field));
        }
        assert_eq!(memory.table.len(), launched * self.kernel.row_words());
        self.host.run(Step {
            buffers: memory.buffers,
            row_words: self.kernel.row_words(),
            table: memory.table,
            constants: bytemuck::cast_slice(&block).to_vec(),
            launches,
        });
    }
}

/// Constants in the format of the arithmetic.
fn rounded<C: Stage, K: Formats>(constants: &Of<C::Constants, f64>) -> Vec<Number<K>> {
    let mut numbers = Vec::new();
    C::Constants::for_each(constants, &mut |number| numbers.push(Number::<K>::constant(*number)));
    numbers
}

impl Device for OnHost {
    type Buffer<T: StorageDtype> = Vec<T>;
    type View<'a, T: StorageDtype> = &'a [T];
    type ViewMut<'a, T: StorageDtype> = &'a mut [T];
    type Workspace = core::convert::Infallible;
    type Answer = core::convert::Infallible;

    fn workspace(&self, _: &MatrixNeeds) -> Result<Self::Workspace> {
        unreachable!("no rule here works on matrices")
    }

    fn workspace_bytes(&self, _: &MatrixNeeds) -> u64 {
        0
    }

    fn shorter<'long: 'short, 'short, T: StorageDtype>(view: &'long [T]) -> &'short [T] {
        view
    }

    fn shorter_mut<'long: 'short, 'short, T: StorageDtype>(view: &'long mut [T]) -> &'short mut [T] {
        view
    }

    fn as_view<'short, T: StorageDtype>(view: &'short &mut [T]) -> &'short [T] {
        view
    }

    fn length<T: StorageDtype>(view: &&[T]) -> usize {
        view.len()
    }

    fn zeros<T: StorageDtype>(&self, length: usize) -> Option<Vec<T>> {
        Cpu::default().zeros(length)
    }

    fn view<T: StorageDtype>(buffer: &Vec<T>) -> &[T] {
        buffer
    }

    fn view_mut<T: StorageDtype>(buffer: &mut Vec<T>) -> &mut [T] {
        buffer
    }

    fn read<T: StorageDtype>(&self, buffer: &Vec<T>) -> Result<Vec<T>> {
        Ok(buffer.clone())
    }

    fn write<T: StorageDtype>(&self, buffer: &mut Vec<T>, values: &[T]) -> Result<()> {
        Cpu::default().write(buffer, values)
    }

    fn square_sums<T: StorageDtype>(&self, _: &[Option<&[T]>], _: f64, _: &mut [f64]) -> Result<()> {
        unreachable!("no joint norm is asked for here")
    }

    fn first_nonfinite<T: StorageDtype>(&self, _: &&[T]) -> Result<Option<usize>> {
        unreachable!("no policy is asked for here")
    }

    fn run<C: Stage, K: Formats>(&self, works: &mut [Work<'_, Self, C, K>]) -> Result<()> {
        self.step(works);
        Ok(())
    }

    fn evaluate<C: Stage, K: Formats>(&self, tensor: Evaluated<'_, Self, C, K>) -> Result<()> {
        // What is only read must not be written back, so the program gets copies.
        let mut parameter = tensor.parameter.to_vec();
        let mut state = ElementsOf::<C>::map(tensor.state, |field| field.to_vec());
        let mut carry = <K::Store as Store>::Carry::map(tensor.carry, |field| field.to_vec());
        let mut memory = Memory::default();
        memory.table.extend([tensor.into.len() as u64, 1, 0, 0, 0]);
        memory.point(parameter.as_mut_slice());
        let launches = self.kernel.evaluation(tensor.into.len()).into_iter().collect();
        memory.point(tensor.into);
        ElementsOf::<C>::map(ElementsOf::<C>::each_mut(&mut state), |field| {
            memory.point(field.as_mut_slice())
        });
        let carry = <K::Store as Store>::Carry::each_mut(&mut carry);
        <K::Store as Store>::Carry::map(carry, |field| memory.point(field.as_mut_slice()));
        // Numbers of the tensor are not read.
        memory.table.resize(self.kernel.row_words(), 0);
        let mut block = header(0);
        let nothing = Noise { keys: Default::default(), tensor: 0, gradient: 0 };
        constants(&mut block, &nothing, &rounded::<C, K>(&tensor.constants));
        self.host.run(Step {
            buffers: memory.buffers,
            row_words: self.kernel.row_words(),
            table: memory.table,
            constants: bytemuck::cast_slice(&block).to_vec(),
            launches,
        });
        Ok(())
    }

    fn copy<T: StorageDtype>(&self, from: &[T], into: &mut [T]) -> Result<()> {
        into.copy_from_slice(from);
        Ok(())
    }
}

/// A tensor of both devices.
#[derive(Clone, Debug)]
pub struct Array<T> {
    pub shape: Vec<usize>,
    pub elements: Vec<T>,
}

macro_rules! on_both {
    ($($device:ty)+) => {$(
        impl<T: StorageDtype> Tensor<$device, T> for Array<T> {
            fn layout(&self) -> Layout {
                Layout::row_major(&self.shape)
            }
            fn elements(&self) -> Option<&[T]> {
                Some(&self.elements)
            }
        }

        impl<T: StorageDtype> TensorMut<$device, T> for Array<T> {
            fn elements_mut(&mut self) -> Option<&mut [T]> {
                Some(&mut self.elements)
            }
        }

        impl<T: StorageDtype> OwnedTensor<$device, T> for Array<T> {}

        impl<T: StorageDtype> MaybeTensor<$device, T> for Array<T> {
            fn slot(&self) -> Slot<&[T]> {
                Tensor::<$device, T>::slot(self)
            }
        }
    )+};
}

on_both!(Cpu OnHost);
