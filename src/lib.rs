//! Deep-learning optimizers on your own memory, whose options are checked by the compiler.
//!
//! ```text
//! parameters ─┐
//! gradients ──┴──────▶ rule ──▶ store ──▶ parameters'
//!                      g → Δ    θ, Δ → θ
//!         learning rate ─▲
//!             └──── one pass over memory, run by a device ────┘
//! ```
//!
//! A **rule** turns a gradient into an update. A **store** writes the update into the parameter's
//! storage format. A **device** runs both in one pass over memory. None of them knows the others.
//!
//! # Quick start
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::Build;
//! use gradus::rule::AdamW;
//!
//! let mut parameters = [("weight", vec![0.5f32; 6]), ("bias", vec![0.0; 2])];
//! let mut optimizer = AdamW::default().build(Cpu::default(), &parameters)?;
//!
//! let gradients = [("weight", vec![0.1f32; 6]), ("bias", vec![-0.1; 2])]; // from your own code
//! optimizer.step(&mut parameters, &gradients)?;
//! assert!((parameters[1].1[0] - 0.001).abs() < 1e-6);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! Parameters are borrowed: vectors, `ndarray` arrays, or a struct of your own that implements
//! [`ParameterSet`](device::ParameterSet). Options stand between the rule and
//! [`build`](optimizer::Builder::build):
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::optimizer::Build;
//! # use gradus::rule::AdamW;
//! use half::bf16;
//!
//! # let parameters = [("weight", vec![bf16::ONE; 6])];
//! let optimizer = AdamW::default()
//!     .parameters_in::<bf16>()  // f32 unless said otherwise
//!     .kahan()                  // or .stochastic_rounding(seed)
//!     .gradient_release()       // each gradient is used and freed before the next exists
//!     .build(Cpu::default(), &parameters)?;
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # Which optimizer
//!
//! | Rule | Numbers of state per element | When |
//! |---|---|---|
//! | [`AdamW`](rule::AdamW) | 2 | the first choice for transformers, and for anything new |
//! | [`Adam`](rule::Adam) | 2 | the same without weight decay, or with L2 |
//! | [`StableAdamW`](rule::StableAdamW) | 2 | AdamW whose loss has spikes |
//! | [`NAdam`](rule::NAdam), [`Adamax`](rule::Adamax) | 2 | Adam with Nesterov's momentum, Adam for sparse gradients |
//! | [`RAdam`](rule::RAdam), [`Ranger`](rule::Ranger) | 2, 3 | without a warm-up; with lookahead |
//! | [`Adan`](rule::Adan) | 4 | vision transformers, large learning rates |
//! | [`AmsGrad`](rule::AmsGrad), [`AmsGradW`](rule::AmsGradW) | 3 | where Adam does not settle |
//! | [`RmsProp`](rule::RmsProp) and its kind | 1 to 3 | recurrent networks, reinforcement learning |
//! | [`Adagrad`](rule::Adagrad), [`Adadelta`](rule::Adadelta) | 1, 2 | sparse features; no learning rate to tune |
//! | [`AdamC`](rule::AdamC) | 2 | long schedules, weights behind norms |
//! | [`AdEMAMix`](rule::AdEMAMix) | 3 | long trainings whose old gradients still help |
//! | [`Adopt`](rule::Adopt) | 2 | AdamW diverges, or β₂ is hard to choose |
//! | [`LaProp`](rule::LaProp) | 2 | gradients whose size jumps, small β₂ |
//! | [`SignLaProp`](rule::SignLaProp) | 2 | LaProp with one size for all elements |
//! | [`OrthoLaProp`](rule::OrthoLaProp), [`LaPropOrtho`](rule::LaPropOrtho) | 2 | logits that only grow |
//! | [`UnscaledAdamW`](rule::UnscaledAdamW) | 2 | the learning rates of gradient descent |
//! | [`SudsAdamW`](rule::SudsAdamW) | 3 | gradients with one strong direction |
//! | [`HyperBallAdamW`](rule::HyperBallAdamW) | 1 | matrices that should keep their norm |
//! | [`Muon`](rule::Muon), [`MuonLaProp`](rule::MuonLaProp), [`Scion`](rule::Scion) | 1 or 2 | hidden layers; [matrices](guide::matrices) |
//! | [`Soap`](rule::Soap), [`Solp`](rule::Solp) and their kind | 2, and bases | the fewest steps; [matrices](guide::matrices) |
//! | [`Psgd`](rule::Psgd), [`PurePsgd`](rule::PurePsgd) | 1 or 0, and factors | whitened gradients, half of SOAP's memory or less; [matrices](guide::matrices) |
//! | [`Lion`](rule::Lion) | 1 | large batches, half of AdamW's state |
//! | [`SgdSai`](rule::SgdSai) | 1 | half of AdamW's state, one rate per tensor found by itself |
//! | [`ScheduleFreeAdamW`](rule::ScheduleFreeAdamW), [`ScheduleFreeRAdam`](rule::ScheduleFreeRAdam) | 2 | no schedule to choose; [two points](guide::evaluating) |
//! | [`ScheduleFreeSgd`](rule::ScheduleFreeSgd) | 1 | the same for convolutional networks |
//! | [`MsamLaProp`](rule::MsamLaProp) | 3 | flat minima at the price of one gradient |
//! | [`Sm3Momentum`](rule::Sm3Momentum) | 1 | large embeddings; adaptive with half of AdamW's state |
//! | [`Sm3`](rule::Sm3) | 0, and one per row and column | the same without momentum, with next to no state |
//! | [`SgdMomentum`](rule::SgdMomentum) | 1 | convolutional networks with a tuned schedule |
//! | [`Sgd`](rule::Sgd) | 0 | convex problems, fine-tuning with no memory to spare |
//!
//! [`Caution`](rule::Caution) and [`Mars`](rule::Mars) go with every one of them.
//! [`guide::choosing`] says more, and gives rates to start from.
//!
//! # Where to go on
//!
//! | You want to | Read |
//! |---|---|
//! | train in 16 bits | [`guide::precision`] |
//! | average weights, or evaluate a schedule-free rule | [`guide::evaluating`] |
//! | save the memory of gradients | [`guide::gradient_release`] |
//! | know which options fit together | [`optimizer::Builder`] |
//! | step matrices as matrices | [`guide::matrices`] |
//! | change the learning rate over a training | [`schedule`] |
//! | save and go on | [`guide::checkpoints`] |
//! | choose an optimizer in a file | [`guide::configuration`] |
//! | write an optimizer | [`guide::writing_a_rule`] |
//! | test an optimizer, yours or this one | [`guide::testing`] |
//! | know how it is built | [`guide::architecture`] |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(all(feature = "configuration", feature = "cuda")), allow(rustdoc::broken_intra_doc_links))] // the guide links to what features bring

