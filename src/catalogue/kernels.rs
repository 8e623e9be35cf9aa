//! The rules whose loops are compiled, in release builds. The others run stage by stage, with the same bits.
//!
//! Loops in types are faster, and take time to compile. So these are what is most used.

use super::entries::{self, Named, Visitor};
use super::plan::Plan;
use super::rules::chain;
use super::{Configuration, Format, StoreKind};
use crate::cpu::fused;
use crate::device::{Formats, In};
use crate::error::Result;
use crate::store::{Kahan, Nearest, Stochastic};
use crate::transform::{ChainOf, Kernel};
use core::marker::PhantomData;
use half::bf16;

/// Compiles the loops of rules in the formats `K`.
struct LoopsIn<K>(PhantomData<K>);

impl<K: Formats> Visitor for LoopsIn<K> {
    type Output = Option<Kernel>;

    fn visit<R: Named>(self) -> Result<Option<Kernel>> {
        Ok(fused::kernel::<ChainOf<R>, K>())
    }
}

/// Whether the chain is that of a rule alone.
fn is_plain(configuration: &Configuration, plan: &Plan) -> bool {
    configuration.optimizer != chain::NAME && !plan.options.has_stages()
}

/// Every rule, if all numbers are in `f32`.
pub(super) fn all_in_f32(configuration: &Configuration, plan: &Plan) -> Result<Option<Kernel>> {
    let state = configuration.state_format.unwrap_or(Format::F32);
    if state != Format::F32 || !is_plain(configuration, plan) {
        return Ok(None);
    }
    let loops = LoopsIn::<In<f32, f32, f32, Nearest>>(PhantomData);
    entries::visit(&configuration.optimizer, &plan.base, loops)
}

/// The rules that are tried first, with parameters in `bf16`.
pub(super) fn the_first(configuration: &Configuration, plan: &Plan) -> Result<Option<Kernel>> {
    fn loops<K: Formats>(configuration: &Configuration, plan: &Plan) -> Result<Option<Kernel>> {
        entries::visit_first(&configuration.optimizer, &plan.base, LoopsIn::<K>(PhantomData))
            .map(Option::flatten)
    }

    if !is_plain(configuration, plan) {
        return Ok(None);
    }
    match (configuration.state_format.unwrap_or(Format::F32), configuration.store) {
        (Format::F32, StoreKind::Nearest) => loops::<In<bf16, bf16, f32, Nearest>>(configuration, plan),
        (Format::F32, StoreKind::Kahan) => loops::<In<bf16, bf16, f32, Kahan>>(configuration, plan),
        (Format::Bf16, StoreKind::Nearest) => loops::<In<bf16, bf16, bf16, Nearest>>(configuration, plan),
        (Format::Bf16, StoreKind::Kahan) => loops::<In<bf16, bf16, bf16, Kahan>>(configuration, plan),
        (Format::Bf16, StoreKind::Stochastic) => {
            loops::<In<bf16, bf16, bf16, Stochastic>>(configuration, plan)
        }
        _ => Ok(None),
    }
}

/// No rules.
pub(super) fn none(_configuration: &Configuration, _plan: &Plan) -> Result<Option<Kernel>> {
    Ok(None)
}
