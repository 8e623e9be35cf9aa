//! What a pair of optimizers needs of each of them: a step in phases, of which only the last one
//! changes anything.

use super::Routed;
use super::part::{Gradients, Parameters};
use crate::clip::GradientNorm;
use crate::device::{Device, Formats, GradientSet, ParameterSet};
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::optimizer::survey::Verdict;
use crate::optimizer::{Optimizer, SeesEveryGradient, Snapshot};
use crate::transform::Rule;

/// An optimizer that can be one of a [pair](Routed): an [`Optimizer`] with all gradients together, or
/// a pair itself.
pub trait Drives<D: Device>: sealed::Sealed {
    /// The format of the parameters.
    type Parameter: StorageDtype;
    /// The format of the gradients.
    type Gradient: StorageDtype;
    /// A copy of all state.
    type Snapshot;

    /// Checks everything that a step checks of parameters and gradients. Says whether there is any
    /// gradient.
    #[doc(hidden)]
    fn prepare(
        &mut self,
        parameters: &mut (impl ParameterSet<D, Self::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, Self::Gradient> + ?Sized),
    ) -> Result<bool>;

    /// Prepares the groups for a step.
    #[doc(hidden)]
    fn begin(&mut self) -> Result<()>;

    /// Whether gradients must be looked at together.
    #[doc(hidden)]
    fn looks(&self) -> bool;

    #[doc(hidden)]
    fn norm_of(&mut self, gradients: &(impl GradientSet<D, Self::Gradient> + ?Sized))
    -> Result<GradientNorm>;

    /// Decides by the norm whether the step is taken.
    #[doc(hidden)]
    fn judge(
        &mut self,
        gradients: &(impl GradientSet<D, Self::Gradient> + ?Sized),
        norm: Option<GradientNorm>,
    ) -> Result<bool>;

    /// Takes the step.
    #[doc(hidden)]
    fn take(
        &mut self,
        parameters: &mut (impl ParameterSet<D, Self::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, Self::Gradient> + ?Sized),
    ) -> Result<()>;

    #[doc(hidden)]
    fn last_norm(&self) -> Option<GradientNorm>;

    #[doc(hidden)]
    fn skips(&self) -> u64;

    #[doc(hidden)]
    fn scale(&self) -> f64;

    #[doc(hidden)]
    fn whole_steps(&self) -> u64;

    #[doc(hidden)]
    fn bytes_of_state(&self) -> usize;

    #[doc(hidden)]
    fn copy_state(&self) -> Result<Self::Snapshot>;

    #[doc(hidden)]
    fn check_state(&self, snapshot: &Self::Snapshot) -> Result<()>;

    #[doc(hidden)]
    fn take_state(&mut self, snapshot: &Self::Snapshot) -> Result<()>;
}

impl<R: Rule, K: Formats, A: SeesEveryGradient, D: Device> Drives<D> for Optimizer<R, K, A, D> {
    type Parameter = K::Parameter;
    type Gradient = K::Gradient;
    type Snapshot = Snapshot<K>;

    fn prepare(
        &mut self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, K::Gradient> + ?Sized),
    ) -> Result<bool> {
        self.with_views(parameters, gradients, |_, _, gradients| Ok(gradients.iter().any(Option::is_some)))
    }

    fn begin(&mut self) -> Result<()> {
        self.begin_groups()
    }

    fn looks(&self) -> bool {
        self.survey.looks()
    }

    fn norm_of(&mut self, gradients: &(impl GradientSet<D, K::Gradient> + ?Sized)) -> Result<GradientNorm> {
        self.measure(gradients)
    }

    fn judge(
        &mut self,
        gradients: &(impl GradientSet<D, K::Gradient> + ?Sized),
        norm: Option<GradientNorm>,
    ) -> Result<bool> {
        self.with_gradients(gradients, |this, gradients| {
            match this.survey.judge(&this.device, &this.tensors, gradients, norm)? {
                Verdict::Skip => Ok(false),
                Verdict::Take(factor) => {
                    this.survey.factor = Some(factor);
                    Ok(true)
                }
            }
        })
    }

    fn take(
        &mut self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, K::Gradient> + ?Sized),
    ) -> Result<()> {
        let factor = self.survey.factor.expect("it has been judged");
        self.with_views(parameters, gradients, |this, parameters, gradients| {
            this.run(parameters, gradients, factor).map(|_| ())
        })
    }

    fn last_norm(&self) -> Option<GradientNorm> {
        self.gradient_norm()
    }

    fn skips(&self) -> u64 {
        self.skipped()
    }

    fn scale(&self) -> f64 {
        self.loss_scale()
    }

    fn whole_steps(&self) -> u64 {
        self.steps()
    }

    fn bytes_of_state(&self) -> usize {
        self.state_bytes()
    }

    fn copy_state(&self) -> Result<Snapshot<K>> {
        self.snapshot()
    }

    fn check_state(&self, snapshot: &Snapshot<K>) -> Result<()> {
        self.check(snapshot)
    }

    fn take_state(&mut self, snapshot: &Snapshot<K>) -> Result<()> {
        self.restore(snapshot)
    }
}

