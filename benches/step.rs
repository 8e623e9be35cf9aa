//! A step of the catalogue's optimizers: formats, stores, and shapes.
//!
//! ```text
//! cargo bench --bench step
//! ```
//!
//! Throughput is in bytes that the step must move. What the machine could move in that time, a
//! plain loop over the same memory tells: see the example `throughput`, which is the judge.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gradus::catalogue::{Catalogued, Configuration, Format, StoreKind, build};
use gradus::cpu::Cpu;
use gradus::dtype::StorageDtype;
use gradus::real::Real;
use half::bf16;

/// Lengths of the tensors of a model.
struct Model {
    name: &'static str,
    lengths: Vec<usize>,
}

fn models() -> [Model; 2] {
    let many = [vec![256 * 256; 256], vec![256; 512]].concat();
    [Model { name: "big", lengths: vec![4096 * 4096; 2] }, Model { name: "many", lengths: many }]
}

fn tensors<T: StorageDtype>(model: &Model, scale: f64) -> Vec<(String, Vec<T>)> {
    let value = |i: usize| T::round(T::Arithmetic::constant(scale * (1.0 + (i % 97) as f64)));
    let tensor =
        |(place, &length): (usize, &usize)| (format!("tensor.{place}"), (0..length).map(value).collect());
    model.lengths.iter().enumerate().map(tensor).collect()
}

fn step<T: Catalogued>(criterion: &mut Criterion, state: Format, store: StoreKind) {
    let mut group = criterion.benchmark_group(format!("{} {}", T::NAME, store.name()));
    group.sample_size(10);
    for model in models() {
        for optimizer in ["sgd", "lion", "adamw"] {
            let configuration =
                Configuration { state_format: Some(state), store, ..Configuration::of(optimizer) };
            let mut parameters = tensors::<T>(&model, 0.01);
            let gradients = tensors::<T>(&model, -0.001);
            let mut built = build::<T>(&configuration, Cpu::default(), &parameters).expect("a valid model");
            let elements: usize = model.lengths.iter().sum();
            let bytes = 3 * size_of::<T>() * elements + 2 * built.state_bytes();
            group.throughput(Throughput::Bytes(bytes as u64));
            group.bench_function(BenchmarkId::new(optimizer, model.name), |bencher| {
                bencher.iter(|| built.step(&mut parameters, &gradients).expect("the shapes agree"));
            });
        }
    }
    group.finish();
}

fn steps(criterion: &mut Criterion) {
    step::<f32>(criterion, Format::F32, StoreKind::Nearest);
    step::<bf16>(criterion, Format::Bf16, StoreKind::Nearest);
    step::<bf16>(criterion, Format::Bf16, StoreKind::Kahan);
    step::<bf16>(criterion, Format::Bf16, StoreKind::Stochastic);
}

criterion_group!(benches, steps);
criterion_main!(benches);
