//! Gradients of a few rows, against plain `f64` code and against the same steps with whole gradients.

use gradus::checkpoint::Loading;
use gradus::cpu::Cpu;
use gradus::device::{Beside, Formats, In, SparseRows};
use gradus::dtype::StorageDtype;
use gradus::error::Error;
use gradus::hyperparameter::{Decay, Epsilon, LearningRate, WeightDecay};
use gradus::optimizer::{Build, RowOptimizer, Stepped};
use gradus::real::Real;
use gradus::rule::{AdamW, Sm3, Sm3Momentum};
use gradus::store::Nearest;
use gradus::transform::Rule;
use half::bf16;
use ndarray::{Array1, Array2, Array3, ArrayD, IxDyn, array, s};
use proptest::prelude::*;
use std::io::Cursor;

const RATE: f64 = 0.3;
const EPSILON: f64 = 1e-3;
const DECAY: f64 = 0.05;
const VALID: &str = "in the range";

fn sm3(beta: f64) -> Sm3 {
    Sm3 {
        learning_rate: LearningRate::new(RATE).expect(VALID),
        beta: Decay::new(beta).expect(VALID),
        epsilon: Epsilon::added(EPSILON).expect(VALID),
        weight_decay: WeightDecay::decoupled(DECAY).expect(VALID),
    }
}

/// A sparse gradient of a table.
type Gradient<T> = Option<SparseRows<Vec<usize>, ArrayD<T>>>;

/// SM3 with one accumulator per row, as Anil et al. describe covers in §4, one number at a time.
fn plain_sm3(table: &mut [Vec<f64>], rows: &mut [f64], beta: f64, gradient: &[(usize, Vec<f64>)]) {
    for (row, accumulator) in rows.iter_mut().enumerate() {
        let of_row: Vec<_> = gradient.iter().filter(|(index, _)| *index == row).collect();
        if of_row.is_empty() {
            continue;
        }
        let mut largest = *accumulator;
        for (column, parameter) in table[row].iter_mut().enumerate() {
            let gradient: f64 = of_row.iter().map(|(_, values)| values[column]).sum();
            let square = gradient * gradient;
            let nu =
                if beta > 0.0 { beta * *accumulator + (1.0 - beta) * square } else { *accumulator + square };
            largest = largest.max(nu);
            *parameter = *parameter * (1.0 - RATE * DECAY) - RATE * gradient / (nu + EPSILON).sqrt();
        }
        *accumulator = largest;
    }
}

const ROWS: usize = 9;
const STEPS: usize = 6;

/// For each step rows, some of them more than once, and their values, or no gradient at all.
fn gradients(width: usize) -> impl Strategy<Value = Vec<Option<Vec<(usize, Vec<f64>)>>>> {
    let row = (0..ROWS, prop::collection::vec(-2.0f64..2.0, width));
    prop::collection::vec(prop::option::weighted(0.9, prop::collection::vec(row, 0..8)), STEPS)
}

