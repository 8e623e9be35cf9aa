//! Numbers that are kept per tensor or per group: SGD-SaI, NAdam, ADOPT, MARS, AMSGrad.
//!
//! # SGD-SaI: a number measured once
//!
//! The first gradient of a tensor gives it the factor ‖g‖/(σ + ε) for ever:
//! [`ScaleBySignalToNoise`](crate::rule::ScaleBySignalToNoise), within [`SgdSai`](crate::rule::SgdSai).
//! [`measures`](crate::transform::Stage::measures) says when statistics are taken; `at.own` counts the
//! tensor's own gradients, so one that is first seen late is measured then. Three passes, since the
//! deviation needs the mean: a [`Mean`](crate::transform::Fold::Mean) and two
//! [norms](crate::transform::Fold::Norm). The paper's division by the largest factor is a fourth, a
//! [joint](crate::transform::Stage::joins) [`Max`](crate::transform::Fold::Max) over numbers that the
//! passes before have left.
//!
//! # NAdam: a running product
//!
//! [`NAdam`](crate::rule::NAdam) weighs gradient and average by the product of all μₜ so far. It
//! belongs to the tensor and is advanced on the host, in `f64`, with each gradient:
//! [`Own`](crate::transform::Stage::Own). All numbers start as 0, so at the tensor's first gradient
//! the product is μ₁ itself. It is saved by name in a snapshot.
//!
//! # ADOPT, MARS, AMSGrad: the tensor's own count
//!
//! What differs at the first gradient, or is counted from the second, follows from `at.own` in
//! `constants`, on the host. The element code stays free of branches. [`Mars`](crate::rule::Mars)
//! compares its first gradient with itself, which is a weight of 0 for their difference.
//! [`ScaleByAdopt`](crate::rule::ScaleByAdopt) spends its first gradient on v: its
//! [`moves`](crate::transform::Stage::moves) says no, so the gradient arrives as a micro-batch does, and
//! neither the parameter nor its decay is touched.
//!
//! [`AmsGrad`](crate::rule::AmsGrad) adds the largest second moment to Adam's two fields. The maximum
//! runs over averages that are not debiased, while ours are stored debiased: the ratio of the two
//! corrections, (1 − β₂ᵗ⁻¹)/(1 − β₂ᵗ), follows from `at.own`, too, and is 0 at the first gradient.
//!
//! A late first gradient is a first gradient: nothing here depends on how many steps the optimizer has
//! taken.
