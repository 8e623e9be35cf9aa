//! What every rule must do, in every combination of options: one table, and one function for each
//! property.
//!
//! A rule enters the table with no hyperparameter at its default. A property is generic over the
//! rule and the [`Case`](cases::Case), a case being formats and a store; it holds for every rule it
//! is listed for, so adding a rule means adding a line.

#![allow(unreachable_pub)] // modules of a test crate

#[macro_use]
mod cases;
#[macro_use]
mod table;

mod every_case;
mod joint;
#[cfg(feature = "matrix")]
mod matrices;
mod properties;
mod stages;
mod trainer;
mod values;

use gradus::hyperparameter::{
    Amount, Dampening, Decay, Epsilon, Floor, Interpolation, LearningRate, Power, Reduction, SecondDecay,
    Share, WeightDecay,
};
use gradus::rule::{
    AdEMAMix, AdamC, Adopt, Agreement, Caution, FirstComparison, HyperBallAdamW, LaProp, LaPropOrtho, Mars,
    MarsClip, MarsCoefficient, OrthoLaProp, Orthogonalize, SignLaProp, SudsAdamW, UnscaledAdamW,
};
use gradus::rule::{Adadelta, Adagrad, Adamax, AmsGrad, AmsGradW, Averages, NAdam};
use gradus::rule::{
    Adam, AdamW, AddDecay, FirstMomentum, Lion, Momentum, MomentumForm, ScaleByAdam, Sgd, SgdMomentum,
};
use gradus::rule::{Adan, Counting, DecayForm, Lookahead, RAdam, Ranger, Root, StableAdamW, Unrectified};
use gradus::rule::{AsMeasured, Constant, SgdSai, Sm3, Sm3Momentum};
use gradus::rule::{
    AveragedRate, AveragingWeight, Chained, FirstPhase, MsamLaProp, ScheduleFreeAdamW, ScheduleFreeRAdam,
    ScheduleFreeSgd, WeightAverage,
};
use gradus::rule::{CenteredRmsProp, CenteredRmsPropMomentum, RmsProp, RmsPropMomentum};
use gradus::rule::{Graft, WeightedSum};
use gradus::transform::{Around, Identity, StageExt};
use std::num::NonZeroU64;

