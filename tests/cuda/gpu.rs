//! The same comparison on a GPU, where there is one: every rule, in the formats whose turn it is.

use crate::cases::{Case, for_each_case};
use crate::parity::difference;
use crate::rules;
use crate::runtime;
use gradus::cpu::Cpu;
use gradus::cuda::Cuda;
use std::time::Instant;

fn compare<C: Case>(rule: &rules::Case, device: &Cuda) -> Option<String> {
    let (ours, cpu) = (runtime::run::<C, _>(rule, device, 7), runtime::run::<C, _>(rule, &Cpu::default(), 7));
    difference(&ours, &cpu).map(|found| format!("{} in {}: {found}", rule.name, C::NAME))
}

#[test]
fn every_rule_has_the_bits_of_the_cpu_on_the_gpu() {
    let device = match Cuda::new(0) {
        Ok(device) => device,
        Err(reason) => return println!("skipped: {reason}"),
    };
    let (start, mut compared, mut differences) = (Instant::now(), 0, Vec::new());
    for (place, rule) in rules::all().iter().enumerate() {
        let mut format = 0;
        for_each_case!(|C| {
            if rules::is_its_turn(rule, place + format, 8) {
                compared += 1;
                differences.extend(compare::<C>(rule, &device));
            }
            format += 1;
        });
    }
    println!("{compared} kernels compared on {device:?} in {:.1} s", start.elapsed().as_secs_f64());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
