//! Which optimizer, which learning rate, which decay.
//!
//! | Rule | γ to start from | λ to start from | Bytes of state per f32 parameter |
//! |---|---|---|---|
//! | [`AdamW`](crate::rule::AdamW) | 1e-3 small networks, 1e-4 to 6e-4 transformers | 0.01 to 0.1 | 8 |
//! | [`Adam`](crate::rule::Adam) | the same | none | 8 |
//! | [`StableAdamW`](crate::rule::StableAdamW) | AdamW's | AdamW's | 8 |
//! | [`NAdam`](crate::rule::NAdam) | AdamW's, or twice as much | AdamW's | 8 |
//! | [`RAdam`](crate::rule::RAdam) | AdamW's, without a warm-up | AdamW's | 8 |
//! | [`Ranger`](crate::rule::Ranger) | the same | AdamW's | 12 |
//! | [`Adan`](crate::rule::Adan) | AdamW's times 5 to 10 | 0.02 | 16 |
//! | [`AmsGrad`](crate::rule::AmsGrad), [`AmsGradW`](crate::rule::AmsGradW) | Adam's, AdamW's | none, AdamW's | 12 |
//! | [`Adamax`](crate::rule::Adamax) | Adam's, or twice as much | none | 8 |
//! | [`RmsProp`](crate::rule::RmsProp) and its kind | 1e-3 to 1e-2 | none | 4 to 12 |
//! | [`Adagrad`](crate::rule::Adagrad) | 0.01 to 0.1 | none | 4 |
//! | [`Adadelta`](crate::rule::Adadelta) | 1 | none | 8 |
//! | [`AdamC`](crate::rule::AdamC) | AdamW's | AdamW's | 8 |
//! | [`AdEMAMix`](crate::rule::AdEMAMix) | AdamW's | AdamW's | 12 |
//! | [`Adopt`](crate::rule::Adopt) | AdamW's | AdamW's | 8 |
//! | [`LaProp`](crate::rule::LaProp) and its kind | 4e-4 | AdamW's | 8 |
//! | [`UnscaledAdamW`](crate::rule::UnscaledAdamW) | that of SGD | that of SGD | 8 |
//! | [`SudsAdamW`](crate::rule::SudsAdamW) | AdamW's | AdamW's | 12 |
//! | [`HyperBallAdamW`](crate::rule::HyperBallAdamW) | 0.0025, an angle | none | 4 |
//! | [`Muon`](crate::rule::Muon), [`Soap`](crate::rule::Soap) and their kind | see [`matrices`](crate::guide::matrices) | 0.01 to 0.1 | 4; 8 and bases |
//! | [`Psgd`](crate::rule::Psgd) and its kind | AdamW's divided by 3 | AdamW's times 3 to 10 | 4 and factors |
//! | [`Lion`](crate::rule::Lion) | AdamW's divided by 3 to 10 | AdamW's times 3 to 10 | 4 |
//! | [`SgdSai`](crate::rule::SgdSai) | near AdamW's | AdamW's | 4 |
//! | [`ScheduleFreeAdamW`](crate::rule::ScheduleFreeAdamW) | AdamW's times 1 to 10, constant after a warm-up | AdamW's | 8 |
//! | [`ScheduleFreeRAdam`](crate::rule::ScheduleFreeRAdam) | the same, without a warm-up | AdamW's | 8 |
//! | [`ScheduleFreeSgd`](crate::rule::ScheduleFreeSgd) | SgdMomentum's times 10 to 50 | SgdMomentum's | 4 |
//! | [`MsamLaProp`](crate::rule::MsamLaProp) | AdamW's | AdamW's | 12 |
//! | [`Sm3Momentum`](crate::rule::Sm3Momentum) | 0.1, with a warm-up | none | 4 |
//! | [`Sm3`](crate::rule::Sm3) | the same | none | 4 per row and column |
//! | [`SgdMomentum`](crate::rule::SgdMomentum) | 0.01 to 0.1 | 1e-4, L2 | 4 |
//! | [`Sgd`](crate::rule::Sgd) | 0.1 to 1 | none | 0 |
//!
//! - **In doubt, AdamW.** It is the least sensitive to the scale of gradients, since its update is one:
//!   the update of each element is about γ, whatever the size of the loss.
//! - **StableAdamW** divides the rate of a tensor by max(1, RMS(g/√v)) when its gradients outrun their
//!   average: spikes of the loss without a clip of gradients. It reads gradient and v twice.
//! - **RAdam** waits with the division by √v until v is an average of enough gradients, which is what a
//!   warm-up is for. **Ranger** adds lookahead, as
//!   [`.afterwards(Lookahead::default())`](crate::rule::Lookahead) does for any rule.
//! - **Adan** measures how gradients change and bears larger rates; twice the state of AdamW.
//! - **AmsGrad** never lets a denominator fall. It helps where rare large gradients carry the signal.
//! - **RmsProp** is Adam without an average of gradients, hence cannot accumulate micro-batches unless it
//!   has momentum. Centred, it divides by the deviation instead of the root mean square.
//! - **Adagrad** and **Adadelta** are the oldest: for sparse features in convex problems, and for problems
//!   whose scale is unknown.
//! - Tables of embeddings have gradients of a few rows: [`by_rows`](crate::optimizer::Optimizer::by_rows)
//!   works on these alone, with any rule that does not remember how a tensor began; [`Sm3`](crate::rule::Sm3) then keeps one number per row.
//! - **Adopt** and **LaProp** divide each gradient by its scale before it is averaged. Adopt's scale does
//!   not know the gradient that it divides, so that it converges with any β₂; LaProp's β₂ may be small.
//! - **AdEMAMix** adds an average over some ten thousand gradients. Give both warm-ups the length of
//!   the training.
//! - [`Caution`](crate::rule::Caution) behind a rule drops the elements of its update that move against
//!   their gradients: `.on_update(Caution::default())`. [`Mars`](crate::rule::Mars) before one corrects
//!   gradients by their change: `.on_gradient(Mars::default())`, with the rule's β₁.
//! - **Lion** moves every element by exactly γ (decay aside). It has half of AdamW's state and no
//!   division, and wants large batches, because the sign of a noisy gradient is noise.
//! - **SgdSai** is momentum with a factor per tensor, found from the first gradient. Averages over workers
//!   or micro-batches make that measurement better: hand in the best first gradient that you have.
//! - **Schedule-free** rules replace the decay of γ by an average of the points they visit, so the length of
//!   training need not be known: see [`evaluating`](crate::guide::evaluating).
//! - **MsamLaProp** takes gradients a step away from the model, against the momentum, and so prefers minima
//!   that are flat in that direction.
//! - **Sm3** adapts the rate of each element as Adagrad does, from sums of squares per row and column: its
//!   state is next to nothing. **Sm3Momentum** adds an average of updates, as large as the parameters.
//! - **SgdMomentum** moves by γ times the gradient, so γ depends on the scale of the loss. Well tuned, it
//!   is hard to beat on convolutional networks.
//! - **Sgd** keeps nothing, hence cannot accumulate micro-batches: the compiler says so.
//!
//! # β₂ and ε of Adam
//!
//! The default β₂ = 0.999 averages over about 1000 gradients. Transformers are often trained with 0.95 to
//! 0.99, which forgets an outburst sooner; [`SecondDecay::PALM`](crate::hyperparameter::SecondDecay::PALM)
//! lets the average grow with training. ε is added to √v; as a floor, max(√v, ε), it leaves
//! denominators above it untouched. See [`Epsilon`](crate::hyperparameter::Epsilon).
//!
//! # Weight decay
//!
//! [`WeightDecay`](crate::hyperparameter::WeightDecay) says what λ is multiplied with:
//!
//! | Kind | A step removes | Choose it when |
//! |---|---|---|
//! | `l2(λ)` | what the rule makes of λθ as a gradient | a paper says "L2", with SGD |
//! | `decoupled(λ)` | γλθ | a paper or another library says AdamW |
//! | `fully_decoupled(λ, γ_max)` | (γ/γ_max)·λθ | you tune γ and do not want λ to change with it |
//! | `corrected(λ, γ_max)` | γ·(γ/γ_max)·λθ | γ falls a long way, and weights are normalised |
//!
//! Each may be [`.cautious()`](crate::hyperparameter::WeightDecay::cautious): then it acts only where the
//! update moves the parameter towards zero anyway.
//!
//! λ of fully decoupled decay is a share per step, so it is smaller by about a factor of γ: 1e-5 rather
//! than 1e-2. Biases and norms are usually left out, with a group:
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::hyperparameter::{Decay, LearningRate, WeightDecay};
//! use gradus::optimizer::Build;
//! use gradus::rule::AdamW;
//!
//! let rule = AdamW {
//!     learning_rate: LearningRate::new(3e-4)?,
//!     second: Decay::new(0.95)?.into(),
//!     weight_decay: WeightDecay::decoupled(0.1)?,
//!     ..AdamW::default()
//! };
//! let parameters = [("layer.weight", vec![0.1f32; 12]), ("layer.bias", vec![0.0; 3])];
//! let undecayed = AdamW { weight_decay: WeightDecay::NONE, ..rule };
//! let optimizer = rule
//!     .group("undecayed", |name, _layout| name.ends_with(".bias"), undecayed)
//!     .build(Cpu::default(), &parameters)?;
//! assert_eq!(optimizer.groups().count(), 2);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # A schedule
//!
//! A schedule is a function of your own. [`set_learning_rate`](crate::optimizer::Optimizer::set_learning_rate)
//! takes what it returns, before the step that it is for:
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::hyperparameter::LearningRate;
//! use gradus::optimizer::Build;
//! use gradus::rule::AdamW;
//!
//! /// Linear up in 10 steps, then along a cosine to zero at step 100.
//! fn schedule(step: u64) -> f64 {
//!     let (warm, all) = (10.0, 100.0);
//!     let step = step as f64;
//!     let along = ((step - warm) / (all - warm)).clamp(0.0, 1.0);
//!     3e-4 * (step / warm).min(0.5 + 0.5 * (std::f64::consts::PI * along).cos())
//! }
//!
//! let mut parameters = [("x", vec![1.0f32])];
//! let mut optimizer = AdamW::default().build(Cpu::default(), &parameters)?;
//! for _ in 0..100 {
//!     optimizer.set_learning_rate(LearningRate::new(schedule(optimizer.steps() + 1))?);
//!     let gradients = [("x", parameters[0].1.clone())];
//!     optimizer.step(&mut parameters, &gradients)?;
//! }
//! assert_eq!(schedule(100), 0.0);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # Memory
//!
//! State is known when an optimizer is built, and does not grow. Per parameter, in bytes:
//!
//! | | f32 | bf16, f32 state | bf16, bf16 state | bf16 + Kahan, bf16 state |
//! |---|---|---|---|---|
//! | AdamW, Adam | 8 | 8 | 4 | 6 |
//! | Lion, SgdMomentum, SgdSai | 4 | 4 | 2 | 4 |
//! | Adan | 16 | 16 | 8 | 10 |
//! | Ranger, AmsGrad | 12 | 12 | 6 | 8 |
//! | AdamW, Adam, StableAdamW, NAdam, RAdam, Adamax, Adadelta | 8 | 8 | 4 | 6 |
//! | Lion, SgdMomentum, RmsProp, Adagrad | 4 | 4 | 2 | 4 |
//! | momentum, or centring, of RmsProp; lookahead behind any rule | 4 more | 4 | 2 | 2 |
//! | AdEMAMix, SudsAdamW | 12 | 12 | 6 | 8 |
//! | AdamW, Adam, AdamC, Adopt, LaProp and its kind, UnscaledAdamW | 8 | 8 | 4 | 6 |
//! | Lion, SgdMomentum, HyperBallAdamW; Mars beside a rule | 4 | 4 | 2 | 4 |
//! | Sgd | 0 | 0 | 0 | 2 |
//! | Lion, SgdMomentum, SgdSai, Sm3Momentum | 4 | 4 | 2 | 4 |
//! | Sgd, Sm3 | 0 | 0 | 0 | 2 |
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::Build;
//! use gradus::rule::{AdamW, Lion, Sgd};
//! use half::bf16;
//!
//! let wide = [("x", vec![0.0f32])];
//! let narrow = [("x", vec![bf16::ZERO])];
//! let cpu = Cpu::default();
//! assert_eq!(AdamW::default().build(cpu.clone(), &wide)?.state_bytes(), 8);
//! assert_eq!(AdamW::default().parameters_in::<bf16>().build(cpu.clone(), &narrow)?.state_bytes(), 8);
//! let narrow_state = AdamW::default().parameters_in::<bf16>().state_in::<bf16>(1);
//! assert_eq!(narrow_state.build(cpu.clone(), &narrow)?.state_bytes(), 4);
//! let narrow_state = Lion::default().parameters_in::<bf16>().state_in::<bf16>(1);
//! assert_eq!(narrow_state.kahan().build(cpu.clone(), &narrow)?.state_bytes(), 4);
//! assert_eq!(Sgd::default().parameters_in::<bf16>().kahan().build(cpu, &narrow)?.state_bytes(), 2);
//! # Ok::<(), gradus::error::Error>(())
//! ```
