//! What a program asks of its stages on the host; see the methods of [`Stage`](super::Stage) of the same names.

use super::{ConstantList, Program, Step, numbered};
use crate::transform::{Fold, MatrixStage};
use core::any::TypeId;

impl Program {
    pub(super) fn each_type(&self, note: &mut dyn FnMut(TypeId)) {
        self.stages.iter().for_each(|stage| stage.each_type(note));
    }

    pub(super) fn constant_fields(&self) -> Vec<String> {
        numbered(self.stages.iter().flat_map(|stage| stage.constant_fields()))
    }

    pub(super) fn passes(&self) -> usize {
        self.stages.iter().map(|stage| stage.passes()).sum()
    }

    pub(super) fn matrix(&self, own: &[f64]) -> Option<MatrixStage<'_>> {
        self.placed().find_map(|(stage, begin, end)| {
            stage.matrix(&own[begin.own..end.own]).map(|found| found.behind(begin.state))
        })
    }

    pub(super) fn part_of(&self, pass: usize) -> usize {
        let Some((place, pass)) = self.locate(pass) else { return 0 };
        self.cuts_before(place) + self.stages[place].part_of(pass)
    }

    /// How often matrix work interrupts the stages before one.
    pub(super) fn cuts_before(&self, place: usize) -> usize {
        self.stages[..place].iter().map(|stage| stage.cuts()).sum()
    }

    pub(super) fn begins_once(&self) -> bool {
        self.stages.iter().any(|stage| stage.begins_once())
    }

    pub(super) fn has_second_point(&self) -> bool {
        self.stages.iter().any(|stage| stage.has_second_point())
    }

    pub(super) fn joins(&self, pass: usize) -> bool {
        self.locate(pass).is_some_and(|(place, pass)| self.stages[place].joins(pass))
    }

    pub(super) fn fold(&self, pass: usize) -> Fold {
        self.locate(pass).map_or(Fold::Sum, |(place, pass)| self.stages[place].fold(pass))
    }

    pub(super) fn moves(&self, at: &Step) -> bool {
        self.stages.iter().all(|stage| stage.moves(at))
    }

    pub(super) fn measured_passes(&self, at: &Step) -> u64 {
        let (mut taken, mut passes) = (0, 0);
        for stage in self.stages.iter() {
            taken |= stage.measured_passes(at) << passes;
            passes += stage.passes();
        }
        taken
    }

    pub(super) fn advance(&self, at: &Step, group: &mut [f64]) {
        for (stage, begin, end) in self.placed() {
            stage.advance(at, &mut group[begin.group..end.group]);
        }
    }

    pub(super) fn constants(
        &self,
        at: &Step,
        own: &mut [f64],
        group: &[f64],
        constants: &mut ConstantList<f64>,
    ) {
        for (stage, begin, end) in self.placed() {
            let own = &mut own[begin.own..end.own];
            stage.constants(at, own, &group[begin.group..end.group], constants);
        }
    }

    pub(super) fn evaluation_constants(&self, own: &[f64], constants: &mut ConstantList<f64>) {
        for (stage, begin, end) in self.placed() {
            stage.evaluation_constants(&own[begin.own..end.own], constants);
        }
    }
}
