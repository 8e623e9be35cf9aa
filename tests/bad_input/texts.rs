//! The texts of errors that no test can provoke.

use gradus::error::{Error, Refused};

#[test]
fn the_catalogue_says_what_there_is() {
    let error = Error::UnknownOptimizer { name: "adamm".to_owned(), known: "`adam`, `lion`".to_owned() };
    assert_eq!(error.to_string(), "there is no optimizer `adamm`; there are `adam`, `lion`");
    let error = Error::UnknownHyperparameter {
        optimizer: "lion".to_owned(),
        hyperparameter: "epsilon".to_owned(),
        value: "1e-8".to_owned(),
        expected: "it takes `momentum`".to_owned(),
    };
    assert_eq!(error.to_string(), "`lion` does not take epsilon = 1e-8; it takes `momentum`");
    let error = Error::Combination {
        option: "kahan".to_owned(),
        with: "f32".to_owned(),
        because: "nothing is rounded",
    };
    assert_eq!(error.to_string(), "kahan is not available with f32: nothing is rounded");
}

#[test]
fn a_refusal_has_its_error_as_source() {
    let refused = Refused { error: Error::NoParameters, returned: 5 };
    let source = core::error::Error::source(&refused).expect("there is one");
    assert_eq!(source.to_string(), refused.to_string());
}
