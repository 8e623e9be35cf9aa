//! The guide: documentation only, with code that is built and run.
//!
//! | Chapter | Question |
//! |---|---|
//! | [choosing] | Which optimizer, which learning rate, which decay? |
//! | [training_loop] | Groups, routes, schedules, clipping, NaN, loss scaling: what goes around a rule? |
//! | [precision] | What happens to my numbers in 16 bits, and what is promised about them? |
//! | [evaluating] | Where is the model best: averages of weights, schedule-free rules? |
//! | [gradient_release] | How do I save the memory of gradients? |
//! | [memory] | How much memory will it take? |
//! | [writing_a_rule] | How do I write an optimizer of my own? |
//! | [testing] | How do I test an optimizer, mine or this one? |
//! | [architecture] | Do the contracts hold the hard cases? |

pub mod architecture;
pub mod choosing;
pub mod evaluating;
pub mod gradient_release;
pub mod memory;
pub mod precision;
pub mod testing;
pub mod training_loop;
pub mod writing_a_rule;
