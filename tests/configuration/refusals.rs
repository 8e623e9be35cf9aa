//! One error with the path of the field, in the words of the compiler where it would have refused.

use gradus::catalogue::{self, Configuration};
use gradus::cpu::Cpu;
use half::bf16;

fn refused(document: &str, expected: &str) {
    let error = Configuration::from_toml(document).expect_err(expected);
    assert_eq!(error.to_string(), expected, "{document}");
}

#[test]
fn paths_lead_to_the_field() {
    refused(
        "optimizer = 'adamw'\nhyperparameters.beta1 = 1.5",
        "`hyperparameters.beta1`: decay rate is 1.5, but must satisfy 0 <= value < 1",
    );
    refused(
        "optimizer = 'adamw'\n[[groups]]\nparameters = ['a']\n[[groups]]\nparameters = ['b']\nhyperparameters.lr = -1",
        "`groups[1].hyperparameters.lr`: learning rate is -1, but must satisfy 0 <= value < ∞",
    );
    refused(
        "optimizer = 'lion'\nhyperparameters = { warmup_steps = 1.5 }",
        "`hyperparameters.warmup_steps`: `lion` does not take warmup_steps = 1.5; it is a whole number, not negative",
    );
    refused(
        "optimizer = 'sgd'\nhyperparameters.momentum = 'much'",
        "`hyperparameters.momentum`: `sgd` does not take momentum = much; it is a number",
    );
    refused(
        "optimizer = 'lion'\nhyperparameters.beta1 = [0.9]",
        "`hyperparameters.beta1`: invalid type: sequence, expected a number, a text, true or false",
    );
    refused(
        "optimizer = 'lion'\nstore = 'khan'",
        "`store`: there is no store `khan`; there are nearest, kahan, stochastic, corrected8, corrected16",
    );
    refused(
        "optimizer = 'lion'\nstate = 'fp8'",
        "`state`: there is no format `fp8`; there are f64, f32, bf16, f16, bf16+8, bf16+16, f16+8, f16+16",
    );
    refused("optimizer = 'lion'\nseed = -1", "`seed`: invalid value: integer `-1`, expected u64");
    refused(
        "optimizer = 'lion'\nclip_global_norm = 0.0",
        "`clip_global_norm`: clip limit is 0, but must satisfy 0 < value < ∞",
    );
    refused(
        "optimizer = 'lion'\nloss_scaling.start = 3.0",
        "`loss_scaling`: loss scale is 3, but must satisfy a power of two, smallest <= value <= largest",
    );
    refused(
        "optimizer = 'lion'\nschedules.learning_rate.decay = { form = 'cosine', start = 1.0, end = 0.0, steps = 1 }",
        "`schedules.learning_rate`: length of a decay is 1, but must satisfy 2 <= value",
    );
    refused(
        "optimizer = 'lion'\n[[groups]]\nparameters = []",
        "`groups[0].parameters`: a group has at least one name or pattern",
    );
    refused("", "`document`: missing field `optimizer`");
    refused(
        "optimizer = 'lion'\n[[groups]]\nparameters = ['a']\nschedules.beta1.constant.value = 0.5",
        "`groups[0].schedules.beta1`: the rule has no hyperparameter `beta1` that can change; there are \
         `learning_rate`, `direction`, `momentum`, `weight_decay`",
    );
}

