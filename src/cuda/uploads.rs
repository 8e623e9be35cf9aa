//! What the host sends to the device during a step, without waiting for it.

use super::flaw::{driver, out_of_memory};
use super::launch::{self, Pinned};
use super::memory::fetch;
use crate::error::CudaFlaw;
use cudarc::driver::{CudaSlice, CudaStream, DevicePtr, DriverError};
use std::sync::Arc;

/// Bytes that lie on the device, for kernels of one stream.
#[derive(Debug)]
pub(super) struct OnDevice {
    memory: CudaSlice<u8>,
    /// Where they lie. Asked once: asking makes the stream wait for others, which have nothing to do with these.
    pointer: u64,
}

impl OnDevice {
    pub(super) fn pointer(&self) -> u64 {
        self.pointer
    }

    pub(super) fn len(&self) -> usize {
        self.memory.len()
    }

    /// Room for so many bytes: what is there, or more in its place.
    pub(super) fn with_room<'m>(
        stream: &Arc<CudaStream>,
        memory: &'m mut Option<Self>,
        bytes: usize,
        purpose: &'static str,
    ) -> Result<&'m mut Self, CudaFlaw> {
        if memory.as_ref().is_none_or(|memory| memory.len() < bytes) {
            let room = bytes.next_power_of_two().max(SMALLEST);
            let new = stream.alloc_zeros(room).map_err(|error| out_of_memory(error, room, purpose))?;
            let pointer = new.device_ptr(stream).0;
            *memory = Some(Self { memory: new, pointer });
        }
        Ok(memory.as_mut().expect("it is there by now"))
    }

    /// A copy of the first numbers in the host's memory, once all that was enqueued before is done.
    pub(super) fn fetch(&self, stream: &Arc<CudaStream>, count: usize) -> Result<Vec<f64>, DriverError> {
        let numbers = launch::numbers(&self.memory, count).expect("the caller knows how many there are");
        fetch(stream, &numbers)
    }
}

/// The least bytes of a block.
const SMALLEST: usize = 4096;

/// Blocks of the host's memory from which the device reads by itself. One that the device has not read yet is left
/// alone, and another one taken: as many as the host is steps ahead, which the driver's queue limits.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    blocks: Vec<Pinned>,
}

impl Uploads {
    /// Enqueues a copy of bytes into `into`, which becomes longer if it is too short.
    pub(super) fn send(
        &mut self,
        stream: &Arc<CudaStream>,
        bytes: &[u8],
        into: &mut Option<OnDevice>,
    ) -> Result<(), CudaFlaw> {
        let room = bytes.len().next_power_of_two().max(SMALLEST);
        let target = OnDevice::with_room(stream, into, bytes.len(), "tables and constants of a step")?;
        self.free_block(stream, room)?
            .send(stream, bytes, &mut target.memory)
            .map_err(|error| driver("send a step", error))
    }

    /// A block that the device has read.
    fn free_block(&mut self, stream: &Arc<CudaStream>, room: usize) -> Result<&mut Pinned, CudaFlaw> {
        let mut free = None;
        for (place, block) in self.blocks.iter().enumerate() {
            if block.capacity() >= room && block.is_read().map_err(|error| driver("ask for a copy", error))? {
                free = Some(place);
                break;
            }
        }
        let place = match free {
            Some(place) => place,
            None => {
                let block = Pinned::new(stream, room);
                self.blocks
                    .push(block.map_err(|error| out_of_memory(error, room, "the host's side of a step"))?);
                self.blocks.len() - 1
            }
        };
        Ok(&mut self.blocks[place])
    }
}
