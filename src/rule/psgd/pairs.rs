//! What factors are fitted to: a probe `v`, and what the loss makes of it.

use crate::random::tensor_id;
use core::fmt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A probe, and its product with the Hessian if there is one.
type Pair = (Vec<f64>, Option<Vec<f64>>);

/// Probes of your own, with or without Hessian-vector products, by the names of parameters.
///
/// A copy is another handle to the same pairs: one goes into the rule, with the other pairs are given
/// before a step. A parameter that has none is not fitted, and those that have been used are still there
/// in the next step.
#[derive(Clone, Default)]
pub struct Pairs(Arc<Mutex<BTreeMap<u32, Pair>>>);

impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pairs(..)")
    }
}

impl Pairs {
    /// Gives a parameter a probe. With the product of the Hessian and the probe factors are fitted to
    /// the Hessian, without to the gradient or its average. Both have as many numbers as the parameter,
    /// in the order of memory; otherwise they are not used.
    pub fn give(&self, parameter: &str, probe: Vec<f64>, product: Option<Vec<f64>>) {
        let mut pairs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pairs.insert(tensor_id(parameter), (probe, product));
    }

    /// Takes all pairs away.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Shows the pair of a tensor, if it has one of so many numbers.
    pub(super) fn with(
        &self,
        tensor: u32,
        length: usize,
        see: &mut dyn FnMut(&[f64], Option<&[f64]>),
    ) -> bool {
        let pairs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((probe, product)) = pairs.get(&tensor) else { return false };
        let product = product.as_deref();
        if probe.len() != length || product.is_some_and(|product| product.len() != length) {
            return false;
        }
        see(probe, product);
        true
    }
}

/// Where probes come from.
#[derive(Clone, Debug)]
pub enum Probes {
    /// They are drawn from the standard normal distribution, in a random stream of their own.
    Drawn {
        /// What the draws start from.
        seed: u64,
    },
    /// They are given.
    Given(Pairs),
}

impl Default for Probes {
    fn default() -> Self {
        Self::Drawn { seed: 0 }
    }
}

/// How much of the probe is added to what factors are fitted to, so that they stay bounded where that
/// is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Damping {
    /// Nothing: HeavyBall 1.
    None,
    /// (δ + 2⁻²³·|g|)·v by element, with this δ, 0 or more: HeavyBall 3.
    ByElement(crate::hyperparameter::Amount),
    /// √2⁻²³·mean|g|·v: kron_torch.
    OfMean,
}
