//! The only file that calls NVIDIA's libraries in ways that the compiler cannot check.

#![allow(unsafe_code)]

use super::flaw::driver;
use super::kept::Placed;
use super::prepared::{Planned, PreparedStep, in_waves};
use super::rows::Shared;
use super::step::THREADS;
use super::uploads::OnDevice;
use crate::device::Decided;
use crate::dtype::StorageDtype;
use crate::error::CudaFlaw;
use cudarc::driver::{
    CudaEvent, CudaFunction, CudaSlice, CudaStream, CudaView, CudaViewMut, DriverError, LaunchConfig,
    PinnedHostSlice, PushKernelArg, result, sys,
};
use cudarc::nvrtc;
use std::ffi::{CStr, CString, c_char};
use std::sync::Arc;

/// Whether NVRTC can be loaded. What calls it without asking would panic where it is missing.
pub(super) fn has_compiler() -> bool {
    // SAFETY: this loads a library by the names of NVRTC, if there is one, which runs the library's initialisers.
    // NVRTC's prepare the library for calls, touch nothing of this program, and may run on any thread.
    unsafe { nvrtc::sys::is_culib_present() }
}

/// Whether the driver can be loaded. What calls it without asking would panic where it is missing.
pub(super) fn has_driver() -> bool {
    // SAFETY: as above, by the names of the driver's library.
    unsafe { cudarc::driver::sys::is_culib_present() }
}

/// The version of CUDA that the driver knows: 1000 times the first number, and 10 times the second one. Asks first
/// whether there [is](has_driver) one.
pub(super) fn driver_version() -> Result<i32, DriverError> {
    let mut version = 0;
    // SAFETY: the driver writes one `int` to where the pointer leads, and needs no initialisation for that.
    unsafe { sys::cuDriverGetVersion(&mut version) }.result()?;
    Ok(version)
}

/// The version of NVRTC. Asks first whether there [is](has_compiler) one.
pub(super) fn compiler_version() -> Result<(i32, i32), nvrtc::result::NvrtcError> {
    let (mut major, mut minor) = (0, 0);
    // SAFETY: NVRTC writes one `int` to where each pointer leads.
    unsafe { nvrtc::sys::nvrtcVersion(&mut major, &mut minor) }.result()?;
    Ok((major, minor))
}

/// A program of NVRTC, which is destroyed in the end.
struct Program(nvrtc::sys::nvrtcProgram);

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: the program was created by NVRTC, and this is the only place that destroys one. What NVRTC answers
        // is of no use: nothing depends on memory being given back.
        let _ = unsafe { nvrtc::result::destroy_program(self.0) };
    }
}

/// Compiles a source to the machine's own code, or says what the compiler said. Asks first whether there
/// [is](has_compiler) one.
pub(super) fn compile(source: &CStr, options: &[CString]) -> Result<Vec<u8>, String> {
    let failed = |error: nvrtc::result::NvrtcError| error.to_string();
    let program = Program(nvrtc::result::create_program(source, None).map_err(failed)?);
    // SAFETY: the program has been created, and is destroyed behind this function; its source lives as long.
    if let Err(error) = unsafe { nvrtc::result::compile_program(program.0, options) } {
        // SAFETY: the same.
        let log = unsafe { nvrtc::result::get_program_log(program.0) }.unwrap_or_default();
        let text: Vec<u8> =
            log.into_iter().map(|sign: c_char| sign as u8).take_while(|sign| *sign != 0).collect();
        return Err(format!("{error}: {}", String::from_utf8_lossy(&text)));
    }
    let mut size = 0;
    // SAFETY: the program has been compiled, and NVRTC writes one number to where the pointer leads.
    unsafe { nvrtc::sys::nvrtcGetCUBINSize(program.0, &mut size) }.result().map_err(failed)?;
    let mut binary = vec![0u8; size];
    // SAFETY: NVRTC writes as many bytes as it has just said; so many are there.
    unsafe { nvrtc::sys::nvrtcGetCUBIN(program.0, binary.as_mut_ptr().cast()) }.result().map_err(failed)?;
    Ok(binary)
}

/// Bytes on the device as numbers, or [`None`] if there are too few.
pub(super) fn numbers<T: StorageDtype>(bytes: &CudaSlice<u8>, length: usize) -> Option<CudaView<'_, T>> {
    // SAFETY: `transmute` checks that the bytes suffice. All bits are a number of a storage format (`Pod`), the
    // driver aligns memory to 256 bytes, and the view borrows what it shows.
    unsafe { bytes.transmute(length) }
}

