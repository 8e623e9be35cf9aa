//! The kernels, run on the host, have the bits of the CPU path.

use crate::cases::{Case, Gradient, Parameter, for_each_case};
use crate::device::{Array, OnHost};
use crate::host::{self, Host};
use crate::rules;
use crate::values::{Contents, bits, contents, scattered, stored};
use gradus::cpu::Cpu;
use gradus::cuda::Kernel;
use gradus::device::{Device, MaybeTensor, TensorMut};
use gradus::dtype::StorageDtype;
use gradus::transform::Rule;
use std::sync::Arc;
use std::time::Instant;

/// Names and shapes: less than a group, whole groups, several leaves and a tail, nothing at all.
pub const SHAPES: [(&str, &[usize]); 6] = [
    ("scalar", &[]),
    ("tail", &[13]),
    ("whole", &[8, 16]),
    ("empty", &[0]),
    ("leaves", &[3, 3001]),
    ("leaf", &[64, 64]),
];

/// Steps of a comparison: more than the rules that begin in some other way begin with.
const STEPS: u64 = 7;

/// What is no ordinary number: signed zeros, the smallest and largest numbers, and what is none.
const ODD: [f64; 10] = [0.0, -0.0, 1e-45, -3e-42, 6e-8, -1e-5, 65504.0, -3e38, f64::INFINITY, f64::NAN];

fn length(shape: &[usize]) -> usize {
    shape.iter().product()
}

