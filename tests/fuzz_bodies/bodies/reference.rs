//! The rules and stores as their papers have them, in `f64` with a bound on the rounding.
//!
//! This shares no text with the library. Where the order of operations decides about the bound, it
//! follows the equations in the library's documentation. One step is computed from the state that
//! the library has stored, so nothing builds up.

use super::approx::{Approx, Arithmetic, Stored};
use super::input::{Decay, Hyperparameters, Method, Positive, Share};
use gradus::error::Result;
use gradus::hyperparameter as checked;
use gradus::rule;

/// The state fields of one element, in the order of a snapshot.
pub(super) type State = Vec<Approx>;

/// Relative error of one operation on the host.
const HOST: f64 = f64::EPSILON / 2.0;

impl Hyperparameters {
    /// How many numbers per element the method remembers.
    pub(super) fn fields(&self) -> usize {
        match self.method {
            Method::Sgd => 0,
            Method::Momentum { .. } | Method::Lion { .. } => 1,
            Method::Adam { .. } => 2,
        }
    }

    /// The update of one element by its `number`-th gradient, and its state thereafter. Decay acts
    /// with a gradient that moves the parameter.
    pub(super) fn update(
        &self,
        in_: Arithmetic,
        number: u64,
        moves: bool,
        parameter: Approx,
        gradient: Approx,
        state: &mut State,
    ) -> Approx {
        let (of_gradient, of_update) = if moves { self.decay.coefficients() } else { (0.0, 0.0) };
        let decayed = |update: Approx, coefficient: f64| {
            if coefficient == 0.0 {
                return update;
            }
            in_.add(update, in_.mul(in_.constant(coefficient, HOST), parameter))
        };
        let gradient = decayed(gradient, of_gradient);
        let update = match self.method {
            Method::Sgd => gradient,
            Method::Momentum { momentum, dampening, from_zero, nesterov } => {
                let weight = if number == 1 && !from_zero { 1.0 } else { 1.0 - dampening.0 };
                let momentum = in_.constant(momentum.0, 0.0);
                let kept = in_.mul(momentum, state[0]);
                state[0] = in_.add(kept, in_.mul(in_.constant(weight, HOST), gradient));
                if nesterov { in_.add(gradient, in_.mul(momentum, state[0])) } else { state[0] }
            }
            Method::Adam { first, second, epsilon, is_floor } => {
                let epsilon = in_.constant(epsilon.0, 0.0);
                state[0] = in_.average(state[0], gradient, debiased(in_, first, number));
                let square = in_.mul(gradient, gradient);
                state[1] = in_.average(state[1], square, debiased(in_, second, number));
                let root = in_.sqrt(state[1]);
                let denominator = if is_floor { in_.max(root, epsilon) } else { in_.add(root, epsilon) };
                in_.div(state[0], denominator)
            }
            Method::Lion { direction, momentum } => {
                let direction = in_.constant(1.0 - direction.0, HOST);
                let momentum = in_.constant(1.0 - momentum.0, HOST);
                let interpolated = in_.average(state[0], gradient, direction);
                state[0] = in_.average(state[0], gradient, momentum);
                in_.sign(interpolated)
            }
        };
        in_.mul(in_.constant(self.learning_rate.0, 0.0), decayed(update, of_update))
    }
}

/// (1 − β)/(1 − βᵗ), the weight of the newest value in a debiased average.
fn debiased(in_: Arithmetic, beta: Share, number: u64) -> Approx {
    if number == 1 {
        return in_.constant(1.0, 0.0);
    }
    let rest = 1.0 - beta.0.powf(number as f64);
    // The power has an error of a few units, of which the difference to 1 keeps the absolute size.
    in_.constant((1.0 - beta.0) / rest, 8.0 * HOST / rest)
}

impl Decay {
    /// What is added to the gradient and to the update, per unit of the parameter.
    fn coefficients(self) -> (f64, f64) {
        match self {
            Self::None => (0.0, 0.0),
            Self::L2(Positive(coefficient)) => (coefficient, 0.0),
            Self::Decoupled(Positive(coefficient)) => (0.0, coefficient),
            Self::FullyDecoupled(Positive(coefficient), Positive(largest)) => (0.0, coefficient / largest),
        }
    }
}

