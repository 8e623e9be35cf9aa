//! State, threads and memory.

use super::*;
use gradus::catalogue::StoreKind;
use gradus::optimizer::Build;
use gradus::rule::{EigenBases, Muon, Refresh, Soap};
use gradus::transform::MatrixPrecision;
use half::bf16;

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    // Longer than what one task computes of a product.
    let gradients: Vec<Array2<f32>> = (0..2).map(|seed| noise(600, 530, seed).mapv(|x| x as f32)).collect();
    for precision in ["full", "bf16"] {
        let configuration = configured("muon", &[("matrix_precision", precision.into())]);
        let one = trained(&configuration, 1, &gradients);
        for threads in [2, 3] {
            assert_eq!(one, trained(&configuration, threads, &gradients), "{precision}, {threads} threads");
        }
    }
}

fn soap() -> Soap {
    let refresh = Refresh::Every(3);
    Soap { bases: EigenBases { refresh, ..EigenBases::default() }, ..Soap::default() }
}

fn gradient(step: u32) -> [(&'static str, ArrayD<f32>); 2] {
    let numbers = |rows, columns, seed| noise(rows, columns, seed).mapv(|x| x as f32);
    let kernel = numbers(6, 36, step).into_shape_with_order(vec![6, 4, 3, 3]).expect("as many");
    [("kernel", kernel), ("bias", numbers(1, 6, 50 + step).into_shape_with_order(vec![6]).expect("as many"))]
}

#[test]
fn any_shape_is_a_shape() {
    let shapes: [&[usize]; 10] =
        [&[], &[1], &[1, 1], &[7], &[1, 5], &[5, 1], &[2, 1, 3], &[2, 2, 2, 2], &[0], &[3, 0]];
    for optimizer in ["soap", "solp", "sf_soap", "muon", "muon_laprop", "muon_adamw", "scion"] {
        for shape in shapes {
            let filled = |seed| {
                let length = shape.iter().product();
                let values = noise(1, length, seed).into_raw_vec_and_offset().0;
                ArrayD::from_shape_vec(shape, values).expect("as many")
            };
            let mut parameters = vec![("x".to_owned(), filled(90))];
            let mut built = catalogue::build::<f64>(&configured(optimizer, &[]), Cpu::default(), &parameters)
                .expect("a valid configuration");
            for step in 0..5 {
                built.step(&mut parameters, &vec![("x".to_owned(), filled(step))]).expect("a step");
            }
            let moved = parameters[0].1.iter().zip(&filled(90)).all(|(now, then)| now != then);
            assert!(moved && parameters[0].1.iter().all(|x| x.is_finite()), "{optimizer} {shape:?}");
        }
    }
}

#[test]
fn a_restored_optimizer_goes_on_with_the_same_bits() {
    let mut parameters = gradient(900);
    let mut optimizer = soap().build(Cpu::default(), &parameters).expect("a build");
    for step in 0..5 {
        optimizer.step(&mut parameters, &gradient(step)).expect("a step");
    }
    let (snapshot, mut others) = (optimizer.snapshot().expect("a snapshot"), parameters.clone());
    let mut resumed = soap().build(Cpu::default(), &others).expect("a build");
    resumed.restore(&snapshot).expect("it fits");
    for step in 5..12 {
        optimizer.step(&mut parameters, &gradient(step)).expect("a step");
        resumed.step(&mut others, &gradient(step)).expect("a step");
    }
    assert_eq!(parameters, others);
    assert_eq!(optimizer.snapshot().expect("a snapshot"), resumed.snapshot().expect("a snapshot"));

    let names: Vec<_> = snapshot.tensors[0].matrices.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["factor_1", "basis_1", "factor_2", "basis_2", "failures"]);
    assert_eq!(snapshot.tensors[0].matrices[2].1.len(), 36 * 36, "axes behind the first are one");
    assert_eq!(snapshot.tensors[0].matrices[4].1, [0.0]);
    assert!(snapshot.tensors[1].matrices.is_empty(), "a vector has no basis");

    let mut wrong = snapshot.clone();
    wrong.tensors[0].matrices[0].1.pop();
    let error = resumed.restore(&wrong).expect_err("a number is missing").to_string();
    assert!(error.contains("the list of matrices of `kernel`"), "{error}");
}

