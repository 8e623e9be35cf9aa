//! PSGD with Kronecker factors.

use crate::catalogue::entries::Named;
use crate::catalogue::reader::{DECOUPLED_FIRST, Reader};
use crate::catalogue::{Hyperparameters, Value};
use crate::error::Result;
use crate::hyperparameter::{Amount, Decay, FitRate, Limit, Scale, Share};
use crate::rule::{
    Average, BalancePlace, Balancing, Damping, DampingNoise, DecayedParameters, FactorFormat, FactorGeometry,
    FactorProducts, FactorShapes, FactorStorage, FirstFit, FirstScale, FitBound, FitDamping, FitProbability,
    FitSchedule, FitTo, KronFactors, MemorySaving, Pairs, Preconditioning, Probes, Psgd, PurePsgd,
    SpectralBound, Splitting, UpdateClip,
};
use crate::transform::Merging;

const SAVINGS: [(&str, MemorySaving); 5] = [
    ("none", MemorySaving::None),
    ("one_diag", MemorySaving::LongestDiagonal),
    ("smart_one_diag", MemorySaving::OnlyLongestDiagonal),
    ("one_triu", MemorySaving::ShortestTriangular),
    ("all_diag", MemorySaving::AllDiagonal),
];

const MERGINGS: [(&str, Merging); 5] = [
    ("never", Merging::Never),
    ("up_to_limit", Merging::UpToLimit),
    ("open_last", Merging::OpenLast),
    ("squarer", Merging::Squarer),
    ("last_apart", Merging::LastApart),
];

const GEOMETRIES: [(&str, FactorGeometry); 3] = [
    ("triangular", FactorGeometry::Triangular),
    ("symmetric", FactorGeometry::Symmetric),
    ("symmetric_root", FactorGeometry::SymmetricRoot),
];

const FIRST_FITS: [(&str, FirstFit); 2] = [("moves", FirstFit::Moves), ("only_begins", FirstFit::OnlyBegins)];

const PLACES: [(&str, BalancePlace); 2] =
    [("before_fit", BalancePlace::BeforeFit), ("behind_fit", BalancePlace::BehindFit)];

const NOISES: [(&str, DampingNoise); 2] =
    [("in_fit", DampingNoise::InFit), ("in_update", DampingNoise::InUpdate)];

const DECAYED: [(&str, DecayedParameters); 2] =
    [("all", DecayedParameters::All), ("matrices", DecayedParameters::Matrices)];

fn shapes(from: &mut Reader<'_>) -> Result<FactorShapes> {
    let default = FactorShapes::default();
    Ok(FactorShapes {
        limit: from.length("max_size_triangular", default.limit)?,
        least_axes: from.length("min_ndim_triangular", default.least_axes)?,
        saving: from.choice("memory_save_mode", &SAVINGS)?,
    })
}

/// A number, or 0 for what the first gradient says.
fn first_scale(from: &mut Reader<'_>) -> Result<FirstScale> {
    let given = from.number("precond_init_scale", 0.0)?;
    let scale = Scale::new(from.number("precond_init_scale_scale", 1.0)?)?;
    let power = Amount::new(from.number("precond_init_scale_power", 0.5)?)?;
    let of_gradient = FirstScale::FromGradient { scale, power };
    Ok(if given == 0.0 { of_gradient } else { FirstScale::Given(Scale::new(given)?) })
}

/// How it is decided which gradients something is done with.
#[derive(Clone, Copy)]
enum When<O> {
    Drawn,
    At,
    Always,
    /// What there is beside these.
    Otherwise(O),
}

fn schedule(from: &mut Reader<'_>) -> Result<FitSchedule> {
    let default = FitProbability::default();
    let annealed = FitProbability {
        least: Share::new(from.number("min_prob", default.least.get())?)?,
        most: Share::new(from.number("max_prob", default.most.get())?)?,
        decay: from.amount("prob_decay", default.decay)?,
        flat_start: from.whole("flat_start", default.flat_start)?,
    };
    // 0 is for what the four before say: a probability of 0 would never fit anything.
    let constant = Share::new(from.number("preconditioner_update_probability", 0.0)?)?;
    let probability = if constant.get() > 0.0 { FitProbability::constant(constant) } else { annealed };
    let (seed, listed) = (from.whole("fit_seed", 0)?, from.whole_list("refreshed_at")?);
    let annealed = When::Otherwise(probability);
    let kinds = [("annealed", annealed), ("drawn", When::Drawn), ("always", When::Always), ("at", When::At)];
    Ok(match from.choice("fit", &kinds)? {
        When::Drawn => FitSchedule::Drawn { probability, seed },
        When::Always => FitSchedule::always(),
        When::At => FitSchedule::when(move |at| listed.contains(&at.optimizer)),
        When::Otherwise(probability) => FitSchedule::Annealed(probability),
    })
}

