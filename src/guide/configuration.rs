//! How do I choose an optimizer in a file instead of in code?
//!
//! With the feature `configuration` the [catalogue](crate::catalogue) builds optimizers from documents, in TOML
//! or JSON. What the types would refuse at compile time is refused when the document is read or the optimizer is
//! built, in the same words; everything else with the path of the field.
//!
//! ```
//! # #[cfg(feature = "configuration")] {
//! use gradus::catalogue::{self, Configuration};
//! use gradus::cpu::Cpu;
//! use half::bf16;
//!
//! let document = r#"
//! optimizer = "adamw"
//! parameters = "bf16"            # checked against the parameters; they are yours
//! state = "bf16"                 # f32 unless it says otherwise, f64 for f64
//! store = "kahan"                # nearest, kahan, stochastic
//! gradients = "together"         # or released: then what needs all of them is refused
//! seed = 7                       # of what is rounded at random
//! clip_global_norm = 1.0
//! nonfinite = "skip"             # propagate, skip, refuse
//! frozen = ["backbone.*"]        # patterns: * is any text, ? is any character
//! undecayed = ["*.bias", "*.norm.*"]
//!
//! [hyperparameters]
//! lr = 3e-4
//! weight_decay = 0.1
//! caution = true
//! warmup_steps = 100
//!
//! [schedules.learning_rate.decay]   # the factor of a hyperparameter; warm-up comes on top
//! form = "cosine"
//! start = 1.0
//! end = 0.1
//! steps = 10000
//!
//! [[groups]]
//! parameters = ["head.*"]
//! hyperparameters = { lr = 1e-3 }   # what differs
//! "#;
//! let configuration = Configuration::from_toml(document)?;
//! let mut model = vec![
//!     ("backbone.weight", vec![bf16::ONE; 4]),
//!     ("body.norm.scale", vec![bf16::ONE; 2]),
//!     ("head.weight", vec![bf16::ONE; 2]),
//! ];
//! let mut optimizer = catalogue::build::<bf16>(&configuration, Cpu::default(), &model)?;
//! let gradients = model.clone();
//! optimizer.step(&mut model, &gradients)?;
//! assert_eq!(model[0], gradients[0]); // frozen
//! # }
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! The optimizer is a [`Box<dyn Dynamic<T>>`](crate::catalogue::Dynamic): `T` is the format of the parameters,
//! which the caller decides. It steps, evaluates, saves and loads like any other, with the same bits; a
//! [checkpoint](super::checkpoints) does not tell whether its optimizer was built from types or from a file.
//!
//! # What may stand in it
//!
//! [`catalogue::listing`](crate::catalogue) prints all optimizers with their hyperparameters and defaults, and
//! so does
//!
//! ```sh
//! cargo run --release --example throughput -- --list
//! ```
//!
//! Schedules are those of [`schedule`](crate::schedule#as-a-document); a `[loss_scaling]` table has the fields
//! of [`LossScaling`](crate::optimizer::LossScaling). JSON has the same fields. A document that was read can be
//! written again, without what is at its default:
//!
//! ```
//! # #[cfg(feature = "configuration")] {
//! use gradus::catalogue::Configuration;
//!
//! let configuration = Configuration::from_json(r#"{"optimizer": "lion", "hyperparameters": {"lr": 1e-4}}"#)?;
//! assert_eq!(configuration.to_toml()?, "optimizer = \"lion\"\n\n[hyperparameters]\nlr = 0.0001\n");
//! # }
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # What is refused
//!
//! ```
//! # #[cfg(feature = "configuration")] {
//! use gradus::catalogue::Configuration;
//!
//! let error = |document| Configuration::from_toml(document).unwrap_err().to_string();
//! assert_eq!(
//!     error("optimizer = 'adamw'\n[[groups]]\nparameters = ['head.*']\nhyperparameters = { beta2 = 1.0 }"),
//!     "`groups[0].hyperparameters.beta2`: decay rate is 1, but must satisfy 0 <= value < 1"
//! );
//! assert_eq!(
//!     error("optimizer = 'adamw'\ngradients = 'released'\nclip_global_norm = 1.0"),
//!     "`document`: gradient release is not available with what this `adamw` does: a part of this optimizer needs \
//!      every gradient at once, and under gradient release they never exist together"
//! );
//! # }
//! ```
//!
//! Nothing that is not known is passed over: a misspelt field is an error, at every level.
//!
//! # Programs that use it
//!
//! ```sh
//! cargo run --release --example digits -- --config examples/data/optimizer.toml
//! cargo run --release --example throughput -- --config examples/data/optimizer.toml --shapes small
//! ```
