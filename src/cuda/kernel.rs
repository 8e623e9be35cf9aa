//! [`Kernel`]: a chain in one combination of formats, as CUDA C.

use super::trace::Outline;
use super::{evaluation, lines, statistic, update};
use crate::device::{Beside, Formats, Number};
use crate::dtype::{Format, StorageDtype};
use crate::error::{Error, Result};
use crate::random::PARAMETER_STREAM;
use crate::real::Kind;
use crate::store::{Rounding, Store};
use crate::transform::{FieldSet, Stage};

/// A chain in one combination of formats, as CUDA C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    name: String,
    text: String,
    /// Fields of state, what the store carries, numbers of a tensor, and state by axis.
    fields: [usize; 4],
    statistics: Vec<Statistic>,
    evaluates: bool,
    /// Whether what its statistics find belongs to no tensor.
    pub(super) decides: bool,
}

/// A statistic that a kernel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistic {
    /// Which of the chain's statistics it is.
    pub pass: usize,
    /// Whether it runs over all tensors.
    pub is_joint: bool,
}

impl Kernel {
    /// Writes down a chain. Its functions begin with `name`, which must be a word of C, and none that the text by
    /// hand in `cuda/` has taken.
    ///
    /// # Errors
    /// [`Error::Combination`] for what no kernel does yet: work on matrices between the parts of a chain, and state by
    /// axis that follows from the parameter as it was stored.
    pub fn of<C: Stage, K: Formats>(name: &str, chain: &C) -> Result<Self> {
        let outline = Outline::of(chain);
        match <Number<K> as StorageDtype>::FORMAT {
            Format::F64 => Self::traced::<C, K, f64>(name, chain, &outline),
            _ => Self::traced::<C, K, f32>(name, chain, &outline),
        }
    }

    fn traced<C: Stage, K: Formats, F: Kind>(name: &str, chain: &C, outline: &Outline<C>) -> Result<Self> {
        check::<C, K::Store, F>(chain, outline)?;
        let state = outline.elements();
        let carry = <K::Store as Store>::Carry::COUNT;
        let draws_parameter = K::Store::ROUNDING == Rounding::Stochastic && !K::Parameter::EXACT;
        let streams = match (!K::State::EXACT && state > 0, draws_parameter) {
            (true, _) => PARAMETER_STREAM as usize + 1 + state,
            (false, true) => PARAMETER_STREAM as usize + 1,
            (false, false) => 0,
        };
        let corrects = u32::from(K::Store::CORRECTS);
        let [parameter, gradient, of_state, beside] = [
            K::Parameter::FORMAT,
            K::Gradient::FORMAT,
            K::State::FORMAT,
            <Beside<K> as StorageDtype>::FORMAT,
        ]
        .map(format_name);
        let group = group::<K>(state);
        let (number, constants, tensor, axes) =
            (F::NAME, outline.constants(), outline.tensor(), outline.axes());
        let rescales = u32::from(!outline.factors().is_empty());
        let rescale = rescale(outline.factors(), number);
        let body = update::text::<C, K::Store, F>(outline);
        let mut text = format!(
            "// {stages}\n\
             // parameters {}, gradients {}, state {}, {}\n\
             struct {name} {{\n    \
                 typedef {number} Number;\n    \
                 typedef {parameter} Parameter;\n    \
                 typedef {gradient} Gradient;\n    \
                 typedef {of_state} State;\n    \
                 typedef {beside} Beside;\n    \
                 enum {{ CONSTANTS = {constants}, TENSOR = {tensor}, STATE = {state}, CARRY = {carry}, AXES = {axes}, STREAMS = {streams}, GROUP = {group}, CORRECTS = {corrects}, RESCALES = {rescales} }};\n\n    \
                 static __device__ __forceinline__ void update(\n        \
                     const {number} *at, const {number} *tensor, Element<{name}> &element)\n    \
                 {{\n{body}    }}\n\
                 {rescale}\
             }};\n",
            K::Parameter::NAME,
            K::Gradient::NAME,
            K::State::NAME,
            K::Store::NAME,
            stages = outline.stages(),
        );
        let mut statistics = Vec::new();
        for pass in 0..C::PASSES {
            if let Some(statistic) = statistic::text::<C, K::Store, F>(outline, chain, name, pass) {
                text += &statistic;
                statistics.push(Statistic { pass, is_joint: chain.joins_of(pass) });
            }
        }
        if axes > 0 {
            text += &lines::text::<C, K::Store, F>(outline, name);
        }
        let evaluation = evaluation::text::<C, K::Store, F>(outline, name);
        text += evaluation.as_deref().unwrap_or_default();
        let evaluates = evaluation.is_some();
        let (name, fields) = (name.to_owned(), [state, carry, tensor, axes]);
        Ok(Self { name, text, fields, statistics, evaluates, decides: false })
    }

