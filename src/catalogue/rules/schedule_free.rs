//! Rules with two points: schedule-free ones, and momentum-SAM.

use crate::catalogue::entries::Named;
use crate::catalogue::reader::{DECOUPLED_FIRST, Reader};
use crate::error::Result;
use crate::hyperparameter::{Interpolation, Power};
use crate::rule::{
    AveragedRate, AveragingWeight, FirstPhase, MsamLaProp, ScheduleFreeAdamW, ScheduleFreeRAdam,
    ScheduleFreeSgd,
};

fn interpolation(from: &mut Reader<'_>, default: Interpolation) -> Result<Interpolation> {
    Interpolation::new(from.number("beta1", default.get())?)
}

fn averaging(from: &mut Reader<'_>) -> Result<AveragingWeight> {
    let default = AveragingWeight::default();
    Ok(AveragingWeight {
        rate: from.choice(
            "averaged_rate",
            &[("largest", AveragedRate::Largest), ("current", AveragedRate::Current)],
        )?,
        rate_power: Power::new(from.number("weight_lr_power", default.rate_power.get())?)?,
        step_power: Power::new(from.number("r", default.step_power.get())?)?,
    })
}

impl Named for ScheduleFreeAdamW {
    const NAME: &'static str = "sf_adamw";
    const SUMMARY: &'static str = "schedule-free AdamW";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            interpolation: interpolation(from, default.interpolation)?,
            second: from.second_decay("beta2", default.second)?,
            epsilon: from.epsilon(default.epsilon)?,
            averaging: averaging(from)?,
            weight_decay: from.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}

impl Named for ScheduleFreeRAdam {
    const NAME: &'static str = "sf_radam";
    const SUMMARY: &'static str = "schedule-free AdamW that needs no warm-up";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        let silent = from.flag_or("silent_sgd_phase", default.first_phase == FirstPhase::Silent)?;
        Ok(Self {
            learning_rate,
            interpolation: interpolation(from, default.interpolation)?,
            second: from.decay("beta2", default.second)?,
            epsilon: from.epsilon(default.epsilon)?,
            first_phase: if silent { FirstPhase::Silent } else { FirstPhase::Sgd },
            averaging: averaging(from)?,
            weight_decay: from.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}

impl Named for ScheduleFreeSgd {
    const NAME: &'static str = "sf_sgd";
    const SUMMARY: &'static str = "schedule-free gradient descent";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            interpolation: interpolation(from, default.interpolation)?,
            averaging: averaging(from)?,
            weight_decay: from.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}

impl Named for MsamLaProp {
    const NAME: &'static str = "msam_laprop";
    const SUMMARY: &'static str = "LaProp whose gradients are taken a step further along";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            first: from.decay("beta1", default.first)?,
            second: from.second_decay("beta2", default.second)?,
            epsilon: from.epsilon(default.epsilon)?,
            sam_length: from.amount("sam_step_size", default.sam_length)?,
            weight_decay: from.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}
