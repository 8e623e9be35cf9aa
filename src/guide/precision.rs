//! Formats, stores, and what is promised about bits.
//!
//! # One rounding
//!
//! A step widens what it reads (exactly), computes in `f32` (`f64` for `f64` parameters), and rounds each
//! number once when it is written. Weight decay is part of the update, so it is not rounded by itself:
//! a factor of 1 − 1e-5 applied to a bf16 number would change nothing, ever.
//!
//! | Format | Bits | Significant bits | Unit at 1 | Largest | Smallest normal |
//! |---|---|---|---|---|---|
//! | `f64` | 64 | 53 | 2e-16 | 2e308 | 2e-308 |
//! | `f32` | 32 | 24 | 1e-7 | 3e38 | 1e-38 |
//! | `bf16` | 16 | 8 | 0.008 | 3e38 | 1e-38 |
//! | `f16` | 16 | 11 | 0.001 | 65504 | 6e-5 |
//! | `bf16+8`: [`Plus8<bf16>`](crate::dtype::Plus8) | 24 | 16 | 3e-5 | 3e38 | 1e-38 |
//! | `bf16+16`: [`Plus16<bf16>`](crate::dtype::Plus16) | 32 | 24 | 1e-7 | 3e38 | 1e-38 |
//! | `f16+8` | 24 | 19 | 4e-6 | 65520 | 6e-5 |
//! | `f16+16` | 32 | 24 | 1e-7 | 65520 | 6e-5 |
//!
//! # Stores
//!
//! With γ = 1e-3 an Adam step changes a weight of 1 by 0.001; a bf16 number near 1 can only change by
//! 0.004 or more. What becomes of the part that does not fit is the choice of a store:
//!
//! | Store | Memory per parameter | The part that does not fit | Choose it when |
//! |---|---|---|---|
//! | nearest | | is lost | parameters are `f32` or `f64` |
//! | `.kahan()` | 2 bytes | is carried into the next step | results should be close to `f32` training |
//! | `.error_corrected8(seed)` | 1 byte | lies beside it, 8 digits long, and what is behind them is kept on average | results should be close to `f32` training in 3 bytes |
//! | `.error_corrected16()` | 2 bytes | lies beside it, 16 digits long | `bf16` parameters should train exactly as `f32` ones |
//! | `.stochastic_rounding(seed)` | | is kept on average | memory is what limits you |
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::hyperparameter::LearningRate;
//! use gradus::optimizer::Build;
//! use gradus::rule::Sgd;
//! use half::bf16;
//!
//! let rule = Sgd { learning_rate: LearningRate::new(1e-4)?, ..Sgd::default() };
//! let start = [("w", vec![bf16::ONE; 4096])];
//! let gradients = [("w", vec![bf16::ONE; 4096])];
//! let mean = |parameters: &[(&str, Vec<bf16>)]| {
//!     parameters[0].1.iter().map(|w| w.to_f64()).sum::<f64>() / 4096.0
//! };
//!
//! // A thousand steps of 1e-4 should lead from 1 to 0.9.
//! let (mut nearest, mut kahan, mut stochastic) = (start.clone(), start.clone(), start.clone());
//! let mut to_nearest = rule.parameters_in::<bf16>().build(Cpu::default(), &start)?;
//! let mut with_carry = rule.parameters_in::<bf16>().kahan().build(Cpu::default(), &start)?;
//! let mut at_random = rule.parameters_in::<bf16>().stochastic_rounding(7).build(Cpu::default(), &start)?;
//! for _ in 0..1000 {
//!     to_nearest.step(&mut nearest, &gradients)?;
//!     with_carry.step(&mut kahan, &gradients)?;
//!     at_random.step(&mut stochastic, &gradients)?;
//! }
//! assert_eq!(mean(&nearest), 1.0);
//! assert!((mean(&kahan) - 0.9).abs() < 0.004); // to the nearest bf16 number
//! assert!((mean(&stochastic) - 0.9).abs() < 0.001);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! Kahan's carry is what the parameter should have moved by and did not: the rest of the addition, exact
//! in `f32` and rounded once into the parameter's format. Where the parameter is infinite or NaN it is 0.
//!
//! # Error correction
//!
//! An error-corrected number is a 16-bit one with 8 or 16 more binary digits beside it, as in HeavyBall's
//! ECC and FlashOptim. Between two neighbouring 16-bit numbers of one sign lie 2⁸ or 2¹⁶ steps, and the
//! correction says how many steps the value lies from the nearest of the two. So the 16-bit number is
//! the best one by itself: the model computes with it and never sees the correction.
//!
//! For parameters the correction lies beside them, like Kahan's carry, and is read at each step: rules see
//! both as one number. Setting a parameter to something else between two steps leaves a correction of at
//! most half a unit in the last place there. For state both lie together:
//! `.state_in::<Plus8<bf16>>(seed)` takes 3 bytes for each 4 of `f32`. What lies behind the digits is
//! rounded stochastically, so 8 digits have no bias; 16 digits beside `bf16` are `f32`, and nothing is
//! rounded. A finite value never becomes infinite: beyond the largest number and half its unit there is
//! only that. [`Plus8`](crate::dtype::Plus8) and [`Plus16`](crate::dtype::Plus16) may hold parameters
//! themselves, where nothing else reads them.
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::dtype::Plus8;
//! use gradus::optimizer::Build;
//! use gradus::rule::AdamW;
//! use half::bf16;
//!
//! let gradients = [("w", vec![0.5f32; 1000])];
//! let mut wide = [("w", vec![1f32; 1000])];
//! let mut corrected = [("w", vec![bf16::ONE; 1000])];
//! let mut in_f32 = AdamW::default().build(Cpu::default(), &wide)?;
//! let builder = AdamW::default().parameters_in::<bf16>().gradients_in::<f32>();
//! let builder = builder.error_corrected8(1).state_in::<Plus8<bf16>>(2);
//! let mut in_7_bytes = builder.build(Cpu::default(), &corrected)?;
//! for _ in 0..100 {
//!     in_f32.step(&mut wide, &gradients)?;
//!     in_7_bytes.step(&mut corrected, &gradients)?;
//! }
//! // The model reads the bf16 number nearest to what f32 training gives.
//! assert_eq!(corrected[0].1[0], bf16::from_f32(wide[0].1[0]));
//! assert_eq!((in_f32.state_bytes(), in_7_bytes.state_bytes()), (8 * 1000, 7 * 1000));
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # The format of state
//!
//! State is `f32` unless asked otherwise (`f64` for `f64` parameters). `.state_in::<bf16>(seed)` halves it,
//! and rounds stochastically, always: with β₂ = 0.999 an average moves by a thousandth of the difference
//! at each step, which rounding to nearest would drop. Parameters, gradients and state have independent
//! formats; a gradient is only ever widened.
//!
//! Stochastic rounding never makes a finite number infinite: beyond the largest number it writes that
//! number. Rounding to nearest follows IEEE 754 and overflows.
//!
//! # Random bits
//!
//! Random bits come from Philox 4x32-10, a function without memory. Those of an element follow from the
//! seed, the *name* of its parameter, its place in the tensor, the number of the gradient that the
//! parameter receives, and whether they round the parameter or which field of its state. There is no
//! generator to save; adding a parameter or changing the order of a set does not change the bits of the
//! others. [`random`](crate::random) has the definition.
//!
//! # What is promised
//!
//! The same program gives the same bits
//!
//! - for any number of threads, and any other work on the machine;
//! - for any width of the vector instructions: nothing is contracted into fused multiply-adds;
//! - with [gradient release](super::gradient_release) or without;
//! - after a snapshot is taken, restored and continued.
//!
//! Sums over a tensor (statistics) run in a tree of fixed shape. Constants of a step use the crate `libm`,
//! not the platform's functions. NaN in, NaN out: a NaN gradient is not hidden, but which NaN is not
//! promised. A change of these bits between releases is a breaking change.
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::Build;
//! use gradus::rule::AdamW;
//! use half::bf16;
//!
//! let gradients = [("w", (0..100_000).map(|i| bf16::from_f32((i % 17) as f32 - 8.0)).collect::<Vec<_>>())];
//! let run = |threads| {
//!     let mut parameters = [("w", vec![bf16::ONE; 100_000])];
//!     let builder = AdamW::default().parameters_in::<bf16>().state_in::<bf16>(3).stochastic_rounding(4);
//!     let mut optimizer = builder.build(Cpu::with_threads(threads)?, &parameters)?;
//!     for _ in 0..3 {
//!         optimizer.step(&mut parameters, &gradients)?;
//!     }
//!     Ok::<_, gradus::error::Error>(parameters)
//! };
//! assert_eq!(run(1)?, run(4)?);
//! # Ok::<(), gradus::error::Error>(())
//! ```
