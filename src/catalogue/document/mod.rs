//! Configurations as documents in TOML or JSON, and what may stand in them.
//!
//! A document is refused with the path of the field that is wrong:
//!
//! ```
//! use gradus::catalogue::Configuration;
//!
//! let error = Configuration::from_toml("optimizer = 'adamw'\nhyperparameters.beta1 = 1.5").unwrap_err();
//! assert_eq!(error.to_string(), "`hyperparameters.beta1`: decay rate is 1.5, but must satisfy 0 <= value < 1");
//! let error = Configuration::from_json(r#"{"optimizer": "adamw", "stroe": "kahan"}"#).unwrap_err();
//! assert!(error.to_string().starts_with("`stroe`: unknown field `stroe`, expected one of `optimizer`, "));
//! ```

mod check;
mod list;
mod text;

pub use list::{defaults, listing};

use super::Configuration;
use crate::error::{Error, Result};

impl Configuration {
    /// Reads a document in TOML, and checks every range.
    ///
    /// ```
    /// use gradus::catalogue::{self, Configuration, StoreKind};
    /// use gradus::cpu::Cpu;
    /// use half::bf16;
    ///
    /// let configuration = Configuration::from_toml(
    ///     r#"
    ///     optimizer = "adamw"
    ///     parameters = "bf16"
    ///     store = "kahan"
    ///     clip_global_norm = 1.0
    ///
    ///     [hyperparameters]
    ///     lr = 3e-4
    ///     caution = true
    ///
    ///     [schedules.learning_rate.decay]
    ///     form = "cosine"
    ///     start = 1.0
    ///     end = 0.1
    ///     steps = 1000
    ///
    ///     [[groups]]
    ///     parameters = ["*.bias"]
    ///     hyperparameters = { weight_decay = 0.0 }
    ///     "#,
    /// )?;
    /// assert_eq!(configuration.store, StoreKind::Kahan);
    /// let parameters = vec![("layer.weight", vec![bf16::ONE; 4]), ("layer.bias", vec![bf16::ZERO; 2])];
    /// let optimizer = catalogue::build::<bf16>(&configuration, Cpu::default(), &parameters)?;
    /// assert_eq!(optimizer.state_fields(), ["first", "second"]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Configuration`], with the path of the field.
    pub fn from_toml(text: &str) -> Result<Self> {
        let document = toml::Deserializer::parse(text)
            .map_err(|error| Error::Configuration { path: WHOLE.to_owned(), reason: error.to_string() })?;
        let read: Self = serde_path_to_error::deserialize(document)
            .map_err(|error| at(&error, |error: &toml::de::Error| error.message().to_owned()))?;
        read.check().map(|()| read)
    }

    /// Reads a document in JSON, and checks every range.
    ///
    /// # Errors
    /// [`Error::Configuration`], with the path of the field.
    pub fn from_json(text: &str) -> Result<Self> {
        let mut document = serde_json::Deserializer::from_str(text);
        let read: Self = serde_path_to_error::deserialize(&mut document).map_err(|error| at(&error, said))?;
        let ended = document.end();
        ended.map_err(|error| Error::Configuration { path: WHOLE.to_owned(), reason: error.to_string() })?;
        read.check().map(|()| read)
    }

    /// The document in TOML, without what is at its default.
    ///
    /// # Errors
    /// [`Error::Configuration`] for what TOML cannot hold: a seed of 2⁶³ or more.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self)
            .map_err(|error| Error::Configuration { path: WHOLE.to_owned(), reason: error.to_string() })
    }

    /// The document in JSON, without what is at its default.
    ///
    /// # Errors
    /// [`Error::Configuration`] for what JSON cannot hold.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self)
            .map_err(|error| Error::Configuration { path: WHOLE.to_owned(), reason: error.to_string() })
    }
}

/// The path of an error that is about no field.
const WHOLE: &str = "document";

fn said(error: &serde_json::Error) -> String {
    error.to_string()
}

fn at<E>(error: &serde_path_to_error::Error<E>, text: impl Fn(&E) -> String) -> Error {
    let path = error.path().to_string();
    let path = if path == "." { WHOLE.to_owned() } else { path };
    Error::Configuration { path, reason: text(error.inner()) }
}
