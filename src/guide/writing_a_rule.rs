//! Writing an optimizer of your own.
//!
//! The part that is new is usually a [`Transform`](crate::transform::Transform): a function from an
//! update and a memory to the next update, for one element. Everything else exists: formats, stores,
//! threads, gradient release, snapshots, decay, learning rate.
//!
//! # A transform
//!
//! Signum (Bernstein et al., *signSGD*, 2018, <https://arxiv.org/abs/1802.04434>): the sign of an average.
//!
//! ```
//! use gradus::hyperparameter::{Decay, LearningRate, WeightDecay};
//! use gradus::real::{Real, interpolate};
//! use gradus::rule::AddDecay;
//! use gradus::rule::Chained;
//! use gradus::transform::{Input, StageExt, Step, Transform};
//! use gradus::typenum::B1;
//!
//! #[derive(Clone, Copy, Debug)]
//! struct Signum { decay: Decay }
//!
//! gradus::fields! { struct Average { average } }
//! gradus::fields! { struct Weight { newest } }
//!
//! impl Transform for Signum {
//!     type Constants = Weight;  // the same for a whole tensor
//!     type State = Average;     // one per element, 0 at first
//!     type Keeps = B1;          // it keeps an average of gradients
//!
//!     fn constants(&self, at: &Step) -> Weight<f64> {
//!         Weight { newest: self.decay.debiased_weight(at.own) }
//!     }
//!
//!     #[inline(always)]
//!     fn update<F: Real>(at: &Weight<F>, input: Input<F>, state: &mut Average<F>) -> F {
//!         state.average = interpolate(state.average, input.update, at.newest);
//!         state.average.sign()
//!     }
//! }
//!
//! // A chain is a rule, with every option that the named rules have.
//! use gradus::{cpu::Cpu, optimizer::Build};
//! use half::bf16;
//!
//! let decay = AddDecay::to_update(WeightDecay::decoupled(0.1)?);
//! let chain = Signum { decay: Decay::new(0.9)? }.then(decay);
//! let rule = Chained { chain, learning_rate: LearningRate::new(0.5)? };
//!
//! let mut parameters = [("w", vec![bf16::ONE; 3])];
//! let mut optimizer = rule.parameters_in::<bf16>().kahan().build(Cpu::default(), &parameters)?;
//! optimizer.step(&mut parameters, &[("w", [5.0, 0.0, -0.1].map(bf16::from_f32).to_vec())])?;
//! assert_eq!(parameters[0].1[1], bf16::from_f32(1.0 - 0.5 * 0.1)); // only decay
//! assert_eq!(optimizer.snapshot()?.tensors[0].state[0].0, "average");
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # What to keep in mind
//!
//! - **Constants are computed on the host, in `f64`**, once per step and tensor: powers of β, corrections,
//!   schedules. They are rounded once. What depends on the number of the gradient (`at.own`) or of the step
//!   (`at.optimizer`) belongs there; a condition becomes a constant of 0 or 1.
//! - **`update` is arithmetic.** It is generic over [`Real`](crate::real::Real), so that the same text runs in
//!   `f32` and `f64`. There is no comparison that returns a `bool`; `select`, `max` and `sign` take its place.
//!   No formats, no rounding, no devices.
//! - **Mark `update` `#[inline(always)]`.** It stands in the innermost loop, which becomes vector code only if
//!   nothing is called.
//! - **State starts as 0.** With debiased averages nothing else is needed: the weight of the first gradient
//!   is exactly 1.
//! - **Names of fields are names.** Snapshots find state by them; where a chain has one twice, the later ones
//!   are numbered. Renaming a field makes old snapshots unfit, which is said, not passed over.
//! - **`Keeps`** is [`B1`](typenum::B1) if a gradient that arrives without a step ends up in the
//!   state. A chain keeps if one of its stages does. With [`B0`](typenum::B0) everywhere, `accumulate` does not compile.
//! - **The update is subtracted**, and the learning rate is a stage, [`ScaleByLearningRate`](crate::rule::ScaleByLearningRate),
//!   which [`Chained`](crate::rule::Chained) puts behind the chain. What must stand behind it, like lookahead, is put there
//!   by the option [`afterwards`](crate::optimizer::Builder::afterwards).
//!
//! # The order of a chain
//!
//! ```text
//! gradient ─▶ L2 decay ─▶ your transform ─▶ decoupled decay ─▶ learning rate ─▶ store
//! ```
//!
//! Each stage sees the update of the one before it as `input.update`, and always the raw
//! `input.gradient` and the `input.parameter` before the step. A chain costs one pass over memory, however
//! long it is. When a gradient is only accumulated, there is no parameter (it reads as 0) and the update is
//! dropped; a stage that remembers parameters must look at [`Step::arrives`](crate::transform::Step::arrives).
//!
//! # Two branches
//!
//! Stages that stand [`beside`](crate::transform::StageExt::beside) each other see the same gradient, and a
//! [`Merge`](crate::transform::Merge) makes one update of both: [`Graft`](crate::rule::Graft) the length of
//! the first in the direction of the second, [`WeightedSum`](crate::rule::WeightedSum) a sum, one of your own
//! whatever you like. Each branch may be a chain with statistics of its own.
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::hyperparameter::LearningRate;
//! use gradus::optimizer::Build;
//! use gradus::rule::{Chained, Graft, Momentum, ScaleByAdam, Sign};
//! use gradus::transform::StageExt;
//!
//! let chain = Momentum::default().beside(ScaleByAdam::default().then(Sign)).merge(Graft::default());
//! let rule = Chained { chain, learning_rate: LearningRate::new(0.1)? };
//! let mut parameters = [("w", vec![0.0f64; 2])];
//! let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
//! optimizer.step(&mut parameters, &[("w", vec![3.0, -4.0])])?;
//! let each = 0.1 * 5.0 / 2.0f64.sqrt(); // norm 5, in the direction (1, -1)
//! assert!((parameters[0].1[0] + each).abs() < 1e-7 && (parameters[0].1[1] - each).abs() < 1e-7);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # A chain from data
//!
//! Where the stages are known at run time only, a [`Program`](crate::transform::Program) lists them, and
//! [`ListedStages`](crate::rule::ListedStages) makes a rule of it, with the bits of the same chain in types.
//! Your own stages, and branches, are items like any other. The type says how many fields of state there are.
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::hyperparameter::{LearningRate, WeightDecay};
//! use gradus::optimizer::Build;
//! use gradus::rule::{Graft, ListedStages, Momentum, ScaleByAdam, Sign};
//! use gradus::transform::{AroundAtRunTime, DynamicRule, Identity, Program, StageExt};
//!
//! let mut program = Program::default();
//! for name in ["momentum", "grafted adam", "sign"] {
//!     match name {
//!         "momentum" => program.push(Momentum::default()),
//!         "sign" => program.push(Sign),
//!         _ => program.push(Identity.beside(ScaleByAdam::default()).merge(Graft::default())),
//!     }
//! }
//! assert_eq!(program.state_fields(), ["velocity", "first", "second"]);
//!
//! let (weight_decay, learning_rate) = (WeightDecay::NONE, LearningRate::new(0.1)?);
//! let rule = ListedStages { program, weight_decay, learning_rate };
//! let rule = <DynamicRule>::of(Box::new(rule), AroundAtRunTime::default())?;
//! let mut parameters = [("w", vec![1.0f32; 4])];
//! let mut optimizer = rule.build(Cpu::default(), &parameters)?;
//! optimizer.step(&mut parameters, &[("w", vec![0.5f32; 4])])?;
//! assert!(parameters[0].1.iter().all(|weight| *weight < 1.0));
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! A branch may be a program itself: [`Program::beside`](crate::transform::Program::beside) is `beside` for
//! programs, and what their merge makes is a program again, so that branches nest.
//!
//! ```
//! use gradus::rule::{Average, Graft, Momentum, ScaleByAdam, Sign, WeightedSum};
//! use gradus::transform::{Program, Stage, StageExt};
//!
//! // As many branches as there are names.
//! let mut direction = Program::of(ScaleByAdam::default());
//! for name in ["average", "sign"] {
//!     let other = if name == "average" { Program::of(Average::default()) } else { Program::of(Sign) };
//!     direction = direction.beside(other).merge(WeightedSum::default())?;
//! }
//! let program = Program::of(Momentum::default()).beside(direction).merge(Graft::default())?;
//! assert_eq!(program.state_fields(), ["velocity", "first", "second", "mean"]);
//!
//! // It says of itself what the same branches in types do.
//! let direction = ScaleByAdam::default().beside(Average::default()).merge(WeightedSum::default());
//! let direction = direction.beside(Sign).merge(WeightedSum::default());
//! let chain = Momentum::default().beside(direction).merge(Graft::default());
//! assert_eq!(program.description().stages, chain.description().stages);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! The [catalogue](crate::catalogue#a-chain-by-name) builds such programs from a text:
//! `graft(heavyball_momentum | scale_by_adam, sign)`.
//!
//! # A name
//!
//! Hyperparameters with a name implement [`Rule`](crate::transform::Rule): the two parts of the chain that
//! they become, between which options put clips and the like, and what schedules may change.
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::hyperparameter::{LearningRate, WeightDecay};
//! # use gradus::optimizer::Build;
//! use gradus::rule::{Momentum, ScaleByLearningRate};
//! use gradus::transform::Rule;
//!
//! #[derive(Clone, Copy, Debug)]
//! struct HeavyBall { learning_rate: LearningRate }
//!
//! impl Rule for HeavyBall {
//!     type Direction = Momentum;         // from the gradient to where the parameter goes
//!     type Finish = ScaleByLearningRate; // decay, if there is any, and the learning rate
//!     gradus::tunables!(learning_rate);  // what schedules may change
//!
//!     fn direction(&self) -> Momentum { Momentum::default() }
//!     fn finish(&self) -> ScaleByLearningRate { ScaleByLearningRate }
//! }
//!
//! let mut parameters = [("x", vec![1.0f32])];
//! let mut optimizer = HeavyBall { learning_rate: LearningRate::new(0.5)? }.build(Cpu::default(), &parameters)?;
//! optimizer.step(&mut parameters, &[("x", vec![1.0f32])])?;
//! assert_eq!(parameters[0].1, [0.5]);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # More than one element
//!
//! A rule that needs a sum over its tensor, or remembers numbers per tensor or group, is a
//! [`Stage`](crate::transform::Stage), of which a transform is the simplest kind.
//! [`architecture`](super::architecture) has worked examples: clips, caution, running products, lookahead.
//! Where both traits are in scope, say which one you call: `<Signum as Transform>::update(..)`.
