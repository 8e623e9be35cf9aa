//! NVRTC compiles every kernel, for two architectures. It needs neither a GPU nor a driver.

use crate::cases::{Case, for_each_case};
use crate::rules;
use gradus::clip::Rescale;
use gradus::cuda::{Architecture, CompileError, Kernel, compile, row_functions, row_unit, unit};
use gradus::device::In;
use gradus::dtype::Format;
use gradus::rule::Sgd;
use gradus::store::Nearest;
use gradus::transform::{Rule, StageExt};
use half::{bf16, f16};
use std::time::Instant;

/// The kernels of a rule in the formats and stores whose turn it is.
fn kernels(place: usize, case: &rules::Case) -> Vec<Kernel> {
    let chain = (case.rule)().chain();
    let (mut kernels, mut format) = (Vec::new(), 0);
    for_each_case!(|C| {
        if rules::is_its_turn(case, place + format, 16) {
            let name = format!("{}_in_{}", case.name, C::NAME);
            kernels.push(Kernel::of::<_, <C as Case>::Formats>(&name, &chain).expect("a kernel"));
        }
        format += 1;
    });
    kernels
}

fn assert_all_compile(architecture: Architecture) {
    if compile("", architecture) == Err(CompileError::NoCompiler) {
        println!("skipped: {}", CompileError::NoCompiler);
        return;
    }
    let (start, mut count) = (Instant::now(), 0);
    for (place, case) in rules::all().iter().enumerate() {
        let kernels = kernels(place, case);
        let ptx = compile(&unit(&kernels), architecture);
        let ptx = ptx.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        for function in kernels.iter().flat_map(Kernel::functions) {
            assert!(ptx.contains(&format!(".entry {function}(")), "{function} is not in the PTX");
        }
        assert!(!ptx.contains("fma."), "{} has a fused multiply-add for {architecture}", case.name);
        count += kernels.len();
    }
    println!("{count} kernels compiled for {architecture} in {:.1} s", start.elapsed().as_secs_f64());
}

const SM_80: Architecture = Architecture { major: 8, minor: 0 };
const SM_90: Architecture = Architecture { major: 9, minor: 0 };

#[test]
fn the_kernels_without_a_rule_compile() {
    let kernels = [
        Kernel::square_sums::<f64>("of_f64"),
        Kernel::square_sums::<f32>("of_f32"),
        Kernel::square_sums::<bf16>("of_bf16"),
        Kernel::square_sums::<f16>("of_f16"),
        Kernel::decision::<f64>("by_f64"),
        Kernel::decision::<f32>("by_f32"),
        Kernel::decision::<bf16>("by_bf16"),
        Kernel::decision::<f16>("by_f16"),
        Kernel::of::<_, In<f32, f32, f32, Nearest>>("rescaled", &Rescale.then(Sgd::default().chain())),
    ];
    for architecture in [SM_80, SM_90] {
        match compile(&unit(kernels.iter().flatten()), architecture) {
            Err(CompileError::NoCompiler) => println!("skipped: {}", CompileError::NoCompiler),
            compiled => assert!(compiled.expect("it compiles").contains(".entry of_f16_fold_0(")),
        }
    }
}

#[test]
fn what_works_on_rows_compiles_in_every_format() {
    const FORMATS: [Format; 10] = [
        Format::F64,
        Format::F32,
        Format::Bf16,
        Format::F16,
        Format::Bf16Plus8,
        Format::Bf16Plus16,
        Format::F16Plus8,
        Format::F16Plus16,
        Format::I8,
        Format::I16,
    ];
    for (format, architecture) in FORMATS.into_iter().flat_map(|format| [(format, SM_80), (format, SM_90)]) {
        match compile(&row_unit(format), architecture) {
            Err(CompileError::NoCompiler) => println!("skipped: {}", CompileError::NoCompiler),
            compiled => {
                let ptx = compiled.unwrap_or_else(|error| panic!("{format:?}: {error}"));
                for function in row_functions(format) {
                    assert!(ptx.contains(&format!(".entry rows_{function}(")), "{function} in {format:?}");
                }
                assert!(!ptx.contains("fma."), "{format:?} has a fused multiply-add");
            }
        }
    }
}

#[test]
fn every_kernel_compiles_for_sm_80() {
    assert_all_compile(SM_80);
}

#[test]
fn every_kernel_compiles_for_sm_90() {
    assert_all_compile(SM_90);
}

#[test]
fn a_kernel_that_is_no_cuda_is_refused_with_the_reason() {
    match compile("__global__ void broken() { undeclared = 1; }", SM_80) {
        Err(CompileError::NoCompiler) => println!("skipped: {}", CompileError::NoCompiler),
        Err(CompileError::Refused { log, .. }) => assert!(log.contains("undeclared"), "{log}"),
        other => panic!("{other:?}"),
    }
}
