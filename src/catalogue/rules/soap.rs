//! Rules within eigenbases.

use super::precision;
use crate::catalogue::entries::Named;
use crate::catalogue::reader::{DECOUPLED_FIRST, Reader};
use crate::error::Result;
use crate::hyperparameter::{Decay, Interpolation, Power, SecondDecay};
use crate::rule::{
    AveragedRate, AveragingWeight, BasisMethod, EigenBases, FactorDecay, FirstGradient,
    PreconditionerSchedule, Refresh, ScaleByAdEMAMix, ScaleByAdam, ScaleByLaProp, ScaleByNAdam,
    ScheduleFreeSoap, Soap, SoapAdEMAMix, SoapNAdam, Solp, VectorBases,
};
use crate::transform::Merging;

const MERGINGS: [(&str, Merging); 3] =
    [("up_to_limit", Merging::UpToLimit), ("open_last", Merging::OpenLast), ("never", Merging::Never)];

const METHODS: [(&str, BasisMethod); 4] = [
    ("lifted", BasisMethod::Lifted),
    ("qr", BasisMethod::PowerIteration),
    ("eigh", BasisMethod::Eigenvectors),
    ("eigh_rising", BasisMethod::EigenvectorsRising),
];

const FIRSTS: [(&str, FirstGradient); 2] =
    [("schedules", FirstGradient::CountsInSchedules), ("nowhere", FirstGradient::CountsNowhere)];

#[derive(Clone, Copy)]
enum RefreshKind {
    Every,
    Scheduled,
    Drawn,
    At,
}

const REFRESHES: [(&str, RefreshKind); 4] = [
    ("every", RefreshKind::Every),
    ("scheduled", RefreshKind::Scheduled),
    ("drawn", RefreshKind::Drawn),
    ("at", RefreshKind::At),
];

fn refresh(from: &mut Reader<'_>) -> Result<Refresh> {
    let kind = from.choice("refresh", &REFRESHES)?;
    let interval = from.whole("precondition_frequency", 10)?;
    let default = PreconditionerSchedule::default();
    let schedule = PreconditionerSchedule {
        scale: from.amount("refresh_scale", crate::hyperparameter::Amount::new(default.scale)?)?.get(),
        power: from.amount("refresh_power", crate::hyperparameter::Amount::new(default.power)?)?.get(),
    };
    let seed = from.whole("refresh_seed", 0)?;
    let steps = from.whole_list("refreshed_at")?;
    Ok(match kind {
        RefreshKind::Every => Refresh::Every(interval),
        RefreshKind::Scheduled => Refresh::Scheduled(schedule),
        RefreshKind::Drawn => Refresh::Drawn { schedule, seed },
        RefreshKind::At => Refresh::when(move |at| steps.contains(&at.own)),
    })
}

fn bases(from: &mut Reader<'_>, second: SecondDecay, carried: u64) -> Result<EigenBases> {
    let own = Decay::new(from.number("shampoo_beta", 0.95)?)?;
    let decays = [("own", FactorDecay::Own(own)), ("as_squares", FactorDecay::AsSquares(second))];
    Ok(EigenBases {
        limit: from.length("max_precond_dim", 2048)?,
        merging: from.choice("merging", &MERGINGS)?,
        vectors: if from.flag("precondition_1d")? { VectorBases::Own } else { VectorBases::None },
        factor_decay: from.choice("factor_decay", &decays)?,
        refresh: refresh(from)?,
        method: from.choice("zeroth_power_mode", &METHODS)?,
        precision: precision(from)?,
        first_gradient: from.choice("first_gradient", &FIRSTS)?,
        carried,
    })
}

/// SOAP with each inner stage.
macro_rules! named {
    ($($rule:ident($inner:ident) = $name:literal, $summary:literal, [$($field:ident: $read:expr),+ $(,)?];)+) => {$(
        impl Named for $rule {
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;

            fn read(from: &mut Reader<'_>) -> Result<Self> {
                let default = Self::usual();
                let learning_rate = from.learning_rate(default.learning_rate)?;
                let second = from.second_decay("beta2", default.inner.second)?;
                let epsilon = from.epsilon(default.inner.epsilon)?;
                let inner = $inner { second, epsilon, $($field: $read(from, default.inner.$field)?,)+ };
                Ok(Self {
                    learning_rate,
                    inner,
                    bases: bases(from, second, default.bases.carried)?,
                    weight_decay: from.weight_decay(0.01, &DECOUPLED_FIRST, learning_rate)?,
                })
            }
        }
    )+};
}

named! {
    Soap(ScaleByAdam) = "soap", "Adam in the eigenbases of Shampoo's factors", [first: first];
    SoapAdEMAMix(ScaleByAdEMAMix) = "soap_ademamix", "AdEMAMix in the eigenbases of Shampoo's factors", [
        fast: first,
        slow: |from: &mut Reader<'_>, default| from.decay("beta3", default),
        slow_warm_up: |from: &mut Reader<'_>, default| from.whole("beta3_warmup", default),
        alpha: |from: &mut Reader<'_>, default| from.amount("alpha", default),
        alpha_warm_up: |from: &mut Reader<'_>, default| from.whole("alpha_warmup", default),
    ];
    SoapNAdam(ScaleByNAdam) = "soap_nadam", "NAdam in the eigenbases of Shampoo's factors", [
        first: first,
        momentum_decay: |from: &mut Reader<'_>, default| from.amount("momentum_decay", default),
    ];
    Solp(ScaleByLaProp) = "solp", "LaProp in the eigenbases of Shampoo's factors", [first: first];
}

fn first(from: &mut Reader<'_>, default: Decay) -> Result<Decay> {
    from.decay("beta1", default)
}

impl Named for ScheduleFreeSoap {
    const NAME: &'static str = "sf_soap";
    const SUMMARY: &'static str = "schedule-free RMSprop in the eigenbases of Shampoo's factors";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        let second = from.second_decay("beta2", SecondDecay::try_from(0.95)?)?;
        let rates = [("largest", AveragedRate::Largest), ("current", AveragedRate::Current)];
        let averaging = AveragingWeight {
            rate: from.choice("averaged_rate", &rates)?,
            rate_power: Power::new(from.number("weight_lr_power", default.averaging.rate_power.get())?)?,
            step_power: Power::new(from.number("r", default.averaging.step_power.get())?)?,
        };
        Ok(Self {
            learning_rate,
            interpolation: Interpolation::new(from.number("beta1", default.interpolation.get())?)?,
            second,
            epsilon: from.epsilon(default.epsilon)?,
            averaging,
            bases: bases(from, second, 0)?,
            weight_decay: from.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}