fn as_rows<T: StorageDtype>(
    gradient: &[(usize, Vec<f64>)],
    row: &[usize],
) -> SparseRows<Vec<usize>, ArrayD<T>> {
    let rows = gradient.iter().map(|(row, _)| *row).collect();
    let values = gradient.iter().flat_map(|(_, values)| values);
    let values = values.map(|value| T::round(T::Arithmetic::constant(*value))).collect();
    let shape = [&[gradient.len()], row].concat();
    SparseRows { rows, values: ArrayD::from_shape_vec(IxDyn(&shape), values).expect("the shape fits") }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Roundings: some ten per step of numbers below 20, behind a root of at least √ε = 0.03 in f64.
    #[test]
    fn sm3_keeps_a_number_for_each_row(
        (row, gradients) in prop::sample::select(vec![vec![], vec![5], vec![2, 3]])
            .prop_flat_map(|row| { let width = row.iter().product(); (Just(row), gradients(width)) }),
        beta in prop::sample::select(vec![0.0, 0.9]),
    ) {
        let width: usize = row.iter().product();
        let shape = IxDyn(&[&[ROWS], row.as_slice()].concat());
        let start = |row: usize, column: usize| ((row * 7 + column * 3) % 5) as f64 - 2.0;
        let mut plain: Vec<Vec<f64>> = (0..ROWS).map(|row| (0..width).map(|column| start(row, column)).collect()).collect();
        let mut accumulators = [0.0; ROWS];
        let values = plain.concat();
        let mut tables = [("table", ArrayD::from_shape_vec(shape, values).expect("the shape fits"))];
        let built = sm3(beta).parameters_in::<f64>().build(Cpu::default(), &tables).expect("a model");
        let mut optimizer = built.by_rows().expect("it has rows");
        for gradient in &gradients {
            let given: Gradient<f64> = gradient.as_deref().map(|gradient| as_rows(gradient, &row));
            optimizer.step(&mut tables, &[("table", given)]).expect("the gradient fits");
            plain_sm3(&mut plain, &mut accumulators, beta, gradient.as_deref().unwrap_or_default());
            for (got, want) in tables[0].1.iter().zip(plain.concat()) {
                prop_assert!((got - want).abs() <= 6.0 * 10.0 * 20.0 / 0.03 * f64::EPSILON, "{got} {want}");
            }
        }
        let snapshot = optimizer.snapshot().expect("whole steps");
        for (got, want) in snapshot.tensors[0].axes[0].1.iter().zip(accumulators) {
            prop_assert!((got - want).abs() <= 6.0 * 10.0 * 300.0 * f64::EPSILON, "{got} {want}");
        }
    }
}

#[test]
fn rows_that_are_all_there_move_as_a_vector_does() {
    let start = Array1::from_iter((0..200).map(|x| x as f32 * 0.1 - 7.0));
    let (mut sparse, mut dense) = ([("x", start.clone())], [("x", start)]);
    let built = || Sm3Momentum::default().build(Cpu::default(), &[("x", Array1::<f32>::zeros(200))]);
    let mut by_rows = built().expect("a model").by_rows().expect("it has rows");
    let mut whole = built().expect("a model");
    for step in 1..=5 {
        let gradient = |x: usize| ((x * 31 + step * 17) % 23) as f32 - 11.0;
        // Back to front, which must not matter.
        let rows: Vec<usize> = (0..200).rev().collect();
        let values = Array1::from_iter(rows.iter().map(|x| gradient(*x)));
        by_rows.step(&mut sparse, &[("x", Some(SparseRows { rows, values }))]).expect("it fits");
        whole.step(&mut dense, &[("x", Array1::from_iter((0..200).map(gradient)))]).expect("it fits");
        assert_eq!(sparse, dense);
    }
    let (left, right) = (by_rows.snapshot().expect("whole"), whole.snapshot().expect("whole"));
    assert_eq!(left, right);
}

/// Bits of a number that equal only themselves.
fn bits(table: &Array2<bf16>) -> Vec<u16> {
    table.iter().map(|value| value.to_bits()).collect()
}

/// Some rows at some steps: `step` decides which.
fn some_rows(step: usize) -> SparseRows<Vec<usize>, Array2<bf16>> {
    let rows: Vec<usize> = [3, 1, 3, 8].into_iter().take(1 + step % 4).collect();
    let value = |(row, column): (usize, usize)| bf16::from_f32((row + 2 * column + step) as f32 * 0.37 - 1.0);
    SparseRows { values: Array2::from_shape_fn((rows.len(), 70), value), rows }
}

fn table() -> Array2<bf16> {
    Array2::from_shape_fn((10, 70), |(row, column)| bf16::from_f32((row * 70 + column) as f32 * 0.003))
}

