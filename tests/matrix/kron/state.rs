//! State, threads, schedules and memory; and what all of it is for.

use super::*;
use gradus::rule::FitProbability;

fn sometimes() -> Psgd {
    let probability = FitProbability::constant(0.4.try_into().expect("a share"));
    let rule = Psgd::kron();
    Psgd { factors: KronFactors { schedule: FitSchedule::Annealed(probability), ..rule.factors }, ..rule }
}

#[test]
fn a_restored_optimizer_goes_on_with_the_same_bits() {
    for rule in [Psgd::default(), sometimes(), Psgd::symmetric()] {
        assert_goes_on_when_restored(&rule, &[6, 2, 3], 7, 20);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    // Longer than what one task computes of a product.
    let gradients: Vec<Array2<f32>> = (0..2).map(|seed| noise(520, 260, seed).mapv(|x| x as f32)).collect();
    let configuration = configured("psgd_kron", &[("cached", true.into())]);
    let one = trained(&configuration, 1, &gradients);
    assert_eq!(one, trained(&configuration, 2, &gradients));
}

#[test]
fn fits_come_when_they_should() {
    let gradients: Vec<_> = (0..8).map(|step| noise(6, 4, step)).collect();
    let with = |more: &[(&str, Value)]| moved(&configured("psgd_kron", more), &gradients);
    let half = with(&[("preconditioner_update_probability", 0.5.into())]);
    assert_eq!(half, with(&[("fit", "at".into()), ("refreshed_at", "2,4,6,8".into())]));
    assert_eq!(half, with(&[("min_prob", 0.5.into()), ("max_prob", 0.5.into())]));
    let all = with(&[]);
    assert_eq!(all, with(&[("fit", "always".into())]));
    assert!(half != all && all != with(&[("probe_seed", 1.0.into())]));
    let never = with(&[("fit", "at".into())]);
    assert!(never != all && never != half);
    // Delayed is one fit behind.
    let delayed = moved(&configured("delayed_psgd", &[]), &gradients[..1]);
    assert_eq!(delayed, moved(&configured("psgd_kron", &[("fit", "at".into())]), &gradients[..1]));
}

#[test]
fn micro_batches_enter_the_average_and_fit_nothing() {
    let mut parameters = [("x", tensor(&[4, 3], 5))];
    let rule = Psgd::default().parameters_in::<f64>().gradient_release();
    let mut optimizer = rule.build(Cpu::default(), &parameters).expect("a tensor is a model");
    let mut factors = Vec::new();
    for step in 0..6 {
        let gradient = tensor(&[4, 3], step);
        let mut under_way = optimizer.begin_step().expect("a step");
        if step % 2 == 0 {
            under_way.accumulate("x", gradient).expect("the shapes agree");
        } else {
            under_way.release("x", &mut parameters[0].1, gradient).expect("the shapes agree");
        }
        under_way.finish();
        let snapshot = optimizer.snapshot().expect("whole steps");
        factors.push(snapshot.tensors[0].matrices.clone());
    }
    assert_ne!(factors[0], factors[1]);
    assert_eq!(factors[1], factors[2]);
    assert_ne!(factors[2], factors[3]);
}

#[test]
fn the_memory_report_is_exact() {
    let parameters = [("kernel", tensor(&[6, 4, 3, 3], 0)), ("bias", tensor(&[6], 1))];
    let optimizer = Psgd::default()
        .parameters_in::<f64>()
        .build(Cpu::default(), &parameters)
        .expect("two tensors are a model");
    assert_eq!(optimizer.memory().state_bytes(), optimizer.state_bytes() as u64);
    // An average, packed triangles, a bound for each, whether it has begun, failures, and what clips.
    let kernel = 216 + (21 + 10 + 6 + 6) + 4 + 2 + 1;
    let bias = 6 + 6 + 1 + 2 + 1;
    assert_eq!(optimizer.state_bytes(), 8 * (kernel + bias));
    let pure = Psgd::pure().parameters_in::<f64>();
    let pure = pure.build(Cpu::default(), &parameters).expect("two tensors are a model");
    assert_eq!(optimizer.state_bytes() - pure.state_bytes(), 8 * (216 + 6));
}

#[test]
fn it_needs_fewer_steps_than_adamw_where_the_axes_are_turned() {
    let rates = [0.1, 0.03, 0.01];
    let steps = |optimizer: &str, rate: f64| steps_where_axes_are_turned(optimizer, rate, [5, 4], 1e-5, 600);
    let best = |optimizer: &str| rates.iter().map(|rate| steps(optimizer, *rate)).min();
    let adamw = best("adamw").expect("rates");
    for optimizer in ["psgd_kron", "kron", "psgd_pro"] {
        let psgd = best(optimizer).expect("rates");
        assert!(psgd < adamw, "{optimizer}: {psgd} steps against {adamw}");
    }
}