pub use typenum;

// Layers: each module imports only from those above it.

// The shape of a tensor and the order of its elements in memory.
pub mod shape;

// What can go wrong at run time.
pub mod error;

// Hyperparameters that cannot hold a bad value.
pub mod hyperparameter;

// Random bits by counter.
pub mod random;

// The arithmetic that rules are written in.
pub mod real;

// Storage formats, and the roundings into them.
pub mod dtype;

// The contracts that rules are written against.
pub mod transform;

// From the number of a step to a number: learning rates over a training, pure mathematics.
pub mod schedule;

// Gradients and updates made smaller.
pub mod clip;

// From gradients to updates: one optimizer per file, pure mathematics.
pub mod rule;

// From updates to stored parameters: nearest, Kahan, error-corrected, stochastic.
pub mod store;

// What a step needs of a machine.
pub mod device;

// The CPU as a device.
pub mod cpu;

// Chains as CUDA kernels, and the GPU as a device.
#[cfg(feature = "cuda")]
pub mod cuda;

// The builder, the step, gradient release, snapshots. Names no device.
pub mod optimizer;

// State on disk.
#[cfg(feature = "checkpoint")]
pub mod checkpoint;

// Every optimizer by name, with options as data.
#[cfg(feature = "catalogue")]
pub mod catalogue;

// Recorded runs of other packages, and their replay.
#[cfg(feature = "testing")]
pub mod testing;

// Documentation only.
pub mod guide;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
