//! Sums of the squares of gradients: for a decision of the device, and for the host.

use super::flaw::driver;
use super::rows::Shared;
use super::run::{Group, Groups, HOST_MUST_KNOW, Part, Runner};
use super::step::{Taken, constants, header, row};
use super::uploads::OnDevice;
use super::{Architecture, Cuda};
use crate::clip::Deciding;
use crate::device::{Decided, Decision, LEAF, Statistics};
use crate::dtype::StorageDtype;
use crate::error::{CudaFlaw, Result};
use crate::random::Noise;
use crate::transform::FieldSet;
use cudarc::driver::{CudaStream, CudaView};
use smallvec::SmallVec;
use std::sync::Arc;

/// Tensors that are summed, and where.
pub(super) struct Sums<'w> {
    pub(super) group: Group<'w>,
    statistics: Statistics,
    /// Where their constants begin in the block: they have the same.
    constants: usize,
    leaves: Shared<f64>,
    /// The leaf that the next one begins with.
    leaf: usize,
    into: Shared<f64>,
}

impl<'w> Sums<'w> {
    fn new(
        group: Group<'w>,
        block: &mut Vec<u64>,
        numbers: &[f64],
        [leaves, into]: [Shared<f64>; 2],
    ) -> Self {
        let begin = block.len();
        constants(block, &NOTHING, numbers);
        let statistics = group.loaded.kernel.all_sums();
        Self { group, statistics, constants: begin, leaves, leaf: 0, into }
    }

    /// Begins a decision. The block of constants gets to know where its result will lie.
    pub(super) fn decide(
        mut group: Group<'w>,
        Decision { by, into, leaves, answer }: &'w mut Decision<'_, Cuda>,
        block: &mut Vec<u64>,
    ) -> Result<Self, CudaFlaw> {
        let mut numbers = SmallVec::<[f64; 8]>::new();
        Deciding::for_each(by, &mut |number| numbers.push(*number));
        let room = [group.rows.share(leaves)?, group.rows.share(into)?];
        block[0] = room[1].pointer();
        group.asked = answer.as_deref_mut().map(|answer| (answer, room[1].copy()));
        Ok(Self::new(group, block, &numbers, room))
    }

    /// Adds a gradient to a decision.
    pub(super) fn add<T>(&mut self, gradient: &'w CudaView<'_, T>) -> Result<(), CudaFlaw> {
        self.add_into(gradient, 0..Decided::NUMBERS)
    }

    /// Adds a gradient whose numbers lie in these places.
    fn add_into<T>(
        &mut self,
        gradient: &'w CudaView<'_, T>,
        places: core::ops::Range<usize>,
    ) -> Result<(), CudaFlaw> {
        let Self { group: Group { rows, tensors, .. }, statistics, .. } = self;
        let (length, leaves) = (gradient.len(), gradient.len().div_ceil(LEAF));
        tensors.push(Taken { length, statistics: *statistics, line_blocks: [0, 0], is_elsewhere: false });
        rows.add(&row(length, self.constants, &NOTHING));
        rows.add(&[0]);
        rows.part(&self.leaves, self.leaf, leaves)?;
        rows.add(&[0]);
        rows.read(gradient, length)?;
        for place in places {
            rows.part(&self.into, place, 1)?;
        }
        self.leaf += leaves;
        Ok(())
    }
}

/// No random bits are drawn.
const NOTHING: Noise = Noise { keys: [[0; 2]; 10], tensor: 0, gradient: 0 };

impl Runner {
    /// The sums of the squares of tensors, on the host. This waits for them.
    pub(super) fn square_sums<T: StorageDtype>(
        &mut self,
        stream: &Arc<CudaStream>,
        architecture: Architecture,
        views: &[Option<CudaView<'_, T>>],
        unit: f64,
        sums: &mut [f64],
    ) -> Result<()> {
        self.begin(stream, Some(HOST_MUST_KNOW))?;
        sums.fill(0.0);
        let lengths = || views.iter().flatten().map(CudaView::len);
        if lengths().all(|length| length == 0) {
            return Ok(());
        }
        let loaded = self.library.square_sums::<T>(stream.context(), architecture)?;
        let leaves: usize = lengths().map(|length| length.div_ceil(LEAF)).sum();
        // The sums lie before the leaves.
        let room = size_of::<f64>() * (views.len() + leaves);
        let room = Shared::of(OnDevice::with_room(stream, &mut self.sums, room, "sums")?);
        let [into, leaves] = room.cut(views.len());
        let mut block = header(0);
        let group = Group::new(stream, Part::Sums, loaded, views.len());
        let mut summed = Sums::new(group, &mut block, &[unit], [leaves, into]);
        for (place, view) in views.iter().enumerate() {
            if let Some(view) = view {
                summed.add_into(view, place..place + 1)?;
            }
        }
        self.enqueue(stream, Groups::from_iter([summed.group]), &block)?;
        let found = self.sums.as_ref().expect("just made").fetch(stream, views.len());
        let found = found.map_err(|error| driver("read the sums of squares", error))?;
        // Nothing was written where there are no elements.
        for ((sum, view), found) in sums.iter_mut().zip(views).zip(found) {
            if view.as_ref().is_some_and(|view| !view.is_empty()) {
                *sum = found;
            }
        }
        Ok(())
    }
}
