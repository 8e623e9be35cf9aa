//! Names that stand for several rules, chosen by switches.

use gradus::catalogue::{self, Configuration, GroupConfiguration, Hyperparameters};
use gradus::cpu::Cpu;

#[test]
fn the_catalogue_chooses_the_rule_by_its_switches() {
    let state = |name: &str, hyperparameters: Hyperparameters| {
        let configuration = Configuration { hyperparameters, ..Configuration::of(name) };
        let parameters = vec![("x".to_owned(), vec![0.0f32])];
        let optimizer = catalogue::build::<f32>(&configuration, Cpu::default(), &parameters);
        optimizer.expect("the configuration is valid").state_fields()
    };
    assert_eq!(state("adam", [("amsgrad", true.into())].into()), ["first", "second", "largest"]);
    assert_eq!(state("adamw", [("amsgrad", true.into())].into()), ["first", "second", "largest"]);
    assert_eq!(state("adamw", [("amsgrad", false.into())].into()), ["first", "second"]);
    assert_eq!(state("rmsprop", [("momentum", 0.0.into())].into()), ["mean_square"]);
    assert_eq!(state("rmsprop", [("momentum", 0.5.into())].into()), ["mean_square", "velocity"]);
    let centered = ("centered", true.into());
    assert_eq!(state("rmsprop", [centered.clone()].into()), ["mean", "variance"]);
    let both = [centered, ("momentum", 0.5.into())];
    assert_eq!(state("rmsprop", both.into()), ["mean", "variance", "velocity"]);
}

#[test]
fn a_group_may_have_more_state_than_the_others() {
    let group = GroupConfiguration {
        parameters: vec!["x".to_owned()],
        hyperparameters: [("amsgrad", true.into())].into(),
        ..GroupConfiguration::default()
    };
    let configuration = Configuration { groups: vec![group], ..Configuration::of("adam") };
    let mut parameters = vec![("x".to_owned(), vec![0.0f32]), ("y".to_owned(), vec![0.0f32])];
    let mut optimizer =
        catalogue::build::<f32>(&configuration, Cpu::default(), &parameters).expect("the model is valid");
    assert_eq!(optimizer.state_bytes(), 4 * (3 + 2));
    // The second gradient is small: only the denominator of `x` remembers the first.
    for gradient in [1.0, 0.01] {
        let gradients = vec![("x", vec![gradient]), ("y", vec![gradient])];
        optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    }
    let [x, y] = [parameters[0].1[0], parameters[1].1[0]];
    assert!(x.abs() < y.abs() && y < 0.0, "{x} {y}");
}
