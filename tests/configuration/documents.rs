//! There and back, and what can be listed.

use gradus::catalogue::{self, Configuration, Format, GroupConfiguration, ShapeKind, StoreKind, Value};
use gradus::optimizer::LossScaling;
use gradus::schedule::{Form, Schedule};
use proptest::prelude::*;

fn everything() -> Configuration {
    let decay = Schedule::decay(Form::Cosine, 1.0, 0.1, 1000).expect("in the range");
    Configuration {
        parameter_format: Some(Format::Bf16),
        state_format: Some(Format::Bf16),
        store: StoreKind::Kahan,
        seed: 7,
        clip_global_norm: Some(1.5),
        frozen: vec!["backbone.*".to_owned()],
        undecayed: vec!["*.bias".to_owned()],
        hyperparameters: [("lr", 3e-4.into()), ("caution", true.into()), ("gradient_clipping", "rms".into())]
            .into(),
        loss_scaling: Some(LossScaling { start: 8.0, ..LossScaling::default() }),
        schedules: [("learning_rate".to_owned(), decay)].into(),
        groups: vec![GroupConfiguration {
            parameters: vec!["head.*".to_owned(), "scale".to_owned()],
            shapes: ShapeKind::Vectors,
            optimizer: Some("adopt".to_owned()),
            hyperparameters: [("weight_decay", 0.0.into())].into(),
            schedules: [("weight_decay".to_owned(), Schedule::default())].into(),
        }],
        ..Configuration::of("adamw")
    }
}

#[test]
fn everything_is_written_and_read() {
    for configuration in [everything(), Configuration::of("lion")] {
        let toml = configuration.to_toml().expect("all of it can be written");
        assert_eq!(Configuration::from_toml(&toml).as_ref(), Ok(&configuration), "{toml}");
        let json = configuration.to_json().expect("all of it can be written");
        assert_eq!(Configuration::from_json(&json).as_ref(), Ok(&configuration), "{json}");
    }
    assert_eq!(Configuration::of("lion").to_toml().as_deref(), Ok("optimizer = \"lion\"\n"));
}

proptest! {
    #[test]
    fn every_bit_of_a_number_comes_back(rate in 0.0f64..1e300, epsilon in 1e-320f64..1e-3) {
        let mut configuration = Configuration::of("adamw");
        configuration.hyperparameters.set("lr", rate);
        configuration.hyperparameters.set("eps", epsilon);
        let toml = configuration.to_toml().expect("all of it can be written");
        prop_assert_eq!(Configuration::from_toml(&toml), Ok(configuration.clone()));
        let json = configuration.to_json().expect("all of it can be written");
        prop_assert_eq!(Configuration::from_json(&json), Ok(configuration));
    }
}

/// What is listed as the defaults is what an optimizer has that is told nothing.
#[test]
fn defaults_are_what_they_are_listed_as() {
    for entry in catalogue::entries() {
        let defaults = catalogue::defaults(entry.name).expect("it is in the catalogue");
        assert!(defaults.iter().any(|(name, _)| *name == "lr"), "{}", entry.name);
        let mut names: Vec<_> = defaults.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), defaults.len(), "{}", entry.name);
        let mut spelled = Configuration::of(entry.name);
        for (name, value) in &defaults {
            if *value != Value::Text(String::new()) {
                spelled.hyperparameters.set(name, value.clone());
            }
        }
        spelled.check().unwrap_or_else(|error| panic!("{}: {error}", entry.name));
        // And it moves parameters by the same bits.
        let moved = |configuration: &Configuration| {
            let mut parameters = vec![("x".to_owned(), vec![0.5f32, -2.0, 1.0])];
            let cpu = gradus::cpu::Cpu::default();
            let mut optimizer =
                catalogue::build::<f32>(configuration, cpu, &parameters).expect("it is valid");
            for step in 1..=4 {
                let gradient = vec![0.1 * step as f32, -0.3, 0.7 / step as f32];
                optimizer.step(&mut parameters, &vec![("x", gradient)]).expect("the gradients fit");
            }
            parameters[0].1.iter().map(|value| value.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(moved(&spelled), moved(&Configuration::of(entry.name)), "{}", entry.name);
    }
}

#[test]
fn the_list_names_every_optimizer_once() {
    let text = catalogue::listing();
    for entry in catalogue::entries() {
        let title = format!("# {}: {}\n", entry.name, entry.summary);
        assert_eq!(text.matches(&title).count(), 1, "{}", entry.name);
    }
    assert!(text.contains("gradient_clipping = \"none\"\n"));
}
