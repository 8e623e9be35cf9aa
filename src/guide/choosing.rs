//! Which optimizer, which learning rate, which decay.
//!
//! | Rule | γ to start from | λ to start from | Bytes of state per f32 parameter |
//! |---|---|---|---|
//! | [`AdamW`](crate::rule::AdamW) | 1e-3 small networks, 1e-4 to 6e-4 transformers | 0.01 to 0.1 | 8 |
//! | [`Adam`](crate::rule::Adam) | the same | none | 8 |
//! | [`Lion`](crate::rule::Lion) | AdamW's divided by 3 to 10 | AdamW's times 3 to 10 | 4 |
//! | [`SgdSai`](crate::rule::SgdSai) | near AdamW's | AdamW's | 4 |
//! | [`Sm3Momentum`](crate::rule::Sm3Momentum) | 0.1, with a warm-up | none | 4 |
//! | [`Sm3`](crate::rule::Sm3) | the same | none | 4 per row and column |
//! | [`SgdMomentum`](crate::rule::SgdMomentum) | 0.01 to 0.1 | 1e-4, L2 | 4 |
//! | [`Sgd`](crate::rule::Sgd) | 0.1 to 1 | none | 0 |
//!
//! - **In doubt, AdamW.** It is the least sensitive to the scale of gradients, since its update is one:
//!   the update of each element is about γ, whatever the size of the loss.
//! - **Lion** moves every element by exactly γ (decay aside). It has half of AdamW's state and no
//!   division, and wants large batches, because the sign of a noisy gradient is noise.
//! - **SgdSai** is momentum with a factor per tensor, found from the first gradient. Averages over workers
//!   or micro-batches make that measurement better: hand in the best first gradient that you have.
//! - **Sm3** adapts the rate of each element as Adagrad does, from sums of squares per row and column: its
//!   state is next to nothing. **Sm3Momentum** adds an average of updates, as large as the parameters.
//! - **SgdMomentum** moves by γ times the gradient, so γ depends on the scale of the loss. Well tuned, it
//!   is hard to beat on convolutional networks.
//! - **Sgd** keeps nothing, hence cannot accumulate micro-batches: the compiler says so.
//!
//! # β₂ and ε of Adam
//!
//! The default β₂ = 0.999 averages over about 1000 gradients. Transformers are often trained with 0.95 to
//! 0.99, which forgets an outburst sooner. ε is added to √v; as a floor, max(√v, ε), it leaves
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
