//! Rules and stores can be written down instead of run: nothing in them depends on a number's value.
//!
//! The text of one step is kept in `tests/snapshots/`, so that a reviewer sees what a rule becomes.

mod recorder;

use gradus::clip::{ALaw, ClipValue, MuLaw, Softsign, TrustRegion};
use gradus::hyperparameter::{LearningRate, Limit};
use gradus::real::Real;
use gradus::rule::Chained;
use gradus::rule::{Adadelta, Adagrad, Adamax, Adan, AmsGradW, NAdam, Ranger, StableAdamW};
use gradus::rule::{Adam, AdamW, FirstMomentum, Lion, MomentumForm, Sgd, SgdMomentum};
use gradus::rule::{CenteredRmsPropMomentum, RmsPropMomentum};
use gradus::store::{Kahan, Nearest, Stochastic, Store};
use gradus::transform::{Arrives, ChainOf, FieldSet, Input, Of, Rule, Stage, Step, Transform, field_names};
use recorder::{Program, Recorded, record};

/// Numbers named after the fields of a set.
fn named<S: FieldSet>(prefix: &str) -> Of<S, Recorded> {
    let mut names = field_names::<S>().into_iter();
    S::generate(&mut || Recorded::input(&format!("{prefix}{}", names.next().expect("a name for each field"))))
}

/// The values of a set, by name.
fn outputs<S: FieldSet>(prefix: &str, set: Of<S, Recorded>) -> Vec<(String, Recorded)> {
    let mut names = field_names::<S>().into_iter();
    let mut list = Vec::new();
    S::map(set, &mut |value| {
        list.push((format!("{prefix}{}", names.next().expect("a name for each field")), value));
    });
    list
}

/// One step of a rule, statistics aside, and how it is stored.
fn recorded<C: Stage, W: Store>(_chain: &C) -> Program {
    record(|| {
        let constants = named::<C::Constants>("at.");
        let parameter = Recorded::input("parameter");
        let input = Input::of(Recorded::input("gradient"), parameter);
        let mut state = named::<C::State>("");
        let update = C::update(&constants, input, &named::<C::Tensor>("tensor."), &mut state).update;
        let mut carry = named::<W::Carry>("");
        let target = W::target(parameter, update, &carry);
        W::settle(parameter, update, Recorded::input("stored"), &mut carry);

        let mut results = outputs::<C::State>("", state);
        results.push(("target".to_owned(), target));
        results.extend(outputs::<W::Carry>("", carry));
        results
    })
}

/// The results of a recorded step, by running it.
fn ran<C: Stage, W: Store, F: Real>(chain: &C, at: &Step, values: impl Fn(&str) -> F) -> Vec<F> {
    let mut own = C::Own::generate(&mut || 0.0);
    let group = C::Group::generate(&mut || 0.0);
    let constants = C::Constants::map(chain.constants(at, &mut own, &group), &mut F::constant);
    let mut names = field_names::<C::Tensor>().into_iter();
    let tensor = C::Tensor::generate(&mut || {
        values(&format!("tensor.{}", names.next().expect("a name for each field")))
    });
    let mut names = field_names::<C::State>().into_iter();
    let mut state = C::State::generate(&mut || values(&names.next().expect("a name for each field")));
    let mut names = field_names::<W::Carry>().into_iter();
    let mut carry = W::Carry::generate(&mut || values(&names.next().expect("a name for each field")));

    let parameter = values("parameter");
    let update = C::update(&constants, Input::of(values("gradient"), parameter), &tensor, &mut state).update;
    let target = W::target(parameter, update, &carry);
    W::settle(parameter, update, values("stored"), &mut carry);

    let mut results = Vec::new();
    C::State::map(state, &mut |value| results.push(value));
    results.push(target);
    W::Carry::map(carry, &mut |value| results.push(value));
    results
}

/// The constants of a step under the names that a recording gives them.
fn constants<C: Stage>(chain: &C, at: &Step) -> Vec<(String, f64)> {
    let mut own = C::Own::generate(&mut || 0.0);
    let group = C::Group::generate(&mut || 0.0);
    let mut names = field_names::<C::Constants>().into_iter();
    let mut list = Vec::new();
    C::Constants::map(chain.constants(at, &mut own, &group), &mut |number| {
        list.push((format!("at.{}", names.next().expect("a name for each field")), number));
    });
    list
}

