//! Steps with gradients of a few rows.

mod table;

use super::assemble::buffers_like;
use super::survey::OnDevice;
use super::{Optimizer, Snapshot, Stepped, Together};
use crate::clip::GradientNorm;
use crate::device::{Formats, Lines, ParameterSet, Rows, SparseRows, Tensor};
use crate::error::{Error, Result};
use crate::hyperparameter::LearningRate;
use crate::shape::Layout;
use crate::transform::{AxesOf, ChainOf, Rule, Stage};
use core::fmt;
use core::ops::Deref;
use table::{Part, Table, parts};

/// An optimizer whose gradients are rows of their parameters: embedding tables and the like.
///
/// Made by [`by_rows`](Optimizer::by_rows). A row that has no gradient stays as it is, with all of its
/// state, and costs nothing: a step's work and memory traffic follow the rows that have one. Those run
/// through the ordinary step as a tensor of their own, so nearly every rule, and every format, store, clip and policy acts
/// on them as on any tensor; rules that remember how a tensor [began](crate::transform::Stage::begins_once)
/// are refused. A norm is one over the rows that came, and so is a mean.
///
/// State [by axis](crate::transform::ByAxis) has one number per row, instead of one for each line of
/// each axis: with [`Sm3`](crate::rule::Sm3) a table of *n* rows needs *n* numbers, whatever their
/// length (Anil et al., 2019, <https://arxiv.org/abs/1901.11150>, §4). Rules with state per element keep
/// it for the whole table and touch it in the rows that came; averages are debiased by the number of
/// gradients of the table, not of the row.
///
/// Everything that does not step is found on the [`Optimizer`] inside. Parameters that have whole
/// gradients belong to another optimizer; [`measure`](Self::measure) and
/// [`step_with_norm`](Self::step_with_norm) clip both together.
pub struct RowOptimizer<R: Rule, K: Formats, D: Rows> {
    inner: Optimizer<R, K, Together, D>,
    tables: Vec<Table<ChainOf<R>, K, D>>,
    /// The rows of the step under way.
    parameters: Vec<(String, Part<D, K::Parameter>)>,
    gradients: Vec<(String, Part<D, K::Gradient>)>,
}

impl<R: Rule, K: Formats, D: Rows> Optimizer<R, K, Together, D> {
    /// The same optimizer for gradients that are rows of their parameters.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::device::SparseRows;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::Sm3;
    /// use ndarray::{Array2, array};
    ///
    /// let mut tables = [("embedding", Array2::<f32>::zeros((1000, 2)))];
    /// let mut optimizer = Sm3::default().build(Cpu::default(), &tables)?.by_rows()?;
    /// assert_eq!(optimizer.state_bytes(), 1000 * 4); // one number per row
    ///
    /// let rows = SparseRows { rows: [7, 2, 7], values: array![[1.0, 2.0], [0.0, -5.0], [2.0, 2.0]] };
    /// optimizer.step(&mut tables, &[("embedding", Some(rows))])?;
    /// assert_eq!(tables[0].1.row(7), array![-0.1, -0.1]); // both gradients of row 7 are added first
    /// assert_eq!(tables[0].1.row(2), array![0.0, 0.1]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Combination`] if a parameter has no rows (0-d), or has them not one after the other in
    /// memory; if the optimizer has taken steps; and for rules whose state
    /// [begins with a tensor's first gradient](Stage::begins_once), such as schedule-free ones, lookahead and
    /// SGD-SaI. [`Error::OutOfMemory`].
    pub fn by_rows(mut self) -> Result<RowOptimizer<R, K, D>> {
        let refused = |with: String, because| {
            Err(Error::Combination { option: "gradients by rows".to_owned(), with, because })
        };
        if self.tensors.iter().any(|tensor| tensor.received > 0) {
            return refused("an optimizer that has taken steps".to_owned(), "its state is not by rows");
        }
        if let Some(group) = self.groups.iter().find(|group| group.base.chain().begins_once()) {
            let because =
                "its state begins with a tensor's first gradient, which rows that come later do not see";
            return refused(format!("the rule of group `{}`", group.label), because);
        }
        // The rows of a step are at most all, and so are the leaves of their norm.
        if D::DECIDES && self.survey.looks() {
            self.on_device = Some(OnDevice::new(&self.device, &self.tensors)?);
        }
        for tensor in &mut self.tensors {
            let Some((&count, row)) = tensor.layout.shape().split_first() else {
                return refused(format!("parameter `{}`", tensor.name), "a single number has no rows");
            };
            if tensor.layout != Layout::row_major(tensor.layout.shape()) {
                let with = format!("parameter `{}`", tensor.name);
                return refused(with, "its rows do not lie one after the other in memory");
            }
            let lines = Lines::rows(count, row.iter().product());
            let count = if tensor.frozen { 0 } else { lines.count() };
            tensor.lines = lines;
            tensor.axes =
                buffers_like::<AxesOf<ChainOf<R>>, _, _, D>(&self.device, &tensor.axes, count, &tensor.name)?;
            // Only the rows of a step need room.
            tensor.room =
                buffers_like::<AxesOf<ChainOf<R>>, _, _, D>(&self.device, &tensor.room, 0, &tensor.name)?;
            self.device.resize(&mut tensor.leaves, 0)?;
        }
        let device = &self.device;
        let tables = self.tensors.iter().map(|tensor| Table::of(device, tensor));
        let tables = tables.collect::<Result<_>>()?;
        Ok(RowOptimizer {
            tables,
            parameters: parts(device, &self.tensors)?,
            gradients: parts(device, &self.tensors)?,
            inner: self,
        })
    }
}