/// Absent rows keep every bit of themselves and of what is carried for them, others do not; and a
/// restored optimizer goes on with the same bits.
fn absent_rows_stay_and_a_restart_changes_nothing<R: Rule, K: Formats<Parameter = bf16, Gradient = bf16>>(
    build: impl Fn() -> RowOptimizer<R, K, Cpu>,
) {
    let mut optimizer = build();
    let mut tables = [("t", table())];
    for step in 0..6 {
        let (before, gradient) = (tables[0].1.clone(), some_rows(step));
        optimizer.step(&mut tables, &[("t", Some(gradient.clone()))]).expect("it fits");
        for row in 0..10 {
            let (old, new) = (before.row(row).to_vec(), tables[0].1.row(row).to_vec());
            assert_eq!(old == new, !gradient.rows.contains(&row), "row {row} at step {step}");
        }
    }
    let snapshot = optimizer.snapshot().expect("whole steps");
    for (_, carry) in &snapshot.tensors[0].carry {
        let row = |row: usize| &carry[row * 70..][..70];
        assert!(
            row(0).iter().all(|carried| *carried == Beside::<K>::default()),
            "row 0 never had a gradient"
        );
        assert!(row(3).iter().any(|carried| *carried != Beside::<K>::default()));
    }
    let mut file = Cursor::new(Vec::new());
    optimizer.save_into(&mut file).expect("memory can be written");
    let mut from_disk = build();
    from_disk.load_from(&mut file, &Loading::exactly()).expect("it is of the same optimizer");
    let mut resumed = build();
    resumed.restore(&snapshot).expect("it is of the same optimizer");
    let mut others = [tables.clone(), tables.clone()];
    for step in 6..9 {
        optimizer.step(&mut tables, &[("t", Some(some_rows(step)))]).expect("it fits");
        for (optimizer, others) in [&mut resumed, &mut from_disk].into_iter().zip(&mut others) {
            optimizer.step(others, &[("t", Some(some_rows(step)))]).expect("it fits");
            assert_eq!(bits(&tables[0].1), bits(&others[0].1));
        }
    }
}

#[test]
fn absent_rows_stay_in_every_store() {
    let tables = [("t", table())];
    absent_rows_stay_and_a_restart_changes_nothing(|| {
        let builder = Sm3::default().parameters_in::<bf16>().kahan();
        builder.build(Cpu::default(), &tables).expect("a model").by_rows().expect("rows")
    });
    // State per element, rounded at random.
    absent_rows_stay_and_a_restart_changes_nothing(|| {
        let rule = AdamW { learning_rate: LearningRate::new(0.1).expect(VALID), ..AdamW::default() };
        let builder = rule.parameters_in::<bf16>().state_in::<bf16>(3).stochastic_rounding(5);
        builder.build(Cpu::default(), &tables).expect("a model").by_rows().expect("rows")
    });
}

#[test]
fn state_is_a_number_for_each_row() {
    let tables = [("t", Array3::<f32>::zeros((50, 7, 9)))];
    let optimizer = Sm3::default().build(Cpu::default(), &tables).expect("a model").by_rows().expect("rows");
    assert_eq!(optimizer.state_bytes(), 50 * size_of::<f32>());
}

type F64 = In<f64, f64, f64, Nearest>;