/// Values on both sides of everything that a rule selects by.
const VALUES: [f32; 8] = [0.0, -0.0, 1.5, -2.25, 1e-20, -1e30, f32::INFINITY, f32::NAN];

/// A recording was made without knowing any value, and gives the bits of a run for all of them.
fn assert_recording_runs<R: Rule, W: Store>(rule: &R) {
    let chain = rule.chain();
    let program = recorded::<ChainOf<R>, W>(&chain);
    let learning_rate = rule.learning_rate().get();
    let first = Step::first(learning_rate);
    let mut accumulating = first.next();
    accumulating.arrives = Arrives::ToAccumulate;
    for at in [first, first.next(), accumulating] {
        let constants = constants(&chain, &at);
        for round in 0..VALUES.len().pow(2) {
            let values = |name: &str| match name {
                "gradient" => VALUES[round % VALUES.len()],
                "parameter" => VALUES[round / VALUES.len()],
                "stored" => 0.75,
                "second" => 0.5,
                _ => -0.375,
            };
            let replayed = program.run(&|name: &str| {
                let constant = constants.iter().find(|(constant, _)| constant == name);
                constant.map_or_else(|| values(name), |(_, number)| *number as f32)
            });
            let ran = ran::<ChainOf<R>, W, f32>(&chain, &at, values);
            let bits = |values: &[f32]| {
                values
                    .iter()
                    .map(|value| if value.is_nan() { u32::MAX } else { value.to_bits() })
                    .collect::<Vec<_>>()
            };
            assert_eq!(bits(&replayed), bits(&ran), "{rule:?} {} {at:?}\n{program}", W::NAME);
        }
    }
}

fn assert_recording_runs_in_every_store<R: Rule>(rule: R) {
    assert_recording_runs::<R, Nearest>(&rule);
    assert_recording_runs::<R, Kahan>(&rule);
    assert_recording_runs::<R, Stochastic>(&rule);
}

#[test]
fn every_rule_in_every_store_is_what_its_recording_says() {
    assert_recording_runs_in_every_store(Sgd::default());
    assert_recording_runs_in_every_store(SgdMomentum::default());
    assert_recording_runs_in_every_store(SgdMomentum {
        first: FirstMomentum::FromZero,
        form: MomentumForm::Nesterov,
        ..SgdMomentum::default()
    });
    assert_recording_runs_in_every_store(Adam::default());
    assert_recording_runs_in_every_store(AdamW::default());
    assert_recording_runs_in_every_store(Lion::default());
    assert_recording_runs_in_every_store(Adadelta::default());
    assert_recording_runs_in_every_store(Adagrad::default());
    assert_recording_runs_in_every_store(Adamax::default());
    assert_recording_runs_in_every_store(Adan::default());
    assert_recording_runs_in_every_store(AmsGradW::default());
    assert_recording_runs_in_every_store(CenteredRmsPropMomentum::default());
    assert_recording_runs_in_every_store(NAdam::default());
    assert_recording_runs_in_every_store(Ranger::default());
    assert_recording_runs_in_every_store(RmsPropMomentum::default());
    assert_recording_runs_in_every_store(StableAdamW::default());
}

#[test]
fn clips_of_elements_are_what_their_recordings_say() {
    fn assert_in_front<C: Transform>(clip: C) {
        let learning_rate = LearningRate::new(0.5).expect("in the range");
        assert_recording_runs::<_, Nearest>(&Chained { chain: clip, learning_rate });
    }
    assert_in_front(ClipValue { limit: Limit::new(1.0).expect("in the range") });
    assert_in_front(TrustRegion::default());
    assert_in_front(MuLaw::default());
    assert_in_front(ALaw::default());
    assert_in_front(Softsign);
}

/// The variable that makes the test below write its file instead of reading it.
const UPDATE: &str = "UPDATE_SNAPSHOTS";

#[test]
fn the_text_of_adamw_stored_to_nearest_is_the_one_on_file() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/adamw_nearest.txt");
    let text = recorded::<_, Nearest>(&AdamW::default().chain()).to_string();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(file, &text).expect("the file can be written");
    }
    let on_file = std::fs::read_to_string(file).unwrap_or_default().replace('\r', "");
    assert!(
        text == on_file,
        "a step has become\n\n{text}\ninstead of\n\n{on_file}\nIf that is meant, run \
         `{UPDATE}=1 cargo test --test recorder` and commit {file}"
    );
}
