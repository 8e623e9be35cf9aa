//! Tables and lists that lie on the device already. They are found by what they hold, so that a step whose tensors are
//! where they were uploads none.

use super::library::Loaded;
use super::step::Launch;
use super::uploads::{OnDevice, Uploads};
use crate::error::CudaFlaw;
use cudarc::driver::{CudaFunction, CudaStream};
use std::collections::HashMap;
use std::sync::Arc;

/// The most tables, and the most lists. If all gradients of a model come one by one and always elsewhere, there would
/// be ever more of them.
const MOST: usize = 4096;

/// The launches of a kernel over tensors of certain lengths.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) memory: OnDevice,
    pub(super) launches: Vec<Placed>,
}

/// A launch whose list lies on the device.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) function: CudaFunction,
    pub(super) blocks: u32,
    pub(super) tensors: u64,
    /// Its bytes of the list.
    pub(super) bytes: core::ops::Range<usize>,
}

/// What lies on the device.
#[derive(Debug, Default)]
pub(super) struct Kept {
    tables: HashMap<Vec<u64>, Arc<OnDevice>>,
    lists: HashMap<Vec<u64>, Arc<Lists>>,
}

impl Kept {
    /// A table with these words.
    pub(super) fn table(
        &mut self,
        stream: &Arc<CudaStream>,
        uploads: &mut Uploads,
        words: &[u64],
    ) -> Result<Arc<OnDevice>, CudaFlaw> {
        if let Some(table) = self.tables.get(words) {
            return Ok(table.clone());
        }
        let table = Arc::new(sent(stream, uploads, bytemuck::cast_slice(words))?);
        make_room(&mut self.tables);
        self.tables.insert(words.to_vec(), table.clone());
        Ok(table)
    }

    /// The launches of a kernel that `key` stands for, and `list` makes.
    pub(super) fn lists(
        &mut self,
        stream: &Arc<CudaStream>,
        uploads: &mut Uploads,
        loaded: &Loaded,
        key: &[u64],
        list: impl FnOnce() -> Vec<Launch>,
    ) -> Result<Arc<Lists>, CudaFlaw> {
        if let Some(lists) = self.lists.get(key) {
            return Ok(lists.clone());
        }
        let (mut pairs, mut launches) = (Vec::new(), Vec::new());
        for Launch { function, blocks, tensors, list } in list() {
            let begin = size_of_val(pairs.as_slice());
            pairs.extend(list);
            launches.push(Placed {
                function: loaded.function(&function).clone(),
                blocks: u32::try_from(blocks).expect("fewer than 2^32 leaves"),
                tensors: tensors as u64,
                bytes: begin..size_of_val(pairs.as_slice()),
            });
        }
        let memory = sent(stream, uploads, bytemuck::cast_slice(&pairs))?;
        let lists = Arc::new(Lists { memory, launches });
        make_room(&mut self.lists);
        self.lists.insert(key.to_vec(), lists.clone());
        Ok(lists)
    }
}

/// Bytes in memory of their own.
fn sent(stream: &Arc<CudaStream>, uploads: &mut Uploads, bytes: &[u8]) -> Result<OnDevice, CudaFlaw> {
    let mut memory = None;
    uploads.send(stream, bytes, &mut memory)?;
    Ok(memory.expect("it has been filled"))
}

/// Begins anew when there are too many. What is under way keeps its own.
fn make_room<X>(kept: &mut HashMap<Vec<u64>, X>) {
    if kept.len() >= MOST {
        kept.clear();
    }
}
