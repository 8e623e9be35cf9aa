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
    pub(super) wave: usize,
    /// Its bytes of the list.
    pub(super) bytes: core::ops::Range<usize>,
}

/// What lies on the device.
#[derive(Debug, Default)]
pub(super) struct Kept {
    tables: Shelf<OnDevice>,
    lists: Shelf<Lists>,
}

/// Things that are found by words.
#[derive(Debug)]
struct Shelf<X> {
    all: HashMap<Arc<[u64]>, Arc<X>>,
    /// What was found last: in most steps the same again, and comparing is faster than hashing.
    last: Option<(Arc<[u64]>, Arc<X>)>,
}

impl<X> Default for Shelf<X> {
    fn default() -> Self {
        Self { all: HashMap::new(), last: None }
    }
}

impl<X> Shelf<X> {
    fn find(&mut self, words: &[u64]) -> Option<Arc<X>> {
        if self.last.as_ref().is_none_or(|(known, _)| **known != *words) {
            let (known, found) = self.all.get_key_value(words)?;
            self.last = Some((known.clone(), found.clone()));
        }
        self.last.as_ref().map(|(_, found)| found.clone())
    }

    /// Adds something. Begins anew when there is too much; what is under way keeps its own.
    fn add(&mut self, words: &[u64], new: X) -> Arc<X> {
        if self.all.len() >= MOST {
            self.all.clear();
        }
        let new = Arc::new(new);
        self.all.insert(words.into(), new.clone());
        new
    }
}

impl Kept {
    /// A table with these words.
    pub(super) fn table(
        &mut self,
        stream: &Arc<CudaStream>,
        uploads: &mut Uploads,
        words: &[u64],
    ) -> Result<Arc<OnDevice>, CudaFlaw> {
        if let Some(table) = self.tables.find(words) {
            return Ok(table);
        }
        let table = sent(stream, uploads, bytemuck::cast_slice(words))?;
        Ok(self.tables.add(words, table))
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
        if let Some(lists) = self.lists.find(key) {
            return Ok(lists);
        }
        let (mut pairs, mut launches) = (Vec::new(), Vec::new());
        for Launch { function, blocks, tensors, list, wave } in list() {
            let begin = size_of_val(pairs.as_slice());
            pairs.extend(list);
            launches.push(Placed {
                function: loaded.functions.get(&function).clone(),
                blocks: u32::try_from(blocks).expect("fewer than 2^32 leaves"),
                tensors: tensors as u64,
                wave,
                bytes: begin..size_of_val(pairs.as_slice()),
            });
        }
        let memory = sent(stream, uploads, bytemuck::cast_slice(&pairs))?;
        Ok(self.lists.add(key, Lists { memory, launches }))
    }
}

/// Bytes in memory of their own.
fn sent(stream: &Arc<CudaStream>, uploads: &mut Uploads, bytes: &[u8]) -> Result<OnDevice, CudaFlaw> {
    let mut memory = None;
    uploads.send(stream, bytes, &mut memory)?;
    Ok(memory.expect("it has been filled"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_until_there_is_too_much() {
        let mut shelf = Shelf::default();
        for number in 0..MOST as u64 {
            shelf.add(&[number], number);
        }
        assert_eq!(shelf.find(&[7]).as_deref(), Some(&7));
        assert_eq!(shelf.find(&[8]).as_deref(), Some(&8));
        assert_eq!(shelf.find(&[8, 0]), None);
        shelf.add(&[MOST as u64], 0);
        assert_eq!(shelf.find(&[7]), None);
        assert_eq!(shelf.find(&[MOST as u64]).as_deref(), Some(&0));
    }
}