    /// The name that its functions begin with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rule and the store, element by element, without the loops around them.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The statistics that it takes, in their order.
    pub fn statistics(&self) -> &[Statistic] {
        &self.statistics
    }

    /// Whether the point for evaluation is another one than the parameter.
    pub fn evaluates(&self) -> bool {
        self.evaluates
    }

    /// The words of a row of its table of tensors: see `cuda/common/table.cuh`.
    pub fn row_words(&self) -> usize {
        let [state, carry, tensor, axes] = self.fields;
        7 + state + carry + tensor + 2 * axes
    }

    /// Whether it keeps state by axis.
    pub fn has_lines(&self) -> bool {
        self.fields[3] > 0
    }

    /// The last function of a statistic, which makes something of what was folded.
    pub(super) fn last(&self) -> &'static str {
        if self.decides { "decide" } else { "finish" }
    }

    /// The functions that can be launched: `update`; `maxima` and `raise`, if there is state by axis; `measure`, `fold`
    /// and `finish` of each statistic, or `decide` in its place; `evaluate`, if there is another point for evaluation.
    pub fn functions(&self) -> Vec<String> {
        let name = &self.name;
        let of_pass = |statistic: &Statistic| {
            ["measure", "fold", self.last()].map(|work| format!("{name}_{work}_{}", statistic.pass))
        };
        let of_passes = self.statistics.iter().flat_map(of_pass);
        let evaluate = self.evaluates.then(|| format!("{name}_evaluate"));
        let lines = ["maxima", "raise"].into_iter().filter(|_| self.has_lines());
        let lines = lines.map(|work| format!("{name}_{work}"));
        core::iter::once(format!("{name}_update")).chain(lines).chain(of_passes).chain(evaluate).collect()
    }
}

/// How many neighbouring elements a thread takes: as many of the narrowest format as 16 bytes hold.
fn group<K: Formats>(fields: usize) -> usize {
    let state = if fields > 0 { K::State::FORMAT } else { K::Parameter::FORMAT };
    let bytes = [K::Parameter::FORMAT, K::Gradient::FORMAT, state].map(Format::bytes);
    let narrowest = bytes.into_iter().fold(16, usize::min);
    (16 / narrowest).next_power_of_two().min(8)
}

/// The function that puts what the device has decided in the place of the constants that gradients are multiplied with.
fn rescale(factors: &[usize], number: &str) -> String {
    if factors.is_empty() {
        return String::new();
    }
    let places: Vec<_> = factors.iter().map(|place| format!("at[{place}] = factor;")).collect();
    format!(
        "\n    static __device__ __forceinline__ void rescale({number} *at, {number} factor) {{ {} }}\n",
        places.join(" ")
    )
}

/// Refuses what no kernel does yet.
fn check<C: Stage, W: Store, F: Kind>(chain: &C, outline: &Outline<C>) -> Result<()> {
    let refused = |option: &str, because| {
        Err(Error::Combination { option: option.to_owned(), with: "a CUDA kernel".to_owned(), because })
    };
    if outline.axes() > 0 && lines::looks_back::<C, W, F>(outline) {
        return refused("state by axis that looks back", "kernels write it before the parameter is stored");
    }
    if outline.follows_otherwise() {
        return refused(
            "a constant that follows from the factor of all gradients",
            "the device puts in the factor",
        );
    }
    if chain.cuts() > 0 {
        return refused("a rule that works on matrices", "kernels see one element at a time");
    }
    Ok(())
}

/// The name that a format has in `cuda/common/`.
pub(super) fn format_name(format: Format) -> &'static str {
    match format {
        Format::F64 => "F64",
        Format::F32 => "F32",
        Format::Bf16 => "Bf16",
        Format::F16 => "F16",
        Format::Bf16Plus8 => "Plus8<Bf16>",
        Format::Bf16Plus16 => "Plus16<Bf16>",
        Format::F16Plus8 => "Plus8<F16>",
        Format::F16Plus16 => "Plus16<F16>",
        Format::I8 => "I8",
        Format::I16 => "I16",
    }
}
