//! Testing an optimizer: one of yours with this library, or this library.
//!
//! # A rule is a function
//!
//! [`Transform::update`](crate::transform::Transform::update) is arithmetic on numbers. One step by hand is
//! one call, in `f64`, without an optimizer:
//!
//! ```
//! use gradus::rule::{LionMomentum, ScaleByLion};
//! use gradus::transform::{Input, Step, Transform};
//!
//! let at = ScaleByLion::default().constants(&Step::first(1e-4));
//! let mut state = LionMomentum { momentum: -0.2f64 };
//! assert_eq!(ScaleByLion::update(&at, Input::of(1.0, 0.0), &mut state), -1.0); // 0.9·(−0.2) + 0.1·1 < 0
//! assert!((state.momentum - (0.99 * -0.2 + 0.01)).abs() < 1e-15);
//! ```
//!
//! # A reference in `f64`
//!
//! The same rule with `f64` parameters is a reference for any format: the text is the same, and the rounding
//! errors are smaller by nine orders of magnitude. Gradients may stay narrow, since they are only widened. A
//! tolerance is so many roundings of so many units in the last place, or it is not a test.
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::Build;
//! use gradus::rule::AdamW;
//!
//! let mut tested = [("w", vec![1.0f32; 5])];
//! let mut exact = [("w", vec![1.0f64; 5])];
//! let mut optimizer = AdamW::default().build(Cpu::default(), &tested)?;
//! let builder = AdamW::default().parameters_in::<f64>().gradients_in::<f32>();
//! let mut reference = builder.build(Cpu::default(), &exact)?;
//! for step in 1..=100 {
//!     let gradients = [("w", (0..5).map(|i| ((i * step) as f32).sin()).collect::<Vec<_>>())];
//!     optimizer.step(&mut tested, &gradients)?;
//!     reference.step(&mut exact, &gradients)?;
//! }
//! // Each of 100 steps rounds a parameter below 2 by at most EPSILON/2. Its update, of about 1e-3, is off by
//! // some tens of EPSILON, relatively: less than a tenth of that.
//! let tolerance = 100.0 * 0.6 * f64::from(f32::EPSILON);
//! assert!(tested[0].1.iter().zip(&exact[0].1).all(|(w, exact)| (f64::from(*w) - exact).abs() < tolerance));
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! To test an optimizer that is not written with this library, feed it the same gradients and compare with
//! `exact` after each step. State can be compared too: a
//! [`Snapshot`](crate::optimizer::Snapshot) holds it by name. Mind that moments are stored debiased:
//! m of another library is ours times 1 − βᵗ.
//!
//! # Recorded runs
//!
//! With the feature `testing`, `gradus::testing::trajectory` reads runs of other packages from safetensors
//! files: initial parameters, the gradients of each step, and what came out. `gradus::testing::replay` runs
//! them through the catalogue and reports the largest error over its tolerance. In `tests/golden/` of the
//! repository lie recordings of torch and optimi, with a description of the format.
//!
//! ```text
//! cargo run --release --example replay -- tests/golden/*.safetensors
//! ```
//!
//! # Properties
//!
//! What should hold for every optimizer, whatever the numbers:
//!
//! | Property | Holds for |
//! |---|---|
//! | a zero gradient with zero state moves nothing but decay | all |
//! | a tensor cut in two gives the same bits | elementwise rules; not with random bits, which go by name and place |
//! | one bad element (NaN, ±∞) leaves the others alone | elementwise rules |
//! | the number of threads changes no bit | all |
//! | gradient release gives the bits of a joint step | all |
//! | a snapshot restored and continued gives the bits of never having stopped | all |
//! | an absent gradient leaves parameter, state and count alone | all |
//! | a refused step has changed nothing | all |
//!
//! As a fuzz test, over all bit patterns of `f32`:
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::Build;
//! use gradus::rule::AdamW;
//! use proptest::collection::vec;
//! use proptest::prelude::{any, prop_assert_eq};
//! use proptest::test_runner::TestRunner;
//!
//! let bits = |values: &[f32]| -> Vec<u32> {
//!     // Which NaN comes out is not promised.
//!     values.iter().map(|value| if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() }).collect()
//! };
//! let gradients = vec(any::<u32>().prop_map(f32::from_bits), 2..200);
//! # use proptest::strategy::Strategy;
//! TestRunner::default().run(&gradients, |gradient| {
//!     let middle = gradient.len() / 2;
//!     let mut whole = [("w", vec![1.0f32; gradient.len()])];
//!     let mut halves = [("left", whole[0].1[..middle].to_vec()), ("right", whole[0].1[middle..].to_vec())];
//!     let mut of_whole = AdamW::default().build(Cpu::default(), &whole).expect("one parameter");
//!     let mut of_halves = AdamW::default().build(Cpu::default(), &halves).expect("two parameters");
//!     let parts = [("left", gradient[..middle].to_vec()), ("right", gradient[middle..].to_vec())];
//!     of_whole.step(&mut whole, &[("w", gradient)]).expect("shapes agree");
//!     of_halves.step(&mut halves, &parts).expect("shapes agree");
//!     prop_assert_eq!(bits(&whole[0].1), bits(&halves.map(|half| half.1).concat()));
//!     Ok(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Test with *all* hyperparameters away from their defaults: decay, ε and the second β at once. Most errors
//! of published optimizers stand where two options meet.
