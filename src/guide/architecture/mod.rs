//! How the hardest rules fit the contracts.
//!
//! A contract is worth as much as the worst case that it holds. Each case below is worked out in the
//! chapter named beside it: by the rule itself where it is part of the crate, else, where the contracts
//! suffice, as code that is built and run with the tests and compared with hand arithmetic or a
//! published run.
//!
//! | Case | What makes it hard | What carries it |
//! |---|---|---|
//! | [StableAdamW](statistics) | a clip by the rule's own second moment, used by decay too | a statistic that runs the rule on a copy of its state, `Input::rate` |
//! | [Caution](statistics) | needs the raw gradient and a count | `Input::gradient`, a statistic, `select` |
//! | [Grafting](statistics) | two branches, two norms | a stage with a `Pair` of states, two passes |
//! | [SGD-SaI](numbers) | a factor measured once and kept | numbers per tensor, `measures` |
//! | [NAdam](numbers) | a running product | `Own`: numbers per tensor on the host |
//! | [ADOPT, MARS, AMSGrad](numbers) | the first gradient is special | `Step::own`, constants on the host |
//! | [Lookahead](faces) | sets the parameter, also under Kahan | an update is any difference; one rounding behind it |
//! | [Schedule-free](faces) | two faces, a sum of weights per group | the same, `Group`, and `Stage::evaluation` |
//! | [SGD without momentum](outside) | accumulation would lose gradients | `Keeps`, refused by the compiler |
//! | [SM3](outside) | memory per axis | a contract beside `Stage`: not yet |
//! | [SOAP, PSGD, Muon](outside) | matrices | a contract beside `Stage`: not yet |
//! | [Global norms](outside) | a number over all tensors | a step between the passes: not yet |
//!
//! A norm clip of one tensor's gradient is the smallest statistic: the sum of squares, and
//! `limit/max(norm, limit)` as the number of the tensor.
//!
//! # Limits of the contracts
//!
//! - A pass takes one sum. Two sums over the same elements read memory twice.
//! - State starts as 0. A field that should start otherwise is set when the tensor's count is 1.

pub mod faces;
pub mod numbers;
pub mod outside;
pub mod statistics;
