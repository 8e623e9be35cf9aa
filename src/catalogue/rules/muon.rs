//! Rules whose updates have their singular values made one.

use super::precision;
use crate::catalogue::entries::Named;
use crate::catalogue::reader::{DECOUPLED_FIRST, Reader};
use crate::error::Result;
use crate::rule::{Muon, MuonInput, MuonLaProp, NewtonSchulz, Scion, ShapeScaling, ZerothPower};

const INPUTS: [(&str, MuonInput); 5] = [
    ("nesterov", MuonInput::Nesterov),
    ("gradient_and_average", MuonInput::GradientAndAverage),
    ("average", MuonInput::Average),
    ("heavy_ball", MuonInput::HeavyBall),
    ("heavy_ball_ahead", MuonInput::HeavyBallAhead),
];

const SCALINGS: [(&str, ShapeScaling); 4] = [
    ("taller_is_larger", ShapeScaling::TallerIsLarger),
    ("as_adamw", ShapeScaling::AsAdamW),
    ("spectral", ShapeScaling::Spectral),
    ("none", ShapeScaling::None),
];

/// How the nearest orthonormal matrix is found.
fn method(from: &mut Reader<'_>, default: ZerothPower) -> Result<ZerothPower> {
    let mut methods = [
        ("newtonschulz", ZerothPower::NewtonSchulz(NewtonSchulz::PUBLISHED)),
        ("tight_newtonschulz", ZerothPower::NewtonSchulz(NewtonSchulz::TIGHT)),
        ("polar_express", ZerothPower::NewtonSchulz(NewtonSchulz::POLAR_EXPRESS)),
        ("svd", ZerothPower::SingularVectors),
        ("eigh", ZerothPower::Eigenvectors),
        ("qr", ZerothPower::Orthonormal),
    ];
    methods.sort_by_key(|(_, method)| *method != default); // the first is meant where none is named
    from.choice("zeroth_power_mode", &methods)
}

impl Named for Muon {
    const NAME: &'static str = "muon";
    const SUMMARY: &'static str = "momentum whose singular values are made one";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            momentum: from.decay("beta1", default.momentum)?,
            input: from.choice("momentum_form", &INPUTS)?,
            method: method(from, default.method)?,
            precision: precision(from)?,
            scaling: from.choice("scaling", &SCALINGS)?,
            weight_decay: from.weight_decay(0.01, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}

impl Named for MuonLaProp {
    const NAME: &'static str = "muon_laprop";
    const SUMMARY: &'static str = "LaProp whose singular values are made one";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            first: from.decay("beta1", default.first)?,
            second: from.second_decay("beta2", default.second)?,
            epsilon: from.epsilon(default.epsilon)?,
            method: method(from, default.method)?,
            precision: precision(from)?,
            scaling: from.choice("scaling", &SCALINGS)?,
            weight_decay: from.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}

impl Named for Scion {
    const NAME: &'static str = "scion";
    const SUMMARY: &'static str = "steps of one length in a norm for each layer";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            momentum: from.decay("beta1", default.momentum)?,
            scale: from.amount("scale", default.scale)?,
            method: method(from, default.method)?,
            precision: precision(from)?,
            weight_decay: from.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}
