//! What a report says, group by group.

use gradus::clip::ClipNorm;
use gradus::cpu::Cpu;
use gradus::dtype::Format;
use gradus::error::Error;
use gradus::optimizer::{Build, MemoryKind, select};
use gradus::rule::{AdamW, Lion, Sgd};
use half::bf16;

const MODEL: [(&str, &[usize]); 4] =
    [("embedding", &[100, 8]), ("weight", &[8, 8]), ("bias", &[8]), ("scale", &[])];

#[test]
fn each_group_is_reported_with_what_is_kept_of_it() {
    let report = AdamW::default()
        .parameters_in::<bf16>()
        .gradients_in::<f32>()
        .kahan()
        .group("matrices", select::rank(2), AdamW::default())
        .without_decay(select::named("bias"))
        .freeze(select::named("embedding"))
        .on_gradient(ClipNorm::default())
        .memory_of(MODEL)
        .expect("the model is valid");
    let labels: Vec<_> = report.groups.iter().map(|group| group.label.as_str()).collect();
    assert_eq!(labels, ["default", "matrices", "undecayed", "frozen"]);
    let matrices = &report.groups[1];
    let fields: Vec<_> = matrices
        .fields
        .iter()
        .map(|field| (field.name.as_str(), field.kind, field.format, field.bytes))
        .collect();
    assert_eq!(
        fields,
        [
            ("first", MemoryKind::State, Format::F32, 4 * 64),
            ("second", MemoryKind::State, Format::F32, 4 * 64),
            ("compensation", MemoryKind::Carried, Format::Bf16, 2 * 64),
            ("divisor", MemoryKind::PerTensor, Format::F32, 4),
            ("factor", MemoryKind::PerTensor, Format::F32, 4),
            ("sums", MemoryKind::Sums, Format::F64, 8),
        ]
    );
    assert_eq!(
        (matrices.tensors, matrices.elements, matrices.parameters, matrices.gradients),
        (1, 64, 128, 256)
    );
    let frozen = &report.groups[3];
    assert!(frozen.fields.is_empty());
    assert_eq!((frozen.elements, frozen.parameters, frozen.gradients), (800, 1600, 0));
    assert_eq!(report.state_bytes(), (64 + 8 + 1) * (4 + 4 + 2) + 3 * 2 * 4);
    assert_eq!(report.device_bytes(), report.state_bytes() + 3 * 8);
    assert_eq!((report.elements(), report.parameter_bytes()), (873, 2 * 873));
    assert_eq!((report.gradient_bytes(), report.largest_gradient), (4 * 73, 4 * 64));
}

#[test]
fn a_report_is_a_table() {
    let report = Sgd::default()
        .parameters_in::<bf16>()
        .freeze(select::named("embedding"))
        .on_gradient(ClipNorm::default())
        .memory_of(MODEL)
        .expect("the model is valid");
    let expected = "\
group    elements  kept                   in   bytes
default        73  divisor (per tensor)   f32     12
                   factor (per tensor)    f32     12
                   sums (working memory)  f64     24
frozen        800  nothing                         0
state         873                                 24
beside it: parameters 1,746, gradients 146 (one by one at most 128)
";
    assert_eq!(report.to_string(), expected);
}

#[test]
fn gigabytes_are_reported_and_not_taken() {
    let report = AdamW::default().memory_of([("embedding", [1 << 20, 1 << 20])]).expect("the model is valid");
    assert_eq!(report.state_bytes(), 8 << 40);
    assert!(report.to_string().contains(" 8,796,093,022,208\n"), "{report}");
}

#[test]
fn a_report_is_refused_as_a_build_is() {
    let none: [(&str, [usize; 1]); 0] = [];
    assert_eq!(Lion::default().memory_of(none), Err(Error::NoParameters));
    let twice = [("x", [1]), ("x", [2])];
    assert_eq!(Lion::default().memory_of(twice), Err(Error::DuplicateName { parameter: "x".to_owned() }));
    let builder = Lion::default().group("norms", select::named("*norm*"), Lion::default());
    assert_eq!(builder.memory_of(MODEL), Err(Error::EmptyGroup { group: "norms".to_owned() }));
    let builder = Lion::default().clip_global_norm(-1.0);
    assert!(matches!(builder.memory_of(MODEL), Err(Error::Hyperparameter { name: "clip limit", .. })));
}

#[test]
fn a_builder_that_was_asked_can_still_build() {
    let parameters = [("x", vec![0f32; 5])];
    let builder = AdamW::default().gradient_release();
    let report = builder.memory(&parameters).expect("the model is valid");
    let optimizer = builder.build(Cpu::default(), &parameters).expect("the model is valid");
    assert_eq!(optimizer.memory(), report);
}

/// Sixteen times as many bytes as a number can hold are as many as it can.
#[test]
fn sizes_beyond_all_memory_do_not_overflow() {
    let report = AdamW::default().parameters_in::<f64>().memory_of([("x", [usize::MAX / 2])]);
    assert_eq!(report.expect("a report is only numbers").groups[0].fields[0].bytes, u64::MAX);
}
