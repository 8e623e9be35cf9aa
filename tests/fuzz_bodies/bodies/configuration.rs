//! Any text as a configuration: refused, or an optimizer that can be described again and that steps.

use gradus::catalogue::{self, Configuration};
use gradus::cpu::Cpu;

/// The first byte says whether it is TOML or JSON, the rest is the text.
///
/// # Panics
/// If something panics, or what was read is written as something else.
pub fn check(bytes: &[u8]) {
    let Some((kind, text)) = bytes.split_first() else { return };
    let Ok(text) = core::str::from_utf8(text) else { return };
    let read = if kind % 2 == 0 { Configuration::from_toml(text) } else { Configuration::from_json(text) };
    let Ok(mut configuration) = read else { return };

    let json = configuration.to_json().expect("what was read can be written");
    assert_eq!(Configuration::from_json(&json).as_ref(), Ok(&configuration));
    if let Ok(toml) = configuration.to_toml() {
        assert_eq!(Configuration::from_toml(&toml).as_ref(), Ok(&configuration), "{toml}");
    }
    configuration.parameter_format = None;
    let mut parameters = vec![("weight", vec![0.5f32, -1.0]), ("bias", vec![2.0])];
    let gradients = vec![("weight", vec![0.25f32, 1.0]), ("bias", vec![-3.0])];
    let Ok(mut optimizer) = catalogue::build::<f32>(&configuration, Cpu::default(), &parameters) else {
        return;
    };
    for _ in 0..2 {
        let _ = optimizer.step(&mut parameters, &gradients); // a schedule may leave the range
    }
    optimizer.to_checkpoint().expect("no step is under way");
}
