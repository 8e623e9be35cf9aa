//! An optimizer as data.

use super::{ArrivalKind, Format, Hyperparameters, NonfiniteKind, ShapeKind, StoreKind};
use crate::optimizer::LossScaling;
use crate::schedule::Schedule;
use std::collections::BTreeMap;

/// An optimizer as data. With the feature `configuration` it is read from a document.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "configuration", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "configuration", serde(deny_unknown_fields))]
pub struct Configuration {
    /// The canonical name.
    pub optimizer: String,
    /// The format of the parameters, if it is to be checked; the caller, who has them, decides.
    #[cfg_attr(
        feature = "configuration",
        serde(default, rename = "parameters", skip_serializing_if = "is_default")
    )]
    pub parameter_format: Option<Format>,
    /// The format of state; [`None`] is that of the arithmetic.
    #[cfg_attr(
        feature = "configuration",
        serde(default, rename = "state", skip_serializing_if = "is_default")
    )]
    pub state_format: Option<Format>,
    /// How parameters are written.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub store: StoreKind,
    /// When gradients arrive: if they are released, what needs all of them is refused.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub gradients: ArrivalKind,
    /// What random bits start from.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub seed: u64,
    /// See [`clip_global_norm`](crate::optimizer::Builder::clip_global_norm).
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub clip_global_norm: Option<f64>,
    /// What a gradient does that is infinite or NaN.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub nonfinite: NonfiniteKind,
    /// Patterns of the names of parameters that stay as they are.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub frozen: Vec<String>,
    /// Patterns of the names of parameters without weight decay.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub undecayed: Vec<String>,
    /// Hyperparameters by name; what is absent has its default.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub hyperparameters: Hyperparameters,
    /// Dynamic scaling of the loss.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub loss_scaling: Option<LossScaling>,
    /// What hyperparameters are multiplied with, by the names of the rule's fields: `learning_rate`,
    /// `weight_decay`. The warm-up of the hyperparameters comes on top.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub schedules: BTreeMap<String, Schedule>,
    /// Parameters with hyperparameters of their own, or with an optimizer of their own. A parameter belongs to
    /// one of them at most, and each has one at least.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub groups: Vec<GroupConfiguration>,
}

/// Hyperparameters, or another optimizer, for some parameters only.
///
/// ```
/// use gradus::catalogue::{self, Configuration, GroupConfiguration, ShapeKind};
/// use gradus::cpu::Cpu;
/// use ndarray::Array;
///
/// let vectors = GroupConfiguration {
///     parameters: vec!["*".to_owned()],
///     shapes: ShapeKind::Vectors,
///     optimizer: Some("adamw".to_owned()),
///     ..GroupConfiguration::default()
/// };
/// let configuration = Configuration { groups: vec![vectors], ..Configuration::of("lion") };
/// let mut parameters = [("weight", Array::zeros((2, 2)).into_dyn()), ("bias", Array::zeros(2).into_dyn())];
/// let gradients = [("weight", Array::ones((2, 2)).into_dyn()), ("bias", Array::ones(2).into_dyn())];
/// let mut optimizer = catalogue::build::<f32>(&configuration, Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &gradients)?;
/// assert_eq!(parameters[0].1[[1, 1]], -1e-4); // the rate of Lion
/// assert!((parameters[1].1[1] + 1e-3).abs() < 1e-8); // the rate of AdamW
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "configuration", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "configuration", serde(deny_unknown_fields))]
pub struct GroupConfiguration {
    /// The names of the parameters, or patterns in which `*` stands for any text and `?` for any
    /// character.
    pub parameters: Vec<String>,
    /// Which of them, by their shapes.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub shapes: ShapeKind,
    /// The canonical name of another optimizer. It has the defaults of its own, and what stands around it
    /// (clips, caution) in common with the others.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub optimizer: Option<String>,
    /// What differs from the other parameters, or from the defaults of the other optimizer.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub hyperparameters: Hyperparameters,
    /// Schedules in the place of those of the other parameters.
    #[cfg_attr(feature = "configuration", serde(default, skip_serializing_if = "is_default"))]
    pub schedules: BTreeMap<String, Schedule>,
}

#[cfg(feature = "configuration")]
fn is_default<X: Default + PartialEq>(value: &X) -> bool {
    *value == X::default()
}

impl Configuration {
    /// The named optimizer with every option at its default.
    pub fn of(optimizer: &str) -> Self {
        Self {
            optimizer: optimizer.to_owned(),
            parameter_format: None,
            state_format: None,
            store: StoreKind::default(),
            gradients: ArrivalKind::default(),
            seed: 0,
            clip_global_norm: None,
            nonfinite: NonfiniteKind::default(),
            frozen: Vec::new(),
            undecayed: Vec::new(),
            hyperparameters: Hyperparameters::default(),
            loss_scaling: None,
            schedules: BTreeMap::new(),
            groups: Vec::new(),
        }
    }
}