fn balancing(from: &mut Reader<'_>) -> Result<Balancing> {
    let never = When::Otherwise(());
    let kinds = [("always", When::Always), ("never", never), ("drawn", When::Drawn), ("at", When::At)];
    let kind = from.choice("balance", &kinds)?;
    let probability = Share::new(from.number("balance_probability", 0.01)?)?;
    let (seed, listed) = (from.whole("balance_seed", 0)?, from.whole_list("balanced_at")?);
    Ok(match kind {
        When::Otherwise(()) => Balancing::Never,
        When::Drawn => Balancing::Drawn { probability, seed },
        When::At => Balancing::when(move |at| listed.contains(&at.optimizer)),
        When::Always => Balancing::Always,
    })
}

fn damping(from: &mut Reader<'_>) -> Result<FitDamping> {
    let amount = Amount::new(from.number("dampening", 1e-9)?)?;
    let kinds =
        [("by_element", Damping::ByElement(amount)), ("of_mean", Damping::OfMean), ("none", Damping::None)];
    Ok(FitDamping { amount: from.choice("damping", &kinds)?, noise: from.choice("damping_noise", &NOISES)? })
}

fn bound(from: &mut Reader<'_>) -> Result<FitBound> {
    let count = from.whole("precond_update_power_iterations", 2)?.min(1000) as u32;
    let methods =
        [("power_iteration", SpectralBound::PowerIteration(count)), ("one_column", SpectralBound::OneColumn)];
    let method = from.choice("spectral_bound", &methods)?;
    Ok(FitBound { method, memory: from.decay("lower_bound_beta", Decay::new(0.9)?)? })
}

fn format(from: &mut Reader<'_>) -> Result<FactorFormat> {
    let seed = from.whole("q_seed", 0)?;
    let formats = [
        ("arithmetic", FactorFormat::Arithmetic),
        ("bf16", FactorFormat::Bf16 { seed }),
        ("f16", FactorFormat::F16 { seed }),
    ];
    from.choice("q_dtype", &formats)
}

fn factors(from: &mut Reader<'_>) -> Result<KronFactors> {
    let packed = from.flag_or("store_triu_as_line", true)?;
    Ok(KronFactors {
        shapes: shapes(from)?,
        merging: from.choice("merging", &MERGINGS)?,
        splitting: if from.flag("split")? { Splitting::AtLimit } else { Splitting::Never },
        geometry: from.choice("geometry", &GEOMETRIES)?,
        storage: if packed { FactorStorage::Packed } else { FactorStorage::Square },
        format: format(from)?,
        products: if from.flag("cached")? { FactorProducts::Kept } else { FactorProducts::None },
        first_scale: first_scale(from)?,
        rate: FitRate::new(from.number("precond_lr", 0.1)?)?,
        schedule: schedule(from)?,
        to: if from.flag_or("momentum_into_precond_update", true)? { FitTo::Update } else { FitTo::Gradient },
        probes: Probes::Drawn { seed: from.whole("probe_seed", 0)? },
        damping: damping(from)?,
        bound: bound(from)?,
        balancing: balancing(from)?,
        balance_place: from.choice("balance_place", &PLACES)?,
        preconditioning: if from.flag("delayed")? {
            Preconditioning::Delayed
        } else {
            Preconditioning::Fresh
        },
        first_fit: from.choice("first_gradient", &FIRST_FITS)?,
    })
}

fn clip(from: &mut Reader<'_>) -> Result<UpdateClip> {
    let limit = Limit::new(from.number("clip_rms", 1.1)?)?;
    let clips = [
        ("trust_region", UpdateClip::TrustRegion),
        ("rms", UpdateClip::RootMeanSquare(limit)),
        ("none", UpdateClip::None),
    ];
    from.choice("clip", &clips)
}

/// Whether gradients are averaged first.
fn has_momentum(by: &Hyperparameters) -> bool {
    by.get("exp_avg_input") != Some(&Value::Flag(false))
}

fn psgd<M>(from: &mut Reader<'_>, momentum: impl FnOnce(Decay) -> M) -> Result<Psgd<M>> {
    let learning_rate = from.learning_rate(crate::hyperparameter::LearningRate::new(1e-3)?)?;
    from.flag_or("exp_avg_input", true)?;
    Ok(Psgd {
        learning_rate,
        momentum: momentum(from.decay("beta1", Decay::new(0.9)?)?),
        factors: factors(from)?,
        clip: clip(from)?,
        weight_decay: from.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?,
        decayed: from.choice("decayed", &DECAYED)?,
    })
}

impl Named for Psgd {
    const NAME: &'static str = "psgd_kron";
    const SUMMARY: &'static str = "gradients whitened by Kronecker factors that are fitted to them";

    fn is_meant(by: &Hyperparameters) -> bool {
        has_momentum(by)
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        psgd(from, |decay| Average { decay })
    }

    fn take_pairs(&mut self, pairs: &Pairs) {
        self.factors.probes = Probes::Given(pairs.clone());
    }
}

impl Named for PurePsgd {
    const NAME: &'static str = "psgd_kron";
    const SUMMARY: &'static str = "gradients whitened by Kronecker factors that are fitted to them";

    fn is_meant(by: &Hyperparameters) -> bool {
        !has_momentum(by)
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        psgd(from, |_| crate::transform::Identity)
    }

    fn take_pairs(&mut self, pairs: &Pairs) {
        self.factors.probes = Probes::Given(pairs.clone());
    }
}
