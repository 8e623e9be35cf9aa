//! A rule that is normalised by the largest factor of all parameters, where gradients come one by one.

use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::optimizer::Build;
use gradus::rule::SgdSai;

fn release_of_a_normalized_rule(parameters: &[(&str, Vec<f32>)]) {
    let _ = SgdSai::default().normalized().gradient_release().build(Cpu::default(), parameters);
    //~^ ERROR: under gradient release there is no moment at which all gradients exist
    //~| LABEL: a part of this optimizer needs every gradient at once
    //~| NOTE: gradient release frees each gradient before the next one exists; norms over all tensors, policies about gradients that are not finite, and loss scaling look at all of them first
    //~| NOTE: leave out `.gradient_release()`, or use what looks at one tensor by itself, such as `.on_gradient(ClipNorm::default())`
}

fn a_normalized_optimizer_switched_to_release(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    let optimizer = SgdSai::default().normalized().build(Cpu::default(), parameters)?;
    let _ = optimizer.into_released();
    //~^ ERROR: under gradient release there is no moment at which all gradients exist
    //~| LABEL: a part of this optimizer needs every gradient at once
    //~| NOTE: gradient release frees each gradient before the next one exists; norms over all tensors, policies about gradients that are not finite, and loss scaling look at all of them first
    //~| NOTE: leave out `.gradient_release()`, or use what looks at one tensor by itself, such as `.on_gradient(ClipNorm::default())`
    Ok(())
}
