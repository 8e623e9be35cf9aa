//! What every rule becomes, on file: so that a reviewer sees the kernel.

use crate::rules;
use gradus::clip::{ClipNorm, ClipRms, Rescale};
use gradus::cuda::Kernel;
use gradus::device::In;
use gradus::error::Result;
use gradus::hyperparameter::Limit;
use gradus::rule::{AdamW, Graft, Momentum, ScaleByAdam, ScaleByLearningRate, WeightedSum};
use gradus::store::{Corrected8, Corrected16, Kahan, Nearest, Stochastic, Store};
use gradus::transform::{DynamicChain, Identity, Program, Rule, StageExt};
use half::{bf16, f16};
use std::path::Path;

/// The variable that makes the test write its files instead of reading them.
const UPDATE: &str = "UPDATE_SNAPSHOTS";

/// The kernels on file: every rule in `f32`, AdamW in every store, and what a joint clip is made of.
fn kernels() -> Vec<Kernel> {
    fn adamw<W: Store>(name: &str) -> [Kernel; 2] {
        let chain = AdamW::default().chain();
        let kernel = |format: &str| format!("adamw_{format}_{name}");
        [
            Kernel::of::<_, In<bf16, bf16, bf16, W>>(&kernel("bf16"), &chain).expect("a kernel"),
            Kernel::of::<_, In<f16, f16, f16, W>>(&kernel("f16"), &chain).expect("a kernel"),
        ]
    }
    let rules = rules::all().into_iter().map(|case| (case.in_types)().expect("a kernel"));
    let stores = [
        adamw::<Nearest>("nearest"),
        adamw::<Kahan>("kahan"),
        adamw::<Stochastic>("stochastic"),
        adamw::<Corrected8>("corrected8"),
        adamw::<Corrected16>("corrected16"),
    ];
    let clipped = Rescale.then(AdamW::default().chain());
    let jointly = [
        Kernel::of::<_, In<f32, f32, f32, Nearest>>("adamw_behind_a_joint_clip", &clipped),
        Kernel::decision::<f32>("decision_by_f32"),
        Kernel::decision::<f64>("decision_by_f64"),
    ];
    let jointly = jointly.map(|kernel| kernel.expect("a kernel"));
    rules.chain(stores.into_iter().flatten()).chain(jointly).collect()
}

#[test]
fn the_text_of_every_kernel_is_the_one_on_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/cuda");
    let mut changed = Vec::new();
    let mut expected = Vec::new();
    for kernel in kernels() {
        let file = folder.join(format!("{}.cu", kernel.name()));
        if std::env::var_os(UPDATE).is_some() {
            std::fs::create_dir_all(&folder).expect("the folder can be made");
            std::fs::write(&file, kernel.text()).expect("the file can be written");
        }
        let on_file = std::fs::read_to_string(&file).unwrap_or_default().replace('\r', "");
        if on_file != kernel.text() {
            changed.push(format!("{} has become\n\n{}", file.display(), kernel.text()));
        }
        expected.push(file);
    }
    let on_file = std::fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.expect("listed").path());
    changed.extend(
        on_file
            .filter(|file| !expected.contains(file))
            .map(|file| format!("{} is of no rule", file.display())),
    );
    assert!(
        changed.is_empty(),
        "{}\nIf that is meant, run `{UPDATE}=1 cargo test --features cuda --test cuda snapshots` and commit {}",
        changed.join("\n"),
        folder.display()
    );
}

#[test]
fn a_rule_as_data_becomes_the_same_text_as_in_types() {
    for case in rules::all() {
        let in_types = (case.in_types)().expect("a kernel");
        let rule = (case.rule)();
        let data = Kernel::of::<_, In<f32, f32, f32, Nearest>>(case.name, &rule.chain()).expect("a kernel");
        assert_eq!(data.text(), in_types.text(), "{}", case.name);
        assert_eq!(data, in_types, "{}", case.name);
    }
}

/// Branches that are programs, with a statistic in each and in the merge, within branches.
#[test]
fn branches_as_data_become_the_same_text_as_in_types() -> Result<()> {
    let limit = Limit::new(0.7)?;
    let mut first = Program::of(ClipNorm { limit });
    first.push(Momentum::default());
    let mut second = Program::of(ScaleByAdam::default());
    second.push(ClipRms::default());
    let both = first.beside(second).merge(Graft::default())?;
    let mut program = Program::default().beside(both).merge(WeightedSum::default())?;
    program.push(ScaleByLearningRate);

    let first = ClipNorm { limit }.then(Momentum::default());
    let second = ScaleByAdam::default().then(ClipRms::default());
    let both = first.beside(second).merge(Graft::default());
    let chain = Identity.beside(both).merge(WeightedSum::default()).then(ScaleByLearningRate);

    let data = Kernel::of::<_, In<f32, bf16, f32, Nearest>>("branches", &<DynamicChain>::new(program)?)?;
    let in_types = Kernel::of::<_, In<f32, bf16, f32, Nearest>>("branches", &chain)?;
    assert_eq!(data.text(), in_types.text());
    assert_eq!(data, in_types);
    Ok(())
}