/// The same, to be written.
pub(super) fn numbers_mut<T: StorageDtype>(
    bytes: &mut CudaSlice<u8>,
    length: usize,
) -> Option<CudaViewMut<'_, T>> {
    // SAFETY: as above, and the view borrows alone.
    unsafe { bytes.transmute_mut(length) }
}

/// Numbers on the device as bytes.
pub(super) fn bytes<'a, T: StorageDtype>(view: &CudaView<'a, T>) -> CudaView<'a, u8> {
    // SAFETY: a number of a storage format has no bytes that are nothing in particular (`Pod`), and bytes need no
    // alignment.
    unsafe { view.transmute(size_of::<T>() * view.len()) }.expect("as many bytes as there are")
}

/// Memory of the host that the device reads by itself, and when it has.
#[derive(Debug)]
pub(super) struct Pinned {
    memory: PinnedHostSlice<u8>,
    /// Recorded behind each copy out of the memory.
    read: CudaEvent,
}

impl Pinned {
    pub(super) fn new(stream: &CudaStream, bytes: usize) -> Result<Self, DriverError> {
        let context = stream.context();
        let read = context.new_event(None)?;
        // SAFETY: what the memory holds is nothing in particular until `send` writes it, and nothing else reads it.
        // Any bits are bytes.
        let memory = unsafe { context.alloc_pinned(bytes) }?;
        Ok(Self { memory, read })
    }

    pub(super) fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// Whether the device has read what was sent last.
    pub(super) fn is_read(&self) -> Result<bool, DriverError> {
        self.read.try_is_complete()
    }

    /// Enqueues a copy of some bytes to the beginning of `into`, without waiting for it.
    ///
    /// # Panics
    /// If there is not enough room, or the device has not [read](Self::is_read) the last ones.
    pub(super) fn send(
        &mut self,
        stream: &Arc<CudaStream>,
        bytes: &[u8],
        into: &mut CudaSlice<u8>,
    ) -> Result<(), DriverError> {
        assert!(bytes.len() <= self.capacity() && bytes.len() <= into.len(), "the caller has made room");
        assert!(self.is_read()?, "the caller has found out");
        let place = self.memory.as_mut_ptr()?;
        // SAFETY: the memory is `capacity` bytes long and belongs to `self`, which is borrowed alone. The device reads
        // it no more: the last copy is complete.
        let sent = unsafe {
            place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            std::slice::from_raw_parts(place.cast_const(), bytes.len())
        };
        let (target, _written) = cudarc::driver::DevicePtrMut::device_ptr_mut(into, stream);
        // SAFETY: the target has room for the bytes and belongs to this stream's context. The bytes stay as they are
        // until the copy is complete, since all that writes them asks `read` first, and memory that is dropped
        // waits: see `Drop`.
        unsafe { result::memcpy_htod_async(target, sent, stream.cu_stream()) }?;
        self.read.record(stream)
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // The memory is given back behind this, so the device must have read it. If it cannot say so, the context is
        // broken and nothing reads any more.
        let _ = self.read.synchronize();
    }
}

/// What a device has decided, in memory of the host that it writes by itself, and when it has.
#[derive(Debug)]
pub struct Answer {
    memory: PinnedHostSlice<f64>,
    /// Recorded behind each copy into the memory.
    written: CudaEvent,
}

impl Answer {
    pub(super) fn new(stream: &CudaStream) -> Result<Self, DriverError> {
        let context = stream.context();
        let written = context.new_event(None)?;
        // SAFETY: any bits are numbers, and nothing reads them before `ask` has had them written. The memory is not
        // write-combined, since the host reads it.
        let memory = unsafe { context.alloc_pinned_with_flags(Decided::NUMBERS, 0) }?;
        Ok(Self { memory, written })
    }

    /// Enqueues a copy of the first of some numbers, without waiting for it.
    ///
    /// # Panics
    /// If there are fewer numbers than an answer has.
    pub(super) fn ask(&mut self, stream: &CudaStream, numbers: &Shared<f64>) -> Result<(), DriverError> {
        assert!(numbers.len() >= self.memory.len(), "a decision leaves so many");
        // The event of the memory itself is never recorded, so this does not wait.
        let into = self.memory.as_mut_slice()?;
        // SAFETY: both sides have room for the numbers, and `numbers` lies in this stream's context, where the caller
        // keeps it until the copy is enqueued; cudarc frees it behind that. The memory of the host belongs to
        // `self`: nobody reads it before `written` is complete (see `read`, which borrows `self`, and `ask` borrows it
        // alone), an earlier copy into it is of the same stream and so complete before this one, and memory that is
        // dropped waits: see `Drop`.
        unsafe { result::memcpy_dtoh_async(into, numbers.pointer(), stream.cu_stream()) }?;
        self.written.record(stream)
    }

