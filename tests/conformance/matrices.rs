//! The rules that work on matrices.

use super::*;
use gradus::rule::{
    EigenBases, FactorFormat, FactorProducts, FactorShapes, KronFactors, Muon, MuonInput, MuonLaProp,
    NewtonSchulz, Psgd, Refresh, ScheduleFreeSoap, Scion, ShapeScaling, Soap, Solp, Splitting, UpdateClip,
    ZerothPower,
};
use gradus::transform::MatrixPrecision;

conformance! {
    muon: bound averaging => Muon {
        learning_rate: learning_rate(0.03),
        momentum: decay(0.8),
        input: MuonInput::HeavyBallAhead,
        method: ZerothPower::NewtonSchulz(NewtonSchulz::TIGHT.times(3)),
        precision: MatrixPrecision::Bf16,
        scaling: ShapeScaling::AsAdamW,
        weight_decay: WeightDecay::l2(0.011).expect(VALID),
    };
    muon_laprop: bound averaging => moments!(
        MuonLaProp, 0.04, method: ZerothPower::SingularVectors, precision: MatrixPrecision::Bf16,
        scaling: ShapeScaling::Spectral
    );
    soap: bound averaging => Soap { bases: bases(2), ..with_decay(Soap::default()) };
    solp: bound averaging => Solp {
        bases: EigenBases { precision: MatrixPrecision::Bf16, ..bases(1) },
        ..with_decay(Solp::usual())
    };
    schedule_free_soap: bound two_faced => ScheduleFreeSoap {
        learning_rate: learning_rate(0.02),
        bases: bases(2),
        weight_decay: WeightDecay::decoupled(0.013).expect(VALID),
        ..ScheduleFreeSoap::default()
    };
    psgd: bound averaging => Psgd {
        learning_rate: learning_rate(0.02),
        clip: UpdateClip::None,
        weight_decay: WeightDecay::decoupled(0.013).expect(VALID),
        ..Psgd::default()
    };
    psgd_with_kept_products: bound averaging => Psgd {
        learning_rate: learning_rate(0.02),
        factors: KronFactors { products: FactorProducts::Kept, ..KronFactors::default() },
        ..Psgd::default()
    };
    psgd_with_narrow_factors: bound averaging => Psgd {
        learning_rate: learning_rate(0.02),
        factors: KronFactors { format: FactorFormat::Bf16 { seed: 3 }, ..KronFactors::default() },
        ..Psgd::default()
    };
    psgd_by_root: bound averaging => Psgd { learning_rate: learning_rate(0.02), ..Psgd::symmetric_root() };
    psgd_split: bound averaging => Psgd {
        learning_rate: learning_rate(0.02),
        factors: KronFactors {
            shapes: FactorShapes { limit: 5, ..FactorShapes::default() },
            splitting: Splitting::AtLimit,
            ..KronFactors::default()
        },
        ..Psgd::default()
    };
    scion: bound averaging => Scion { learning_rate: learning_rate(0.02), scale: amount(1.7), ..Scion::default() };
}

fn bases(every: u64) -> EigenBases {
    EigenBases { limit: 24, refresh: Refresh::Every(every), ..EigenBases::default() }
}

fn with_decay<I>(rule: Soap<I>) -> Soap<I> {
    let weight_decay = WeightDecay::fully_decoupled(0.004, learning_rate(0.2)).expect(VALID);
    Soap { learning_rate: learning_rate(0.03), weight_decay, ..rule }
}