impl<R: Rule, K: Formats, D: Rows> RowOptimizer<R, K, D> {
    /// Takes one step with the rows that have a gradient; [`None`] for a parameter that has none at all.
    /// Parameters and gradients come in the order of the set that the optimizer was built for.
    ///
    /// # Errors
    /// Nothing has been changed if this fails: those of [`Optimizer::step`], and
    /// [`RowOutOfRange`](Error::RowOutOfRange), [`RowShape`](Error::RowShape). An infinite element that
    /// is refused is named by its place in the parameter.
    pub fn step<N: AsRef<str>, I: AsRef<[usize]>, A: Tensor<D, K::Gradient>>(
        &mut self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
        gradients: &[(N, Option<SparseRows<I, A>>)],
    ) -> Result<Stepped> {
        self.step_together(parameters, gradients, None)
    }

    /// Takes one step with a norm that has been measured over more gradients than these; see
    /// [`Optimizer::step_with_norm`].
    ///
    /// # Errors
    /// Those of [`step`](Self::step), and [`Error::NonfiniteNorm`].
    pub fn step_with_norm<N: AsRef<str>, I: AsRef<[usize]>, A: Tensor<D, K::Gradient>>(
        &mut self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
        gradients: &[(N, Option<SparseRows<I, A>>)],
        norm: GradientNorm,
    ) -> Result<Stepped> {
        self.step_together(parameters, gradients, Some(norm))
    }

    /// The norm of these gradients, rows that came several times added; see [`Optimizer::measure`].
    ///
    /// # Errors
    /// Those of [`step`](Self::step) for gradients.
    pub fn measure<N: AsRef<str>, I: AsRef<[usize]>, A: Tensor<D, K::Gradient>>(
        &mut self,
        gradients: &[(N, Option<SparseRows<I, A>>)],
    ) -> Result<GradientNorm> {
        self.take(gradients)?;
        self.exchange();
        let norm = self.inner.measure(&self.gradients);
        self.exchange();
        norm
    }

