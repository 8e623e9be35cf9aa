//! What the catalogue instantiates in types, in release builds: it is faster than a chain from data, and
//! takes time to compile. So these are what is most used.

use super::entries::{self, Named, Visitor};
use super::formats::{Boxed, started};
use super::plan::{Plan, Planned};
use super::{Configuration, Format, StoreKind};
use crate::cpu::Cpu;
use crate::device::ParameterSet;
use crate::dtype::StorageDtype;
use crate::error::Result;
use half::bf16;

/// What a plan is built for.
pub(super) struct Build<'a, T: StorageDtype> {
    pub(super) configuration: &'a Configuration,
    pub(super) plan: &'a Plan,
    pub(super) device: &'a Cpu,
    pub(super) parameters: &'a dyn ParameterSet<Cpu, T>,
}

/// Every rule in types, if all numbers are in `f32`.
pub(super) fn all_in_f32(build: &Build<'_, f32>) -> Result<Option<Boxed<f32>>> {
    struct InF32<'a>(&'a Build<'a, f32>);

    impl Visitor for InF32<'_> {
        type Output = Boxed<f32>;

        fn visit<R: Named>(self) -> Result<Boxed<f32>> {
            let builder = started::<R, f32>(Planned::<R>::new(self.0.plan)?, self.0.plan)?;
            let builder = builder.state_in::<f32>(self.0.configuration.seed);
            Ok(Box::new(builder.build(self.0.device.clone(), self.0.parameters)?))
        }
    }

    let Build { configuration, plan, .. } = build;
    let state = configuration.state_format.unwrap_or(Format::F32);
    if state != Format::F32 || configuration.store != StoreKind::Nearest {
        return Ok(None);
    }
    entries::visit(&configuration.optimizer, &plan.base, InF32(build)).map(Some)
}

/// The rules that are tried first, with parameters in `bf16`.
pub(super) fn the_first(build: &Build<'_, bf16>) -> Result<Option<Boxed<bf16>>> {
    struct InBf16<'a>(&'a Build<'a, bf16>);

    impl Visitor for InBf16<'_> {
        type Output = Option<Boxed<bf16>>;

        fn visit<R: Named>(self) -> Result<Self::Output> {
            let Build { configuration, plan, device, parameters } = *self.0;
            let builder = started::<R, bf16>(Planned::<R>::new(plan)?, plan)?;
            macro_rules! built {
                ($builder:expr) => {
                    Box::new($builder.build(device.clone(), parameters)?)
                };
            }
            let seed = configuration.seed;
            let state = configuration.state_format.unwrap_or(Format::F32);
            Ok(Some(match (state, configuration.store) {
                (Format::F32, StoreKind::Nearest) => built!(builder.state_in::<f32>(seed)),
                (Format::F32, StoreKind::Kahan) => built!(builder.state_in::<f32>(seed).kahan()),
                (Format::Bf16, StoreKind::Nearest) => built!(builder.state_in::<bf16>(seed)),
                (Format::Bf16, StoreKind::Kahan) => built!(builder.state_in::<bf16>(seed).kahan()),
                (Format::Bf16, StoreKind::Stochastic) => {
                    built!(builder.state_in::<bf16>(seed).stochastic_rounding(0))
                }
                _ => return Ok(None),
            }))
        }
    }

    let Build { configuration, plan, .. } = build;
    Ok(entries::visit_first(&configuration.optimizer, &plan.base, InBf16(build))?.flatten())
}

/// No rules in types.
pub(super) fn none<T: StorageDtype>(_build: &Build<'_, T>) -> Result<Option<Boxed<T>>> {
    Ok(None)
}