/// A parameter after nearest or stochastic rounding.
pub(super) fn target(in_: Arithmetic, parameter: Approx, update: Approx) -> Approx {
    in_.sub(parameter, update)
}

/// Under Kahan summation: what the parameter should move by.
pub(super) fn wanted(in_: Arithmetic, carry: Approx, update: Approx) -> Approx {
    in_.sub(carry, update)
}

/// Under Kahan summation: what is carried on once the parameter was stored, before it is rounded.
pub(super) fn carried(in_: Arithmetic, wanted: Approx, parameter: Approx, stored: f64) -> Approx {
    if !stored.is_finite() {
        return Approx { value: 0.0, error: 0.0 };
    }
    in_.sub(wanted, in_.sub(Approx::exact(stored), parameter))
}

/// What a value in the format `T` may have become.
pub(super) fn assert_stored<T: Stored>(what: &str, expected: Approx, stochastic: bool, found: T) {
    let allowed = expected.stored_in::<T>(stochastic);
    assert!(
        allowed.allows(found.get()),
        "{what} is {found:?}, but must be {:e} within {:e}",
        expected.value,
        allowed.error
    );
    if stochastic && expected.is_known() {
        assert!(found.get().is_finite(), "{what}: stochastic rounding made {:e} {found:?}", expected.value);
    }
}

/// The library's rules with these hyperparameters.
impl Hyperparameters {
    fn rate(&self) -> Result<checked::LearningRate> {
        checked::LearningRate::new(self.learning_rate.0)
    }

    fn weight_decay(&self) -> Result<checked::WeightDecay> {
        match self.decay {
            Decay::None => Ok(checked::WeightDecay::NONE),
            Decay::L2(coefficient) => checked::WeightDecay::l2(coefficient.0),
            Decay::Decoupled(coefficient) => checked::WeightDecay::decoupled(coefficient.0),
            Decay::FullyDecoupled(coefficient, largest) => {
                checked::WeightDecay::fully_decoupled(coefficient.0, checked::LearningRate::new(largest.0)?)
            }
        }
    }

    /// The rule, if all hyperparameters are in their ranges.
    pub(super) fn rule(&self) -> Result<Named> {
        let (learning_rate, weight_decay) = (self.rate()?, self.weight_decay()?);
        Ok(match self.method {
            Method::Sgd => Named::Sgd(rule::Sgd { learning_rate, weight_decay }),
            Method::Momentum { momentum, dampening, from_zero, nesterov } => {
                Named::Momentum(rule::SgdMomentum {
                    learning_rate,
                    momentum: checked::Decay::new(momentum.0)?,
                    dampening: checked::Dampening::new(dampening.0)?,
                    first: match from_zero {
                        true => rule::FirstMomentum::FromZero,
                        false => rule::FirstMomentum::Gradient,
                    },
                    form: match nesterov {
                        true => rule::MomentumForm::Nesterov,
                        false => rule::MomentumForm::Classical,
                    },
                    weight_decay,
                })
            }
            Method::Adam { first, second, epsilon, is_floor } => Named::Adam(rule::AdamW {
                learning_rate,
                first: checked::Decay::new(first.0)?,
                second: checked::Decay::new(second.0)?.into(),
                epsilon: match is_floor {
                    true => checked::Epsilon::floor(epsilon.0)?,
                    false => checked::Epsilon::added(epsilon.0)?,
                },
                weight_decay,
            }),
            Method::Lion { direction, momentum } => Named::Lion(rule::Lion {
                learning_rate,
                direction: checked::Decay::new(direction.0)?,
                momentum: checked::Decay::new(momentum.0)?,
                weight_decay,
            }),
        })
    }
}

/// A rule of the library.
pub(super) enum Named {
    Sgd(rule::Sgd),
    Momentum(rule::SgdMomentum),
    Adam(rule::AdamW),
    Lion(rule::Lion),
}
