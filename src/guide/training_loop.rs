//! Everything a training loop needs around a rule.
//!
//! The options below go with every rule, format, store and device, and with each other unless the
//! compiler says why not. This is a whole loop with most of them; the sections take them one by one.
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::hyperparameter::{Decay, LearningRate};
//! use gradus::optimizer::{Build, Stepped, select};
//! use gradus::rule::AdamW;
//! use gradus::schedule::{Count, Form, Rise, Schedule};
//!
//! # fn gradients(step: u64) -> [(&'static str, Vec<f32>); 3] {
//! #     let value = if step == 7 { f32::NAN } else { 3.0 };
//! #     [("embedding.weight", vec![1.0; 6]), ("layer.weight", vec![value; 6]), ("layer.bias", vec![1.0; 2])]
//! # }
//! let mut model = [
//!     ("embedding.weight", vec![1.0f32; 6]),
//!     ("layer.weight", vec![1.0; 6]),
//!     ("layer.bias", vec![0.0; 2]),
//! ];
//! let slow = AdamW { learning_rate: LearningRate::new(1e-4)?, second: Decay::new(0.99)?.into(), ..AdamW::default() };
//! let warm_up = Schedule::warm_up(10, Rise::Linear, Count::StepOverN);
//! let builder = AdamW::default()
//!     .group("embedding", select::named("embedding.*"), slow)
//!     .without_decay(select::vectors_and_biases())
//!     .schedule("learning_rate", Schedule::product([warm_up, Schedule::decay(Form::Cosine, 1.0, 0.1, 100)?])?)
//!     .clip_global_norm(1.0)
//!     .skip_nonfinite();
//! println!("{}", builder.memory(&model)?); // before anything is allocated
//!
//! let mut optimizer = builder.build(Cpu::default(), &model)?;
//! for step in 0..20 {
//!     match optimizer.step(&mut model, &gradients(step))? {
//!         Stepped::Taken => {}
//!         Stepped::Undecided => {} // on a GPU, where nothing is waited for
//!         Stepped::Skipped => println!("step {step} left out"),
//!         Stepped::WithoutGradients => println!("step {step} had no gradients"),
//!     }
//!     let norm = optimizer.gradient_norm().expect("an option looks at all gradients").norm;
//!     println!("gradient norm {norm:.3}");
//! }
//! assert_eq!((optimizer.steps(), optimizer.skipped()), (19, 1));
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # Groups
//!
//! A [group](crate::optimizer::Builder::group) is a condition on name and shape, and a rule with other
//! hyperparameters: any of them, not only the rate. A parameter that no group claims is in the group
//! `default`; one that two claim is an error at `build` that names it, and with
//! [`every_parameter_in_a_group`](crate::optimizer::Builder::every_parameter_in_a_group) so is one that
//! none does. [`select`](crate::optimizer::select) has the usual conditions: names with `*`, shapes, and
//! what is made of others by `all`, `either` and `not`.
//!
//! [`without_decay(select::vectors_and_biases())`](crate::optimizer::Builder::without_decay) leaves out
//! weight decay where it is usually left out. [`freeze`](crate::optimizer::Builder::freeze) keeps parameters
//! as they are, without state; a frozen layer is thawed by building anew and restoring nothing for it.
//!
//! While training runs, [`rule_mut`](crate::optimizer::Optimizer::rule_mut) changes a group's
//! hyperparameters, and [`set_learning_rate`](crate::optimizer::Optimizer::set_learning_rate) those of all.
//!
//! # Several rules: routing
//!
//! A group changes numbers, a [route](crate::optimizer::Builder::route) changes the rule. Both optimizers
//! step as one: what is wrong for one changes neither, a norm is that of all gradients, and a step that is
//! skipped is skipped by both.
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::{Build, select};
//! use gradus::rule::{AdamW, Lion, SgdMomentum};
//!
//! let mut model = [("embedding", vec![1.0f32; 8]), ("layer.weight", vec![1.0; 6]), ("layer.bias", vec![0.0; 2])];
//! let mut optimizer = AdamW::default()
//!     .route("weights", select::named("*.weight"), Lion::default())
//!     .route("embeddings", select::named("embedding"), SgdMomentum::default().state_in::<half::bf16>(1))
//!     .clip_global_norm(1.0)
//!     .build(Cpu::default(), &model)?;
//! optimizer.step(&mut model, &[("embedding", vec![0.1f32; 8]), ("layer.weight", vec![0.1; 6]), ("layer.bias", vec![0.1; 2])])?;
//! assert_eq!(optimizer.state_bytes(), 8 * 2 + 6 * 4 + 2 * 8);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! Routes share the formats of parameters and gradients. A model whose parameters have several formats is
//! several optimizers: each [measures](crate::optimizer::Optimizer::measure) its gradients, the norms are
//! [joined](crate::clip::GradientNorm::join), and each takes its
//! [step with that norm](crate::optimizer::Optimizer::step_with_norm). The example `mixed_formats` does it.
//! Under gradient release there is nothing to share, so there each route is an optimizer of its own.
//!
//! # Schedules
//!
//! A [`Schedule`](crate::schedule::Schedule) is a factor for each whole step.
//! [`schedule`](crate::optimizer::Builder::schedule) multiplies a hyperparameter of every group by it, so
//! that groups keep their ratios; [`schedule_group`](crate::optimizer::Builder::schedule_group) one of one
//! group. Any hyperparameter that a rule lists as tunable may have one: `weight_decay`, `momentum`, `first`.
//! Schedules are data, compose by sequence, product and minimum, and stay at their last value behind their
//! end. Count from 0 or from 1, or over `n` or `n + 1` steps? [`Count`](crate::schedule::Count) has the three
//! conventions.
//!
//! # Clipping
//!
//! | What | Call |
//! |---|---|
//! | all gradients by one factor | `.clip_global_norm(1.0)`, `.clip_global_rms(1.0)`, `.clip_together(JointClip::NormalizeNorm, 1.0)` |
//! | each tensor by its own | `.on_gradient(ClipNorm::default())`, `ClipRms`, `AdaptiveClip`, `NormalizeNorm`, ... |
//! | each element | `.on_gradient(ClipValue::default())`, `TrustRegion`, `MuLaw`, `ALaw`, `Softsign` |
//! | the update instead | the same behind `.on_update(..)` |
//!
//! A factor over all gradients costs one more reading of them, no writing: it is applied in the pass that
//! moves the parameters. [`gradient_norm`](crate::optimizer::Optimizer::gradient_norm) is what it found, before
//! clipping.
//!
//! # Gradients that are not finite
//!
//! They propagate by default. `.skip_nonfinite()` leaves out the whole step, for all groups alike, and counts
//! it in [`skipped`](crate::optimizer::Optimizer::skipped); counters and schedules do not move.
//! `.refuse_nonfinite()` is an error that names parameter and index. For gradients in f16,
//! [`.loss_scaling(..)`](crate::optimizer::LossScaling) leaves such steps out and looks for the largest scale
//! that works:
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::{Build, LossScaling};
//! use gradus::rule::AdamW;
//! use half::f16;
//!
//! # fn gradient_of(scaled_loss: f64) -> Vec<f16> { vec![f16::from_f64(scaled_loss * 1e-7); 4] }
//! let mut model = [("x", vec![1.0f32; 4])];
//! let mut optimizer = AdamW::default()
//!     .parameters_in::<f32>()
//!     .gradients_in::<f16>()
//!     .loss_scaling(LossScaling::default())
//!     .build(Cpu::default(), &model)?;
//! for _ in 0..3 {
//!     let gradient = gradient_of(optimizer.loss_scale()); // of the loss times the scale
//!     optimizer.step(&mut model, &[("x", gradient)])?;
//! }
//! assert_eq!(optimizer.steps(), 3);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! The scale and its history are in the [snapshot](crate::optimizer::Optimizer::snapshot).
//!
//! # What looks at all gradients
//!
//! Norms over all tensors, both policies, loss scaling and SGD-SaI's normalisation need every gradient
//! before the first parameter moves. Under [gradient release](super::gradient_release) they never exist
//! together, so the compiler refuses the two in either order.
//!
//! # Averages of weights
//!
//! `.average(WeightAverage::..)` keeps one beside the parameters: see [evaluating](super::evaluating).
