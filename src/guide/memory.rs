//! What an optimizer keeps, before it is built.
//!
//! State is known from the types of the options and the shapes of the parameters, and does not grow. So
//! a builder can be asked, and nothing is allocated for the answer:
//!
//! ```
//! use gradus::optimizer::{Build, select};
//! use gradus::rule::AdamW;
//! use half::bf16;
//!
//! let model = [("embedding", vec![50257, 768]), ("head.weight", vec![768, 10]), ("head.bias", vec![10])];
//! let builder = AdamW::default()
//!     .parameters_in::<bf16>()
//!     .state_in::<bf16>(1)
//!     .kahan()
//!     .freeze(select::named("embedding"))
//!     .without_decay(select::vectors_and_biases());
//! let report = builder.memory_of(model)?;
//! println!("{report}");
//! assert_eq!(report.state_bytes(), 6 * (7680 + 10));
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! ```text
//! group        elements  kept                    in     bytes
//! default         7,680  first                   bf16  15,360
//!                        second                  bf16  15,360
//!                        compensation (carried)  bf16  15,360
//! undecayed          10  first                   bf16      20
//!                        second                  bf16      20
//!                        compensation (carried)  bf16      20
//! frozen     38,597,376  nothing                            0
//! state      38,605,066                                46,140
//! beside it: parameters 77,210,132, gradients 15,380 (one by one at most 15,360)
//! ```
//!
//! The same is said by [`memory`](crate::optimizer::Builder::memory) of parameters that are there
//! already, by [`Optimizer::memory`](crate::optimizer::Optimizer::memory) of an optimizer that is, and by
//! [`catalogue::memory`](crate::catalogue::memory) of one that is data.
//!
//! # Every optimizer, for GPT-2 small
//!
//! Megabytes (10⁶ bytes) of state for 124.4 million parameters in 148 tensors. A store that rounds to
//! nearest or stochastically carries nothing; `f16` takes what `bf16` does.
//!
//! | Optimizer | f32 | bf16, f32 state | bf16, bf16 state | bf16 + Kahan, bf16 state | fields of state |
//! |---|---|---|---|---|---|
//! | `adadelta` | 995.5 | 995.5 | 497.8 | 746.6 | `gradients`, `directions` |
//! | `adagrad` | 497.8 | 497.8 | 248.9 | 497.8 | `sum` |
//! | `adam` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//! | `adam`, with `amsgrad` | 1493.3 | 1493.3 | 746.6 | 995.5 | `first`, `second`, `largest` |
//! | `adamax` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `maximum` |
//! | `adamc` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//! | `adamw` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//! | `adan` | 1991.0 | 1991.0 | 995.5 | 1244.4 | `first`, `difference`, `second`, `previous` |
//! | `ademamix` | 1493.3 | 1493.3 | 746.6 | 995.5 | `fast`, `slow`, `second` |
//! | `adopt` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//! | `delayed_psgd` | 574.2 | 574.2 | 325.3 | 574.2 | `mean` |
//! | `hyperball_adamw` | 497.8 | 497.8 | 248.9 | 497.8 | `mean_square` |
//! | `kron` | 1154.4 | 1154.4 | 905.5 | 1154.4 | `mean` |
//! | `laprop` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//! | `laprop_ortho` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//! | `lion` | 497.8 | 497.8 | 248.9 | 497.8 | `momentum` |
//! | `msam_laprop` | 1493.3 | 1493.3 | 746.6 | 995.5 | `first`, `second`, `z` |
//! | `muon` | 497.8 | 497.8 | 248.9 | 497.8 | `velocity` |
//! | `muon_adamw` | 498.2 | 498.2 | 249.1 | 498.0 | `velocity` |
//! | `muon_laprop` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//! | `nadam` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//! | `ortho_laprop` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//! | `palm_sf_adamw` | 995.5 | 995.5 | 497.8 | 746.6 | `mean_square`, `z` |
//! | `palm_soap` | 1296.5 | 1296.5 | 798.7 | 1047.6 | `first`, `second` |
//! | `precond_schedule_palm_soap` | 1296.5 | 1296.5 | 798.7 | 1047.6 | `first`, `second` |
//! | `precond_schedule_sf_palm_soap` | 1296.5 | 1296.5 | 798.7 | 1047.6 | `mean_square`, `z` |
//! | `precond_schedule_soap` | 1296.5 | 1296.5 | 798.7 | 1047.6 | `first`, `second` |
//! | `psgd_kron` | 574.2 | 574.2 | 325.3 | 574.2 | `mean` |
//! | `psgd_pro` | 649.3 | 649.3 | 400.4 | 649.3 | `mean` |
//! | `pure_psgd` | 76.4 | 76.4 | 76.4 | 325.3 | none |
//! | `qsgd` | 649.3 | 649.3 | 400.4 | 649.3 | `mean` |
//! | `radam` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//! | `ranger` | 1493.3 | 1493.3 | 746.6 | 995.5 | `first`, `second`, `slow` |
//! | `rmsprop` | 497.8 | 497.8 | 248.9 | 497.8 | `mean_square` |
//! | `rmsprop`, with momentum | 995.5 | 995.5 | 497.8 | 746.6 | `mean_square`, `velocity` |
//! | `rmsprop`, centered | 995.5 | 995.5 | 497.8 | 746.6 | `mean`, `variance` |
//! | `rmsprop`, centered, with momentum | 1493.3 | 1493.3 | 746.6 | 995.5 | `mean`, `variance`, `velocity` |
//! | `scion` | 497.8 | 497.8 | 248.9 | 497.8 | `velocity` |
//! | `sf_adamw` | 995.5 | 995.5 | 497.8 | 746.6 | `mean_square`, `z` |
//! | `sf_palm_soap` | 1296.5 | 1296.5 | 798.7 | 1047.6 | `mean_square`, `z` |
//! | `sf_radam` | 995.5 | 995.5 | 497.8 | 746.6 | `mean_square`, `z` |
//! | `sf_sgd` | 497.8 | 497.8 | 248.9 | 497.8 | `z` |
//! | `sf_soap` | 1296.5 | 1296.5 | 798.7 | 1047.6 | `mean_square`, `z` |
//! | `sgd` | 0.0 | 0.0 | 0.0 | 248.9 | none |
//! | `sgd`, with momentum | 497.8 | 497.8 | 248.9 | 497.8 | `velocity` |
//! | `sgd_sai` | 497.8 | 497.8 | 248.9 | 497.8 | `velocity` |
//! | `sign_laprop` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//! | `sm3` | 1.3 | 1.3 | 1.3 | 250.2 | `accumulator` (by axis) |
//! | `sm3`, with momentum | 499.0 | 499.0 | 250.2 | 499.0 | `velocity`, `accumulator` (by axis) |
//! | `soap` | 1296.5 | 1296.5 | 798.7 | 1047.6 | `first`, `second` |
//! | `soap_ademamix` | 1794.2 | 1794.2 | 1047.6 | 1296.5 | `fast`, `slow`, `second` |
//! | `soap_nadam` | 1296.5 | 1296.5 | 798.7 | 1047.6 | `first`, `second` |
//! | `solp` | 1296.5 | 1296.5 | 798.7 | 1047.6 | `first`, `second` |
//! | `stable_adamw` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//! | `suds_adamw` | 1493.3 | 1493.3 | 746.6 | 995.5 | `axis`, `first`, `second` |
//! | `unscaled_adamw` | 995.5 | 995.5 | 497.8 | 746.6 | `first`, `second` |
//!
//! # What 16 bits save
//!
//! Bytes per parameter of AdamW, with the caller's parameters and gradients. The state is in the
//! parameters' format.
//!
//! | AdamW, GPT-2 small | parameters | gradients | state | together | saved |
//! |---|---|---|---|---|---|
//! | f32 | 4 | 4 | 8 | 16 |  |
//! | mixed precision, accumulating gradients | 6 | 8 | 8 | 22 |  |
//! | bf16 + Kahan, against f32 | 2 | 2 | 6 | 10 | 37.5 % |
//! | bf16 + Kahan, accumulating gradients, against mixed precision | 2 | 4 | 6 | 12 | 45.5 % |
//! | bf16, stochastic, against f32 | 2 | 2 | 4 | 8 | 50.0 % |
//! | bf16 + Kahan, gradient release, against f32 | 2 | 0.62 | 6 | 8.62 | 46.1 % |
//! | bf16 + Kahan, accumulating into state, against mixed precision | 2 | 0.62 | 6 | 8.62 | 60.8 % |
//!
//! *optimi* publishes savings of 37.5 to 45.5 %, which are the third and the fourth row: against f32, and
//! against mixed precision with an f32 copy of what the model has in bf16 and a second buffer in which
//! gradients of micro-batches add up. Gradient release needs room for one gradient at a time, and
//! [accumulation](crate::guide::gradient_release) into the state no buffer at all.
//!
//! # Beside the state
//!
//! Rules that see a tensor as a [matrix](crate::guide::matrices) need two numbers for each element that flow between the
//! parts of their chain, and room for what they compute. That room is asked for once, when the optimizer is built, and
//! shared: on the CPU as many tensors have room at the same time as there are threads, the most demanding ones.
//! [`workspace_bytes`](crate::optimizer::MemoryReport::workspace_bytes) says how much that is.
