//! Rules that look at a whole tensor first: StableAdamW, caution, grafting, SGD-SaI, norm clips.
//!
//! All are [`Stage`](crate::transform::Stage)s with `PASSES` > 0. A pass maps every element to a
//! number, sums in the fixed tree, and `finish` turns the sum into numbers of the tensor, which stay
//! on the device. `measure` is given a copy of the state, so it can run the rule itself to see what
//! the update will see. Lines that a stage leaves empty are hidden below.
//!
//! # StableAdamW: the clip is a statistic of the rule's own state
//!
//! [`StableAdamW`](crate::rule::StableAdamW) divides the rate by max(1, RMS(g/√v)), where v already
//! contains g. So `measure` runs Adam on the copy of its state and returns g/√v, the fold is a
//! [`Norm`](crate::transform::Fold::Norm), whose squares cannot overflow, and `finish` keeps one factor
//! per tensor. A micro-batch moves nothing, so [`measures`](crate::transform::Stage::measures) says that
//! there is nothing to clip.
//!
//! Decay is slowed with the update, but stands behind it, in another stage. What connects the two is
//! [`Input::rate`](crate::transform::Input::rate): a stage may lower what the learning rate will be
//! multiplied with, where it is applied.
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
//! <https://arxiv.org/abs/2002.11803>: the direction of one rule with the length of another. For any two
//! stages this is [`beside`](crate::transform::StageExt::beside) and [`Graft`](crate::rule::Graft); written
//! out for two of them, it shows what [`Branches`](crate::transform::Branches) do. Both branches run on the
//! same input; their states lie side by side as a [`Pair`](crate::transform::Pair); two passes take the two
//! norms.
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
