//! When bases are refreshed.

use crate::random::{philox, round_keys};
use crate::transform::Step;
use core::fmt;
use std::sync::Arc;

/// When bases are refreshed.
#[derive(Clone, Debug)]
pub enum Refresh {
    /// With every so many gradients of the parameter; 0: never.
    Every(u64),
    /// Ever less often; the number of refreshes after `n` gradients is ⌊Σ 1/f(t)⌋ over t ≤ n.
    Scheduled(PreconditionerSchedule),
    /// With the probability 1/f(t), which a draw decides that is the same for all parameters.
    Drawn {
        /// f.
        schedule: PreconditionerSchedule,
        /// What the draws start from.
        seed: u64,
    },
    /// When a function of your own says so.
    When(RefreshWhen),
}

/// A function that says when bases are refreshed.
#[derive(Clone)]
pub struct RefreshWhen(Arc<dyn Fn(&Step) -> bool + Send + Sync>);

impl fmt::Debug for RefreshWhen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshWhen(..)")
    }
}

impl Refresh {
    /// When `decide` says so of the step of a parameter.
    pub fn when(decide: impl Fn(&Step) -> bool + Send + Sync + 'static) -> Self {
        Self::When(RefreshWhen(Arc::new(decide)))
    }

    /// Advances the count: its size is Σ 1/f(t), its sign tells whether bases are refreshed.
    pub(super) fn count(&self, at: &Step, count: &mut f64) {
        let is_due = match self {
            Self::Every(0) => false,
            Self::Every(interval) => at.own.is_multiple_of(*interval),
            Self::Scheduled(schedule) => {
                let before = count.abs();
                let now = before + 1.0 / schedule.interval(at.own);
                let is_due = now.floor() > before.floor();
                *count = if is_due { now } else { -now };
                return;
            }
            Self::Drawn { schedule, seed } => {
                let [low, high] = [at.own as u32, (at.own >> 32) as u32];
                let word = philox([low, high, DRAWS, 0], &round_keys(*seed))[0];
                f64::from(word) * 2f64.powi(-32) < 1.0 / schedule.interval(at.own)
            }
            Self::When(RefreshWhen(decide)) => decide(at),
        };
        *count = if is_due { 1.0 } else { -1.0 };
    }
}

/// What sets the draws apart from other random bits with the same seed.
const DRAWS: u32 = 0x536F_6170;

/// f(t) = log₁₀(t^a)^b + 1, the mean number of gradients from one refresh to the next.
///
/// With the published a = 1/3 and b = 9:
///
/// | gradients | interval | refreshes so far | with one every 2 | with one every 16 |
/// |---|---|---|---|---|
/// | 10 | 1.00005 | 9 | 5 | 0 |
/// | 100 | 1.026 | 99 | 50 | 6 |
/// | 1 000 | 2.0 | 738 | 500 | 62 |
/// | 10 000 | 14.3 | 2168 | 5000 | 625 |
/// | 100 000 | 100.2 | 4049 | 50000 | 6250 |
/// | 1 000 000 | 513.0 | 7245 | 500000 | 62500 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreconditionerSchedule {
    /// a. Default ⅓.
    pub scale: f64,
    /// b. Default 9.
    pub power: f64,
}

impl Default for PreconditionerSchedule {
    fn default() -> Self {
        Self { scale: 1.0 / 3.0, power: 9.0 }
    }
}

impl PreconditionerSchedule {
    /// f(t), at least 1.
    ///
    /// ```
    /// use gradus::rule::PreconditionerSchedule;
    ///
    /// let schedule = PreconditionerSchedule::default();
    /// assert!((schedule.interval(1000) - 2.0).abs() < 1e-12);
    /// assert!((schedule.interval(1_000_000) - 513.0).abs() < 1e-9);
    /// ```
    pub fn interval(&self, gradient: u64) -> f64 {
        let along = self.scale * libm::log10(gradient.max(1) as f64);
        libm::pow(along.max(0.0), self.power) + 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_what_the_code_does() {
        let text = include_str!("refresh.rs");
        let rows = text.lines().filter_map(|line| line.strip_prefix("/// | ")).skip(1);
        let rows: Vec<Vec<String>> = rows
            .map(|row| row.trim_end_matches(" |").split(" | ").map(|cell| cell.replace(' ', "")).collect())
            .collect();
        let refresh = Refresh::Scheduled(PreconditionerSchedule::default());
        let (mut count, mut refreshes, mut places) = (0.0, 0u64, rows.iter());
        let mut row = places.next();
        for own in 1..=1_000_000 {
            refresh.count(&Step { own, ..Step::first(0.1) }, &mut count);
            refreshes += u64::from(count > 0.0);
            let Some(cells) = row.filter(|cells| cells[0] == own.to_string()) else { continue };
            let interval: f64 = cells[1].parse().expect("a number");
            let digits = cells[1].split('.').nth(1).map_or(0, str::len) as i32;
            let found = PreconditionerSchedule::default().interval(own);
            assert!((found - interval).abs() <= 0.5 * 10f64.powi(-digits) + 1e-9, "{own}: {found}");
            assert_eq!(cells[2], refreshes.to_string());
            assert_eq!((&cells[3], &cells[4]), (&(own / 2).to_string(), &(own / 16).to_string()));
            row = places.next();
        }
        assert!(row.is_none() && rows.len() == 6);
    }

    #[test]
    fn draws_come_about_as_often_as_they_should() {
        let schedule = PreconditionerSchedule::default();
        let refresh = Refresh::Drawn { schedule, seed: 7 };
        let (mut count, mut refreshes, mut mean, mut variance) = (0.0, 0.0, 0.0, 0.0);
        for own in 1..=10_000 {
            refresh.count(&Step { own, ..Step::first(0.1) }, &mut count);
            refreshes += f64::from(u8::from(count > 0.0));
            let probability = 1.0 / schedule.interval(own);
            mean += probability;
            variance += probability * (1.0 - probability);
        }
        assert!((refreshes - mean).abs() < 5.0 * variance.sqrt(), "{refreshes} against {mean}");
    }
}
