//! What is missing is said, at construction, and nothing panics.

use super::cuda;
use crate::fake::{Finds, with};
use gradus::cpu::Cpu;
use gradus::cuda::{Architecture, CompileError, Cuda, CudaTensor, compile};
use gradus::error::{CudaFlaw, Error};
use gradus::optimizer::Build;
use gradus::rule::{AdamW, Muon};

fn flaw(result: Result<Cuda, Error>) -> CudaFlaw {
    match result.expect_err("something is missing") {
        Error::Cuda(flaw) => flaw,
        other => panic!("{other}"),
    }
}

#[test]
fn no_driver() {
    with(Finds::Nothing, "runtime::errors::no_driver", &[], || match Cuda::new(0) {
        Err(Error::Cuda(CudaFlaw::NoDriver)) => {
            assert!(CudaFlaw::NoDriver.to_string().starts_with("no CUDA driver was found (libcuda.so"));
        }
        // Where the system itself finds one, nothing can hide it.
        other => println!("skipped: this machine has a CUDA driver: {other:?}"),
    });
}

#[test]
fn no_compiler() {
    with(Finds::DriverAlone, "runtime::errors::no_compiler", &[], || {
        if compile("", Architecture { major: 9, minor: 0 }) != Err(CompileError::NoCompiler) {
            return println!("skipped: the system itself finds an NVRTC");
        }
        assert_eq!(flaw(Cuda::new(0)), CudaFlaw::NoCompiler);
    });
}

#[test]
fn no_device() {
    with(Finds::Both, "runtime::errors::no_device", &[("FAKE_CUDA_DEVICES", "0")], || {
        assert_eq!(flaw(Cuda::new(0)), CudaFlaw::NoDevice);
    });
}

#[test]
fn a_device_beyond_the_last_one() {
    with(Finds::Both, "runtime::errors::a_device_beyond_the_last_one", &[("FAKE_CUDA_DEVICES", "2")], || {
        assert!(Cuda::new(1).is_ok());
        let flaw = flaw(Cuda::new(2));
        assert_eq!(flaw.to_string(), "there is no CUDA device 2; there are 2, counted from 0");
    });
}

#[test]
fn an_old_driver() {
    with(Finds::Both, "runtime::errors::an_old_driver", &[("FAKE_CUDA_VERSION", "11080")], || {
        assert_eq!(
            flaw(Cuda::new(0)).to_string(),
            "the CUDA driver is made for CUDA 11.8, but gradus needs CUDA 12.0; install a newer driver"
        );
    });
}

#[test]
fn a_driver_older_than_the_compiler() {
    let name = "runtime::errors::a_driver_older_than_the_compiler";
    with(Finds::Both, name, &[("FAKE_CUDA_VERSION", "12080")], || {
        assert_eq!(
            flaw(Cuda::new(0)).to_string(),
            "the CUDA driver is made for CUDA 12.8, but NVRTC as it was found needs CUDA 13.0; install a newer driver"
        );
    });
}

#[test]
fn no_memory() {
    with(Finds::Both, "runtime::errors::no_memory", &[("FAKE_CUDA_MEMORY", "100000")], || {
        let device = cuda();
        let parameters = [("large", device.tensor(&[20_000], &vec![1.0f32; 20_000]).expect("it fits"))];
        let error = AdamW::default().build(device.clone(), &parameters).expect_err("state does not fit");
        assert_eq!(error.to_string(), "no memory for 80000 bytes of state of `large`");
        let error = device.tensor(&[20_000], &vec![1.0f32; 20_000]).expect_err("it does not fit twice");
        assert_eq!(error.to_string(), "no memory on the CUDA device for 80000 bytes of a tensor");
        // What was there before still works.
        assert_eq!(device.fetch(&parameters[0].1).expect("it is there"), vec![1.0; 20_000]);
        AdamW::default()
            .build(Cpu::default(), &[("large", vec![1.0f32; 20_000])])
            .expect("the CPU is unaffected");
    });
}

#[test]
fn tensors_of_another_device_or_of_another_length() {
    let name = "runtime::errors::tensors_of_another_device_or_of_another_length";
    with(Finds::Both, name, &[("FAKE_CUDA_DEVICES", "2")], || {
        let (device, other) = (cuda(), Cuda::new(1).expect("there are two"));
        let mut parameters = [("w", device.tensor(&[3], &[1.0f32; 3]).expect("memory"))];
        let mut optimizer = AdamW::default().build(device.clone(), &parameters).expect("a model");
        let elsewhere = [("w", other.tensor(&[3], &[1.0f32; 3]).expect("memory"))];
        let error = optimizer.step(&mut parameters, &elsewhere).expect_err("it lies elsewhere");
        assert!(error.to_string().starts_with("a tensor lies in another CUDA context (device 1)"), "{error}");
        assert_eq!(optimizer.steps(), 0);
        let gradients = [("w", device.tensor(&[3], &[1.0f32; 3]).expect("memory"))];
        optimizer.step(&mut parameters, &gradients).expect("nothing has been spoiled");

        let memory = device.stream().alloc_zeros::<f32>(5).expect("memory");
        let error = CudaTensor::<f32, _>::new(&[2, 3], memory).expect_err("five are not six");
        assert_eq!(error.to_string(), "a tensor has memory for 5 elements, but its shape has 6");
    });
}

#[test]
fn matrices() {
    with(Finds::Both, "runtime::errors::matrices", &[], || {
        let device = cuda();
        let parameters = [("w", device.tensor(&[2, 2], &[1.0f32; 4]).expect("memory"))];
        let error = Muon::default().build(device, &parameters).expect_err("there is no linear algebra");
        let says = "`w` is to be stepped as a matrix, but there is no linear algebra on CUDA yet; use `Cpu`, or a rule \
                    that works element by element";
        assert_eq!(error.to_string(), says);
    });
}