conformance! {
    sgd: elementwise => Sgd {
        learning_rate: learning_rate(0.11),
        weight_decay: WeightDecay::l2(0.013).expect(VALID),
    };
    sgd_momentum: elementwise averaging => SgdMomentum {
        learning_rate: learning_rate(0.09),
        momentum: decay(0.7),
        dampening: Dampening::new(0.2).expect(VALID),
        first: FirstMomentum::FromZero,
        form: MomentumForm::Nesterov,
        weight_decay: WeightDecay::fully_decoupled(0.003, learning_rate(0.2)).expect(VALID),
    };
    adam: elementwise averaging => Adam {
        learning_rate: learning_rate(0.06),
        first: decay(0.8),
        second: decay(0.93).into(),
        epsilon: Epsilon::floor(3e-3).expect(VALID),
        weight_decay: WeightDecay::l2(0.017).expect(VALID),
    };
    adamw: elementwise averaging => AdamW {
        learning_rate: learning_rate(0.05),
        first: decay(0.85),
        second: decay(0.97).into(),
        epsilon: Epsilon::added(2e-3).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.019).expect(VALID),
    };
    lion: elementwise averaging => Lion {
        learning_rate: learning_rate(0.04),
        direction: decay(0.6),
        momentum: decay(0.8),
        weight_decay: WeightDecay::decoupled(0.023).expect(VALID),
    };
    amsgrad: elementwise averaging => AmsGrad {
        learning_rate: learning_rate(0.12),
        first: decay(0.8),
        second: decay(0.9).into(),
        epsilon: Epsilon::floor(3e-3).expect(VALID),
        weight_decay: WeightDecay::l2(0.017).expect(VALID),
    };
    amsgradw: elementwise averaging => AmsGradW {
        learning_rate: learning_rate(0.13),
        first: decay(0.85),
        second: decay(0.92).into(),
        epsilon: Epsilon::added(2e-3).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.019).expect(VALID),
    };
    stable_adamw: averaging => StableAdamW {
        learning_rate: learning_rate(0.05),
        first: decay(0.8),
        second: decay(0.93).into(),
        epsilon: Epsilon::floor(2e-3).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.021).expect(VALID),
    };
    nadam: elementwise averaging => NAdam {
        learning_rate: learning_rate(0.05),
        first: decay(0.85),
        second: decay(0.95).into(),
        epsilon: Epsilon::floor(2e-3).expect(VALID),
        momentum_decay: amount(0.02),
        weight_decay: WeightDecay::decoupled(0.018).expect(VALID),
    };
    radam: elementwise averaging => RAdam {
        learning_rate: learning_rate(0.06),
        first: decay(0.8),
        second: decay(0.95),
        epsilon: Epsilon::floor(2e-3).expect(VALID),
        root: Root::Plain,
        rectified_above: amount(4.5),
        unrectified: Unrectified::Momentum, // the other does not move for five steps
        weight_decay: WeightDecay::decoupled(0.018).expect(VALID),
    };
    ranger: elementwise averaging => Ranger {
        radam: RAdam {
            learning_rate: learning_rate(0.08),
            first: decay(0.7),
            second: decay(0.9),
            epsilon: Epsilon::added(2e-3).expect(VALID),
            root: Root::Plain,
            rectified_above: amount(4.5),
            unrectified: Unrectified::Momentum, // the other does not move for five steps
            weight_decay: WeightDecay::l2(0.012).expect(VALID),
        },
        lookahead: lookahead(),
    };
    adan: elementwise averaging => Adan {
        learning_rate: learning_rate(0.05),
        first: decay(0.9),
        difference: decay(0.8),
        second: decay(0.95),
        epsilon: Epsilon::floor(3e-3).expect(VALID),
        weight_decay: WeightDecay::fully_decoupled(0.002, learning_rate(0.1)).expect(VALID),
        decay_form: DecayForm::Factor,
    };
    adan_with_division: elementwise averaging => Adan {
        learning_rate: learning_rate(0.04),
        first: decay(0.8),
        difference: decay(0.7),
        second: decay(0.9),
        epsilon: Epsilon::floor(3e-3).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.015).expect(VALID),
        decay_form: DecayForm::Proximal,
    };
    rmsprop: elementwise => RmsProp {
        learning_rate: learning_rate(0.03),
        decay: decay(0.9).into(),
        averages: Averages::Debiased,
        epsilon: Epsilon::floor(3e-3).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.014).expect(VALID),
    };
    rmsprop_momentum: elementwise averaging => RmsPropMomentum {
        learning_rate: learning_rate(0.02),
        decay: decay(0.92).into(),
        averages: Averages::Debiased,
        epsilon: Epsilon::added(3e-3).expect(VALID),
        momentum: decay(0.4),
        weight_decay: WeightDecay::decoupled(0.014).expect(VALID),
    };
    centered_rmsprop: elementwise => CenteredRmsProp {
        learning_rate: learning_rate(0.03),
        decay: decay(0.9).into(),
        averages: Averages::Plain,
        epsilon: Epsilon::added(0.2).expect(VALID),
        weight_decay: WeightDecay::l2(0.011).expect(VALID),
    };
    centered_rmsprop_momentum: elementwise averaging => CenteredRmsPropMomentum {
        learning_rate: learning_rate(0.03),
        decay: decay(0.9).into(),
        averages: Averages::Debiased,
        epsilon: Epsilon::floor(0.5).expect(VALID),
        momentum: decay(0.3),
        weight_decay: WeightDecay::decoupled(0.011).expect(VALID),
    };
    adagrad: elementwise => Adagrad {
        learning_rate: learning_rate(0.5),
        initial: amount(0.05),
        rate_decay: amount(1e-3),
        epsilon: Epsilon::floor(3e-3).expect(VALID),
        weight_decay: WeightDecay::l2(0.012).expect(VALID),
    };
    adadelta: elementwise => Adadelta {
        learning_rate: learning_rate(0.9),
        decay: decay(0.8),
        epsilon: Floor::new(0.02).expect(VALID),
        weight_decay: WeightDecay::l2(0.012).expect(VALID),
    };
    adamax: elementwise averaging => Adamax {
        learning_rate: learning_rate(0.06),
        first: decay(0.8),
        maximum: decay(0.9),
        epsilon: Floor::new(3e-3).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.016).expect(VALID),
    };
    lookahead_behind_lion: elementwise averaging => Around {
        rule: Lion {
            learning_rate: learning_rate(0.05),
            direction: decay(0.6),
            momentum: decay(0.8),
            weight_decay: WeightDecay::decoupled(0.013).expect(VALID),
        },
        before: Identity,
        behind: Identity,
        after: lookahead(),
    };
    sm3: bound free elementwise => Sm3 {
        learning_rate: learning_rate(0.12),
        beta: decay(0.7),
        epsilon: Epsilon::floor(3e-2).expect(VALID),
        weight_decay: WeightDecay::l2(0.012).expect(VALID),
    };
    sm3_momentum: bound free elementwise averaging => Sm3Momentum {
        learning_rate: learning_rate(0.11),
        momentum: decay(0.6),
        beta: decay(0.5),
        epsilon: Epsilon::added(2e-3).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.014).expect(VALID),
    };
    sgd_sai: averaging => SgdSai {
        learning_rate: learning_rate(0.02),
        momentum: decay(0.6),
        epsilon: Epsilon::floor(3e-3).expect(VALID),
        constant: Constant::Formula,
        weight_decay: WeightDecay::decoupled(0.013).expect(VALID),
        normalization: AsMeasured,
    };
    lion_with_an_exponential_average: elementwise averaging two_faced => Around {
        rule: Lion { learning_rate: learning_rate(0.04), ..Lion::default() },
        before: Identity,
        behind: Identity,
        after: WeightAverage::exponential(0.7).expect(VALID),
    };
    sgd_with_a_uniform_average: elementwise two_faced => Around {
        rule: Sgd { learning_rate: learning_rate(0.11), ..Sgd::default() },
        before: Identity,
        behind: Identity,
        after: WeightAverage::uniform(),
    };
    adamc: elementwise averaging => AdamC {
        weight_decay: WeightDecay::corrected(0.02, learning_rate(0.07)).expect(VALID).cautious(),
        ..moments!(AdamC, 0.05)
    };
    adopt: elementwise averaging => moments!(Adopt, 0.04);
    laprop: elementwise averaging => LaProp {
        second: SecondDecay::palm(0.7).expect(VALID),
        ..moments!(LaProp, 0.03)
    };
    unscaled_adamw: elementwise averaging => moments!(UnscaledAdamW, 0.11);
    ademamix: elementwise averaging => AdEMAMix {
        learning_rate: learning_rate(0.02),
        fast: decay(0.7),
        slow: decay(0.9),
        slow_warm_up: 5,
        second: decay(0.95).into(),
        epsilon: Epsilon::added(2e-3).expect(VALID),
        alpha: Amount::new(0.8).expect(VALID),
        alpha_warm_up: 4,
        weight_decay: WeightDecay::decoupled(0.009).expect(VALID),
    };
    sign_laprop: averaging => moments!(SignLaProp, 0.05);
    ortho_laprop: bound any_shape averaging => moments!(OrthoLaProp, 0.03, projection: projection());
    laprop_ortho: bound any_shape averaging => moments!(LaPropOrtho, 0.03, projection: projection());
    suds_adamw: averaging => moments!(SudsAdamW, 0.08, axis_rate: Amount::new(0.02).expect(VALID));
    hyperball_adamw: bound => HyperBallAdamW {
        learning_rate: learning_rate(0.04),
        second: decay(0.95).into(),
        epsilon: Epsilon::added(2e-3).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.014).expect(VALID),
    };
    adamw_with_mars_and_caution: averaging => Around {
        rule: moments!(AdamW, 0.04),
        before: Mars {
            strength: Reduction::new(0.04).expect(VALID),
            momentum: decay(0.8),
            coefficient: MarsCoefficient::Exchanged,
            first: FirstComparison::Zero,
            clip: MarsClip::UnitNorm,
        },
        behind: Caution { agreement: Agreement::ZeroIsPositive },
        after: Identity,
    };
    schedule_free_adamw: elementwise two_faced => ScheduleFreeAdamW {
        learning_rate: learning_rate(0.08),
        interpolation: Interpolation::new(0.8).expect(VALID),
        second: SecondDecay::palm(0.7).expect(VALID),
        epsilon: Epsilon::floor(3e-3).expect(VALID),
        averaging: averaging(AveragedRate::Current),
        weight_decay: WeightDecay::decoupled(0.012).expect(VALID),
    };
    schedule_free_radam: elementwise two_faced => ScheduleFreeRAdam {
        learning_rate: learning_rate(0.07),
        interpolation: Interpolation::new(0.85).expect(VALID),
        second: decay(0.93),
        epsilon: Epsilon::added(2e-3).expect(VALID),
        first_phase: FirstPhase::Sgd,
        averaging: averaging(AveragedRate::Current),
        weight_decay: WeightDecay::l2(0.011).expect(VALID),
    };
    schedule_free_sgd: elementwise two_faced => ScheduleFreeSgd {
        learning_rate: learning_rate(0.3),
        interpolation: Interpolation::new(0.7).expect(VALID),
        averaging: averaging(AveragedRate::Largest),
        weight_decay: WeightDecay::fully_decoupled(0.002, learning_rate(0.4)).expect(VALID),
    };
    msam_laprop: averaging two_faced => MsamLaProp {
        learning_rate: learning_rate(0.06),
        first: decay(0.8),
        second: decay(0.97).into(),
        epsilon: Epsilon::added(2e-3).expect(VALID),
        sam_length: Amount::new(0.02).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.009).expect(VALID),
    };
    momentum_with_the_direction_of_adam: averaging => Chained {
        chain: Momentum { momentum: decay(0.3), ..Momentum::default() }
            .beside(ScaleByAdam { first: decay(0.5), second: decay(0.9).into(), epsilon: Epsilon::added(1e-3).expect(VALID) })
            .merge(Graft { floor: Floor::new(1e-5).expect(VALID) })
            .then(AddDecay::to_update(WeightDecay::decoupled(0.011).expect(VALID))),
        learning_rate: learning_rate(0.05),
    };
    sum_of_momentum_and_adam: elementwise averaging => Chained {
        chain: Momentum { momentum: decay(0.3), ..Momentum::default() }
            .beside(ScaleByAdam { first: decay(0.5), second: decay(0.9).into(), epsilon: Epsilon::added(1e-3).expect(VALID) })
            .merge(WeightedSum { first: amount(0.3), second: amount(0.9) }),
        learning_rate: learning_rate(0.05),
    };
    chain_of_momentum_and_adam: elementwise averaging => Chained {
        chain: Momentum { momentum: decay(0.3), ..Momentum::default() }
            .then(ScaleByAdam { first: decay(0.5), second: decay(0.9).into(), epsilon: Epsilon::added(1e-3).expect(VALID) })
            .then(AddDecay::to_update(WeightDecay::decoupled(0.011).expect(VALID))),
        learning_rate: learning_rate(0.05),
    };
}

const VALID: &str = "the table keeps to the ranges";

fn averaging(rate: AveragedRate) -> AveragingWeight {
    let power = |value| Power::new(value).expect(VALID);
    AveragingWeight { rate, rate_power: power(1.0), step_power: power(2.5) }
}

fn learning_rate(value: f64) -> LearningRate {
    LearningRate::new(value).expect(VALID)
}

fn amount(value: f64) -> Amount {
    Amount::new(value).expect(VALID)
}

fn lookahead() -> Lookahead {
    let every = NonZeroU64::new(3).expect(VALID);
    Lookahead { every, share: Share::new(0.6).expect(VALID), counting: Counting::Gradients }
}

fn projection() -> Orthogonalize {
    let (epsilon, floor) = (Amount::new(1e-3), Floor::new(1e-4));
    Orthogonalize { epsilon: epsilon.expect(VALID), floor: floor.expect(VALID) }
}

fn decay(value: f64) -> Decay {
    Decay::new(value).expect(VALID)
}
