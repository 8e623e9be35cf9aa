//! [`Rows`]: what a launch must know of its tensors, and a hold on their memory.

use super::uploads::OnDevice;
use crate::error::CudaFlaw;
use core::marker::PhantomData;
use cudarc::driver::{CudaStream, CudaView, CudaViewMut, DevicePtr, DevicePtrMut, DeviceSlice, SyncOnDrop};
use std::sync::Arc;

/// Rows of the table of tensors (`cuda/common/table.cuh`), with the memory that they lead to borrowed.
pub(super) struct Rows<'w> {
    stream: &'w Arc<CudaStream>,
    words: Vec<u64>,
    /// What tells other streams, in the end, that this one has used the memory.
    uses: Vec<SyncOnDrop<'w>>,
    /// Whether there are others.
    are_told: bool,
}

/// Memory that several rows share.
pub(super) struct Shared<T> {
    pointer: u64,
    length: usize,
    numbers: PhantomData<fn() -> T>,
}

impl<T> Shared<T> {
    /// Memory that the caller keeps until the launch is enqueued.
    pub(super) fn of(memory: &OnDevice) -> Self {
        Self { pointer: memory.pointer(), length: memory.len() / size_of::<T>(), numbers: PhantomData }
    }

    pub(super) fn pointer(&self) -> u64 {
        self.pointer
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// The same, for somebody else who knows that it is there.
    pub(super) fn copy(&self) -> Self {
        Self { ..*self }
    }

    /// The first numbers, and the others.
    pub(super) fn cut(self, first: usize) -> [Self; 2] {
        let Self { pointer, length, numbers } = self;
        let others = pointer + (first * size_of::<T>()) as u64;
        [Self { pointer, length: first, numbers }, Self { pointer: others, length: length - first, numbers }]
    }
}

impl<'w> Rows<'w> {
    /// Room for so many words.
    pub(super) fn new(stream: &'w Arc<CudaStream>, words: usize) -> Self {
        let are_told = stream.context().is_managing_stream_synchronization();
        Self { stream, words: Vec::with_capacity(words), uses: Vec::new(), are_told }
    }

    /// The words, row by row.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    /// Puts other rows in the place of these. Their pointers are some of these, or of rows that live as long.
    pub(super) fn replace(&mut self, words: Vec<u64>) {
        self.words = words;
    }

    /// Adds words that are no pointers.
    pub(super) fn add(&mut self, words: &[u64]) {
        self.words.extend_from_slice(words);
    }

    /// Adds a pointer to at least `length` numbers that are only read.
    pub(super) fn read<T>(&mut self, view: &'w CudaView<'_, T>, length: usize) -> Result<(), CudaFlaw> {
        self.check(view, length)?;
        let (pointer, using) = view.device_ptr(self.stream);
        self.hold(pointer, using);
        Ok(())
    }

    /// Adds a pointer to at least `length` numbers that are written.
    pub(super) fn write<T>(
        &mut self,
        view: &'w mut CudaViewMut<'_, T>,
        length: usize,
    ) -> Result<(), CudaFlaw> {
        self.check(view, length)?;
        let (pointer, using) = view.device_ptr_mut(self.stream);
        self.hold(pointer, using);
        Ok(())
    }

    /// Holds memory of which rows get parts, which are written.
    pub(super) fn share<T>(&mut self, view: &'w mut CudaViewMut<'_, T>) -> Result<Shared<T>, CudaFlaw> {
        self.check(view, 0)?;
        let length = view.len();
        let (pointer, using) = view.device_ptr_mut(self.stream);
        self.tell(using);
        Ok(Shared { pointer, length, numbers: PhantomData })
    }

    /// Adds a pointer to `length` numbers from number `first` on.
    pub(super) fn part<T>(&mut self, of: &Shared<T>, first: usize, length: usize) -> Result<(), CudaFlaw> {
        if first + length > of.length {
            return Err(CudaFlaw::Length { found: of.length, expected: first + length });
        }
        self.words.push(of.pointer + (first * size_of::<T>()) as u64);
        Ok(())
    }

    /// Adds a pointer to memory that the caller keeps until the launch is enqueued.
    pub(super) fn lead_to(&mut self, memory: &OnDevice) {
        self.words.push(memory.pointer());
    }

    /// Fills up a row of so many words with pointers that are not followed.
    pub(super) fn fill(&mut self, words: usize) {
        let rows = self.words.len().div_ceil(words);
        self.words.resize(rows * words, 0);
    }

    fn hold(&mut self, pointer: u64, using: SyncOnDrop<'w>) {
        self.words.push(pointer);
        self.tell(using);
    }

    fn tell(&mut self, using: SyncOnDrop<'w>) {
        // Within one stream there is nothing to tell: not even that is asked again for each pointer.
        if !self.are_told && matches!(using, SyncOnDrop::Record(_)) {
            core::mem::forget(using);
        } else {
            self.uses.push(using);
        }
    }

    fn check<T>(&self, view: &impl DeviceSlice<T>, length: usize) -> Result<(), CudaFlaw> {
        if view.len() < length {
            return Err(CudaFlaw::Length { found: view.len(), expected: length });
        }
        if Arc::ptr_eq(view.stream(), self.stream) {
            return Ok(());
        }
        let (found, expected) = (view.stream().context(), self.stream.context());
        if found != expected {
            return Err(CudaFlaw::OtherContext { found: found.ordinal(), expected: expected.ordinal() });
        }
        Ok(())
    }
}
