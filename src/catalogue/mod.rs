//! Every optimizer by its name, for programs that learn at run time which one they need.
//!
//! The types decide at compile time what fits together; here the same decisions are made from data,
//! with the same words. This is the only place of the library that instantiates optimizers, so it
//! is the only one that takes time to compile: one optimizer for each combination of formats, whose chain
//! is [data](crate::transform::Program).
//!
//! In release builds it has the compiled loops of every rule in `f32` and of the most used ones in `bf16`, and in other
//! formats each rule's compiled arithmetic between loops that all rules share. Stages around a rule (clips), `f64`, and
//! debug builds run stage by stage, which is slower. The bits are always the same.
//!
//! ```
//! use gradus::catalogue::{self, Configuration, Format, StoreKind};
//! use gradus::cpu::Cpu;
//! use half::bf16;
//!
//! let configuration = Configuration {
//!     hyperparameters: [("lr", 0.5.into()), ("momentum", 0.9.into())].into(),
//!     store: StoreKind::Kahan,
//!     state_format: Some(Format::F32),
//!     ..Configuration::of("sgd")
//! };
//! let mut parameters = vec![("x".to_owned(), vec![bf16::ONE])];
//! let mut optimizer = catalogue::build::<bf16>(&configuration, Cpu::default(), &parameters)?;
//! optimizer.step(&mut parameters, &vec![("x", vec![bf16::ONE])])?;
//! assert_eq!(parameters[0].1[0].to_f32(), 0.5);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # A chain by name
//!
//! The optimizer `chain` is the stages that its hyperparameter `chain` lists, then weight decay and learning rate:
//!
//! ```text
//! exp_avg, graft(scale_by_adam, sign | heavyball_momentum), sign
//! ```
//!
//! | In the list | is |
//! |---|---|
//! | `a, b` | `a`, then `b` on its update |
//! | `graft(a \| b)` | [`Graft`](crate::rule::Graft): as long as the update of `a`, in the direction of that of `b` |
//! | `sum(a \| b)`, `sum(0.9: a \| 0.1: b)` | [`WeightedSum`](crate::rule::WeightedSum); what has no weight has 1 |
//! | `identity` | the update as it is: `graft(identity \| scale_by_adam)` takes the steps of SGD in the direction of Adam |
//! | `palm_beta2` | no stage: β₂ by PaLM's schedule behind it, to the end of its list or branch |
//!
//! Either branch is a list again, so branches nest, up to eight deep. An unknown name is answered with all stages
//! that there are.
//!
//! ```
//! use gradus::catalogue::{self, Configuration};
//! use gradus::cpu::Cpu;
//!
//! let mut configuration = Configuration::of("chain");
//! configuration.hyperparameters = [
//!     ("chain", "graft(identity | heavyball_momentum, sign)".into()),
//!     ("lr", 1.0.into()),
//! ]
//! .into();
//! let mut parameters = vec![("x".to_owned(), vec![0.0f64; 4])];
//! let mut optimizer = catalogue::build::<f64>(&configuration, Cpu::default(), &parameters)?;
//! optimizer.step(&mut parameters, &vec![("x", vec![1.0, -1.0, 7.0, -7.0])])?;
//! // The gradient has norm 10, four signs have norm 2.
//! assert_eq!(parameters[0].1, [-5.0, 5.0, -5.0, 5.0]);
//! # Ok::<(), gradus::error::Error>(())
//! ```

mod aliases;
mod building;
mod configuration;
#[cfg(feature = "configuration")]
mod document;
mod dynamic;
mod entries;
mod formats;
mod hyperparameters;
#[cfg(not(debug_assertions))]
mod kernels;
mod options;
mod plan;
mod reader;
mod rules;
#[cfg(test)]
mod same_bits;

pub use crate::dtype::Format;
#[cfg(feature = "testing")]
pub(crate) use building::build_with;
pub use building::{Boxed, CatalogueDevice, Catalogued, build, build_on};
pub use configuration::{Configuration, GroupConfiguration};
#[cfg(feature = "configuration")]
pub use document::{defaults, listing};
pub use dynamic::{Dynamic, DynamicStep};
pub use entries::{Entry, check, entries};
pub use formats::memory;
pub use hyperparameters::{Hyperparameters, Value};
#[cfg(feature = "testing")]
pub(crate) use rules::sm3_by_rows;

use crate::error::{Error, Result};

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident, $says:literal, $(#[$first_doc:meta])* $first:ident = $first_text:literal $(, $(#[$variant_doc:meta])* $variant:ident = $text:literal)* $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name {
            $(#[$first_doc])*
            #[default]
            $first,
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// The name in recordings, reports and options.
            pub fn name(self) -> &'static str {
                match self {
                    Self::$first => $first_text,
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl core::str::FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                match text {
                    $first_text => Ok(Self::$first),
                    $($text => Ok(Self::$variant),)*
                    _ => Err(Error::UnknownChoice {
                        option: $says,
                        value: text.to_owned(),
                        choices: [$first_text $(, $text)*].join(", "),
                    }),
                }
            }
        }
    };
}

choice! {
    /// When gradients arrive, chosen at run time.
    ArrivalKind, "arrival of gradients",
    /// [`Together`](crate::optimizer::Together).
    Together = "together",
    /// [`Released`](crate::optimizer::Released).
    Released = "released",
}

choice! {
    /// What a gradient does that is infinite or NaN, chosen at run time.
    NonfiniteKind, "policy for gradients that are not finite",
    /// It propagates.
    Propagate = "propagate",
    /// See [`skip_nonfinite`](crate::optimizer::Builder::skip_nonfinite).
    Skip = "skip",
    /// See [`refuse_nonfinite`](crate::optimizer::Builder::refuse_nonfinite).
    Refuse = "refuse",
}

choice! {
    /// Shapes of parameters.
    ShapeKind, "kind of shapes",
    /// All.
    All = "all",
    /// Those with at least two axes.
    Matrices = "matrices",
    /// Those with one axis or none.
    Vectors = "vectors",
}

choice! {
    /// A store, chosen at run time.
    StoreKind, "store",
    /// [`Nearest`](crate::store::Nearest).
    Nearest = "nearest",
    /// [`Kahan`](crate::store::Kahan).
    Kahan = "kahan",
    /// [`Stochastic`](crate::store::Stochastic).
    Stochastic = "stochastic",
    /// [`Corrected8`](crate::store::Corrected8).
    Corrected8 = "corrected8",
    /// [`Corrected16`](crate::store::Corrected16).
    Corrected16 = "corrected16",
}

impl core::str::FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| Error::UnknownChoice {
            option: "format",
            value: text.to_owned(),
            choices: Self::ALL.map(Self::name).join(", "),
        })
    }
}
