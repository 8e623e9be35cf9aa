//! What is compiled of rules in release builds: whole loops for formats that are most used, which are the fastest, and
//! for all others the arithmetic alone. What is not compiled runs stage by stage, with the same bits.

use super::entries::{self, Named, Visitor};
use super::plan::Chosen;
use super::rules::chain;
use super::{Format, StoreKind};
use crate::cpu::{fused, on_tiles};
use crate::device::{Formats, In};
use crate::dtype::{Arithmetic, WidensTo};
use crate::error::Result;
use crate::store::{Kahan, Nearest, Stochastic};
use crate::transform::{ChainOf, Kernel};
use core::marker::PhantomData;
use half::bf16;

/// Compiles the loops of rules in the formats `K`.
struct LoopsIn<K>(PhantomData<K>);

impl<K: Formats> Visitor for LoopsIn<K> {
    type Output = Kernel;

    fn visit<R: Named>(self) -> Result<Kernel> {
        Ok(fused::kernel::<ChainOf<R>, K>())
    }
}

/// Compiles the arithmetic of rules in `F`.
struct ArithmeticIn<F>(PhantomData<F>);

impl<F: Arithmetic + WidensTo<F>> Visitor for ArithmeticIn<F> {
    type Output = Option<Kernel>;

    fn visit<R: Named>(self) -> Result<Option<Kernel>> {
        Ok(on_tiles::arithmetic::<ChainOf<R>, F>())
    }
}

/// The formats of a configuration.
pub(super) type Formatted = (Option<Format>, StoreKind);

/// Every rule, if all numbers are in `f32`.
pub(super) fn all_in_f32((state, _): Formatted, chosen: &Chosen) -> Result<Option<Kernel>> {
    if state.unwrap_or(Format::F32) != Format::F32 || chosen.optimizer == chain::NAME {
        return in_any_formats::<f32>(chosen);
    }
    let loops = LoopsIn::<In<f32, f32, f32, Nearest>>(PhantomData);
    entries::visit(&chosen.optimizer, &chosen.hyperparameters, loops).map(Some)
}

/// The rules that are tried first, with parameters in `bf16`.
pub(super) fn the_first((state, store): Formatted, chosen: &Chosen) -> Result<Option<Kernel>> {
    fn loops<K: Formats>(chosen: &Chosen) -> Result<Option<Kernel>> {
        entries::visit_first(&chosen.optimizer, &chosen.hyperparameters, LoopsIn::<K>(PhantomData))
    }

    let found = match (state.unwrap_or(Format::F32), store) {
        (Format::F32, StoreKind::Nearest) => loops::<In<bf16, bf16, f32, Nearest>>(chosen),
        (Format::F32, StoreKind::Kahan) => loops::<In<bf16, bf16, f32, Kahan>>(chosen),
        (Format::Bf16, StoreKind::Nearest) => loops::<In<bf16, bf16, bf16, Nearest>>(chosen),
        (Format::Bf16, StoreKind::Kahan) => loops::<In<bf16, bf16, bf16, Kahan>>(chosen),
        (Format::Bf16, StoreKind::Stochastic) => loops::<In<bf16, bf16, bf16, Stochastic>>(chosen),
        _ => Ok(None),
    };
    match found? {
        None => in_any_formats::<f32>(chosen),
        found => Ok(found),
    }
}

/// The arithmetic of every rule in `F`, for any formats.
pub(super) fn in_any_formats<F: Arithmetic + WidensTo<F>>(chosen: &Chosen) -> Result<Option<Kernel>> {
    if chosen.optimizer == chain::NAME {
        return Ok(None);
    }
    entries::visit(&chosen.optimizer, &chosen.hyperparameters, ArithmeticIn::<F>(PhantomData))
}

/// The arithmetic of every rule.
pub(super) fn arithmetic_in_f32(_formats: Formatted, chosen: &Chosen) -> Result<Option<Kernel>> {
    in_any_formats::<f32>(chosen)
}

/// No rules.
pub(super) fn none(_formats: Formatted, _chosen: &Chosen) -> Result<Option<Kernel>> {
    Ok(None)
}
