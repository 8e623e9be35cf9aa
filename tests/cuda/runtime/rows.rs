//! Gradients of a few rows: the bits of the CPU, and what they cost.

use super::{Named, adamw, cuda, sent, state_and_bits};
use crate::device::Array;
use crate::fake::{Calls, Finds, with, with_any};
use crate::parity::difference;
use crate::values::{Contents, bits, scattered, stored};
use gradus::cpu::Cpu;
use gradus::cuda::Cuda;
use gradus::device::{LEAF, MakesTensors, Rows, SparseRows};
use gradus::dtype::{Plus8, StorageDtype};
use gradus::error::{CudaFlaw, Error};
use gradus::optimizer::{Build, LossScaling, Stepped};
use gradus::rule::{AdamW, Sgd, Sm3, Sm3Momentum, StableAdamW};
use half::{bf16, f16};

/// Rows that cross leaves, rows of one element, rows longer than a leaf, rows with two axes, and a table that is frozen in
/// some of the runs.
const TABLES: [(&str, &[usize]); 5] = [
    ("wide", &[90, 130]),
    ("vector", &[5000]),
    ("long", &[4, 2 * LEAF + 3]),
    ("deep", &[7, 3, 5]),
    ("other", &[6, 2]),
];

/// What is special about the gradients of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Usual,
    /// One that is not finite, in a row that comes twice.
    Nan,
    /// Only gradients without rows, and none at all.
    Empty,
}

const KINDS: [Kind; 6] = [Kind::Usual, Kind::Usual, Kind::Nan, Kind::Empty, Kind::Usual, Kind::Usual];

/// The rows of a table that have a gradient at a step: in no order, some of them several times, all of them, or none.
fn chosen(step: u64, table: u64, count: usize) -> Option<Vec<usize>> {
    let some = match (step + table) % 5 {
        0 => return None,
        1 => 0,
        2 => 3 * count,
        3 => count / 2 + 1,
        _ => 4,
    };
    let row = |place: usize| (scattered(1000 * step + table, place).abs() * count as f64) as usize % count;
    Some((0..some).map(row).collect())
}