    /// What was asked for last, once it is there.
    pub(super) fn read(&self) -> Result<Decided, DriverError> {
        self.written.synchronize()?;
        Ok(Decided::of(self.memory.as_slice()?))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // The memory is given back behind this, so the device must have written it. If it cannot say so, the context
        // is broken and nothing writes any more.
        let _ = self.written.synchronize();
    }
}

/// Enqueues the launches of a kernel that belong to a wave.
///
/// Whoever calls this keeps all memory that the table leads to until it returns.
pub(super) fn launch(
    stream: &CudaStream,
    (planned, wave): (&Planned, usize),
    constants: &OnDevice,
) -> Result<(), DriverError> {
    let Planned { lists, table, .. } = planned;
    let (table, constants) = (table.pointer(), constants.pointer());
    for Placed { function, blocks, tensors, bytes, .. } in
        lists.launches.iter().filter(|placed| placed.wave == wave)
    {
        assert!(*blocks > 0 && bytes.len() as u64 >= 8 * tensors, "the list has a pair for each tensor");
        assert!(bytes.end <= lists.memory.len(), "the list lies on the device");
        let list = lists.memory.pointer() + bytes.start as u64;
        let config = LaunchConfig {
            grid_dim: (*blocks, 1, 1),
            block_dim: (THREADS as u32, 1, 1),
            shared_mem_bytes: 0,
        };
        let mut builder = stream.launch_builder(function);
        builder.arg(&table).arg(&list).arg(tensors).arg(&constants);
        // SAFETY: `function` was compiled from the source that `unit` wrote, where all functions take a table, a list,
        // the number of tensors and constants, in this order, each in 64 bits. The table was sent from `Rows`, whose
        // pointers come from views only, of this stream's context and of lengths that have been checked; the caller
        // keeps what they show, and cudarc frees it behind what is enqueued. Lists come from `Kernel::launches` for
        // tensors of these lengths, and name no row or leaf beyond them; of a row of another kernel's tensor, which is
        // marked, only elements and leaves are read, and the caller keeps those as well. Each row says where its constants begin in
        // the block that was sent with them. The block begins with null, or with a pointer to as many numbers as
        // `Sums::decide` has had checked, of a view that the caller keeps as well.
        unsafe { builder.launch(config) }?;
    }
    Ok(())
}

/// Enqueues a function that works on some rows of a tensor.
///
/// Whoever calls this keeps all memory that the job leads to until it returns.
pub(super) fn launch_on_rows(
    stream: &CudaStream,
    function: &CudaFunction,
    blocks: u32,
    job: &OnDevice,
    (rows, indices): (u64, &OnDevice),
) -> Result<(), DriverError> {
    assert!(blocks > 0 && indices.len() as u64 >= 8 * rows, "there are rows, and their indices");
    let (job, list, indices) = (job.pointer(), 0u64, indices.pointer());
    let config =
        LaunchConfig { grid_dim: (blocks, 1, 1), block_dim: (THREADS as u32, 1, 1), shared_mem_bytes: 0 };
    let mut builder = stream.launch_builder(function);
    builder.arg(&job).arg(&list).arg(&rows).arg(&indices);
    // SAFETY: `function` was compiled from the source that `row_unit` wrote for the format of what the job leads to; it
    // takes a job, nothing, a number of rows and indices, in this order, each in 64 bits. The job was sent from `Rows`,
    // whose pointers come from views only, of this stream's context and of lengths that suffice for the largest row,
    // the last place of an entry and the number of rows; the caller keeps what they show. The indices were sent for
    // the same rows, and what is enqueued behind this is what may replace them.
    unsafe { builder.launch(config) }?;
    Ok(())
}

impl PreparedStep {
    /// Enqueues the kernels of the step that has been prepared. Nothing else is asked of the driver, so a capture of
    /// the stream takes it up, and what was captured may be launched again after each
    /// [`prepare`](Self::prepare).
    ///
    /// # Errors
    /// [`CudaFlaw::NotReplayable`] if nothing has been prepared, [`CudaFlaw::Driver`].
    ///
    /// # Safety
    /// The parameters, the gradients and the optimizers of the prepared step must be where they were when it was
    /// prepared, until this returns; of what was captured, whenever it is launched.
    pub unsafe fn enqueue(&mut self) -> Result<(), CudaFlaw> {
        let stream = self.stream.clone();
        for (constants, plan) in self.launches()? {
            for (_, planned, wave) in in_waves(plan) {
                launch(&stream, (planned, wave), constants)
                    .map_err(|error| driver("launch a kernel", error))?;
            }
        }
        Ok(())
    }
}
