//! Rules that keep a second point beside the parameter: lookahead, schedule-free, averages.
//!
//! An update may be any difference θ − θ'. So a rule that wants the parameter at a certain point is
//! the last stage of its chain: it reads `Input::parameter` and returns the way to that point. It
//! needs no access to the store; the one rounding of the step, and Kahan's carry, come after it.
//!
//! A second point starts where the parameter is. State starts as 0, so the stage must know its first
//! step, and micro-batches do not count: under accumulation they come without a parameter. A counter
//! of the tensor's own ([`Own`](crate::transform::Stage::Own)) says so in `f64` on the host.
//!
//! # Lookahead
//!
//! Zhang et al., *Lookahead Optimizer: k steps forward, 1 step back*, 2019,
//! <https://arxiv.org/abs/1907.08610>. Every k steps the parameter returns to slow weights that have
//! moved a part of the way towards it. The stage stands behind the learning rate and reads the fast
//! point as θ − u.
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::hyperparameter::LearningRate;
//! # use gradus::optimizer::Build;
//! # use gradus::real::{Real, interpolate};
//! # use gradus::rule::ScaleByLearningRate;
//! # use gradus::rule::Chained;
//! # use gradus::transform::{Arrives, Input, Nothing, Stage, StageExt, Step};
//! # use gradus::typenum::B0;
//! # use half::bf16;
//! #[derive(Clone, Copy, Debug)]
//! struct Lookahead { every: f64, share: f64 }
//!
//! gradus::fields! { struct Slow { slow } }
//! gradus::fields! { struct Moves { moves } }
//! gradus::fields! { struct When { starts, returns, share } }
//!
//! impl Stage for Lookahead {
//!     type Constants = When;
//!     type State = Slow;
//! #   type Tensor = Nothing;
//!     type Own = Moves;
//! #   type Group = Nothing;
//!     type Keeps = B0;
//! #   type Joint = gradus::typenum::B0;
//!     fn constants(&self, at: &Step, own: &mut Moves<f64>, _: &Nothing) -> When<f64> {
//!         let Self { every, share } = *self;
//!         if at.arrives == Arrives::ToAccumulate {
//!             return When { starts: 0.0, returns: 0.0, share };
//!         }
//!         own.moves += 1.0;
//!         let when = |condition| if condition { 1.0 } else { 0.0 };
//!         When { starts: when(own.moves == 1.0), returns: when(own.moves % every == 0.0), share }
//!     }
//!     #[inline(always)]
//!     fn update<F: Real>(at: &When<F>, input: Input<F>, _: &Nothing, state: &mut Slow<F>) -> Input<F> {
//!         let slow = F::select(at.starts, input.parameter, state.slow);
//!         let fast = input.parameter - input.update;
//!         state.slow = F::select(at.returns, interpolate(slow, fast, at.share), slow);
//!         input.with_update(F::select(at.returns, input.parameter - state.slow, input.update))
//!     }
//! }
//!
//! let rule = |every, rate| {
//!     let chain = ScaleByLearningRate.then(Lookahead { every, share: 0.5 });
//!     Ok::<_, gradus::error::Error>(Chained { chain, learning_rate: LearningRate::new(rate)? })
//! };
//! let mut parameters = [("w", vec![0.0f64])];
//! let mut optimizer = rule(2.0, 1.0)?.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
//! for (gradient, expected) in [(-1.0, 1.0), (-1.0, 1.0), (-1.0, 2.0), (-2.0, 2.5)] {
//!     optimizer.step(&mut parameters, &[("w", vec![gradient])])?;
//!     assert_eq!(parameters[0].1, [expected]); // 1 | 2 → halfway from 0: 1 | 2 | 4 → halfway from 1: 2.5
//! }
//!
//! // Kahan: the return is one update like any other, and what it rounds away is carried whole.
//! let mut parameters = [("w", vec![bf16::ZERO])];
//! let mut optimizer = rule(1.0, 1.0)?.parameters_in::<bf16>().kahan().build(Cpu::default(), &parameters)?;
//! optimizer.step(&mut parameters, &[("w", vec![bf16::from_f32(-1.0)])])?;
//! optimizer.step(&mut parameters, &[("w", vec![bf16::ZERO])])?;
//! assert_eq!(parameters[0].1, [bf16::from_f32(0.5)]); // and nothing of the way is walked twice
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # Schedule-free
//!
//! [`ScheduleFree`](crate::rule::ScheduleFree) is such a stage: the parameter is y, z is state, and the
//! update is y − y', which does not need x. The sum of weights belongs to the group and advances once
//! per whole step, whichever parameters get gradients: [`Group`](crate::transform::Stage::Group). The
//! counter above says when z starts.
//!
//! # The other point
//!
//! What the state knows of another point than the parameter, [`evaluation`](crate::transform::Stage::evaluation)
//! tells: x for a schedule-free rule, z for [momentum-SAM](crate::rule::MsamLaProp), the average for
//! [`WeightAverage`](crate::rule::WeightAverage), which sees each parameter
//! [as it was written](crate::transform::Stage::after). A state that knows one is declared as
//! `struct NewestPoint: SecondPoint { z }`; chains and options pass that on, so the compiler knows of every
//! optimizer whether it can be moved to a point for evaluation. The optimizer keeps the parameters
//! meanwhile, instead of computing them back: y = x + (1 − β)·(z − x) would be rounded, and a thousand
//! evaluations would add up a thousand roundings. See [`evaluating`](crate::guide::evaluating).
