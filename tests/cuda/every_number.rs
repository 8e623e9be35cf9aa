//! Numbers of every sign and exponent through every conversion, and through every function of `Real`.

use crate::cases::{Bf16, Bf16Kahan, Bf16Stochastic, F32StateBf16, F32StateF16, F64, F64GradientF32};
use crate::cases::{Bf16Corrected, Bf16Corrected16, F16Corrected, F16Corrected8};
use crate::cases::{Case, F16, F16KahanGradientF32, F16StateStochastic, F16Stochastic, F32, F32GradientBf16};
use crate::cases::{F32StateBf16Plus8, F32StateBf16Plus16, F32StateF16Plus8, Gradient, Parameter};
use crate::device::{Array, OnHost};
use crate::host::{self, Host};
use crate::parity::{difference, kernel};
use crate::rules;
use crate::values::{Contents, bits, contents};
use gradus::cpu::Cpu;
use gradus::cuda::Kernel;
use gradus::device::{Device, MaybeTensor, TensorMut};
use gradus::dtype::StorageDtype;
use std::sync::Arc;

/// As many as a format of 16 bits has.
const NUMBERS: usize = 1 << 16;

/// Patterns that are spread over all that a format has: every one of 16 bits, of more every sign and exponent
/// with digits from all over their range.
fn patterns<T: StorageDtype>(turn: u64) -> Vec<T> {
    let apart = match size_of::<T>() {
        2 => 1,
        4 => (1 << 16) + 1,
        _ => (1 << 48) + (1 << 31) + 1,
    };
    let pattern = |number: usize| {
        let bits = (number as u64).wrapping_mul(apart).wrapping_add(turn * 0x5555).to_le_bytes();
        bytemuck::pod_read_unaligned(&bits[..size_of::<T>()])
    };
    (0..NUMBERS).map(pattern).collect()
}

fn run<C: Case, D: Device>(rule: &rules::Case, device: D) -> Contents
where
    Array<Parameter<C>>: TensorMut<D, Parameter<C>>,
    Array<Gradient<C>>: MaybeTensor<D, Gradient<C>>,
{
    let array = |elements| Array { shape: vec![NUMBERS], elements };
    let mut parameters = [("w", array(vec![Parameter::<C>::default(); NUMBERS]))];
    let mut optimizer = C::optimizer((rule.rule)(), device, &parameters);
    for turn in 0..2 {
        let gradients = [("w", Array { shape: vec![NUMBERS], elements: patterns::<Gradient<C>>(turn) })];
        optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    }
    let mut list = contents(&optimizer.snapshot().expect("whole steps"));
    list.push(("w".to_owned(), bits(&parameters[0].1.elements)));
    list
}

fn compare<C: Case>(rule: &rules::Case, host: &Arc<Host>, kernel: &Kernel) {
    let device = OnHost { host: host.clone(), kernel: kernel.clone() };
    let found = difference(&run::<C, _>(rule, device), &run::<C, _>(rule, Cpu::default()));
    assert_eq!(found, None, "{}", kernel.name());
}

macro_rules! assert_same_bits {
    ($file:literal: $($rule:ident in $($case:ident)+;)+) => {
        if let Err(reason) = host::compiler() {
            println!("skipped: {reason}");
            return;
        }
        let find = |name: &str| rules::all().into_iter().find(|case| case.name == name).expect("it is listed");
        let kernels = [$($(kernel::<$case>(&find(stringify!($rule)))),+),+];
        let host = Arc::new(Host::start($file, &kernels, &host::source(&kernels, |text| text)));
        let mut kernels = kernels.iter();
        $($(compare::<$case>(&find(stringify!($rule)), &host, kernels.next().expect("one for each"));)+)+
    };
}

#[test]
fn every_number_is_converted_as_on_the_cpu() {
    assert_same_bits! { "conversions":
        sgd in F16 F16Stochastic F16KahanGradientF32 F32GradientBf16 Bf16 Bf16Stochastic Bf16Kahan F64GradientF32;
        sgd_momentum in F32StateBf16 F32StateF16 F16StateStochastic F32StateBf16Plus8 F32StateBf16Plus16 F32StateF16Plus8
            Bf16Corrected Bf16Corrected16 F16Corrected F16Corrected8;
    }
}

#[test]
fn functions_give_every_number_the_bits_of_the_cpu() {
    assert_same_bits! { "functions":
        clip_mu_law in F32 F64;
        clip_a_law in F32 F64;
        clip_trust_region in F32 F64;
        clip_softsign in F32 F64;
    }
}
