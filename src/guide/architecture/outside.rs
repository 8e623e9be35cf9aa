//! What elementwise stages cannot say, and where it plugs in.
//!
//! # Accumulation that would lose gradients
//!
//! Whether a chain keeps an average of its gradients is a type,
//! [`Keeps`](crate::transform::Stage::Keeps), computed by `Or` over the stages. Plain SGD has none:
//!
//! ```compile_fail
//! # use gradus::cpu::Cpu;
//! # use gradus::optimizer::Build;
//! # use gradus::rule::Sgd;
//! let mut optimizer = Sgd::default().gradient_release().build(Cpu::default(), &[("w", vec![0.0f32])])?;
//! let mut step = optimizer.begin_step()?;
//! step.accumulate("w", vec![1.0f32])?;
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! ```text
//! error[E0277]: this optimizer keeps no average of its gradients, so accumulated gradients would be lost
//! ```
//!
//! # SM3: accumulators per axis
//!
//! Anil et al., *Memory-Efficient Adaptive Optimization*, 2019, <https://arxiv.org/abs/1901.11150>.
//! A tensor of shape n₁ × … × nᵣ keeps n₁ + … + nᵣ numbers. They are not element fields, so they are
//! no [`State`](crate::transform::Stage::State), and a maximum along an axis is no sum over the
//! tensor. SM3 gets a contract of its own beside `Stage`, with two maps:
//!
//! ```text
//! cover    (accumulators of the element's axes, g) → ν         min over the axes, then + g²
//! update   (ν, g) → u                                          g/√(ν + ε)
//! ```
//!
//! and a pass of the [`Device`](crate::device::Device) that walks the tensor with its axes and takes
//! the maximum of ν along each. What comes out of `update` is an update like any other: momentum,
//! decay, learning rate and store are the chain behind it. Maxima are exact, so any order of walking
//! gives the same bits. The arithmetic, for a matrix:
//!
//! ```
//! fn sm3(gradient: [[f64; 2]; 2], rows: &mut [f64; 2], columns: &mut [f64; 2]) -> [[f64; 2]; 2] {
//!     let (old_rows, old_columns) = (*rows, *columns);
//!     let mut update = gradient;
//!     for i in 0..2 {
//!         for j in 0..2 {
//!             let cover = old_rows[i].min(old_columns[j]) + gradient[i][j] * gradient[i][j];
//!             rows[i] = rows[i].max(cover);
//!             columns[j] = columns[j].max(cover);
//!             update[i][j] = gradient[i][j] / (cover + 1e-30).sqrt();
//!         }
//!     }
//!     update
//! }
//!
//! let (mut rows, mut columns) = ([0.0; 2], [0.0; 2]);
//! assert_eq!(sm3([[3.0, 0.0], [-4.0, 1.0]], &mut rows, &mut columns), [[1.0, 0.0], [-1.0, 1.0]]);
//! assert_eq!((rows, columns), ([9.0, 16.0], [16.0, 1.0]));
//! assert_eq!(sm3([[0.0, 0.0], [3.0, 0.0]], &mut rows, &mut columns)[1][0], 3.0 / (16.0f64 + 9.0).sqrt());
//! ```
//!
//! # Matrix rules
//!
//! SOAP, PSGD, Muon and Scion see a tensor as a matrix and need products and factorisations. They
//! split into three: elementwise stages before (momentum), a matrix step on the whole tensor, and
//! elementwise stages behind (decay, learning rate, store). The stages exist; the matrix step is a
//! contract of its own, since its memory is not a field per element. SOAP's inner Adam is
//! [`ScaleByAdam`](crate::rule::ScaleByAdam) on rotated gradients, so its `update` is called, not
//! copied.
//!
//! # Numbers over several tensors
//!
//! A global gradient norm, and SGD-SaI's division by the largest ratio, read all tensors before any
//! is updated. A [`Stage`](crate::transform::Stage) sees one tensor. They belong between the passes
//! of statistics and the update, with one constant for all tensors as the result; and they need
//! [`SeesEveryGradient`](crate::optimizer::SeesEveryGradient), which gradient release does not give.
//!
//! # The evaluation face
//!
//! Schedule-free's x is a function of the parameter and its state, element by element, without a
//! gradient. As a type it is a phase of the optimizer: `step` in evaluation must not compile.
//!
//! None of the contracts in this chapter exists yet, apart from `Keeps`.
