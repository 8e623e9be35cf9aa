//! What schedule-free rules average, and where between the points they take gradients.

use super::Tunable;
use crate::error::{Error, Result};

hyperparameter! {
    /// β of schedule-free rules, where gradients are taken between the newest point (0) and the mean of
    /// all (1): `1e-6 <= value <= 1`. At 0 the mean could not be told.
    ///
    /// ```
    /// assert!(gradus::hyperparameter::Interpolation::new(0.0).is_err());
    /// ```
    Interpolation, "interpolation", "1e-6 <= value <= 1", |value| value >= 1e-6 && value <= 1.0
}

hyperparameter! {
    /// The power of a step number or of a learning rate that weighs a point: `0 <= value <= 16`.
    ///
    /// ```
    /// assert!(gradus::hyperparameter::Power::new(-1.0).is_err());
    /// ```
    Power, "power", "0 <= value <= 16", |value| value >= 0.0 && value <= 16.0
}
