//! State on disk: what comes back, what is refused, and what is left when the machine stops.

#![allow(unreachable_pub)] // modules of a test crate

#[path = "../memory/allocator.rs"]
mod allocator;
mod every;
mod file;
mod fixture;
mod hostile;
mod kill;
mod loading;
mod options;
mod phase;
mod refusals;
mod torch;

use gradus::catalogue::{Boxed, Catalogued};
use gradus::dtype::StorageDtype;
use gradus::real::Real;
use ndarray::{ArrayD, IxDyn};
use std::path::PathBuf;

/// Named tensors.
pub(crate) type Tensors<T> = Vec<(String, ArrayD<T>)>;

/// A number in the format `T`.
pub(crate) fn number<T: StorageDtype>(value: f64) -> T {
    T::round(T::Arithmetic::constant(value))
}

/// A matrix, a vector and a single number, with values that `seed` decides.
pub(crate) fn tensors<T: StorageDtype>(seed: u64) -> Tensors<T> {
    let shapes: [(&str, &[usize]); 3] = [("layer.weight", &[3, 5]), ("layer.bias", &[5]), ("scale", &[])];
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0
    };
    let mut array = |shape: &[usize]| {
        let values = (0..shape.iter().product()).map(|_| number(next())).collect();
        ArrayD::from_shape_vec(IxDyn(shape), values).expect("as many values as the shape has")
    };
    shapes.iter().map(|(name, shape)| ((*name).to_owned(), array(shape))).collect()
}

/// One step with the gradients of a number.
pub(crate) fn step<T: Catalogued>(optimizer: &mut Boxed<T>, parameters: &mut Tensors<T>, number: u64) {
    optimizer.step(parameters, &tensors::<T>(1000 + number)).expect("the gradients fit");
}

/// The bits of all parameters.
pub(crate) fn bits<T: StorageDtype>(parameters: &Tensors<T>) -> Vec<u8> {
    let bytes = |array: &ArrayD<T>| {
        let values: Vec<T> = array.iter().copied().collect();
        bytemuck::cast_slice::<T, u8>(&values).to_vec()
    };
    parameters.iter().flat_map(|(_, array)| bytes(array)).collect()
}

/// A folder of its own for a test, gone when it is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gradus-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the folder for temporary files can be written");
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
