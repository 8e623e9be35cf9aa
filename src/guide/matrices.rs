//! Rules for matrices: choosing and tuning them.
//!
//! Adam and its kind scale every element by itself. A matrix has more structure: its gradient has
//! directions, long ones and short ones, which lie askew to the elements. Three families use it.
//!
//! | Rule | What it does | State per parameter of an n×n matrix | γ to start from |
//! |---|---|---|---|
//! | [`Muon`](crate::rule::Muon) | makes all directions of the momentum equally long | 1 number | 0.02, or AdamW's with [`ShapeScaling::AsAdamW`](crate::rule::ShapeScaling) |
//! | [`MuonLaProp`](crate::rule::MuonLaProp) | the same to LaProp's update | 2 | LaProp's, or more |
//! | [`Scion`](crate::rule::Scion) | the same, with steps of one length in a norm for each layer | 1 | 2.5e-3 |
//! | [`Soap`](crate::rule::Soap) | Adam in a basis whose axes are those directions | 2, and 4 of factors and bases | 3e-3 |
//! | [`Solp`](crate::rule::Solp), [`SoapNAdam`](crate::rule::SoapNAdam), [`SoapAdEMAMix`](crate::rule::SoapAdEMAMix) | the same with another stage within | 2 or 3, and 4 | 3e-3 |
//! | [`ScheduleFreeSoap`](crate::rule::ScheduleFreeSoap) | RMSprop within, schedule-free outside | 2, and 4 | 3e-3 |
//! | [`Psgd`](crate::rule::Psgd) | makes gradients equally long in all directions, by factors that are fitted to them | 1, and 1 of packed factors | 1e-3; 3e-4 as [`Psgd::kron`](crate::rule::Psgd::kron) |
//!
//! - **Muon** for hidden layers of large networks: least memory, and its cost does not depend on anything
//!   but shapes. Embeddings, the last layer, biases and scales belong to AdamW, by a
//!   [route](crate::optimizer::Builder::route) in one line, below. By name that is `muon_adamw`.
//! - **Soap** where steps are dear and memory is not: it needs the fewest.
//! - **Psgd** where SOAP's memory is too much, or gradients have no directions that stay: it takes a third of
//!   SOAP's state, never asks for an eigenvector, and follows a change within tens of steps.
//!
//! # Muon
//!
//! The published coefficients leave singular values between 0.7 and 1.2, which training does not mind.
//! [`NewtonSchulz::TIGHT`](crate::rule::NewtonSchulz::TIGHT) costs the same and scatters less;
//! [`NewtonSchulz::POLAR_EXPRESS`](crate::rule::NewtonSchulz::POLAR_EXPRESS) converges, for twice as much.
//! [`ZerothPower::SingularVectors`](crate::rule::ZerothPower) is exact: a reference, too slow to train with; so are
//! `Eigenvectors`, the same by way of a Gram matrix, and `Orthonormal`, which takes columns one after the other as Gram and
//! Schmidt did.
//!
//! Muon was published with products in bf16, and does not mind them: set `precision` to
//! [`MatrixPrecision::Bf16`](crate::transform::MatrixPrecision) (by name `matrix_precision = "bf16"`), and a step takes
//! half as long where the processor multiplies bf16 by itself (AVX512-BF16); elsewhere nothing changes. The default is
//! the arithmetic of the parameters, whose results are the same to rounding on every machine.
//!
//! ```
//! # #[cfg(feature = "matrix")] {
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::{Build, select};
//! use gradus::rule::{AdamW, Muon, ShapeScaling};
//!
//! let parameters = [("embedding.weight", vec![0.0f32; 60]), ("norm", vec![1.0; 4])];
//! # let parameters = parameters.map(|(name, values)| (name, ndarray::Array1::from(values).into_dyn()));
//! let hidden = |name: &str, layout: &gradus::shape::Layout| {
//!     select::matrices()(name, layout) && !name.starts_with("embedding")
//! };
//! let muon = Muon { scaling: ShapeScaling::AsAdamW, learning_rate: AdamW::default().learning_rate, ..Muon::default() };
//! # let parameters = [parameters.to_vec(), vec![("hidden.weight", ndarray::ArrayD::zeros(vec![8, 4]))]].concat();
//! let optimizer = AdamW::default().route("hidden", hidden, muon).build(Cpu::default(), &parameters)?;
//! # assert_eq!(optimizer.state_bytes(), 4 * (2 * 64 + 32));
//! # }
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # SOAP
//!
//! Its knobs are in [`EigenBases`](crate::rule::EigenBases):
//!
//! - `refresh`: how often bases follow their factors. Every tenth gradient is a fair trade; each second one needs
//!   a few steps less and takes longer. A [schedule](crate::rule::PreconditionerSchedule) refreshes often
//!   at first, when the directions still change, and ever less often later:
//!   `Refresh::Scheduled(PreconditionerSchedule::default())`.
//! - `limit`: axes longer than this have no basis. A vocabulary of 50 000 would need a square of that length. Ask
//!   for the [memory](crate::guide::memory) first; it is known before anything is allocated.
//! - `precision`: turning gradients in bf16 is faster. Directions whose gradients are below 2⁻⁹ of the largest ones then
//!   drown in rounding, which Adam makes as large as all others: for gradients that are noisy anyway.
//! - `merging`: convolutions have four axes, of which the small ones behind the first are joined up to the limit.
//!
//! The first gradient only finds the bases, and moves nothing.
//!
//! ```
//! # #[cfg(feature = "matrix")] {
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::Build;
//! use gradus::rule::{EigenBases, PreconditionerSchedule, Refresh, Soap};
//!
//! let refresh = Refresh::Scheduled(PreconditionerSchedule::default());
//! let rule = Soap { bases: EigenBases { refresh, limit: 1024, ..EigenBases::default() }, ..Soap::default() };
//! let report = rule.memory_of([("embedding", [50_000, 256]), ("hidden", [256, 256])])?;
//! // Two moments of each element, and for every axis within the limit a factor and a basis.
//! let moments = 2 * (50_000 * 256 + 256 * 256);
//! let matrices = 2 * (256 * 256) + 4 * (256 * 256);
//! assert_eq!(report.state_bytes(), 4 * (moments + matrices + 2)); // and two counts of failures
//! # }
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # PSGD
//!
//! Where SOAP turns gradients into a basis and scales there, PSGD looks for one preconditioner that does both, by
//! small steps of its own. Prefer it to SOAP if memory is short, if axes are too long for a basis but a diagonal
//! factor will do, or if the loss has sharp turns that an average of squares follows too slowly; prefer SOAP if its
//! memory is there and the fewest steps count. Its updates are about 1 in size from the first fits on, and
//! stay so where Adam's shrink in noise: take a third of AdamW's rate, and three to ten times its decay so that
//! their product stays. It also wants the rate to fall at the end.
//!
//! Where gradients have little noise (large batches, small models) factors may learn faster, and of the gradients
//! themselves: `rate` 0.3, `to` [`FitTo::Gradient`](crate::rule::FitTo), and β = 0.8 for the average. Set so, it takes
//! fewer steps than AdamW with the same β on all three problems of the example `convergence`; with its defaults it took
//! more on two of them.
//!
//! Its knobs are in [`KronFactors`](crate::rule::KronFactors):
//!
//! - `schedule`: with which gradients factors are fitted. All of the first 500, then ever less often, down to 3 of
//!   100: [`FitProbability`](crate::rule::FitProbability). A fit takes twice as long as all else.
//! - `shapes`: which axes have a diagonal factor, to save memory. [`MemorySaving`](crate::rule::MemorySaving)`::LongestDiagonal`
//!   is a good start for large models.
//! - `splitting`: cuts axes that are longer than that, so that all factors are triangular: an embedding of 50 000 rows is
//!   25 parts with triangles of 2048. It takes more memory than a diagonal factor, and sees more.
//! - `format`: factors in `bf16` or `f16` take half of the memory. They are rounded stochastically, and only when they
//!   have been fitted: each number by at most 2⁻⁷ (`bf16`) or 2⁻¹⁰ (`f16`) of itself, and by nothing in the mean.
//! - `products`: keeps QᵀQ beside each factor, for faster steps between fits.
//! - `preconditioning`: [`Psgd::delayed`](crate::rule::Psgd::delayed) meets each update with the factors from before
//!   its own fit. It is what HeavyBall recommends of its experimental rules. Tune it as the other, with a warm-up
//!   of a few steps: the first update meets factors that no gradient has been fitted to but by its size.
//! - `geometry`: nearly symmetric squares ([`Psgd::symmetric`](crate::rule::Psgd::symmetric)) take twice the memory of
//!   packed triangles, and no solutions of equations. By their root
//!   ([`Psgd::symmetric_root`](crate::rule::Psgd::symmetric_root)) directions come only halfway to one length, which is
//!   milder where gradients are mostly noise; its rate depends on the size of gradients, as SGD's does.
//! - `probes`: drawn, or [given](crate::rule::Pairs) together with Hessian-vector products, to which factors are then
//!   fitted: second-order steps instead of whitened ones.
//!
//! ```
//! # #[cfg(feature = "matrix")] {
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::Build;
//! use gradus::rule::{FactorFormat, FactorShapes, KronFactors, MemorySaving, Psgd};
//!
//! let shapes = FactorShapes { saving: MemorySaving::LongestDiagonal, ..FactorShapes::default() };
//! let rule = Psgd { factors: KronFactors { shapes, ..KronFactors::default() }, ..Psgd::default() };
//! let report = rule.memory_of([("embedding", [50_000, 256]), ("hidden", [256, 256])])?;
//! // The average, and for each tensor one diagonal factor and one triangle of 256.
//! let average = 50_000 * 256 + 256 * 256;
//! let factors = 50_000 + 256 + 2 * (256 * 257 / 2);
//! // And for each two bounds, whether it has begun, failures, and what clips it.
//! assert_eq!(report.state_bytes(), 4 * (average + factors + 2 * 5));
//!
//! // The same with factors of half the size.
//! let format = FactorFormat::Bf16 { seed: 0 };
//! let rule = Psgd { factors: KronFactors { format, ..rule.factors }, ..rule };
//! let report = rule.memory_of([("embedding", [50_000, 256]), ("hidden", [256, 256])])?;
//! assert_eq!(report.state_bytes(), 4 * (average + 2 * 5) + 2 * factors);
//! # }
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # A second opinion
//!
//! With the feature `lapack`, which needs the system's OpenBLAS, `Cpu::default().with_lapack()` has matrices
//! multiplied and factorised by BLAS and LAPACK: to compare with, not to train with. On matrices whose factors
//! have full rank both end at the same place, to rounding.
//!
//! # What is promised
//!
//! - The bits do not depend on the number of threads.
//! - After the build, a step asks for no memory of its own.
//! - A basis whose refresh fails is kept, and counted in `failures` of the snapshot; so is a factor that cannot be
//!   fitted. Gradients that are 0, infinite or NaN do not enter factors.
//! - Factors and bases lie in `f32` (`f64` for `f64` parameters), whatever the format of parameters and state;
//!   those of PSGD in a 16-bit format if [`FactorFormat`](crate::rule::FactorFormat) says so.
