//! Every rule that becomes a kernel, and the stages that stand around rules: all but those that work on matrices.

use gradus::clip::{ALaw, AdaptiveClip, ClipNorm, ClipRms, ClipValue, MuLaw, Softsign, TrustRegion};
use gradus::cuda::Kernel;
use gradus::device::In;
use gradus::error::Result;
use gradus::hyperparameter::{
    Amount, Dampening, Decay, Epsilon, Floor, LearningRate, Limit, SecondDecay, WeightDecay,
};
use gradus::rule::*;
use gradus::store::Nearest;
use gradus::transform::{Around, AroundAtRunTime, DynamicRule, ErasedRule, Identity, Rule, StageExt};

/// A rule, as data and in types.
pub struct Case {
    pub name: &'static str,
    /// The rule as data.
    pub rule: fn() -> DynamicRule,
    /// The kernel of the rule in types, all in `f32`.
    pub in_types: fn() -> Result<Kernel>,
}

/// Whether a rule is tested in a combination of formats: in one of `turns`, another one for the next rule; in all with
/// the environment variable `GRADUS_TEST_ALL`. AdamW is always tested in all.
pub fn is_its_turn(case: &Case, turn: usize, turns: usize) -> bool {
    std::env::var_os("GRADUS_TEST_ALL").is_some() || case.name == "adamw" || turn.is_multiple_of(turns)
}

type InF32 = In<f32, f32, f32, Nearest>;

/// A rule as data.
pub fn data(rule: impl Rule) -> DynamicRule {
    let rule: Box<dyn ErasedRule> = Box::new(rule);
    DynamicRule::of(rule, AroundAtRunTime::default()).expect("it has not too many fields")
}

macro_rules! rules {
    ($($name:ident => $rule:expr;)+) => {
        pub fn all() -> Vec<Case> {
            vec![$(Case {
                name: stringify!($name),
                rule: || data($rule),
                in_types: || Kernel::of::<_, InF32>(stringify!($name), &$rule.chain()),
            }),+]
        }
    };
}

/// A rule with decay that is neither absent nor at its default.
macro_rules! decayed {
    ($rule:ident $(, $field:ident: $value:expr)*) => {
        $rule {
            learning_rate: learning_rate(0.03),
            weight_decay: WeightDecay::decoupled(0.02).expect(VALID),
            $($field: $value,)*
            ..$rule::default()
        }
    };
}

/// A stage in front of SGD.
macro_rules! before {
    ($stage:expr) => {
        Chained {
            chain: $stage.then(AddDecay::to_update(WeightDecay::decoupled(0.01).expect(VALID))),
            learning_rate: learning_rate(0.05),
        }
    };
}

rules! {
    adadelta => decayed!(Adadelta);
    adagrad => decayed!(Adagrad);
    adam => Adam { weight_decay: WeightDecay::l2(0.02).expect(VALID), ..Adam::default() };
    adamax => decayed!(Adamax);
    adamc => AdamC {
        weight_decay: WeightDecay::corrected(0.02, learning_rate(0.07)).expect(VALID).cautious(),
        ..AdamC::default()
    };
    adamw => decayed!(AdamW, epsilon: Epsilon::floor(1e-6).expect(VALID));
    adan => decayed!(Adan);
    adan_with_division => decayed!(Adan, decay_form: DecayForm::Proximal);
    ademamix => decayed!(AdEMAMix);
    adopt => decayed!(Adopt);
    amsgrad => AmsGrad { weight_decay: WeightDecay::l2(0.02).expect(VALID), ..AmsGrad::default() };
    amsgradw => decayed!(AmsGradW);
    centered_rmsprop => decayed!(CenteredRmsProp);
    centered_rmsprop_momentum => decayed!(CenteredRmsPropMomentum);
    hyperball_adamw => decayed!(HyperBallAdamW);
    laprop => decayed!(LaProp, second: SecondDecay::palm(0.7).expect(VALID));
    laprop_ortho => decayed!(LaPropOrtho);
    lion => decayed!(Lion);
    msam_laprop => decayed!(MsamLaProp);
    nadam => decayed!(NAdam);
    ortho_laprop => decayed!(OrthoLaProp);
    radam => decayed!(RAdam);
    ranger => Ranger::default();
    rmsprop => decayed!(RmsProp, averages: Averages::Debiased);
    rmsprop_momentum => decayed!(RmsPropMomentum);
    schedule_free_adamw => decayed!(ScheduleFreeAdamW);
    schedule_free_radam => decayed!(ScheduleFreeRAdam);
    schedule_free_sgd => decayed!(ScheduleFreeSgd);
    sgd => Sgd { learning_rate: learning_rate(0.03), weight_decay: WeightDecay::decoupled(0.02).expect(VALID) };
    sgd_momentum => decayed!(SgdMomentum, dampening: Dampening::new(0.2).expect(VALID), form: MomentumForm::Nesterov);
    sgd_sai => decayed!(SgdSai);
    sgd_sai_normalized => SgdSai {
        learning_rate: learning_rate(0.02),
        momentum: decay(0.6),
        epsilon: Epsilon::floor(3e-3).expect(VALID),
        constant: Constant::Formula,
        weight_decay: WeightDecay::decoupled(0.013).expect(VALID),
        normalization: ByLargest,
    };
    sign_laprop => decayed!(SignLaProp);
    sm3 => Sm3 { weight_decay: WeightDecay::l2(0.02).expect(VALID), ..Sm3::default() };
    sm3_momentum => decayed!(Sm3Momentum, beta: decay(0.6));
    stable_adamw => decayed!(StableAdamW);
    suds_adamw => decayed!(SudsAdamW);
    unscaled_adamw => decayed!(UnscaledAdamW);
    adamw_with_an_average => Around {
        rule: decayed!(AdamW),
        before: Identity,
        behind: Identity,
        after: WeightAverage::exponential(0.7).expect(VALID),
    };
    adamw_with_mars_and_caution => Around {
        rule: decayed!(AdamW),
        before: Mars::default(),
        behind: Caution::default(),
        after: Identity,
    };
    clip_adaptive => before!(AdaptiveClip::default());
    clip_a_law => before!(ALaw::default());
    clip_mu_law => before!(MuLaw::default());
    clip_norm => before!(ClipNorm::default());
    clip_rms => before!(ClipRms::default());
    clip_softsign => before!(Softsign);
    clip_trust_region => before!(TrustRegion::default());
    clip_value => before!(ClipValue { limit: Limit::new(0.7).expect(VALID) });
    grafted => Chained {
        chain: Momentum { momentum: decay(0.3), ..Momentum::default() }
            .beside(ScaleByAdam::default())
            .merge(Graft { floor: Floor::new(1e-5).expect(VALID) }),
        learning_rate: learning_rate(0.05),
    };
    weighted_sum => Chained {
        chain: Momentum { momentum: decay(0.3), ..Momentum::default() }
            .beside(ScaleByAdam::default())
            .merge(WeightedSum { first: amount(0.3), second: amount(0.9) }),
        learning_rate: learning_rate(0.05),
    };
}

const VALID: &str = "the table keeps to the ranges";

fn learning_rate(value: f64) -> LearningRate {
    LearningRate::new(value).expect(VALID)
}

fn amount(value: f64) -> Amount {
    Amount::new(value).expect(VALID)
}

fn decay(value: f64) -> Decay {
    Decay::new(value).expect(VALID)
}
