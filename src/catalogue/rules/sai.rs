//! SGD-SaI.

use crate::catalogue::entries::Named;
use crate::catalogue::hyperparameters::{Hyperparameters, Value};
use crate::catalogue::reader::{DECOUPLED_FIRST, Reader};
use crate::error::Result;
use crate::rule::{AsMeasured, ByLargest, Constant, SgdSai};

type Plain = SgdSai<AsMeasured>;

/// SGD-SaI with factors that are divided by the largest one.
pub(in crate::catalogue) type NormalizedSgdSai = SgdSai<ByLargest>;

const BY_LARGEST: &str = "largest";

impl Named for SgdSai {
    const NAME: &'static str = "sgd_sai";
    const SUMMARY: &'static str = "momentum, scaled by how clear the first gradient of each tensor was";

    fn is_meant(by: &Hyperparameters) -> bool {
        by.get("normalization") != Some(&Value::from(BY_LARGEST))
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        let decay = default.weight_decay.per_learning_rate();
        from.choice("normalization", &[("none", ()), (BY_LARGEST, ())])?;
        Ok(Self {
            learning_rate,
            momentum: from.decay("momentum", default.momentum)?,
            epsilon: from.epsilon(default.epsilon)?,
            constant: from.choice("constant", &[("one", Constant::One), ("formula", Constant::Formula)])?,
            weight_decay: from.weight_decay(decay, &DECOUPLED_FIRST, learning_rate)?,
            normalization: default.normalization,
        })
    }
}

impl Named for NormalizedSgdSai {
    const NAME: &'static str = Plain::NAME;
    const SUMMARY: &'static str = Plain::SUMMARY;

    fn is_meant(by: &Hyperparameters) -> bool {
        !Plain::is_meant(by)
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        Plain::read(from).map(Plain::normalized)
    }
}
