//! The squares of gradients, summed as the CPU sums them.

use crate::host::{self, Host, Step};
use crate::values::{scattered, stored};
use gradus::cpu::Cpu;
use gradus::cuda::Kernel;
use gradus::device::{Device, LEAF};
use gradus::dtype::{StorageDtype, WidensTo};
use half::{bf16, f16};

/// Lengths with every shape of the tree: one leaf, an odd one, more pairs than a block has threads.
const LENGTHS: [usize; 6] = [1, LEAF, 0, 3 * LEAF - 5, 7 * LEAF + 1, 520 * LEAF];

fn assert_same_bits<G: StorageDtype + WidensTo<f64>>(host: &Host, kernel: &Kernel, unit: f64) {
    let value =
        |length: usize| move |element: usize| stored::<G>(scattered(length as u64, element % 10_007) * 3.0);
    let mut gradients: Vec<Vec<G>> =
        LENGTHS.iter().map(|&length| (0..length).map(value(length)).collect()).collect();
    let views: Vec<_> = gradients.iter().map(|gradient| Some(gradient.as_slice())).collect();
    let mut expected = [0.0; LENGTHS.len()];
    Cpu::default().square_sums(&views, unit, &mut expected).expect("the CPU has summed");

    let mut leaves: Vec<Vec<f64>> =
        LENGTHS.iter().map(|length| vec![f64::NAN; length.div_ceil(LEAF)]).collect();
    let mut sums = [[0.0f64]; LENGTHS.len()];
    let (mut buffers, mut table) = (Vec::new(), Vec::new());
    for ((gradient, leaves), sum) in gradients.iter_mut().zip(&mut leaves).zip(&mut sums) {
        let number = buffers.len() as u64;
        table.extend([gradient.len() as u64, 1, 0, 0, number + 2, 0, number + 3, number + 1]);
        buffers.push(bytemuck::cast_slice_mut(sum));
        buffers.push(bytemuck::cast_slice_mut(leaves));
        buffers.push(bytemuck::cast_slice_mut(gradient));
    }
    let constants = [0.0, 0.0, unit].map(f64::to_ne_bytes).concat();
    let launches = kernel.summed(&LENGTHS);
    host.run(Step { buffers, row_words: kernel.row_words(), table, constants, launches });
    for (place, expected) in expected.into_iter().enumerate() {
        let [sum] = sums[place];
        assert_eq!(sum.to_bits(), expected.to_bits(), "{} elements in {}", LENGTHS[place], G::NAME);
    }
}

#[test]
fn the_squares_of_gradients_are_summed_as_on_the_cpu() {
    if let Err(reason) = host::compiler() {
        println!("skipped: {reason}");
        return;
    }
    let kernels = [
        Kernel::square_sums::<f64>("of_f64"),
        Kernel::square_sums::<f32>("of_f32"),
        Kernel::square_sums::<bf16>("of_bf16"),
        Kernel::square_sums::<f16>("of_f16"),
    ]
    .map(|kernel| kernel.expect("a kernel"));
    let host = Host::start("square_sums", &kernels, &host::source(&kernels, |text| text));
    for unit in [1.0, 0.37] {
        assert_same_bits::<f64>(&host, &kernels[0], unit);
        assert_same_bits::<f32>(&host, &kernels[1], unit);
        assert_same_bits::<bf16>(&host, &kernels[2], unit);
        assert_same_bits::<f16>(&host, &kernels[3], unit);
    }
}
