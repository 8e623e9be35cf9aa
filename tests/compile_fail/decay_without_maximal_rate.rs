//! Fully decoupled decay without γ_max. The missing argument is an error of rustc's own.

use gradus::error::Result;
use gradus::hyperparameter::WeightDecay;

fn one_argument() -> Result<WeightDecay> {
    WeightDecay::fully_decoupled(1e-5)
    //~^ RUSTC: argument #2 of type `LearningRate` is missing
}
