//! The command line.

use crate::shapes::Shapes;
use gradus::catalogue::{
    self, Boxed, CatalogueDevice, Catalogued, Configuration, Format, Hyperparameters, StoreKind,
};
use gradus::cpu::Cpu;
use gradus::device::ParameterSet;
use gradus::error::Result;
use gradus::optimizer::MemoryKind;
use lexopt::prelude::*;
use std::path::PathBuf;

pub(crate) const USAGE: &str = "usage: throughput [--optimizer NAME] [--momentum NUMBER] [--dtype f32|bf16|f16|f64] \
[--state-dtype f32|bf16|bf16+8|..] [--store nearest|kahan|stochastic|corrected8|corrected16] [--shapes big|many|gpt2|small|medium|FILE] \
[--device cpu|cuda] [--threads N] [--seconds S] [--clip-global-norm LIMIT] [--matrix-precision full|bf16] [--config FILE] [--list] [--json]\n\
with --config, the file says what the optimizer is, and in which format parameters are; --list prints all \
optimizers with their hyperparameters";

/// Where steps run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Cpu,
    Cuda,
}

impl Place {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

impl std::str::FromStr for Place {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "cpu" => Ok(Self::Cpu),
            "cuda" if cfg!(feature = "cuda") => Ok(Self::Cuda),
            "cuda" => Err("this build knows no CUDA; build it with `--features cuda`".to_owned()),
            other => Err(format!("there is no device `{other}`; there are `cpu` and `cuda`")),
        }
    }
}

/// What to measure.
pub(crate) struct Options {
    pub(crate) optimizer: String,
    pub(crate) momentum: f64,
    pub(crate) format: Format,
    pub(crate) state_format: Format,
    pub(crate) store: StoreKind,
    pub(crate) shapes: Shapes,
    pub(crate) place: Place,
    pub(crate) threads: usize,
    pub(crate) seconds: f64,
    pub(crate) json: bool,
    pub(crate) clip_global_norm: Option<f64>,
    /// What a rule that works on matrices multiplies them in, if it is said.
    pub(crate) matrix_precision: Option<String>,
    /// What a file says of the optimizer, in the place of what the options say.
    pub(crate) configuration: Option<Configuration>,
}

impl Options {
    /// Reads the command line.
    pub(crate) fn parse() -> Result<Self, lexopt::Error> {
        let mut options = Self {
            optimizer: "adamw".to_owned(),
            momentum: 0.0,
            format: Format::F32,
            state_format: Format::F32,
            store: StoreKind::Nearest,
            shapes: Shapes::named("big").expect("`big` is a name"),
            place: Place::Cpu,
            threads: Cpu::default().threads(),
            seconds: 3.0,
            json: false,
            clip_global_norm: None,
            matrix_precision: None,
            configuration: None,
        };
        let mut state_format = None;
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("optimizer") => options.optimizer = arguments.value()?.string()?,
                Long("momentum") => options.momentum = arguments.value()?.parse()?,
                Long("dtype") => options.format = arguments.value()?.parse()?,
                Long("state-dtype") => state_format = Some(arguments.value()?.parse()?),
                Long("store") => options.store = arguments.value()?.parse()?,
                Long("shapes") => options.shapes = arguments.value()?.parse()?,
                Long("threads") => options.threads = arguments.value()?.parse()?,
                Long("clip-global-norm") => options.clip_global_norm = Some(arguments.value()?.parse()?),
                Long("matrix-precision") => {
                    options.matrix_precision = Some(arguments.value()?.string()?);
                }
                Long("seconds") => options.seconds = arguments.value()?.parse()?,
                Long("json") => options.json = true,
                Long("device") => options.place = arguments.value()?.parse()?,
                Long("config") => options.configuration = Some(configuration(arguments.value()?.into())?),
                Long("list") => {
                    print!("{}", catalogue::listing());
                    std::process::exit(0);
                }
                Long("help") | Short('h') => {
                    println!("{USAGE}");
                    std::process::exit(0);
                }
                _ => return Err(argument.unexpected()),
            }
        }
        if let Some(configuration) = &options.configuration {
            options.optimizer.clone_from(&configuration.optimizer);
            options.format = configuration.parameter_format.unwrap_or(Format::F32);
            options.store = configuration.store;
            let own = if options.format == Format::F64 { Format::F64 } else { Format::F32 };
            state_format = Some(configuration.state_format.unwrap_or(own));
        }
        options.state_format = state_format.unwrap_or(options.format);
        Ok(options)
    }

    /// The optimizer of the catalogue.
    pub(crate) fn build<T: Catalogued, D: CatalogueDevice>(
        &self,
        device: D,
        parameters: &dyn ParameterSet<D, T>,
    ) -> Result<Boxed<T, D>> {
        self.build_with(&Hyperparameters::default(), device, parameters)
    }

    /// The same with other hyperparameters in the place of its own.
    pub(crate) fn build_with<T: Catalogued, D: CatalogueDevice>(
        &self,
        others: &Hyperparameters,
        device: D,
        parameters: &dyn ParameterSet<D, T>,
    ) -> Result<Boxed<T, D>> {
        let mut configuration = self.whole_configuration();
        configuration.hyperparameters = configuration.hyperparameters.with(others);
        catalogue::build_on(&configuration, device, parameters)
    }

    /// How many numbers the optimizer keeps for each element. Those for the lines of an axis are too few to count.
    pub(crate) fn fields<T: Catalogued>(&self) -> Result<usize> {
        let shapes = self.shapes.tensors.iter().enumerate().map(|(i, shape)| (format!("tensor.{i}"), shape));
        let report = catalogue::memory::<T, _, _>(&self.whole_configuration(), shapes)?;
        let fields = report.groups.iter().find(|group| group.tensors > 0).map(|group| group.fields.iter());
        Ok(fields.map_or(0, |fields| fields.filter(|field| field.kind == MemoryKind::State).count()))
    }

    fn whole_configuration(&self) -> Configuration {
        self.configuration.clone().unwrap_or_else(|| Configuration {
            state_format: Some(self.state_format),
            store: self.store,
            hyperparameters: self.hyperparameters(),
            ..Configuration::of(&self.optimizer)
        })
    }

    /// Hyperparameters for the catalogue: decay on where there is one, so that no arithmetic is spared.
    fn hyperparameters(&self) -> Hyperparameters {
        let mut hyperparameters = Hyperparameters::from([("lr", 1e-4.into()), ("weight_decay", 0.01.into())]);
        if self.momentum != 0.0 {
            hyperparameters.set("momentum", self.momentum);
        }
        if catalogue::check(&self.optimizer, &hyperparameters).is_err() {
            hyperparameters.remove("weight_decay");
        }
        if let Some(precision) = &self.matrix_precision {
            hyperparameters.set("matrix_precision", precision.as_str());
        }
        hyperparameters
    }
}

/// Reads a file as JSON if it is called so, as TOML otherwise.
fn configuration(path: PathBuf) -> Result<Configuration, String> {
    let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| fail(&error))?;
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let read = if is_json { Configuration::from_json(&text) } else { Configuration::from_toml(&text) };
    read.map_err(|error| fail(&error))
}
