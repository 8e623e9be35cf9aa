//! What a device does with gradients of a few rows, beside the step itself: rows are copied out of tensors, added where
//! they come several times, and copied back. The text is `cuda/kernel/rows.cuh`.

use super::flaw::driver;
use super::launch::launch_on_rows;
use super::rows::Rows;
use super::run::Runner;
use super::uploads::OnDevice;
use super::{Cuda, CudaMemory};
use crate::device::{self, Chosen, LEAF};
use crate::dtype::StorageDtype;
use crate::error::Result;
use cudarc::driver::{CudaView, CudaViewMut};

/// The rows of a step in memory of the device, and what is added to each.
#[derive(Debug, Default)]
pub struct RowIndices {
    memory: Option<OnDevice>,
    /// What was sent last; kept, so that only more rows than ever before allocate.
    words: Vec<u64>,
    /// How many rows a tensor must have, and how many the values of a gradient.
    needed: [usize; 2],
}

impl RowIndices {
    /// Lists what has been chosen, as the kernels read it.
    fn list(&mut self, rows: &[usize], entries: &[device::Entry]) {
        let word = |index: usize| index as u64;
        self.words.clear();
        self.words.extend(rows.iter().map(|row| word(*row)));
        let ends = (1..=entries.len())
            .filter(|end| entries.get(*end).is_none_or(|next| next.row != entries[end - 1].row));
        self.words.extend(core::iter::once(0).chain(ends).map(word));
        self.words.extend(entries.iter().map(|entry| word(entry.place)));
        self.needed = [rows.last().map_or(0, |last| last + 1), entries.len()];
    }
}

impl Runner {
    /// Launches a function over the rows that have been chosen. The job says how wide a row is, and leads to a tensor
    /// and to some of its rows.
    fn on_rows<T: StorageDtype>(
        &mut self,
        device: &Cuda,
        function: &str,
        chosen: &Chosen<Cuda>,
        (width, job): (usize, &Rows<'_>),
    ) -> Result<()> {
        let elements = chosen.rows.len() * width;
        if elements == 0 {
            return Ok(());
        }
        let stream = device.stream();
        let functions = self.library.on_rows(stream.context(), device.architecture(), T::FORMAT)?;
        let job = self.kept.table(stream, &mut self.uploads, job.words())?;
        let indices = chosen.indices.memory.as_ref().expect("rows that have been chosen are there");
        let blocks = u32::try_from(elements.div_ceil(LEAF)).expect("fewer than 2^44 elements");
        let rows = (chosen.rows.len() as u64, indices);
        let launched = launch_on_rows(stream, functions.get(function), blocks, &job, rows);
        Ok(launched.map_err(|error| driver("launch a kernel", error))?)
    }
}

impl device::Rows for Cuda {
    type Indices = RowIndices;

    fn send_indices(&self, chosen: &mut Chosen<Self>) -> Result<()> {
        let Chosen { rows, entries, indices } = chosen;
        let mut runner = self.runner();
        runner.begin(self.stream(), Some("its rows are others each time"))?;
        indices.list(rows, entries);
        Ok(runner.uploads.send(self.stream(), bytemuck::cast_slice(&indices.words), &mut indices.memory)?)
    }

    fn resize<T: StorageDtype>(&self, buffer: &mut CudaMemory<T>, length: usize) -> Result<()> {
        Ok(buffer.resize(self.stream(), length)?)
    }

    fn gather<T: StorageDtype>(
        &self,
        from: CudaView<'_, T>,
        chosen: &Chosen<Self>,
        width: usize,
        mut into: CudaViewMut<'_, T>,
    ) -> Result<()> {
        let mut job = Rows::new(self.stream(), JOB);
        job.add(&[width as u64]);
        job.read(&from, chosen.indices.needed[0] * width)?;
        job.write(&mut into, chosen.rows.len() * width)?;
        self.runner().on_rows::<T>(self, "rows_gather", chosen, (width, &job))
    }

    /// The job has the words of [`gather`](device::Rows::gather), so it lies on the device already.
    fn scatter<T: StorageDtype>(
        &self,
        from: CudaView<'_, T>,
        chosen: &Chosen<Self>,
        width: usize,
        mut into: CudaViewMut<'_, T>,
    ) -> Result<()> {
        let mut job = Rows::new(self.stream(), JOB);
        job.add(&[width as u64]);
        job.write(&mut into, chosen.indices.needed[0] * width)?;
        job.read(&from, chosen.rows.len() * width)?;
        self.runner().on_rows::<T>(self, "rows_scatter", chosen, (width, &job))
    }

    fn sum_rows<T: StorageDtype>(
        &self,
        values: CudaView<'_, T>,
        chosen: &Chosen<Self>,
        width: usize,
        mut into: CudaViewMut<'_, T>,
    ) -> Result<()> {
        let mut job = Rows::new(self.stream(), JOB);
        job.add(&[width as u64]);
        job.read(&values, chosen.indices.needed[1] * width)?;
        job.write(&mut into, chosen.rows.len() * width)?;
        self.runner().on_rows::<T>(self, "rows_sum", chosen, (width, &job))
    }
}

/// The words of a job.
const JOB: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_row_lie_between_two_words() {
        let entry = |row, place| device::Entry { row, place };
        let mut indices = RowIndices::default();
        indices.list(&[2, 5, 7], &[entry(2, 1), entry(5, 0), entry(5, 3), entry(7, 2)]);
        assert_eq!(indices.words, [2, 5, 7, 0, 1, 3, 4, 1, 0, 3, 2]);
        assert_eq!(indices.needed, [8, 4]);
        indices.list(&[], &[]);
        assert_eq!((indices.words.as_slice(), indices.needed), (&[0][..], [0, 0]));
    }
}
