//! What the host sends to the device during a step, without waiting for it.

use super::flaw::{driver, out_of_memory};
use super::launch::Pinned;
use crate::error::CudaFlaw;
use cudarc::driver::{CudaSlice, CudaStream, DevicePtr};
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
        let target = match into {
            Some(target) if target.len() >= bytes.len() => target,
            _ => {
                let purpose = "tables and constants of a step";
                let memory = stream.alloc_zeros(room).map_err(|error| out_of_memory(error, room, purpose))?;
                let pointer = memory.device_ptr(stream).0;
                into.insert(OnDevice { memory, pointer })
            }
        };
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
