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

/// Every so many rules, on a device of their own: kernels are compiled in several threads at once.
const THREADS: usize = 4;

fn differences(thread: usize, device: &Cuda) -> (usize, Vec<String>) {
    let (mut compared, mut differences) = (0, Vec::new());
    for (place, rule) in rules::all().iter().enumerate().filter(|(place, _)| place % THREADS == thread) {
        let mut format = 0;
        for_each_case!(|C| {
            if rules::is_its_turn(rule, place + format, 8) {
                compared += 1;
                differences.extend(compare::<C>(rule, device));
            }
            format += 1;
        });
    }
    (compared, differences)
}

#[test]
fn every_rule_has_the_bits_of_the_cpu_on_the_gpu() {
    let devices: Result<Vec<_>, _> = (0..THREADS).map(|_| Cuda::new(0)).collect();
    let devices = match devices {
        Ok(devices) => devices,
        Err(reason) => return println!("skipped: {reason}"),
    };
    let start = Instant::now();
    let found: Vec<_> = std::thread::scope(|scope| {
        let start = |(thread, device)| scope.spawn(move || differences(thread, device));
        let threads: Vec<_> = devices.iter().enumerate().map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    });
    let compared: usize = found.iter().map(|(compared, _)| compared).sum();
    println!("{compared} kernels compared on {:?} in {:.1} s", devices[0], start.elapsed().as_secs_f64());
    let differences: Vec<_> = found.into_iter().flat_map(|(_, differences)| differences).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
