//! The distance between a replay and its recording.

use super::trajectory::{Recorded, Tolerance};

/// Where a replay is farthest from its recording, in units of what is allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Worst {
    /// The distance over the tolerance: at most 1 passes. For narrow formats the larger of the
    /// ratios of the maximum and of the root mean square.
    pub ratio: f64,
    /// The step after which it was.
    pub step: usize,
    /// The parameter in which it was.
    pub parameter: String,
    /// The value of the replay.
    pub got: f64,
    /// The value of the recording.
    pub want: f64,
}

/// Collects distances.
pub(super) struct Comparison {
    tolerance: Tolerance,
    worst: Option<Worst>,
    squares: f64,
    count: usize,
}

impl Comparison {
    pub(super) fn new(tolerance: Tolerance) -> Self {
        Self { tolerance, worst: None, squares: 0.0, count: 0 }
    }

    /// Compares what a parameter is after `step`, if that was recorded.
    pub(super) fn check(&mut self, step: usize, recorded: &Recorded, got: impl Iterator<Item = f64>) {
        self.compare(step, &recorded.name, &recorded.expected, got);
    }

    /// Compares the point at which a parameter is evaluated after `step`, if that was recorded.
    pub(super) fn check_evaluation(
        &mut self,
        step: usize,
        recorded: &Recorded,
        got: impl Iterator<Item = f64>,
    ) {
        self.compare(step, &format!("{} (evaluation)", recorded.name), &recorded.evaluated, got);
    }

    fn compare(
        &mut self,
        step: usize,
        name: &str,
        expected: &[(usize, Vec<f32>)],
        got: impl Iterator<Item = f64>,
    ) {
        let Some((_, expected)) = expected.iter().find(|(checked, _)| *checked == step) else { return };
        for (got, want) in got.zip(expected.iter().map(|&value| f64::from(value))) {
            let distance = (got - want).abs();
            let ratio = match self.tolerance {
                Tolerance::Each { absolute, relative } => distance / (absolute + relative * want.abs()),
                Tolerance::Together { largest, .. } => distance / largest,
            };
            self.squares += distance * distance;
            self.count += 1;
            // A NaN where a number was recorded is infinitely far from it.
            let ratio = if ratio.is_nan() && got.is_nan() != want.is_nan() { f64::INFINITY } else { ratio };
            if self.worst.as_ref().is_none_or(|worst| ratio > worst.ratio) {
                let parameter = name.to_owned();
                self.worst = Some(Worst { ratio, step, parameter, got, want });
            }
        }
    }

    /// The largest distance; [`None`] if nothing was compared.
    pub(super) fn finish(self) -> Option<Worst> {
        let mut worst = self.worst?;
        if let Tolerance::Together { rms, .. } = self.tolerance {
            let found = (self.squares / self.count as f64).sqrt();
            worst.ratio = worst.ratio.max(found / rms);
        }
        Some(worst)
    }
}
