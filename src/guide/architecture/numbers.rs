//! Numbers that are kept per tensor or per group: SGD-SaI, NAdam, ADOPT, MARS, AMSGrad.
//!
//! # SGD-SaI: a number measured once
//!
//! The first gradient of a tensor gives it the factor ‖g‖/(σ + ε) for ever:
//! [`ScaleBySignalToNoise`](crate::rule::ScaleBySignalToNoise), within [`SgdSai`](crate::rule::SgdSai).
//! [`measures`](crate::transform::Stage::measures) says when statistics are taken; `at.own` counts the
//! tensor's own gradients, so one that is first seen late is measured then. Three passes, since the
//! deviation needs the mean: a [`Mean`](crate::transform::Fold::Mean) and two
//! [norms](crate::transform::Fold::Norm). The paper's division by the largest factor is a fourth, a
//! [joint](crate::transform::Stage::joins) [`Max`](crate::transform::Fold::Max) over numbers that the
//! passes before have left.
//!
//! # NAdam: a running product
//!
//! [`NAdam`](crate::rule::NAdam) weighs gradient and average by the product of all μₜ so far. It
//! belongs to the tensor and is advanced on the host, in `f64`, with each gradient:
//! [`Own`](crate::transform::Stage::Own). All numbers start as 0, so at the tensor's first gradient
//! the product is μ₁ itself. It is saved by name in a snapshot.
//!
//! # ADOPT, MARS, AMSGrad: the tensor's own count
//!
//! What differs at the first gradient, or is counted from the second, follows from `at.own` in
//! `constants`, on the host. The element code stays free of branches. These are plain
//! [`Transform`](crate::transform::Transform)s.
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::hyperparameter::{Decay, LearningRate};
//! # use gradus::optimizer::Build;
//! # use gradus::real::{Real, interpolate};
//! # use gradus::rule::{Moments, ScaleByLearningRate};
//! # use gradus::rule::Chained;
//! # use gradus::transform::{Input, StageExt, Step, Transform};
//! # use gradus::typenum::{B0, B1};
//! /// ADOPT: v is one gradient behind, and the first gradient only fills it.
//! #[derive(Clone, Copy, Debug)]
//! struct ScaleByAdopt { first: Decay, second: Decay }
//!
//! gradus::fields! { struct Weights { first, second, moves } }
//!
//! impl Transform for ScaleByAdopt {
//!     type Constants = Weights;
//!     type State = Moments;
//!     type Keeps = B1;
//!
//!     fn constants(&self, at: &Step) -> Weights<f64> {
//!         Weights {
//!             first: if at.own == 1 { 0.0 } else { self.first.debiased_weight(at.own - 1) },
//!             second: self.second.debiased_weight(at.own),
//!             moves: if at.own == 1 { 0.0 } else { 1.0 },
//!         }
//!     }
//!     #[inline(always)]
//!     fn update<F: Real>(at: &Weights<F>, input: Input<F>, state: &mut Moments<F>) -> F {
//!         let gradient = input.update;
//!         let scaled = gradient / state.second.sqrt().max(F::constant(1e-8));
//!         state.first = F::select(at.moves, interpolate(state.first, scaled, at.first), state.first);
//!         state.second = interpolate(state.second, gradient * gradient, at.second);
//!         at.moves * state.first
//!     }
//! }
//!
//! /// MARS: the gradient plus a part of its change since the last one.
//! #[derive(Clone, Copy, Debug)]
//! struct CorrectByMars { gamma: f64, first: Decay }
//!
//! gradus::fields! { struct Previous { previous } }
//! gradus::fields! { struct OfChange { weight } }
//!
//! impl Transform for CorrectByMars {
//!     type Constants = OfChange;
//!     type State = Previous;
//!     type Keeps = B0;
//!
//!     fn constants(&self, at: &Step) -> OfChange<f64> {
//!         let beta = self.first.get();
//!         let weight = if at.own == 1 { 0.0 } else { self.gamma * beta / (1.0 - beta) };
//!         OfChange { weight }
//!     }
//!     #[inline(always)]
//!     fn update<F: Real>(at: &OfChange<F>, input: Input<F>, state: &mut Previous<F>) -> F {
//!         let change = input.update - state.previous;
//!         state.previous = input.update;
//!         input.update + at.weight * change
//!     }
//! }
//!
//! let adopt = ScaleByAdopt { first: Decay::new(0.9)?, second: Decay::new(0.99)? };
//! let rule = Chained { chain: adopt, learning_rate: LearningRate::new(0.01)? };
//! let mut parameters = [("w", vec![1.0f64, -2.0, 0.5])];
//! let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
//! // What HeavyBall 3.2 prints for this run.
//! for (t, expected) in [(1.0, 1.0), (2.0, 0.98), (3.0, 0.960555), (4.0, 0.941473)] {
//!     optimizer.step(&mut parameters, &[("w", vec![0.1 * t, -0.2 * t, 0.3 * t])])?;
//!     assert!((parameters[0].1[0] - expected).abs() < 1e-6);
//! }
//!
//! let mars = CorrectByMars { gamma: 0.025, first: Decay::new(0.9)? };
//! let mut state = Previous { previous: 0.0 };
//! let first = Step::first(0.01);
//! assert_eq!(CorrectByMars::update(&mars.constants(&first), Input::of(2.0, 0.0), &mut state), 2.0);
//! let second = CorrectByMars::update(&mars.constants(&first.next()), Input::of(3.0, 0.0), &mut state);
//! assert!((second - (3.0 + 0.225 * 1.0f64)).abs() < 1e-12); // 0.025·0.9/0.1 of the change
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! [`AmsGrad`](crate::rule::AmsGrad) adds the largest second moment to Adam's two fields. The maximum
//! runs over averages that are not debiased, while ours are stored debiased: the ratio of the two
//! corrections, (1 − β₂ᵗ⁻¹)/(1 − β₂ᵗ), follows from `at.own`, too, and is 0 at the first gradient.
//!
//! Two consequences worth knowing. The first step of ADOPT returns an update of 0, but a decay stage
//! behind it would still act; so it must read `at.own` too. And a late first gradient
//! is a first gradient: nothing here depends on how many steps the optimizer has taken.
