//! Gradient release and accumulation: training without a buffer of gradients.
//!
//! In backpropagation gradients appear one after the other, from the last layer to the first. With
//! gradient release each of them moves its parameter as soon as it exists and is freed, so that all of
//! them never exist together. The memory of gradients shrinks from that of the model to that of its
//! largest tensor.
//!
//! # A step
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::Build;
//! use gradus::rule::AdamW;
//!
//! let (mut first, mut last) = (vec![1.0f32; 4], vec![1.0f32; 2]);
//! let parameters = [("first", vec![0.0f32; 4]), ("last", vec![0.0; 2])]; // names and shapes; or a model
//! let mut optimizer = AdamW::default().gradient_release().build(Cpu::default(), &parameters)?;
//!
//! let mut step = optimizer.begin_step()?;
//! step.release("last", &mut last, vec![0.5f32; 2])?;   // the gradient is passed by value
//! step.release("first", &mut first, vec![0.5f32; 4])?; // in any order
//! let finished = step.finish();
//! assert!(finished.missing.is_empty());
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! A parameter is named by its name or, faster, by its place in the set. The bits are those of a joint step.
//!
//! # What is lost
//!
//! Whatever needs all gradients at once does not exist here, and does not compile:
//!
//! ```compile_fail
//! # use gradus::cpu::Cpu;
//! # use gradus::optimizer::Build;
//! # use gradus::rule::AdamW;
//! # let mut parameters = [("x", vec![1.0f32])];
//! let mut optimizer = AdamW::default().gradient_release().build(Cpu::default(), &parameters)?;
//! optimizer.step(&mut parameters, &[("x", vec![1.0f32])])?;
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # Micro-batches
//!
//! A batch that does not fit into memory is cut into micro-batches. Their gradients are usually summed in
//! a buffer as large as the model; here they are folded into the averages that the optimizer keeps anyway
//! (Zhang et al., *Adam Accumulation to Reduce Memory Footprints*, 2023, <https://arxiv.org/abs/2305.19982>).
//! All but the last are accumulated, the last is released:
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::optimizer::Build;
//! # use gradus::rule::AdamW;
//! # let mut weight = vec![1.0f32];
//! # let mut optimizer = AdamW::default().gradient_release().build(Cpu::default(), &[("weight", vec![0.0f32])])?;
//! let mut step = optimizer.begin_step()?;
//! step.accumulate("weight", vec![0.5f32])?;            // averages move, the parameter stays
//! step.accumulate("weight", vec![0.3f32])?;
//! assert_eq!(step.finish().only_accumulated, ["weight"]);
//! # assert_eq!((optimizer.steps(), optimizer.received("weight")?), (0, 2));
//!
//! let mut step = optimizer.begin_step()?;
//! step.release("weight", &mut weight, vec![0.4f32])?;  // moves by the average of all three
//! step.finish();
//! assert_eq!((optimizer.steps(), optimizer.received("weight")?), (1, 3));
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! Accumulating and releasing may also share one step. Three things differ from summing gradients:
//!
//! - Nothing is divided by the number of micro-batches: pass means over a micro-batch, not sums.
//! - Averages see every micro-batch, the last one with the largest weight, and debiasing counts each. The
//!   second moment averages squares of micro-gradients, which are larger than the square of their mean.
//! - Weight decay acts once, with the gradient that is released.
//!
//! A rule without an average would lose the micro-batches; the compiler refuses it
//! ([`outside`](super::architecture::outside)).
//!
//! # When something goes wrong
//!
//! `release` and `accumulate` either do all of their work or none. A refused gradient is given back:
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::error::Error;
//! # use gradus::optimizer::Build;
//! # use gradus::rule::AdamW;
//! # let mut weight = vec![1.0f32; 4];
//! # let mut optimizer = AdamW::default().gradient_release().build(Cpu::default(), &[("weight", vec![0.0f32; 4]), ("bias", vec![0.0; 1])])?;
//! let mut step = optimizer.begin_step()?;
//! let refused = step.release("weight", &mut weight, vec![0.5f32; 3]).unwrap_err();
//! assert_eq!(refused.error.to_string(), "gradient of `weight` has shape [3], but the parameter has shape [4]");
//! assert_eq!(refused.returned, [0.5; 3]);
//!
//! // What never came is reported, and left as it was.
//! step.release("weight", &mut weight, vec![0.5f32; 4])?;
//! assert_eq!(step.finish().missing, ["bias"]);
//!
//! // A step that was dropped on the way (`?`, a panic) is not passed over in silence.
//! let mut step = optimizer.begin_step()?;
//! step.release("weight", &mut weight, vec![0.5f32; 4])?;
//! drop(step);
//! assert!(matches!(optimizer.begin_step(), Err(Error::UnfinishedStep { waiting }) if waiting == ["bias"]));
//! assert_eq!(optimizer.abandon_unfinished_step().missing, ["bias"]); // what was released stays released
//! assert!(optimizer.begin_step().is_ok());
//! # Ok::<(), Error>(())
//! ```
//!
//! # Schedules
//!
//! The learning rate that counts is the one at `begin_step`: set it before. A step in which nothing was
//! released is no step, so a schedule over [`steps`](crate::optimizer::Optimizer::steps) waits for it.
//!
//! # Changing over
//!
//! A built optimizer changes its mode and keeps its state, for instance to train on with another loop:
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::optimizer::Build;
//! # use gradus::rule::AdamW;
//! let mut parameters = [("x", vec![1.0f32])];
//! let mut together = AdamW::default().build(Cpu::default(), &parameters)?;
//! together.step(&mut parameters, &[("x", vec![1.0f32])])?;
//!
//! let mut released = together.into_released();
//! let mut step = released.begin_step()?;
//! step.release("x", &mut parameters[0].1, vec![1.0f32])?;
//! step.finish();
//!
//! let together = released.into_together().map_err(|refused| refused.error)?;
//! assert_eq!(together.steps(), 2);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! `into_together` gives the optimizer back, with the error, if a step is unfinished.
