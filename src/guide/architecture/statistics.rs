//! Rules that look at a whole tensor first: StableAdamW, caution, grafting, SGD-SaI, norm clips.
//!
//! All are [`Stage`](crate::transform::Stage)s with `PASSES` > 0. A pass maps every element to a
//! number, sums in the fixed tree, and `finish` turns the sum into numbers of the tensor, which stay
//! on the device. `measure` is given a copy of the state, so it can run the rule itself to see what
//! the update will see. Lines that a stage leaves empty are hidden below.
//!
//! # StableAdamW: the clip is a statistic of the rule's own state
//!
//! Wortsman et al., *Stable and low-precision training for large-scale vision-language models*,
//! 2023, <https://arxiv.org/abs/2304.13013>. The rate is divided by max(1, RMS(g/√v)), where v
//! already contains g, and decay uses the divided rate. So the stage wraps Adam and the decay, runs
//! both by calling their `update`, and divides what comes out.
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::hyperparameter::{LearningRate, WeightDecay};
//! # use gradus::optimizer::Build;
//! # use gradus::real::Real;
//! # use gradus::rule::{AddDecay, AdamConstants, DecayConstants, Moments, ScaleByAdam, ScaleByLearningRate};
//! # use gradus::rule::Chained;
//! # use gradus::transform::{Arrives, Input, Nothing, Of, Pair, Stage, StageExt, Step, Transform};
//! # use gradus::typenum::B1;
//! #[derive(Clone, Copy, Debug)]
//! struct Stable { adam: ScaleByAdam, decay: AddDecay }
//!
//! gradus::fields! { struct Clip { clip } }
//! type At<F> = (AdamConstants<F>, DecayConstants<F>);
//!
//! impl Stage for Stable {
//!     type Constants = Pair<AdamConstants, DecayConstants>;
//!     type State = Moments;
//!     type Tensor = Clip;
//! #   type Own = Nothing;
//! #   type Group = Nothing;
//!     type Keeps = B1;
//! #   type Joint = gradus::typenum::B0;
//!     const PASSES: usize = 1;
//!
//!     fn constants(&self, at: &Step, _: &mut Nothing, _: &Nothing) -> At<f64> {
//!         (Transform::constants(&self.adam, at), Transform::constants(&self.decay, at))
//!     }
//!     fn measures(&self, at: &Step) -> bool {
//!         at.arrives == Arrives::ToStep // a micro-batch moves nothing, so there is nothing to clip
//!     }
//!     #[inline(always)]
//!     fn measure<F: Real>(_: usize, at: &At<F>, input: Input<F>, _: &Clip<F>, moments: &mut Moments<F>) -> F {
//!         <ScaleByAdam as Transform>::update(&at.0, input, moments); // on a copy
//!         let epsilon = at.0.added.max(at.0.floor);
//!         input.update * input.update / moments.second.max(epsilon * epsilon)
//!     }
//!     #[inline(always)]
//!     fn finish<F: Real>(_: usize, _: &At<F>, sum: F, count: F, tensor: &mut Clip<F>) {
//!         tensor.clip = F::constant(1.0).max((sum / count).sqrt()); // NaN goes through
//!     }
//!     #[inline(always)]
//!     fn update<F: Real>(at: &At<F>, mut input: Input<F>, tensor: &Clip<F>, moments: &mut Moments<F>) -> Input<F> {
//!         input.update = <ScaleByAdam as Transform>::update(&at.0, input, moments);
//!         input.with_update(<AddDecay as Transform>::update(&at.1, input, &mut Nothing) / tensor.clip)
//!     }
//! }
//!
//! let decay = AddDecay::to_update(WeightDecay::decoupled(0.5)?);
//! let chain = Stable { adam: ScaleByAdam::default(), decay };
//! let rule = Chained { chain, learning_rate: LearningRate::new(0.01)? };
//! let mut parameters = [("w", vec![1.0f64, 1.0])];
//! let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
//! for gradient in [0.001, 0.1] {
//!     optimizer.step(&mut parameters, &[("w", vec![gradient, gradient])])?;
//! }
//! // By hand: the second step has v = 0.001²·(1 − w) + 0.1²·w with w = 0.001/(1 − 0.999²).
//! let (w1, w2) = (0.1 / (1.0 - 0.81), 0.001 / (1.0 - 0.998001));
//! let (m, v): (f64, f64) = (0.001 + w1 * 0.099, 1e-6 + w2 * (1e-2 - 1e-6));
//! let rms = 0.1 / v.sqrt();
//! let first = 1.0 - 0.01 * (0.001 / (0.001 + 1e-8) + 0.5); // RMS 1 clips nothing
//! let second = first - 0.01 / rms * (m / (v.sqrt() + 1e-8) + 0.5 * first);
//! assert!(rms > 1.4 && (parameters[0].1[0] - second).abs() < 1e-12);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # Caution and MARS: what compares with the gradient, and what replaces it
//!
//! [`Caution`](crate::rule::Caution) needs the gradient that the rule saw, and a count: the first is
//! `Input::gradient`, whatever the stages between made of the update; the second is a statistic that
//! runs on a copy of their state. A branch is [`Real::select`](crate::real::Real::select).
//! [`Mars`](crate::rule::Mars) stands before the rule and hands on `Input::with_gradient`, so that
//! caution compares with the corrected gradient.
//!
//! # Grafting: two branches of one gradient
//!
//! Agarwal et al., *Disentangling Adaptive Gradient Methods from Learning Rates*, 2020,
//! <https://arxiv.org/abs/2002.11803>: the direction of one rule with the length of another. Both
//! branches run on the same input; their states lie side by side as a
//! [`Pair`](crate::transform::Pair); two passes take the two norms.
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::hyperparameter::LearningRate;
//! # use gradus::optimizer::Build;
//! # use gradus::real::Real;
//! # use gradus::rule::{Momentum, MomentumConstants, ScaleByLearningRate, ScaleByLion, LionConstants, LionMomentum, Velocity};
//! # use gradus::rule::Chained;
//! # use gradus::transform::{Input, Nothing, Pair, Stage, StageExt, Step, Transform};
//! # use gradus::typenum::B1;
//! #[derive(Clone, Copy, Debug)]
//! struct Grafted { direction: ScaleByLion, length: Momentum }
//!
//! gradus::fields! { struct Norms { direction, scale } }
//! type At<F> = (LionConstants<F>, MomentumConstants<F>);
//! type Memory<F> = (LionMomentum<F>, Velocity<F>);
//!
//! impl Stage for Grafted {
//!     type Constants = Pair<LionConstants, MomentumConstants>;
//!     type State = Pair<LionMomentum, Velocity>;
//!     type Tensor = Norms;
//! #   type Own = Nothing;
//! #   type Group = Nothing;
//!     type Keeps = B1;
//! #   type Joint = gradus::typenum::B0;
//!     const PASSES: usize = 2;
//! #   fn constants(&self, at: &Step, _: &mut Nothing, _: &Nothing) -> At<f64> {
//! #       (Transform::constants(&self.direction, at), Transform::constants(&self.length, at))
//! #   }
//!     #[inline(always)]
//!     fn measure<F: Real>(pass: usize, at: &At<F>, input: Input<F>, _: &Norms<F>, state: &mut Memory<F>) -> F {
//!         let branch = match pass {
//!             0 => <ScaleByLion as Transform>::update(&at.0, input, &mut state.0),
//!             _ => <Momentum as Transform>::update(&at.1, input, &mut state.1),
//!         };
//!         branch * branch
//!     }
//!     #[inline(always)]
//!     fn finish<F: Real>(pass: usize, _: &At<F>, sum: F, _: F, norms: &mut Norms<F>) {
//!         match pass {
//!             0 => norms.direction = sum.sqrt().max(F::constant(1e-6)),
//!             _ => norms.scale = sum.sqrt() / norms.direction,
//!         }
//!     }
//!     #[inline(always)]
//!     fn update<F: Real>(at: &At<F>, input: Input<F>, norms: &Norms<F>, state: &mut Memory<F>) -> Input<F> {
//!         <Momentum as Transform>::update(&at.1, input, &mut state.1);
//!         input.with_update(<ScaleByLion as Transform>::update(&at.0, input, &mut state.0) * norms.scale)
//!     }
//! }
//!
//! let chain = Grafted { direction: ScaleByLion::default(), length: Momentum::default() };
//! let rule = Chained { chain: chain, learning_rate: LearningRate::new(1.0)? };
//! let mut parameters = [("w", vec![0.0f64; 4])];
//! let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
//! optimizer.step(&mut parameters, &[("w", vec![1.0, -1.0, 7.0, -7.0])])?;
//! assert_eq!(parameters[0].1, [-5.0, 5.0, -5.0, 5.0]); // four signs, norm 2; the gradient's is 10
//! # Ok::<(), gradus::error::Error>(())
//! ```