    /// Replaces γ in every group; see [`Optimizer::set_learning_rate`].
    pub fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        self.inner.set_learning_rate(learning_rate);
    }

    /// The rule of a group; see [`Optimizer::rule_mut`].
    pub fn rule_mut(&mut self, label: &str) -> Option<&mut R> {
        self.inner.rule_mut(label)
    }

    /// Replaces all state by that of a snapshot, or refuses it and changes nothing; see
    /// [`Optimizer::restore`].
    ///
    /// # Errors
    /// Those of [`Optimizer::restore`]; a snapshot of an optimizer that is not by rows does not fit if
    /// the rule keeps state by axis.
    pub fn restore(&mut self, snapshot: &Snapshot<K>) -> Result<()> {
        self.inner.restore(snapshot)
    }

    /// The optimizer inside, for what reads all of its state from elsewhere.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn inner_mut(&mut self) -> &mut Optimizer<R, K, Together, D> {
        &mut self.inner
    }

    fn step_together<N: AsRef<str>, I: AsRef<[usize]>, A: Tensor<D, K::Gradient>>(
        &mut self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
        gradients: &[(N, Option<SparseRows<I, A>>)],
        norm: Option<GradientNorm>,
    ) -> Result<Stepped> {
        self.take(gradients)?;
        self.gather(parameters)?;
        self.exchange();
        let result = self.inner.step_together(&mut self.parameters, &self.gradients, norm);
        self.exchange();
        // If the device leaves the step out, the rows are still what they were.
        if matches!(result, Ok(Stepped::Taken | Stepped::Undecided)) {
            self.scatter(parameters)?;
        }
        result.map_err(|error| self.placed(error))
    }

    /// An error that speaks of the parameter's rows, not of those of the step.
    fn placed(&self, error: Error) -> Error {
        let Error::NonfiniteGradient { parameter, mut index } = error else { return error };
        if let Some(place) = self.inner.places.get(&parameter) {
            index[0] = self.tables[*place].chosen.rows[index[0]];
        }
        Error::NonfiniteGradient { parameter, index }
    }

    /// Checks the gradients and adds rows that come several times.
    fn take<N: AsRef<str>, I: AsRef<[usize]>, A: Tensor<D, K::Gradient>>(
        &mut self,
        gradients: &[(N, Option<SparseRows<I, A>>)],
    ) -> Result<()> {
        let Self { inner, tables, gradients: sums, .. } = self;
        for (place, (name, gradient)) in gradients.iter().enumerate() {
            let name = name.as_ref();
            let Some(tensor) = inner.tensors.get(place) else {
                return Err(Error::UnknownGradient { name: name.to_owned() });
            };
            if name != tensor.name {
                let (expected, found) = (tensor.name.clone(), name.to_owned());
                return Err(Error::GradientOrder { place, expected, found });
            }
            let (table, sum) = (&mut tables[place], &mut sums[place].1);
            table.chosen.clear();
            let checked = match gradient {
                Some(gradient) => Some((tensor.check_rows(gradient)?, gradient.rows.as_ref())),
                None => None,
            };
            let taken = checked.filter(|_| !tensor.frozen);
            sum.is_present = taken.is_some();
            if let Some((values, rows)) = taken {
                table.chosen.choose(&inner.device, rows)?;
                inner.device.resize(&mut sum.elements, table.elements())?;
                let into = D::view_mut(&mut sum.elements);
                inner.device.sum_rows(values, &table.chosen, table.width, into)?;
            }
            table.layout = tensor.layout.with_rows(table.chosen.rows.len());
            sum.layout = table.layout.clone();
        }
        let missing = inner.tensors.get(gradients.len()..).unwrap_or_default();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::MissingGradient { parameters: missing.iter().map(|tensor| tensor.name.clone()).collect() })
    }

    /// Copies the rows of the step out of the parameters and their state.
    fn gather(&mut self, parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized)) -> Result<()> {
        let Self { inner, tables, parameters: parts, .. } = self;
        let (mut place, mut result) = (0, Ok(()));
        parameters.lend(&mut |name, layout, view| {
            if let (Ok(()), Some(tensor)) = (&result, inner.tensors.get(place)) {
                let (table, part) = (&tables[place], &mut parts[place].1);
                result = if name == tensor.name {
                    tensor.check_parameter(&layout, view).and_then(|view| {
                        part.layout = table.layout.clone();
                        inner.device.resize(&mut part.elements, table.elements())?;
                        let into = D::view_mut(&mut part.elements);
                        inner.device.gather(D::as_view(&view), &table.chosen, table.width, into)
                    })
                } else {
                    let (expected, found) = (tensor.name.clone(), name.to_owned());
                    Err(Error::ParameterOrder { place, expected, found })
                };
            }
            place += 1;
        });
        result?;
        if place != tables.len() {
            return Err(Error::ParameterCount { expected: tables.len(), found: place });
        }
        for (table, tensor) in tables.iter_mut().zip(&inner.tensors) {
            table.gather(&inner.device, tensor)?;
        }
        Ok(())
    }

    /// Exchanges the tables of the optimizer inside for the rows of the step, or back.
    fn exchange(&mut self) {
        for (table, tensor) in self.tables.iter_mut().zip(&mut self.inner.tensors) {
            table.exchange(tensor);
        }
    }

    /// Copies the rows of the step back.
    fn scatter(&mut self, parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized)) -> Result<()> {
        let Self { inner, tables, parameters: parts, .. } = self;
        let (mut place, mut result) = (0, Ok(()));
        parameters.lend(&mut |_, _, view| {
            if let (Ok(()), Some(table), Some(view)) = (&result, tables.get(place), view) {
                let from = D::view(&parts[place].1.elements);
                result = inner.device.scatter(from, &table.chosen, table.width, view);
            }
            place += 1;
        });
        result?;
        for (table, tensor) in tables.iter().zip(&mut inner.tensors) {
            table.scatter(&inner.device, tensor)?;
        }
        Ok(())
    }
}

impl<R: Rule, K: Formats, D: Rows> Deref for RowOptimizer<R, K, D> {
    type Target = Optimizer<R, K, Together, D>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl<R: Rule, K: Formats, D: Rows> fmt::Debug for RowOptimizer<R, K, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowOptimizer").field("inner", &self.inner).finish_non_exhaustive()
    }
}
