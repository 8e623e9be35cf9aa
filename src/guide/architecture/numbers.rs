//! Numbers that are kept per tensor or per group: SGD-SaI, NAdam, ADOPT, MARS, AMSGrad.
//!
//! # SGD-SaI: a number measured once
//!
//! Xu et al., *No More Adam: Learning Rate Scaling at Initialization is All You Need*, 2024,
//! <https://arxiv.org/abs/2412.11768>. The first gradient of a tensor gives it the factor
//! ‖g‖/(σ + ε) for ever. [`measures`](crate::transform::Stage::measures) says when statistics are
//! taken; `at.own` counts the tensor's own gradients, so one that is first seen late is measured
//! then. Two passes, since the deviation needs the mean; ‖g‖² = Σ(g − mean)² + n·mean² comes free.
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::hyperparameter::{Dampening, Decay, LearningRate};
//! # use gradus::optimizer::Build;
//! # use gradus::real::Real;
//! # use gradus::rule::{Momentum, ScaleByLearningRate};
//! # use gradus::rule::Chained;
//! # use gradus::transform::{Input, Nothing, Stage, StageExt, Step};
//! # use gradus::typenum::B0;
//! #[derive(Clone, Copy, Debug)]
//! struct ScaleBySignalToNoise;
//!
//! gradus::fields! { struct Signal { mean, ratio } }
//!
//! impl Stage for ScaleBySignalToNoise {
//! #   type Constants = Nothing;
//! #   type State = Nothing;
//!     type Tensor = Signal;
//! #   type Own = Nothing;
//! #   type Group = Nothing;
//! #   type Keeps = B0;
//! #   type Joint = gradus::typenum::B0;
//!     const PASSES: usize = 2;
//! #   fn constants(&self, _: &Step, _: &mut Nothing, _: &Nothing) -> Nothing { Nothing }
//!     fn measures(&self, at: &Step) -> bool {
//!         at.own == 1
//!     }
//!     #[inline(always)]
//!     fn measure<F: Real>(pass: usize, _: &Nothing, input: Input<F>, signal: &Signal<F>, _: &mut Nothing) -> F {
//!         let centred = input.gradient - signal.mean;
//!         if pass == 0 { input.gradient } else { centred * centred }
//!     }
//!     #[inline(always)]
//!     fn finish<F: Real>(pass: usize, _: &Nothing, sum: F, count: F, signal: &mut Signal<F>) {
//!         if pass == 0 {
//!             signal.mean = sum / count;
//!         } else {
//!             let one = F::constant(1.0);
//!             let deviation = (sum / (count - one)).sqrt();
//!             let norm = (sum + count * signal.mean * signal.mean).sqrt();
//!             // One element, or all the same: no noise to compare with, so nothing is scaled.
//!             signal.ratio = F::select(deviation, norm / (deviation + F::constant(1e-8)), one);
//!         }
//!     }
//!     #[inline(always)]
//!     fn update<F: Real>(_: &Nothing, input: Input<F>, signal: &Signal<F>, _: &mut Nothing) -> Input<F> {
//!         input.with_update(input.update * signal.ratio)
//!     }
//! }
//!
//! let momentum = Momentum { dampening: Dampening::new(0.9)?, ..Momentum::default() };
//! let chain = momentum.then(ScaleBySignalToNoise);
//! let rule = Chained { chain, learning_rate: LearningRate::new(0.01)? };
//! let mut parameters = [("w", vec![0.0f64; 2]), ("b", vec![0.0])];
//! let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
//! optimizer.step(&mut parameters, &[("w", vec![3.0, 4.0]), ("b", vec![2.0])])?;
//! let ratio = 5.0 / (0.5f64.sqrt() + 1e-8); // ‖(3, 4)‖ = 5, σ = √½: 7.0711
//! assert!((parameters[0].1[0] + 0.01 * ratio * 3.0).abs() < 1e-15);
//! assert_eq!(parameters[1].1[0], -0.01 * 2.0);
//! optimizer.step(&mut parameters, &[("w", vec![-90.0, 11.0]), ("b", vec![2.0])])?;
//! assert_eq!(optimizer.snapshot()?.tensors[0].tensor[1].1, [ratio]); // it stays
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # NAdam: a running product
//!
//! Dozat, *Incorporating Nesterov Momentum into Adam*, 2016. The product of all μₜ so far belongs to
//! the tensor and is advanced on the host, in `f64`, with each gradient:
//! [`Own`](crate::transform::Stage::Own). It is saved by name in a snapshot.
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::hyperparameter::{Decay, LearningRate};
//! # use gradus::optimizer::Build;
//! # use gradus::real::{Real, interpolate};
//! # use gradus::rule::{Moments, ScaleByLearningRate};
//! # use gradus::rule::Chained;
//! # use gradus::transform::{Input, Nothing, Stage, StageExt, Step};
//! # use gradus::typenum::B1;
//! #[derive(Clone, Copy, Debug)]
//! struct ScaleByNadam { first: Decay, second: Decay, momentum_decay: f64 }
//!
//! gradus::fields! { struct Weights { first, second, of_gradient, of_momentum } }
//! gradus::fields! { struct Product { product } }
//!
//! impl Stage for ScaleByNadam {
//!     type Constants = Weights;
//!     type State = Moments;
//! #   type Tensor = Nothing;
//!     type Own = Product;
//! #   type Group = Nothing;
//!     type Keeps = B1;
//! #   type Joint = gradus::typenum::B0;
//!     fn constants(&self, at: &Step, own: &mut Product<f64>, _: &Nothing) -> Weights<f64> {
//!         let mu = |t: u64| self.first.get() * (1.0 - 0.5 * 0.96f64.powf(t as f64 * self.momentum_decay));
//!         let before = if at.own == 1 { 1.0 } else { own.product }; // all numbers start as 0
//!         own.product = before * mu(at.own);
//!         Weights {
//!             first: 1.0 - self.first.get(),
//!             second: self.second.debiased_weight(at.own),
//!             of_gradient: (1.0 - mu(at.own)) / (1.0 - own.product),
//!             of_momentum: mu(at.own + 1) / (1.0 - own.product * mu(at.own + 1)),
//!         }
//!     }
//!     #[inline(always)]
//!     fn update<F: Real>(at: &Weights<F>, input: Input<F>, _: &Nothing, state: &mut Moments<F>) -> Input<F> {
//!         let gradient = input.update;
//!         state.first = interpolate(state.first, gradient, at.first); // not debiased here
//!         state.second = interpolate(state.second, gradient * gradient, at.second);
//!         let ahead = gradient * at.of_gradient + state.first * at.of_momentum;
//!         input.with_update(ahead / state.second.sqrt().max(F::constant(1e-8)))
//!     }
//! }
//!
//! let nadam = ScaleByNadam { first: Decay::new(0.9)?, second: Decay::new(0.99)?, momentum_decay: 0.004 };
//! let rule = Chained { chain: nadam, learning_rate: LearningRate::new(0.01)? };
//! let mut parameters = [("w", vec![1.0f64, -2.0, 0.5])];
//! let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
//! // What HeavyBall 3.2 prints for this run.
//! for (t, expected) in [(1.0, 0.989435), (2.0, 0.979819), (3.0, 0.970226), (4.0, 0.960378)] {
//!     optimizer.step(&mut parameters, &[("w", vec![0.1 * t, -0.2 * t, 0.3 * t])])?;
//!     assert!((parameters[0].1[0] - expected).abs() < 1e-6);
//! }
//! assert_eq!(optimizer.snapshot()?.tensors[0].own[0].0, "product");
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # ADOPT, MARS, AMSGrad: the tensor's own count
//!
//! What differs at the first gradient, or is counted from the second, follows from `at.own` in
//! `constants`, on the host. The element code stays free of branches. [`Mars`](crate::rule::Mars)
//! compares its first gradient with itself, which is a weight of 0 for their difference.
//! [`ScaleByAdopt`](crate::rule::ScaleByAdopt) spends its first gradient on v: its
//! [`moves`](crate::transform::Stage::moves) says no, so the gradient arrives as a micro-batch does, and
//! neither the parameter nor its decay is touched.
//!
//! AMSGrad adds one field to Adam's two: `state.largest = state.largest.max(state.second)` and a
//! division by its root.
//!
//! A late first gradient is a first gradient: nothing here depends on how many steps the optimizer has
//! taken.