#[test]
fn gradients_may_come_one_by_one() {
    let (mut together, mut singly) = (gradient(900), gradient(900));
    let mut optimizer = soap().build(Cpu::default(), &together).expect("a build");
    let mut released = soap().build(Cpu::default(), &singly).expect("a build").into_released();
    for step in 0..5 {
        optimizer.step(&mut together, &gradient(step)).expect("a step");
        let mut under_way = released.begin_step().expect("a step");
        for ((name, parameter), (_, gradient)) in singly.iter_mut().zip(gradient(step)).rev() {
            under_way.release(*name, parameter, gradient).expect("a release");
        }
        assert!(under_way.finish().missing.is_empty());
    }
    assert_eq!(together, singly);
}

#[test]
fn the_memory_report_is_exact() {
    let parameters = gradient(0);
    let report = soap().memory::<Cpu>(&parameters).expect("a report");
    let optimizer = soap().build(Cpu::default(), &parameters).expect("a build");
    assert_eq!(report.state_bytes(), optimizer.state_bytes() as u64);
    assert_eq!(report, optimizer.memory());
    let elements = 6 * 36 + 6;
    let matrices = 2 * (6 * 6 + 36 * 36) + 1;
    assert_eq!(report.state_bytes(), 4 * (2 * elements + matrices));
    // Two numbers flow between the parts of the chain; two tensors and four squares are room, and a matrix has
    // another place to lie in. Factorisations need more.
    assert_eq!(report.device_bytes() - report.state_bytes(), 4 * 2 * elements);
    let one = Cpu::with_threads(1).expect("a thread");
    assert!(report.workspace_bytes(&one) > 4 * (2 * 6 * 36 + 4 * 36 * 36 + 36 * 36));
    let text = report.to_string();
    assert!(text.contains("factor_2 (matrices)") && text.contains("flow (working memory)"), "{text}");

    let long =
        Soap::default().memory_of([("long", vec![65_536, 2]), ("seven", vec![3; 7])]).expect("a report");
    // The first axis is beyond the limit; the others of seven are 729 long.
    let expected = 2 * (65_536 * 2 + 2187) + 2 * 2 * 2 + 1 + 2 * (3 * 3 + 729 * 729) + 1;
    assert_eq!(long.state_bytes(), 4 * expected);
}

#[test]
fn products_in_bf16_take_room_for_two_blocks() {
    let room = |precision, threads| {
        let rule = Muon { precision, ..Muon::default() };
        let report = rule.memory::<Cpu>(&gradient(0)).expect("a report");
        report.workspace_bytes(&Cpu::with_threads(threads).expect("a thread"))
    };
    // Words of 512 pairs, of 1036 rows and of 256 columns; one tensor is a matrix, so there is one lane.
    let blocks = if multiplies_bf16() { 4 * 512 * (1036 + 256) } else { 0 };
    for threads in [1, 2] {
        let [full, bf16] = [MatrixPrecision::Full, MatrixPrecision::Bf16].map(|one| room(one, threads));
        assert_eq!(bf16 - full, blocks, "{threads} threads");
    }
}

#[test]
fn narrow_parameters_go_with_every_store() {
    for store in [StoreKind::Nearest, StoreKind::Kahan, StoreKind::Stochastic] {
        for optimizer in ["soap", "muon"] {
            let configuration =
                Configuration { store, seed: 5, ..configured(optimizer, &[("lr", 0.1.into())]) };
            let narrow: Vec<Array2<bf16>> =
                (0..6).map(|seed| noise(8, 5, seed).mapv(bf16::from_f64)).collect();
            let wide: Vec<Array2<f32>> = narrow.iter().map(|gradient| gradient.mapv(bf16::to_f32)).collect();
            let (narrow, wide) = (trained(&configuration, 1, &narrow), {
                let configuration = Configuration { store: StoreKind::Nearest, ..configuration.clone() };
                trained(&configuration, 1, &wide)
            });
            // Six roundings of numbers below 1 by at most 2⁻⁸ of themselves.
            for (narrow, wide) in narrow.iter().zip(&wide) {
                assert!((narrow.to_f32() - wide).abs() < 6.0 / 256.0, "{optimizer}: {narrow} against {wide}");
            }
        }
    }
}
