//! The questions to a builder.

use super::{MemoryFormats, MemoryReport, plan_of};
use crate::device::{Device, In, ParameterSet};
use crate::dtype::{StorageDtype, WidensTo};
use crate::error::Result;
use crate::optimizer::Builder;
use crate::optimizer::assemble::{Assembled, described};
use crate::optimizer::extras::Extras;
use crate::optimizer::group::Group;
use crate::optimizer::options::{
    FitsArithmetic, GradientFormat, KeepsArithmetic, ParameterFormat, Rounds, StateFormat,
};
use crate::shape::Layout;
use crate::store::Store;
use crate::transform::Rule;

impl<R: Rule, P, G, S, W, A, X: Extras> Builder<R, P, G, S, W, A, X> {
    /// What memory the optimizer would take for `parameters`: to the byte, and before any is taken.
    ///
    /// ```
    /// use gradus::optimizer::{Build, select};
    /// use gradus::rule::AdamW;
    /// use half::bf16;
    ///
    /// let parameters = [("weight", vec![bf16::ZERO; 1000]), ("bias", vec![bf16::ZERO; 10])];
    /// let builder = AdamW::default().parameters_in::<bf16>().kahan().without_decay(select::named("bias"));
    /// let report = builder.memory(&parameters)?;
    /// assert_eq!(report.state_bytes(), 1010 * (4 + 4 + 2));
    /// assert_eq!(
    ///     report.to_string(),
    ///     "\
    /// group      elements  kept                    in     bytes
    /// default       1,000  first                   f32    4,000
    ///                      second                  f32    4,000
    ///                      compensation (carried)  bf16   2,000
    /// undecayed        10  first                   f32       40
    ///                      second                  f32       40
    ///                      compensation (carried)  bf16      20
    /// state         1,010                                10,100
    /// beside it: parameters 2,020, gradients 2,020 (one by one at most 2,000)
    /// "
    /// );
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`build`](Self::build), except for [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn memory<D: Device>(
        &self,
        parameters: &(impl ParameterSet<D, P::Format> + ?Sized),
    ) -> Result<MemoryReport>
    where
        P: ParameterFormat,
        G: FitsArithmetic<P::Unchecked>,
        G: GradientFormat<P::Format, Format: WidensTo<<P::Format as StorageDtype>::Arithmetic>>,
        S: StateFormat<P::Format> + KeepsArithmetic<P::Unchecked>,
        W: Store + Rounds<P::Unchecked>,
    {
        self.report(&described(|visit| parameters.describe(visit)))
    }

    /// The same as [`memory`](Self::memory), of names and shapes: for a model that is not there yet.
    ///
    /// ```
    /// use gradus::optimizer::Build;
    /// use gradus::rule::Lion;
    ///
    /// let report = Lion::default().memory_of([("embedding", [50257, 768]), ("positions", [1024, 768])])?;
    /// assert_eq!(report.state_bytes(), 4 * 768 * (50257 + 1024));
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`memory`](Self::memory).
    pub fn memory_of<N: Into<String>, L: AsRef<[usize]>>(
        &self,
        shapes: impl IntoIterator<Item = (N, L)>,
    ) -> Result<MemoryReport>
    where
        P: ParameterFormat,
        G: FitsArithmetic<P::Unchecked>,
        G: GradientFormat<P::Format, Format: WidensTo<<P::Format as StorageDtype>::Arithmetic>>,
        S: StateFormat<P::Format> + KeepsArithmetic<P::Unchecked>,
        W: Store + Rounds<P::Unchecked>,
    {
        let described = |(name, shape): (N, L)| (name.into(), Layout::row_major(shape.as_ref()));
        self.report(&shapes.into_iter().map(described).collect::<Vec<_>>())
    }

    /// The report for parameters of these names and layouts.
    pub(crate) fn report(&self, described: &[(String, Layout)]) -> Result<MemoryReport>
    where
        P: ParameterFormat,
        G: GradientFormat<P::Format, Format: WidensTo<<P::Format as StorageDtype>::Arithmetic>>,
        S: StateFormat<P::Format>,
        W: Store,
    {
        let Assembled { groups, members, .. } = Assembled::of(self, described)?;
        let kept: Vec<_> = groups.iter().map(Group::kept).collect();
        let parameters = described.iter().zip(members).map(|((_, layout), member)| (layout, member));
        let formats = MemoryFormats::of::<In<P::Format, G::Format, S::Format, W>>();
        let matrices = |group: usize, layout: &Layout| plan_of(&groups[group].base.chain(), layout);
        Ok(MemoryReport::new(&kept, &formats, parameters, &matrices))
    }
}
