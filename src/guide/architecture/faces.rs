//! Rules that keep a second point beside the parameter: lookahead and schedule-free.
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
//! [`Lookahead`](crate::rule::Lookahead) stands behind the learning rate, reads the fast point as
//! θ − u, and returns the way to the slow weights where it goes back to them. Under Kahan the return is
//! one update like any other: `Input::parameter` contains what is carried, and what the return rounds
//! away is carried whole, so that nothing of the way is walked twice.
//!
//! # Schedule-free
//!
//! Defazio et al., *The Road Less Scheduled*, 2024, <https://arxiv.org/abs/2405.15682>. The parameter
//! is y, where gradients are taken; z is state; x, the average, is where the model is good. With d the
//! direction and c the weight of the newest point,
//!
//! ```text
//! y ← y + c·(z − y) − γ·(1 − β·(1 − c))·d        z ← z − γ·d        x = y + (1 − 1/β)·(z − y)
//! ```
//!
//! so the update is y − y' and does not need x. The sum of weights belongs to the group and advances
//! once per whole step, whichever parameters get gradients:
//! [`Group`](crate::transform::Stage::Group).
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::hyperparameter::{Decay, LearningRate};
//! # use gradus::optimizer::Build;
//! # use gradus::real::{Real, interpolate};
//! # use gradus::rule::Chained;
//! # use gradus::transform::{Arrives, Input, Nothing, Stage, StageExt, Step, Transform};
//! # use gradus::typenum::{B0, B1};
//! # #[derive(Clone, Copy, Debug)]
//! # struct ScaleByRms { second: Decay }
//! # gradus::fields! { struct Second { second } }
//! # gradus::fields! { struct Weight { newest } }
//! # impl Transform for ScaleByRms {
//! #     type Constants = Weight;
//! #     type State = Second;
//! #     type Keeps = B1;
//! #     fn constants(&self, at: &Step) -> Weight<f64> { Weight { newest: self.second.debiased_weight(at.own) } }
//! #     #[inline(always)]
//! #     fn update<F: Real>(at: &Weight<F>, input: Input<F>, state: &mut Second<F>) -> F {
//! #         state.second = interpolate(state.second, input.update * input.update, at.newest);
//! #         input.update / state.second.sqrt().max(F::constant(1e-8))
//! #     }
//! # }
//! /// The training face, behind a stage that gives d.
//! #[derive(Clone, Copy, Debug)]
//! struct ScheduleFree { beta: f64, power: f64 }
//!
//! gradus::fields! { struct Point { z } }
//! gradus::fields! { struct Average { largest_rate, sum, newest } }
//! gradus::fields! { struct Moves { moves } }
//! gradus::fields! { struct At { moves, starts, newest, rate, rate_of_y } }
//!
//! impl Stage for ScheduleFree {
//!     type Constants = At;
//!     type State = Point;
//! #   type Tensor = Nothing;
//!     type Own = Moves;
//!     type Group = Average;
//!     type Keeps = B0;
//! #   type Joint = gradus::typenum::B0;
//!     fn advance(&self, at: &Step, group: &mut Average<f64>) {
//!         group.largest_rate = group.largest_rate.max(at.learning_rate);
//!         let weight = group.largest_rate.powf(self.power);
//!         group.sum += weight;
//!         group.newest = if group.sum > 0.0 { weight / group.sum } else { 0.0 };
//!     }
//!     fn constants(&self, at: &Step, own: &mut Moves<f64>, group: &Average<f64>) -> At<f64> {
//!         let moves = if at.arrives == Arrives::ToStep { 1.0 } else { 0.0 };
//!         own.moves += moves;
//!         let starts = if own.moves == 1.0 { moves } else { 0.0 };
//!         let (newest, rate) = (group.newest, at.learning_rate);
//!         At { moves, starts, newest, rate, rate_of_y: rate * (1.0 - self.beta * (1.0 - newest)) }
//!     }
//!     #[inline(always)]
//!     fn update<F: Real>(at: &At<F>, input: Input<F>, _: &Nothing, state: &mut Point<F>) -> Input<F> {
//!         let (y, direction) = (input.parameter, input.update);
//!         let z = F::select(at.starts, y, state.z);
//!         state.z = F::select(at.moves, z - at.rate * direction, z);
//!         input.with_update(at.newest * (y - z) + at.rate_of_y * direction)
//!     }
//! }
//!
//! let scale = ScaleByRms { second: Decay::new(0.99)? };
//! let rule = Chained {
//!     chain: scale.then(ScheduleFree { beta: 0.9, power: 2.0 }),
//!     learning_rate: LearningRate::new(0.01)?,
//! };
//! let mut parameters = [("w", vec![1.0f64, -2.0, 0.5])];
//! let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
//! // What HeavyBall 3.2 prints for this run.
//! for (t, expected) in [(1.0, 0.99), (2.0, 0.983053), (3.0, 0.97562), (4.0, 0.967868)] {
//!     optimizer.step(&mut parameters, &[("w", vec![0.1 * t, -0.2 * t, 0.3 * t])])?;
//!     assert!((parameters[0].1[0] - expected).abs() < 1e-6);
//! }
//! // The evaluation face needs the parameter and its state, and nothing else.
//! let snapshot = optimizer.snapshot()?;
//! let (y, z) = (parameters[0].1[0], snapshot.tensors[0].state[1].1[0]);
//! assert_eq!(snapshot.tensors[0].state[1].0, "z");
//! assert!((y + (1.0 - 1.0 / 0.9) * (z - y) - 0.969967).abs() < 1e-6);
//! # Ok::<(), gradus::error::Error>(())
//! ```
