//! A rule that is normalised by the largest factor of all parameters, where gradients come one by one.

use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::optimizer::Build;
use gradus::rule::SgdSai;

fn release_of_a_normalized_rule(parameters: &[(&str, Vec<f32>)]) {
    let _ = SgdSai::default().normalized().gradient_release().build(Cpu::default(), parameters);
    //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
    //~| LABEL: this call brings the two together
    //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
    //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
}

fn a_normalized_optimizer_switched_to_release(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    let optimizer = SgdSai::default().normalized().build(Cpu::default(), parameters)?;
    let _ = optimizer.into_released();
    //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
    //~| LABEL: this call brings the two together
    //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
    //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
    Ok(())
}