/// SM3 of a table of four rows of two columns, and of one that is frozen.
fn small(
    configure: impl FnOnce(&[(&'static str, Array2<f64>)]) -> gradus::error::Result<RowOptimizer<Sm3, F64, Cpu>>,
) -> (Vec<(&'static str, Array2<f64>)>, RowOptimizer<Sm3, F64, Cpu>) {
    let tables = vec![("first", Array2::zeros((4, 2))), ("second", Array2::zeros((3, 1)))];
    let optimizer = configure(&tables).expect("a model");
    (tables, optimizer)
}

fn rows<const N: usize>(rows: [usize; N], values: Array2<f64>) -> Gradient<f64> {
    Some(SparseRows { rows: rows.to_vec(), values: values.into_dyn() })
}

#[test]
fn a_bad_gradient_is_named_and_changes_nothing() {
    let (mut tables, mut optimizer) =
        small(|tables| Sm3::default().parameters_in::<f64>().build(Cpu::default(), tables)?.by_rows());
    let good = rows([0], array![[1.0, 2.0]]);
    let before = optimizer.snapshot().expect("whole steps");
    let mut refused = |gradients: &[(&str, Gradient<f64>)]| {
        let error = optimizer.step(&mut tables, gradients).expect_err("it is bad").to_string();
        assert!(tables.iter().all(|(_, table)| table.iter().all(|x| *x == 0.0)), "{error}");
        assert_eq!(optimizer.snapshot().expect("whole steps"), before, "{error}");
        error
    };
    assert_eq!(
        refused(&[("first", good.clone()), ("second", rows([0, 3], array![[1.0], [1.0]]))]),
        "gradient of `second` has row 3 in place 1, but the parameter has 3 rows"
    );
    assert_eq!(
        refused(&[("first", good.clone()), ("second", rows([0], array![[1.0, 1.0]]))]),
        "rows of the gradient of `second` have shape [1, 2] together, but as many indices need [1, 1]"
    );
    assert_eq!(
        refused(&[("first", rows([0, 1, 2], array![[1.0, 1.0]])), ("second", None)]),
        "rows of the gradient of `first` have shape [1, 2] together, but as many indices need [3, 2]"
    );
    let turned = Some(SparseRows {
        rows: vec![0, 1],
        values: array![[1.0, 2.0], [3.0, 4.0]].reversed_axes().into_dyn(),
    });
    let error = refused(&[("first", turned), ("second", None)]);
    assert!(error.starts_with("gradient of `first` orders its elements otherwise in memory"), "{error}");
    assert_eq!(
        refused(&[("first", good.clone())]),
        "no gradient for `second`; pass one for every parameter, or say `None` where there is none"
    );
    let error = refused(&[("second", None), ("first", good.clone())]);
    assert_eq!(error, "the gradient in place 0 is of `second`, but the parameter there is `first`");
    let error = refused(&[("first", good.clone()), ("second", None), ("third", None)]);
    assert_eq!(error, "there is a gradient for `third`, but no such parameter");
    let mut others = vec![("first", Array2::zeros((4, 2))), ("second", Array2::zeros((4, 1)))];
    let error = optimizer.step(&mut others, &[("first", good), ("second", None)]).expect_err("it is larger");
    assert_eq!(
        error.to_string(),
        "parameter `second` has shape [4, 1], but had [3, 1] when the optimizer was built"
    );
}

#[test]
fn values_with_gaps_are_named_as_such() {
    let mut tables = [("table", Array2::<f64>::zeros((4, 2)))];
    let optimizer = Sm3::default().parameters_in::<f64>().build(Cpu::default(), &tables);
    let mut optimizer = optimizer.and_then(|optimizer| optimizer.by_rows()).expect("a table");
    // The left half of a wider matrix.
    let wide = Array2::<f64>::ones((3, 5));
    let values = wide.slice(s![.., ..2]);
    for indices in [[0, 1, 3], [0, 1, 9]] {
        let gradients = [("table", Some(SparseRows { rows: indices, values }))];
        let expected = Error::NotContiguous { parameter: "table".to_owned(), role: "gradient" };
        assert_eq!(optimizer.measure(&gradients), Err(expected.clone()));
        assert_eq!(optimizer.step(&mut tables, &gradients), Err(expected));
    }
    assert!(tables[0].1.iter().all(|x| *x == 0.0));
}

#[test]
fn what_has_no_rows_is_refused() {
    let number =
        [("n", Array3::<f32>::zeros((1, 1, 1)).into_shape_with_order(IxDyn(&[])).expect("one number"))];
    let error = Sm3::default().build(Cpu::default(), &number).expect("a model").by_rows().expect_err("0-d");
    assert_eq!(
        error.to_string(),
        "gradients by rows is not available with parameter `n`: a single number has no rows"
    );
    let turned = [("t", Array2::<f32>::zeros((3, 4)).reversed_axes())];
    let error =
        Sm3::default().build(Cpu::default(), &turned).expect("a model").by_rows().expect_err("columns");
    assert!(error.to_string().contains("`t`: its rows do not lie one after the other in memory"), "{error}");
    let mut table = [("t", Array2::<f32>::zeros((3, 4)))];
    let mut used = Sm3::default().build(Cpu::default(), &table).expect("a model");
    used.step(&mut table, &[("t", Array2::<f32>::ones((3, 4)))]).expect("it fits");
    assert!(used.by_rows().expect_err("too late").to_string().contains("has taken steps"));
}

#[test]
fn a_norm_is_one_of_the_sums() {
    let (mut tables, mut optimizer) = {
        let tables = vec![("first", Array2::zeros((4, 2))), ("second", Array2::<f64>::zeros((3, 1)))];
        let rule =
            gradus::rule::Sgd { learning_rate: LearningRate::new(1.0).expect(VALID), ..Default::default() };
        let builder = rule.parameters_in::<f64>().clip_global_norm(1.0);
        let built = builder.build(Cpu::default(), &tables).expect("a model");
        (tables, built.by_rows().expect("rows"))
    };
    // Row 1 is (1, 2) + (2, -2) = (3, 0).
    let gradients =
        [("first", rows([1, 1], array![[1.0, 2.0], [2.0, -2.0]])), ("second", rows([2], array![[4.0]]))];
    let norm = optimizer.measure(&gradients).expect("they fit");
    assert_eq!((norm.norm, norm.elements), (5.0, 3));
    optimizer.step(&mut tables, &gradients).expect("they fit");
    // The factor and the product are rounded.
    let near = |table: &Array2<f64>, row: usize, moved: f64| {
        let rest = table.iter().filter(|x| **x != 0.0).count();
        assert!((table[[row, 0]] - moved).abs() <= f64::EPSILON && rest == 1, "{table}");
    };
    near(&tables[0].1, 1, -3.0 / 5.0);
    near(&tables[1].1, 2, -4.0 / 5.0);
    // With what another optimizer has measured.
    let all = norm.join(norm);
    optimizer.step_with_norm(&mut tables, &gradients, all).expect("they fit");
    assert!((tables[1].1[[2, 0]] + 0.8 + 4.0 / 50.0f64.sqrt()).abs() < 1e-15);
}

#[test]
fn an_infinite_element_is_named_by_its_row_or_leaves_the_step_out() {
    let bad = [("first", rows([3, 2], array![[1.0, 0.0], [0.0, f64::INFINITY]])), ("second", None)];
    let tables = vec![("first", Array2::zeros((4, 2))), ("second", Array2::<f64>::zeros((3, 1)))];
    let mut moved = tables.clone();
    let builder = Sm3::default().parameters_in::<f64>().refuse_nonfinite();
    let mut refusing = builder.build(Cpu::default(), &tables).expect("a model").by_rows().expect("rows");
    let error = refusing.step(&mut moved, &bad).expect_err("it is infinite").to_string();
    assert!(error.contains("`first`") && error.contains("[2, 1]"), "{error}");
    let builder = Sm3::default().parameters_in::<f64>().skip_nonfinite();
    let mut skipping = builder.build(Cpu::default(), &tables).expect("a model").by_rows().expect("rows");
    assert_eq!(skipping.step(&mut moved, &bad).expect("it is skipped"), Stepped::Skipped);
    assert_eq!((moved, skipping.skipped(), skipping.steps()), (tables, 1, 0));
}

#[test]
fn frozen_tables_and_absent_gradients_stay() {
    let tables = vec![("first", Array2::<f64>::ones((4, 2))), ("second", Array2::ones((3, 1)))];
    let builder = Sm3::default().parameters_in::<f64>().freeze(|name, _| name == "second");
    let mut optimizer = builder.build(Cpu::default(), &tables).expect("a model").by_rows().expect("rows");
    let mut moved = tables.clone();
    let gradients = [("first", None), ("second", rows([1], array![[1.0]]))];
    assert_eq!(optimizer.step(&mut moved, &gradients).expect("they fit"), Stepped::WithoutGradients);
    let gradients = [("first", rows([1], array![[1.0, 1.0]])), ("second", rows([1], array![[1.0]]))];
    assert_eq!(optimizer.step(&mut moved, &gradients).expect("they fit"), Stepped::Taken);
    assert_eq!(moved[1], tables[1]);
    assert_eq!(moved[0].1, array![[1.0, 1.0], [0.9, 0.9], [1.0, 1.0], [1.0, 1.0]]);
}

/// Rows that come later would miss what these rules keep of a tensor's first gradient.
#[test]
fn rules_that_remember_how_a_tensor_began_are_refused() {
    use gradus::rule::{ScheduleFreeSgd, SgdSai};
    let tables = [("table", ndarray::Array2::<f32>::zeros((4, 2)))];
    let refused = |error: gradus::error::Error| {
        let expected = "gradients by rows is not available with the rule of group `default`";
        assert!(error.to_string().starts_with(expected), "{error}");
    };
    refused(
        SgdSai::default().build(Cpu::default(), &tables).expect("a table").by_rows().expect_err("SgdSai"),
    );
    let free = ScheduleFreeSgd::default().build(Cpu::default(), &tables).expect("a table");
    refused(free.by_rows().expect_err("ScheduleFreeSgd"));
}
