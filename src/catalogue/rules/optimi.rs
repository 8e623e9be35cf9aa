//! What optimi has beside SGD, Adam and Lion.

use crate::catalogue::entries::Named;
use crate::catalogue::reader::{DECOUPLED_FIRST, DecayKind, L2_FIRST, Reader};
use crate::error::Result;
use crate::hyperparameter::Share;
use crate::rule::{Adan, Counting, DecayForm, Lookahead, RAdam, Ranger, Root, StableAdamW, Unrectified};

impl Named for Adan {
    const NAME: &'static str = "adan";
    const SUMMARY: &'static str = "Adam with a momentum from differences of gradients";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        let decay = default.weight_decay.per_learning_rate();
        let forms = [("proximal", DecayForm::Proximal), ("factor", DecayForm::Factor)];
        Ok(Self {
            learning_rate,
            first: from.decay("beta1", default.first)?,
            difference: from.decay("beta2", default.difference)?,
            second: from.decay("beta3", default.second)?,
            epsilon: from.epsilon(default.epsilon)?,
            weight_decay: from.weight_decay(decay, &DECOUPLED_FIRST, learning_rate)?,
            decay_form: from.choice("decay_form", &forms)?,
        })
    }
}

impl Named for RAdam {
    const NAME: &'static str = "radam";
    const SUMMARY: &'static str = "Adam that waits until its average of squares is long enough";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        radam(from, &L2_FIRST)
    }
}

fn radam(from: &mut Reader<'_>, kinds: &[(&str, DecayKind)]) -> Result<RAdam> {
    let default = RAdam::default();
    let learning_rate = from.learning_rate(default.learning_rate)?;
    let roots = [("debiased", Root::Debiased), ("plain", Root::Plain)];
    let unrectified = [("momentum", Unrectified::Momentum), ("still", Unrectified::Still)];
    Ok(RAdam {
        learning_rate,
        first: from.decay("beta1", default.first)?,
        second: from.decay("beta2", default.second)?,
        epsilon: from.epsilon(default.epsilon)?,
        root: from.choice("root", &roots)?,
        rectified_above: from.amount("rectified_above", default.rectified_above)?,
        unrectified: from.choice("unrectified", &unrectified)?,
        weight_decay: from.weight_decay(0.0, kinds, learning_rate)?,
    })
}

impl Named for Ranger {
    const NAME: &'static str = "ranger";
    const SUMMARY: &'static str = "RAdam with lookahead";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default().lookahead;
        let counting = [("steps", Counting::Steps), ("gradients", Counting::Gradients)];
        Ok(Self {
            radam: radam(from, &DECOUPLED_FIRST)?,
            lookahead: Lookahead {
                every: from.count("k", default.every)?,
                share: Share::new(from.number("alpha", default.share.get())?)?,
                counting: from.choice("lookahead_counts", &counting)?,
            },
        })
    }
}

impl Named for StableAdamW {
    const NAME: &'static str = "stable_adamw";
    const SUMMARY: &'static str = "AdamW with a rate that is clipped by each tensor's outbursts";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        let decay = default.weight_decay.per_learning_rate();
        Ok(Self {
            learning_rate,
            first: from.decay("beta1", default.first)?,
            second: from.second_decay("beta2", default.second)?,
            epsilon: from.epsilon(default.epsilon)?,
            weight_decay: from.weight_decay(decay, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}