type Given<D, T> = Vec<(&'static str, Option<SparseRows<Vec<usize>, <D as MakesTensors>::Tensor<T>>>)>;

fn given<D: MakesTensors, T: StorageDtype>(device: &D, step: u64, kind: Kind) -> Given<D, T> {
    let gradient = |(table, (name, shape)): (u64, (&'static str, &[usize]))| {
        let rows = chosen(step, table, shape[0]).map(|rows| if kind == Kind::Empty { vec![] } else { rows });
        let values = rows.map(|mut rows| {
            let shape = [&[rows.len()], &shape[1..]].concat();
            let length: usize = shape.iter().product();
            let value = |element| stored::<T>(scattered(77 * step + table, element) * 2.0);
            let mut elements: Vec<T> = (0..length).map(value).collect();
            if kind == Kind::Nan && rows.len() > 1 {
                rows[1] = rows[0];
                elements[0] = stored(f64::NAN);
            }
            SparseRows { rows, values: sent(device, &Array { shape, elements }) }
        });
        (name, values)
    };
    (0..).zip(TABLES).map(gradient).collect()
}

fn tables<D: MakesTensors, T: StorageDtype>(device: &D) -> Named<D, T> {
    let table = |(name, shape): (&'static str, &[usize])| {
        let length: usize = shape.iter().product();
        let elements = (0..length).map(|element| stored(scattered(length as u64, element))).collect();
        (name, sent(device, &Array { shape: shape.to_vec(), elements }))
    };
    TABLES.into_iter().map(table).collect()
}

/// Steps with the rows of all kinds, and what counts them.
macro_rules! by_rows {
    ($($name:ident in $parameter:ty, $gradient:ty => $builder:expr;)+) => {$(
        fn $name<D: MakesTensors + Rows>(device: &D) -> Contents {
            let mut parameters = tables::<D, $parameter>(device);
            let optimizer = $builder.build(device.clone(), &parameters).expect("a model");
            let mut optimizer = optimizer.by_rows().expect("they have rows");
            let mut list = Contents::new();
            for (step, kind) in (1..).zip(KINDS) {
                optimizer.step(&mut parameters, &given::<D, $gradient>(device, step, kind)).expect("they fit");
            }
            let norm = optimizer.measure(&given::<D, $gradient>(device, 2, Kind::Usual)).expect("they fit");
            list.push(("norm".to_owned(), bits(&[norm.norm, norm.elements as f64])));
            let counts = [optimizer.steps(), optimizer.skipped(), optimizer.loss_scale().to_bits()];
            list.push(("counts".to_owned(), counts.to_vec()));
            list.extend(state_and_bits(device, &optimizer.snapshot().expect("whole steps"), &parameters));
            list
        }
    )+};
}

by_rows! {
    plain in f32, f32 => Sgd::default();
    elements in f64, f64 => adamw().parameters_in::<f64>();
    lines in f32, bf16 => Sm3::default().gradients_in::<bf16>();
    lines_kahan in bf16, bf16 => Sm3Momentum::default().parameters_in::<bf16>().kahan();
    rounded in bf16, bf16 => adamw()
        .parameters_in::<bf16>()
        .state_in::<bf16>(3)
        .stochastic_rounding(5);
    corrected in bf16, bf16 => adamw()
        .state_in::<Plus8<bf16>>(9)
        .error_corrected8(10)
        .parameters_in::<bf16>();
    statistics in f16, f16 => StableAdamW::default().parameters_in::<f16>();
    clipped in f32, f32 => adamw()
        .group("vectors", |_, layout| layout.shape().len() == 1, AdamW::default())
        .freeze(|name, _| name == "other")
        .clip_global_norm(0.3);
    skipped in f32, f32 => Sm3::default().clip_global_norm(0.3).skip_nonfinite();
    scaled in f32, f16 => adamw()
        .gradients_in::<f16>()
        .loss_scaling(LossScaling { start: 64.0, interval: 2, ..LossScaling::default() });
}

macro_rules! assert_same_on_both {
    ($($run:ident)+) => {$(
        assert_eq!(difference(&$run(&cuda()), &$run(&Cpu::default())), None, stringify!($run));
    )+};
}

#[test]
fn rules_with_state_by_element_and_by_row() {
    with_any("runtime::rows::rules_with_state_by_element_and_by_row", || {
        assert_same_on_both!(plain elements lines statistics);
    });
}

#[test]
fn stores() {
    with_any("runtime::rows::stores", || {
        assert_same_on_both!(lines_kahan rounded corrected);
    });
}

#[test]
fn clips_and_policies() {
    with_any("runtime::rows::clips_and_policies", || {
        assert_same_on_both!(clipped skipped scaled);
    });
}

/// One table of four rows of two numbers.
fn small(device: &Cuda) -> Named<Cuda, f32> {
    vec![("table", device.tensor(&[4, 2], &[1.0; 8]).expect("memory"))]
}

fn rows(device: &Cuda, rows: &[usize], values: &[f32]) -> Given<Cuda, f32> {
    let values = device.tensor(&[rows.len(), 2], values).expect("memory");
    vec![("table", Some(SparseRows { rows: rows.to_vec(), values }))]
}

#[test]
fn a_bad_gradient_is_named_and_changes_nothing() {
    with_any("runtime::rows::a_bad_gradient_is_named_and_changes_nothing", || {
        let device = cuda();
        let mut tables = small(&device);
        let optimizer = Sm3::default().refuse_nonfinite().build(device.clone(), &tables).expect("a model");
        let mut optimizer = optimizer.by_rows().expect("it has rows");
        let beyond = rows(&device, &[0, 4], &[1.0; 4]);
        let refused = optimizer.step(&mut tables, &beyond).expect_err("there are four rows");
        let expected = Error::RowOutOfRange { parameter: "table".to_owned(), place: 1, row: 4, rows: 4 };
        assert_eq!(refused, expected);
        let infinite = rows(&device, &[3, 1], &[0.0, 1.0, 2.0, f32::INFINITY]);
        let refused = optimizer.step(&mut tables, &infinite).expect_err("it is infinite");
        let expected = Error::NonfiniteGradient { parameter: "table".to_owned(), index: vec![1, 1] };
        assert_eq!(refused, expected);
        assert_eq!(device.fetch(&tables[0].1), Ok(vec![1.0; 8]));
        assert_eq!(optimizer.steps(), 0);
        let good = rows(&device, &[2, 2], &[1.0, 0.0, 1.0, 0.0]);
        assert_eq!(optimizer.step(&mut tables, &good), Ok(Stepped::Taken));
        assert_eq!(device.fetch(&tables[0].1), Ok(vec![1.0, 1.0, 1.0, 1.0, 0.9, 1.0, 1.0, 1.0]));
    });
}

#[test]
fn steps_of_the_same_rows_send_indices_and_constants_alone() {
    let name = "runtime::rows::steps_of_the_same_rows_send_indices_and_constants_alone";
    with(Finds::Both, name, &[], || {
        let device = cuda();
        let mut tables = small(&device);
        let optimizer = Sm3::default().build(device.clone(), &tables).expect("a model");
        let mut optimizer = optimizer.by_rows().expect("it has rows");
        let gradients = rows(&device, &[2, 0, 2], &[1.0; 6]);
        let mut step = || {
            optimizer.step(&mut tables, &gradients).expect("they fit");
        };
        step();
        device.wait().expect("it has run");
        // A sum; the parameter and the accumulators out and back; the largest numbers, the update, the accumulators.
        assert_eq!(Calls::of(step), Calls { launches: 1 + 2 + 2 + 3, sends: 2, ..Calls::default() });
    });
}

#[test]
fn rows_cannot_be_replayed() {
    with(Finds::Both, "runtime::rows::rows_cannot_be_replayed", &[], || {
        let device = cuda();
        let mut tables = small(&device);
        let optimizer = Sm3::default().build(device.clone(), &tables).expect("a model");
        let mut optimizer = optimizer.by_rows().expect("it has rows");
        let gradients = rows(&device, &[2, 0, 2], &[1.0; 6]);
        let mut step = device.prepared_step();
        let error = step.prepare(|| optimizer.step(&mut tables, &gradients)).expect_err("rows change");
        let reason = "its rows are others each time";
        assert_eq!(error, Error::Cuda(CudaFlaw::NotReplayable { reason }));
        assert_eq!(optimizer.step(&mut tables, &gradients), Ok(Stepped::Taken));
    });
}

#[test]
fn a_device_without_memory_for_the_rows_says_so_and_changes_nothing() {
    let name = "runtime::rows::a_device_without_memory_for_the_rows_says_so_and_changes_nothing";
    with(Finds::Both, name, &[("FAKE_CUDA_MEMORY", "360000")], || {
        let device = cuda();
        let mut tables = vec![("table", device.tensor(&[4, 16384], &[1.0f32; 65536]).expect("memory"))];
        let optimizer = Sgd::default().build(device.clone(), &tables).expect("a model");
        let mut optimizer = optimizer.by_rows().expect("it has rows");
        let values = device.tensor(&[1, 16384], &[1.0f32; 16384]).expect("memory");
        let gradients = [("table", Some(SparseRows { rows: [3], values }))];
        let error = optimizer.step(&mut tables, &gradients).expect_err("there is no memory");
        let flaw = CudaFlaw::OutOfMemory { bytes: 65536, purpose: "the rows of a step" };
        assert_eq!(error, Error::Cuda(flaw));
        assert_eq!((optimizer.steps(), optimizer.received("table")), (0, Ok(0)));
    });
}
