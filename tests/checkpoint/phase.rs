//! In evaluation the parameters lie elsewhere, and those for training are part of the state.

use crate::{bits, tensors};
use gradus::checkpoint::Loading;
use gradus::cpu::Cpu;
use gradus::optimizer::Build;
use gradus::rule::ScheduleFreeAdamW;
use half::bf16;
use std::io::Cursor;

#[test]
fn evaluation_is_saved_with_the_point_for_training() {
    let mut parameters = tensors::<bf16>(1);
    let build = |parameters: &crate::Tensors<bf16>| {
        let builder = ScheduleFreeAdamW::default().parameters_in::<bf16>().kahan();
        builder.build(Cpu::default(), parameters).expect("the model is valid")
    };
    let mut optimizer = build(&parameters);
    for number in 2..5 {
        optimizer.step(&mut parameters, &tensors::<bf16>(number)).expect("the gradients fit");
    }
    let in_training = parameters.clone();
    let evaluating = optimizer.into_evaluation(&mut parameters).expect("no step is under way");
    assert_ne!(bits(&parameters), bits(&in_training));
    let mut file = Cursor::new(Vec::new());
    evaluating.save_into(&mut file).expect("memory can be written");

    // It does not fit an optimizer in training, which would go on from the wrong point.
    let mut fresh = tensors::<bf16>(9);
    let mut resumed = build(&fresh);
    let before = resumed.snapshot().expect("no step is under way");
    let error = resumed.load_from(&mut file, &Loading::exactly()).expect_err("the phases differ");
    let expected = "the checkpoint does not fit: the phase is evaluation there, but training here";
    assert_eq!(error.to_string(), expected);
    assert_eq!(resumed.snapshot().expect("no step is under way"), before);

    let mut resumed = resumed.into_evaluation(&mut fresh).expect("no step is under way");
    resumed.load_from(&mut file, &Loading::exactly()).expect("it fits");
    let mut resumed = resumed.into_training(&mut fresh).expect("they are the same parameters");
    assert_eq!(bits(&fresh), bits(&in_training));
    let mut optimizer = evaluating.into_training(&mut parameters).expect("they are the same parameters");
    for number in 5..8 {
        optimizer.step(&mut parameters, &tensors::<bf16>(number)).expect("the gradients fit");
        resumed.step(&mut fresh, &tensors::<bf16>(number)).expect("the gradients fit");
    }
    assert_eq!(bits(&parameters), bits(&fresh));
    assert_eq!(optimizer.snapshot(), resumed.snapshot());
}