pub fn parameters<T: StorageDtype>() -> Vec<(&'static str, Array<T>)> {
    let value = |place: u64| move |element: usize| stored(scattered(place, element));
    let array = |(place, (name, shape)): (u64, (&'static str, &[usize]))| {
        (name, Array { shape: shape.to_vec(), elements: (0..length(shape)).map(value(place)).collect() })
    };
    (1..).zip(SHAPES).map(array).collect()
}

/// Gradients of all magnitudes. In one tensor of elementwise rules some are odd; in others they would be all
/// that a statistic finds.
pub fn gradients<T: StorageDtype>(step: u64, has_odd: bool) -> Vec<(&'static str, Option<Array<T>>)> {
    let array = |(place, (name, shape)): (u64, (&'static str, &[usize]))| {
        let value = |element: usize| {
            let size = 10f64.powi((element % 9) as i32 - 6);
            let odd = has_odd && name == "whole" && element % 7 == 3;
            stored(if odd {
                ODD[(element / 7 + step as usize) % ODD.len()]
            } else {
                scattered(1000 * step + place, element) * size
            })
        };
        // One tensor has no gradient at times, so that counters differ.
        let absent = name == "tail" && step.is_multiple_of(3);
        let elements = (0..length(shape)).map(value).collect();
        (name, (!absent).then_some(Array { shape: shape.to_vec(), elements }))
    };
    (1..).zip(SHAPES).map(array).collect()
}

/// Parameters and state after some steps.
fn run<C: Case, D: Device>(rule: &rules::Case, device: D, kernel: &Kernel) -> Contents
where
    Array<Parameter<C>>: TensorMut<D, Parameter<C>> + MaybeTensor<D, Parameter<C>>,
    Option<Array<Gradient<C>>>: MaybeTensor<D, Gradient<C>>,
{
    let has_odd = kernel.statistics().is_empty();
    let mut parameters = parameters::<Parameter<C>>();
    let mut optimizer = C::optimizer((rule.rule)(), device, &parameters);
    for step in 1..=STEPS {
        optimizer.step(&mut parameters, &gradients::<Gradient<C>>(step, has_odd)).expect("the gradients fit");
    }
    let mut list = contents(&optimizer.snapshot().expect("whole steps"));
    let mut push = |parameters: &[(&str, Array<Parameter<C>>)]| {
        list.extend(parameters.iter().map(|(name, array)| ((*name).to_owned(), bits(&array.elements))));
    };
    push(&parameters);
    if kernel.evaluates() {
        let mut evaluated = parameters.clone();
        optimizer.evaluation_into(&parameters, &mut evaluated).expect("the same tensors");
        push(&evaluated);
    }
    list
}

/// The first difference, if there is one.
pub fn difference(host: &Contents, cpu: &Contents) -> Option<String> {
    assert_eq!(host.len(), cpu.len());
    host.iter().zip(cpu).find_map(|((name, host), (_, cpu))| {
        let place = (0..cpu.len()).find(|place| host.get(*place) != cpu.get(*place))?;
        let [host, cpu] = [host[place], cpu[place]].map(f64::from_bits);
        Some(format!("{name}[{place}] is {host:e} in the kernel and {cpu:e} on the CPU"))
    })
}

fn compare<C: Case>(rule: &rules::Case, host: &Arc<Host>, kernel: &Kernel) -> Option<String> {
    let device = OnHost { host: host.clone(), kernel: kernel.clone() };
    difference(&run::<C, _>(rule, device, kernel), &run::<C, _>(rule, Cpu::default(), kernel))
}

fn name<C: Case>(rule: &rules::Case) -> String {
    format!("{}_in_{}", rule.name, C::NAME)
}

pub fn kernel<C: Case>(rule: &rules::Case) -> Kernel {
    Kernel::of::<_, C::Formats>(&name::<C>(rule), &(rule.rule)().chain()).expect("a kernel")
}

/// Every second rule: two programs, so that two tests compile and run at the same time.
fn assert_same_bits(half: usize) {
    if let Err(reason) = host::compiler() {
        println!("skipped: {reason}");
        return;
    }
    let rules: Vec<_> = rules::all().into_iter().enumerate().filter(|(place, _)| place % 2 == half).collect();
    let mut kernels = Vec::new();
    for (place, rule) in &rules {
        let mut format = 0;
        for_each_case!(|C| {
            if rules::is_its_turn(rule, place / 2 + format, 8) {
                kernels.push(kernel::<C>(rule));
            }
            format += 1;
        });
    }
    let start = Instant::now();
    let source = host::source(&kernels, |text| text);
    let host = Arc::new(Host::start(&format!("parity_{half}"), &kernels, &source));
    println!("{} kernels compiled in {:.1} s", kernels.len(), start.elapsed().as_secs_f64());

    let mut differences = Vec::new();
    for (_, rule) in &rules {
        for_each_case!(|C| {
            let name = name::<C>(rule);
            if let Some(kernel) = kernels.iter().find(|kernel| kernel.name() == name) {
                let found = compare::<C>(rule, &host, kernel);
                differences.extend(found.map(|found| format!("{name}: {found}")));
            }
        });
    }
    println!("compared in {:.1} s", start.elapsed().as_secs_f64());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn half_of_the_kernels_have_the_bits_of_the_cpu() {
    assert_same_bits(0);
}

#[test]
fn the_other_half_have_the_bits_of_the_cpu() {
    assert_same_bits(1);
}

/// The comparison itself: a kernel with one thing wrong in its text, or in the text by hand around it, is found.
fn assert_noticed<C: Case>(rule: &str, right: &str, wrong: &str) {
    if let Err(reason) = host::compiler() {
        println!("skipped: {reason}");
        return;
    }
    let rule = rules::all().into_iter().find(|case| case.name == rule).expect("a rule of the table");
    let kernel = kernel::<C>(&rule);
    let source = host::source(std::slice::from_ref(&kernel), |text| {
        assert!(text.contains(right), "`{right}` is not in the kernel");
        text.replacen(right, wrong, 1)
    });
    let words: String = format!("{right}_{wrong}").chars().filter(char::is_ascii_alphanumeric).collect();
    let host =
        Host::start(&format!("broken_{}_{words}", kernel.name()), std::slice::from_ref(&kernel), &source);
    let found = compare::<C>(&rule, &Arc::new(host), &kernel);
    assert!(found.is_some(), "{wrong} instead of {right} has not been noticed");
}

#[test]
fn a_wrong_sign_is_noticed() {
    assert_noticed::<crate::cases::F32>("adamw", "parameter - t", "parameter + t");
}

#[test]
fn a_wrong_tie_is_noticed() {
    assert_noticed::<crate::cases::Bf16Kahan>("adamw", "0x7FFFu + (bits >> 16 & 1u)", "0x8000u");
}

#[test]
fn wrong_random_bits_are_noticed() {
    assert_noticed::<crate::cases::Bf16StateStochastic>("lion", "element ^ (stream & 7u)", "element");
}

#[test]
fn a_tail_that_is_not_written_is_noticed() {
    assert_noticed::<crate::cases::F32>("sgd", "if (i < count) into", "if (i + 1 < count) into");
}

#[test]
fn a_missing_barrier_is_noticed() {
    assert_noticed::<crate::cases::F32>(
        "stable_adamw",
        "lanes[lane] = sum;\n    __syncthreads();",
        "lanes[lane] = sum;",
    );
}

#[test]
fn a_line_that_stays_as_it_was_is_noticed() {
    assert_noticed::<crate::cases::F32>("sm3", "number = larger(number, row.room(field)[line]);", "");
}
