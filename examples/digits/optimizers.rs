//! The optimizers that are compared, and how each of them is built.

use crate::network::{self, Network};
use crate::training::{Configured, Session, Trainee};
use gradus::catalogue::{self, ArrivalKind, Catalogued, Configuration, Format, Value};
use gradus::cpu::Cpu;
use gradus::dtype::StorageDtype;
use gradus::error::{Error, Result};
use gradus::optimizer::Build;
use gradus::rule::{Adam, AdamW, Lion, Sgd, SgdMomentum};
use half::bf16;

/// An optimizer that can be chosen by name.
pub struct Choice {
    /// What `--optimizer` takes.
    pub name: &'static str,
    /// A line for `--help`.
    pub about: &'static str,
    /// The largest learning rate of the schedule.
    pub learning_rate: f64,
    /// Makes a network and an optimizer for it.
    pub start: fn() -> Result<Box<dyn Trainee>>,
}

/// An optimizer that runs: one of those below, or one that a file describes.
pub struct Contestant {
    pub name: String,
    /// The largest learning rate of the schedule; [`None`] leaves it to the optimizer's own.
    pub learning_rate: Option<f64>,
    /// Makes a network and an optimizer for it.
    pub start: Box<dyn Fn() -> Result<Box<dyn Trainee>>>,
}

impl From<&Choice> for Contestant {
    fn from(choice: &Choice) -> Self {
        let start = Box::new(choice.start);
        Self { name: choice.name.to_owned(), learning_rate: Some(choice.learning_rate), start }
    }
}

impl Contestant {
    /// What a configuration describes. If it schedules the learning rate itself, nothing else does.
    pub fn configured(name: String, configuration: Configuration) -> Result<Self> {
        let has_own = configuration.schedules.contains_key("learning_rate")
            || configuration.hyperparameters.get("warmup_steps").is_some();
        let given = configuration.hyperparameters.get("lr").cloned();
        let default = || {
            let defaults = catalogue::defaults(&configuration.optimizer)?;
            Ok::<_, Error>(defaults.into_iter().find(|(name, _)| *name == "lr").map(|(_, value)| value))
        };
        let rate = match given.map_or_else(default, |value| Ok(Some(value)))? {
            Some(Value::Number(rate)) if !has_own => Some(rate),
            _ => None,
        };
        let start = move || match configuration.parameter_format.unwrap_or(Format::F32) {
            Format::Bf16 => configured::<bf16>(&configuration),
            // The network computes in `f32`.
            _ => configured::<f32>(&configuration),
        };
        Ok(Self { name, learning_rate: rate, start: Box::new(start) })
    }
}

fn configured<T: Catalogued + network::Format>(configuration: &Configuration) -> Result<Box<dyn Trainee>> {
    let network = Network::<T>::new();
    let optimizer = catalogue::build::<T>(configuration, Cpu::default(), &network)?;
    let own = T::Arithmetic::NAME;
    let state = configuration.state_format.map_or(own, Format::name);
    let formats = [T::NAME, state, configuration.store.name()];
    let released = configuration.gradients == ArrivalKind::Released;
    Ok(Box::new(Configured { network, optimizer, formats, released, gradient_bytes: 0 }))
}

/// All of them, in the order in which they run.
pub static ALL: [Choice; 10] = [
    Choice { name: "sgd", about: "plain gradient descent", learning_rate: 0.3, start: sgd },
    Choice { name: "sgd-momentum", about: "with a velocity", learning_rate: 0.05, start: sgd_momentum },
    Choice { name: "adam", about: "Adam", learning_rate: 3e-3, start: adam },
    Choice { name: "adamw", about: "Adam with decoupled weight decay", learning_rate: 3e-3, start: adamw },
    Choice { name: "lion", about: "the sign of a momentum", learning_rate: 5e-4, start: lion },
    Choice {
        name: "adamw-bf16",
        about: "bf16 parameters, rounded to nearest: small updates are lost",
        learning_rate: 3e-3,
        start: adamw_bf16,
    },
    Choice {
        name: "adamw-bf16-kahan",
        about: "bf16 parameters with a Kahan carry",
        learning_rate: 3e-3,
        start: adamw_bf16_kahan,
    },
    Choice {
        name: "adamw-bf16-stochastic",
        about: "bf16 parameters and state, rounded stochastically",
        learning_rate: 3e-3,
        start: adamw_bf16_stochastic,
    },
    Choice {
        name: "adamw-release",
        about: "each gradient is used and freed during backpropagation",
        learning_rate: 3e-3,
        start: adamw_release,
    },
    Choice {
        name: "adamw-accumulate",
        about: "the same, with four micro-batches per step",
        learning_rate: 3e-3,
        start: adamw_accumulate,
    },
];

fn sgd() -> Result<Box<dyn Trainee>> {
    let network = Network::new();
    let optimizer = Sgd::default().build(Cpu::default(), &network)?;
    Ok(Box::new(Session::new(network, optimizer)))
}

fn sgd_momentum() -> Result<Box<dyn Trainee>> {
    let network = Network::new();
    let optimizer = SgdMomentum::default().build(Cpu::default(), &network)?;
    Ok(Box::new(Session::new(network, optimizer)))
}

fn adam() -> Result<Box<dyn Trainee>> {
    let network = Network::new();
    let optimizer = Adam::default().build(Cpu::default(), &network)?;
    Ok(Box::new(Session::new(network, optimizer)))
}

fn adamw() -> Result<Box<dyn Trainee>> {
    let network = Network::new();
    let optimizer = AdamW::default().build(Cpu::default(), &network)?;
    Ok(Box::new(Session::new(network, optimizer)))
}

fn lion() -> Result<Box<dyn Trainee>> {
    let network = Network::new();
    let optimizer = Lion::default().build(Cpu::default(), &network)?;
    Ok(Box::new(Session::new(network, optimizer)))
}

fn adamw_bf16() -> Result<Box<dyn Trainee>> {
    let network = Network::new();
    let optimizer = AdamW::default().parameters_in::<bf16>().build(Cpu::default(), &network)?;
    Ok(Box::new(Session::new(network, optimizer)))
}

fn adamw_bf16_kahan() -> Result<Box<dyn Trainee>> {
    let network = Network::new();
    let optimizer = AdamW::default().parameters_in::<bf16>().kahan().build(Cpu::default(), &network)?;
    Ok(Box::new(Session::new(network, optimizer)))
}

fn adamw_bf16_stochastic() -> Result<Box<dyn Trainee>> {
    let network = Network::new();
    let optimizer = AdamW::default()
        .parameters_in::<bf16>()
        .stochastic_rounding(1)
        .state_in::<bf16>(2)
        .build(Cpu::default(), &network)?;
    Ok(Box::new(Session::new(network, optimizer)))
}

fn adamw_release() -> Result<Box<dyn Trainee>> {
    let network = Network::new();
    let optimizer = AdamW::default().gradient_release().build(Cpu::default(), &network)?;
    Ok(Box::new(Session::new(network, optimizer)))
}

fn adamw_accumulate() -> Result<Box<dyn Trainee>> {
    let network = Network::new();
    let optimizer = AdamW::default().gradient_release().build(Cpu::default(), &network)?;
    Ok(Box::new(Session::new(network, optimizer).in_micro_batches(4)))
}
