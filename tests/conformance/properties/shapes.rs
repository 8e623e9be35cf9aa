//! Shapes and memory orders of arrays.

use crate::cases::{Case, Gradient, Parameter};
use crate::values::{bits, scatter, stored};
use gradus::cpu::Cpu;
use gradus::dtype::StorageDtype;
use gradus::optimizer::Releasable;
use ndarray::{ArrayD, IxDyn, ShapeBuilder};

/// Scattered values by position, whatever the memory order.
fn array<T: StorageDtype>(stream: u64, shape: &[usize], column_major: bool) -> ArrayD<T> {
    let length = shape.iter().product();
    let row_major = ArrayD::from_shape_vec(IxDyn(shape), scatter(stream, length)).expect("the length fits");
    let mut array = ArrayD::zeros(IxDyn(shape).set_f(column_major));
    array.assign(&row_major);
    let stored = array.mapv(stored);
    assert_eq!(stored.strides(), array.strides(), "the memory order is kept");
    stored
}

/// The bits by position.
fn by_position<T: StorageDtype>(array: &ArrayD<T>) -> Vec<u64> {
    bits(array)
}

/// Steps over arrays of the given shapes, and the bits by position of what comes out.
fn run<R: Releasable, C: Case>(
    rule: R,
    shapes: &[&[usize]],
    column_major: bool,
    released: bool,
) -> Vec<Vec<u64>> {
    let parameter = |(place, shape): (usize, &&[usize])| {
        (format!("x{place}"), array::<Parameter<C>>(place as u64, shape, column_major))
    };
    let gradient = |step: u64, place: usize| {
        array::<Gradient<C>>(100 * step + place as u64, shapes[place], column_major)
    };
    let mut parameters: Vec<_> = shapes.iter().enumerate().map(parameter).collect();
    if released {
        let mut optimizer = C::released(rule, Cpu::default(), &parameters);
        for number in 1..=3 {
            let mut step = optimizer.begin_step().expect("every step is finished");
            for (place, (name, parameter)) in parameters.iter_mut().enumerate() {
                step.release(&*name, parameter, gradient(number, place)).expect("the arrays agree");
            }
            assert!(step.finish().missing.is_empty());
        }
    } else {
        let mut optimizer = C::together(rule, Cpu::default(), &parameters);
        for number in 1..=3 {
            let gradients: Vec<_> =
                (0..shapes.len()).map(|place| (format!("x{place}"), gradient(number, place))).collect();
            optimizer.step(&mut parameters, &gradients).expect("the arrays agree");
        }
    }
    parameters.iter().map(|(_, parameter)| by_position(parameter)).collect()
}

/// A single number, empty arrays, one element, and many axes: each like a vector of its length.
pub fn zero_one_and_no_dimensions_are_like_any_other_shape<R: Releasable, C: Case>(rule: R) {
    let shapes: [&[usize]; 6] = [&[], &[0], &[3, 0, 2], &[1], &[1, 1, 1], &[2, 3, 1, 5, 1, 2, 2]];
    let lengths = shapes.map(|shape| [shape.iter().product()]);
    let flat = lengths.each_ref().map(|length| &length[..]);
    for released in [false, true] {
        let shaped = run::<R, C>(rule.clone(), &shapes, false, released);
        assert_eq!(shaped, run::<R, C>(rule.clone(), &flat, false, released), "{}", C::NAME);
        // In 16 bits what is left of three steps may be rounded away.
        if size_of::<Parameter<C>>() > 2 {
            let start = by_position(&array::<Parameter<C>>(0, &[], false));
            assert_ne!(shaped[0], start, "{}: it moves", C::NAME);
        }
    }
}

/// By position the same bits as row-major memory, where nothing is random.
pub fn column_major_memory_is_only_another_order<R: Releasable, C: Case>(rule: R) {
    if !C::PLACELESS {
        return;
    }
    let shapes: [&[usize]; 3] = [&[13, 17], &[3, 4, 5], &[1, 9]];
    for released in [false, true] {
        let row_major = run::<R, C>(rule.clone(), &shapes, false, released);
        let column_major = run::<R, C>(rule.clone(), &shapes, true, released);
        assert_eq!(row_major, column_major, "{}", C::NAME);
    }
}
