//! Every optimizer by its name, for programs that learn at run time which one they need.
//!
//! The types decide at compile time what fits together; here the same decisions are made from data,
//! with the same words. This is the only place of the library that instantiates optimizers, so it
//! is the only one that takes time to compile.
//!
//! Rules with stages around them (clips) run as [chains from data](crate::transform::Program), and so
//! does everything in debug builds, which would take minutes to compile otherwise. The bits are the
//! same; what is instantiated in types in release builds is faster.
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

mod aliases;
mod dynamic;
mod entries;
mod formats;
mod hyperparameters;
mod options;
mod plan;
mod reader;
mod rules;

pub use crate::dtype::Format;
pub use dynamic::{Dynamic, DynamicStep};
pub use entries::{Entry, check, entries};
pub use formats::{Boxed, Catalogued, build, memory};
pub use hyperparameters::{Hyperparameters, Value};
#[cfg(feature = "testing")]
pub(crate) use rules::sm3_by_rows;

use crate::error::{Error, Result};

/// An optimizer as data.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// The canonical name.
    pub optimizer: String,
    /// Hyperparameters by name; what is absent has its default.
    pub hyperparameters: Hyperparameters,
    /// Parameters with hyperparameters of their own.
    pub groups: Vec<GroupConfiguration>,
    /// The format of state; [`None`] is that of the arithmetic.
    pub state_format: Option<Format>,
    /// How parameters are written.
    pub store: StoreKind,
    /// What random bits start from.
    pub seed: u64,
}

/// Hyperparameters that hold for some parameters only.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupConfiguration {
    /// The names of the parameters.
    pub parameters: Vec<String>,
    /// What differs from the other parameters.
    pub hyperparameters: Hyperparameters,
}

impl Configuration {
    /// The named optimizer with every option at its default.
    pub fn of(optimizer: &str) -> Self {
        Self {
            optimizer: optimizer.to_owned(),
            hyperparameters: Hyperparameters::default(),
            groups: Vec::new(),
            state_format: None,
            store: StoreKind::Nearest,
            seed: 0,
        }
    }
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident, $says:literal, $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The name in recordings, reports and options.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl core::str::FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(Error::UnknownChoice {
                        option: $says,
                        value: text.to_owned(),
                        choices: [$($text),+].join(", "),
                    }),
                }
            }
        }
    };
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
