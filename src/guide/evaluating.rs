//! Where the model is best: averages of weights, and rules that train at one point and are good at another.
//!
//! The last step of a training is noisy: it follows one batch. An average over many steps is not, and
//! usually generalises better, as well as a decayed learning rate would. There are two ways to have it:
//!
//! | | [`WeightAverage`](crate::rule::WeightAverage) beside any rule | [Schedule-free](crate::rule::ScheduleFree) rules |
//! |---|---|---|
//! | Gradients are taken at | the parameter | a point near the average |
//! | Does training change? | no, the average only watches | yes: no schedule is needed, nor the length of training |
//! | Memory | one number per element more | as AdamW |
//! | Choose it when | a schedule is tuned, or another library's run is to be repeated | the length of training is open |
//!
//! [`MsamLaProp`](crate::rule::MsamLaProp) has two points for another reason: gradients are taken a step
//! away from the model, so that it settles where the loss is flat.
//!
//! # Evaluate, and go on
//!
//! In training the parameters are where gradients are to be taken. Evaluation is another phase of the
//! optimizer, in its type: there `step` does not compile.
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::Build;
//! use gradus::rule::ScheduleFreeAdamW;
//! use gradus::schedule::{Count, Rise, Schedule};
//!
//! # fn gradient(_: &[(&str, Vec<f32>)]) -> [(&'static str, Vec<f32>); 1] { [("w", vec![0.5; 4])] }
//! # fn loss(_: &[(&str, Vec<f32>)]) -> f32 { 0.0 }
//! let mut model = [("w", vec![1.0f32; 4])];
//! let mut optimizer = ScheduleFreeAdamW::default()
//!     .schedule("learning_rate", Schedule::warm_up(100, Rise::Linear, Count::StepOverN))
//!     .build(Cpu::default(), &model)?;
//! for epoch in 0..3 {
//!     for batch in 0..10 {
//!         let gradients = gradient(&model);
//!         optimizer.step(&mut model, &gradients)?;
//!     }
//!     let evaluating = optimizer.into_evaluation(&mut model).map_err(|refused| refused.error)?;
//!     println!("epoch {epoch}: {}", loss(&model));
//!     optimizer = evaluating.into_training(&mut model).map_err(|refused| refused.error)?;
//! }
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! The way back restores every bit, however often one goes: the parameters are kept meanwhile, in their
//! own format. That memory is there only between the two calls, when there are no gradients. What is
//! written into the parameters in between is lost on the way back.
//!
//! # Evaluate elsewhere
//!
//! [`evaluation_into`](crate::optimizer::Optimizer::evaluation_into) writes the point into tensors of your
//! own and leaves training alone: for another thread that evaluates, or a copy to be saved.
//!
//! # What to save
//!
//! - To **go on** later: the parameters in training, and a [checkpoint](super::checkpoints). The average and
//!   z are part of the state, so nothing else is needed; one that is taken in evaluation holds the
//!   parameters in training as well, and is refused by an optimizer that is not in evaluation.
//! - To **use** the model: the parameters at the point for evaluation, and nothing else.
//!
//! # Which average
//!
//! [`exponential`](crate::rule::WeightAverage::exponential) forgets: over about 1/(1 − β) steps. It is
//! debiased, so it is an average from the first step on. [`uniform`](crate::rule::WeightAverage::uniform)
//! remembers all steps alike: begin it late, with an optimizer built for the last part of a training.
//! Both are kept in the format of state: `f32`, or as `.state_in::<bf16>(seed)` says, rounded
//! stochastically. In a 16-bit format to nearest, an average that moves by a thousandth of the way
//! would stand still.
//!
//! Layers with running statistics (batch normalisation) measured them at the point for training; pass some
//! batches through the model at the point for evaluation to measure them anew.