#[test]
fn unknown_names_are_refused_with_those_that_there_are() {
    let says = |document: &str| Configuration::from_toml(document).expect_err("it is wrong").to_string();
    let begins = [
        ("optimizer = 'adamv'", "`optimizer`: there is no optimizer `adamv`; there are `adabelief`"),
        (
            "optimizer = 'lion'\nlr = 1",
            "`lr`: unknown field `lr`, expected one of `optimizer`, `parameters`, ",
        ),
        (
            "optimizer = 'lion'\nhyperparameters.gamma = 1",
            "`hyperparameters.gamma`: `lion` does not take gamma = 1; it takes lr, ",
        ),
        (
            "optimizer = 'lion'\n[[groups]]\nparameters = ['a']\nhyper = {}",
            "`groups[0].hyper`: unknown field `hyper`, expected one of `parameters`, `shapes`, `optimizer`, `hyperparameters`, `schedules`",
        ),
        (
            "optimizer = 'lion'\nloss_scaling.begin = 1.0",
            "`loss_scaling.begin`: unknown field `begin`, expected one of ",
        ),
        ("optimizer = ", "`document`: TOML parse error at line 1"),
    ];
    for (document, begin) in begins {
        let text = says(document);
        // The list of optimizers grows.
        assert!(text.starts_with(begin.trim_end_matches("`adabelief`")), "{text}");
    }
    let error =
        Configuration::from_json(r#"{"optimizer": "lion"} more"#).expect_err("it goes on").to_string();
    assert!(error.starts_with("`document`: trailing characters"), "{error}");
}

#[test]
fn a_chain_is_refused_with_the_place_in_it() {
    for (chain, error) in [
        ("sign, graft(sign | exp_avg", "sign, graft(sign | exp_avg; the `(` at 12 is not closed"),
        (
            "graft(sign)",
            "graft(sign); at 11 stands `)` where `|` belongs: there are two branches, as in graft(a | b)",
        ),
        ("sign,", "sign,; a name is missing at 6; the stage that changes nothing is identity"),
        (
            "graft(| sign)",
            "graft(| sign); a name is missing at 7; the stage that changes nothing is identity",
        ),
        ("graft", "graft; it has two branches, as in graft(sign | exp_avg)"),
        ("mean(sign | exp_avg)", "mean; branches are merged by graft, sum"),
        ("graft(1: sign | exp_avg)", "graft; weights stand in a sum, not in a graft"),
    ] {
        refused(
            &format!("optimizer = 'chain'\nhyperparameters.chain = '{chain}'"),
            &format!("`hyperparameters.chain`: `chain` does not take chain = {error}"),
        );
    }
    refused(
        "optimizer = 'chain'\nhyperparameters.chain = 'sum(-1: sign | exp_avg)'",
        "`hyperparameters.chain`: amount is -1, but must satisfy 0 <= value < ∞",
    );
    let unknown = "optimizer = 'chain'\nhyperparameters.chain = 'sign, graft(exp_avg, singn | sign)'";
    let error = Configuration::from_toml(unknown).expect_err("a letter too many").to_string();
    let expected = "`hyperparameters.chain`: `chain` does not take chain = singn; its stages are exp_avg, ";
    assert!(
        error.starts_with(expected) && error.ends_with("spend_first, and branches are merged by graft, sum"),
        "{error}"
    );
}

/// What the compiler says, in the library's own sources.
const COMPILER: [&str; 2] =
    [include_str!("../../src/optimizer/options.rs"), include_str!("../../src/optimizer/extras.rs")];

/// A refusal at run time whose reason is a message of the compiler's.
fn refused_as_by_the_compiler(error: &str) {
    let (_, reason) = error.rsplit_once(": ").expect("it gives a reason");
    let same = |source: &str| {
        source
            .replace("`{P}` parameters", "`f32` and `f64` parameters")
            .contains(&format!("message = \"{reason}\""))
    };
    assert!(COMPILER.into_iter().any(same), "the compiler does not say: {reason}");
}

#[test]
fn what_the_compiler_would_refuse_is_refused_in_its_words() {
    for document in [
        "optimizer = 'lion'\ngradients = 'released'\nclip_global_norm = 1.0",
        "optimizer = 'lion'\ngradients = 'released'\nnonfinite = 'skip'",
        "optimizer = 'lion'\ngradients = 'released'\n[loss_scaling]",
        "optimizer = 'lion'\ngradients = 'released'\nhyperparameters.gradient_clipping = 'global_l2'",
        "optimizer = 'lion'\nnonfinite = 'skip'\n[loss_scaling]",
        "optimizer = 'lion'\nparameters = 'f32'\nstore = 'kahan'",
    ] {
        let error = Configuration::from_toml(document).expect_err(document).to_string();
        refused_as_by_the_compiler(&error);
    }
    let parameters = vec![("x", vec![1.0f32])];
    for document in ["store = 'kahan'", "store = 'stochastic'", "state = 'f64'"] {
        let configuration = Configuration::from_toml(&format!("optimizer = 'lion'\n{document}"));
        let configuration = configuration.unwrap_or_else(|error| panic!("{error}"));
        let built = catalogue::build::<f32>(&configuration, Cpu::default(), &parameters);
        refused_as_by_the_compiler(&built.expect_err(document).to_string());
    }
    for document in ["optimizer = 'sgd'", "optimizer = 'rmsprop'"] {
        let configuration = Configuration::from_toml(document).unwrap_or_else(|error| panic!("{error}"));
        let mut optimizer =
            catalogue::build::<f32>(&configuration, Cpu::default(), &parameters).expect("valid");
        let gradient = ndarray::arr1(&[1.0f32]).into_dyn();
        let accumulated = optimizer.step_singly(&mut |step| step.accumulate(0, gradient.clone()));
        refused_as_by_the_compiler(&accumulated.expect_err(document).to_string());
    }
}

#[test]
fn the_format_of_the_parameters_is_checked() {
    let configuration =
        Configuration::from_toml("optimizer = 'lion'\nparameters = 'bf16'").expect("it is valid");
    catalogue::build::<bf16>(&configuration, Cpu::default(), &vec![("x", vec![bf16::ONE])])
        .expect("it agrees");
    let error = catalogue::build::<f32>(&configuration, Cpu::default(), &vec![("x", vec![1.0f32])]);
    assert_eq!(
        error.expect_err("it does not").to_string(),
        "a configuration for parameters in bf16 is not available with parameters in f32: the caller, who owns \
         the parameters, has decided on their format"
    );
}
