//! The guide: documentation only, with code that is built and run.
//!
//! | Chapter | Question |
//! |---|---|
//! | [choosing] | Which optimizer, which learning rate, which decay? |
//! | [training_loop] | Groups, routes, schedules, clipping, NaN, loss scaling: what goes around a rule? |
//! | [precision] | What happens to my numbers in 16 bits, and what is promised about them? |
//! | [evaluating] | Where is the model best: averages of weights, schedule-free rules? |
//! | [gradient_release] | How do I save the memory of gradients? |
//! | [matrices] | Which rule for matrices, and how is it tuned? |
//! | [memory] | How much memory will it take? |
//! | [checkpoints] | How do I stop, and go on as if I had not stopped? |
//! | [configuration] | How do I choose an optimizer in a file? |
//! | [writing_a_rule] | How do I write an optimizer of my own? |
#![cfg_attr(feature = "cuda", doc = "| [cuda] | How does a GPU take the steps? |")]
#![cfg_attr(feature = "cuda", doc = "| [kernels] | What does a rule become on a GPU? |")]
//! | [testing] | How do I test an optimizer, mine or this one? |
//! | [architecture] | Do the contracts hold the hard cases? |

pub mod architecture;
pub mod checkpoints;
pub mod choosing;
pub mod configuration;
#[cfg(feature = "cuda")]
pub mod cuda;
pub mod evaluating;
pub mod gradient_release;
#[cfg(feature = "cuda")]
pub mod kernels;
pub mod matrices;
pub mod memory;
pub mod precision;
pub mod testing;
pub mod training_loop;
pub mod writing_a_rule;