/// Lends both parts of a set of parameters and a set of gradients, one after the other.
macro_rules! both {
    ($pair:ident, $parameters:ident, $gradients:ident, $method:ident) => {{
        let routes = &$pair.routes;
        let claimed = $pair.claimed.$method(
            &mut Parameters { set: &mut *$parameters, routes, way: true },
            &Gradients { set: $gradients, routes, way: true },
        )?;
        let others = $pair.others.$method(
            &mut Parameters { set: &mut *$parameters, routes, way: false },
            &Gradients { set: $gradients, routes, way: false },
        )?;
        (claimed, others)
    }};
}

impl<D: Device, C, O> Drives<D> for Routed<C, O, D>
where
    C: Drives<D>,
    O: Drives<D, Parameter = C::Parameter, Gradient = C::Gradient>,
{
    type Parameter = C::Parameter;
    type Gradient = C::Gradient;
    type Snapshot = super::RoutedSnapshot<C::Snapshot, O::Snapshot>;

    fn prepare(
        &mut self,
        parameters: &mut (impl ParameterSet<D, C::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, C::Gradient> + ?Sized),
    ) -> Result<bool> {
        let (claimed, others) = both!(self, parameters, gradients, prepare);
        Ok(claimed | others)
    }

    fn begin(&mut self) -> Result<()> {
        same("the number of steps", self.claimed.whole_steps(), self.others.whole_steps())?;
        same("the scale of the loss", self.claimed.scale(), self.others.scale())?;
        self.claimed.begin()?;
        self.others.begin()
    }

    fn looks(&self) -> bool {
        // What is decided together is decided by the same options in both.
        self.claimed.looks()
    }

    fn norm_of(&mut self, gradients: &(impl GradientSet<D, C::Gradient> + ?Sized)) -> Result<GradientNorm> {
        let routes = &self.routes;
        let claimed = self.claimed.norm_of(&Gradients { set: gradients, routes, way: true })?;
        Ok(claimed.join(self.others.norm_of(&Gradients { set: gradients, routes, way: false })?))
    }

    fn judge(
        &mut self,
        gradients: &(impl GradientSet<D, C::Gradient> + ?Sized),
        norm: Option<GradientNorm>,
    ) -> Result<bool> {
        let routes = &self.routes;
        let claimed = self.claimed.judge(&Gradients { set: gradients, routes, way: true }, norm);
        let others = self.others.judge(&Gradients { set: gradients, routes, way: false }, norm);
        // Both decide by the same options and the same norm; only one may know the culprit.
        match (claimed, others) {
            (Ok(claimed), Ok(others)) => Ok(claimed && others),
            (Err(Error::NonfiniteNorm), Err(error)) | (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    fn take(
        &mut self,
        parameters: &mut (impl ParameterSet<D, C::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, C::Gradient> + ?Sized),
    ) -> Result<()> {
        let ((), ()) = both!(self, parameters, gradients, take);
        Ok(())
    }

    fn last_norm(&self) -> Option<GradientNorm> {
        self.claimed.last_norm()
    }

    fn skips(&self) -> u64 {
        self.claimed.skips()
    }

    fn scale(&self) -> f64 {
        self.claimed.scale()
    }

    fn whole_steps(&self) -> u64 {
        self.claimed.whole_steps()
    }

    fn bytes_of_state(&self) -> usize {
        self.claimed.bytes_of_state() + self.others.bytes_of_state()
    }

    fn copy_state(&self) -> Result<Self::Snapshot> {
        self.snapshot()
    }

    fn check_state(&self, snapshot: &Self::Snapshot) -> Result<()> {
        self.claimed.check_state(&snapshot.claimed)?;
        self.others.check_state(&snapshot.others)
    }

    fn take_state(&mut self, snapshot: &Self::Snapshot) -> Result<()> {
        self.restore(snapshot)
    }
}

/// Checks that both optimizers are of the same step, which they are unless each was loaded by itself.
fn same<X: PartialEq + ToString>(what: &str, claimed: X, others: X) -> Result<()> {
    if claimed == others {
        return Ok(());
    }
    let aspect = format!("{what} of the optimizer of the other route");
    Err(Error::Snapshot { aspect, expected: claimed.to_string(), found: others.to_string() })
}

mod sealed {
    use crate::device::{Device, Formats};
    use crate::optimizer::{Arrival, Optimizer, Routed};
    use crate::transform::Rule;

    pub trait Sealed {}
    impl<R: Rule, K: Formats, A: Arrival, D: Device> Sealed for Optimizer<R, K, A, D> {}
    impl<C, O, D> Sealed for Routed<C, O, D> {}
}
