//! The kernels of a device, loaded when they are first needed.

use super::compile::{Architecture, compile_binary, compiler, options};
use super::flaw::driver;
use super::{Kernel, cache, row_functions, row_unit, unit};
use crate::device::{Formats, Statistics};
use crate::dtype::Format;
use crate::error::{CudaFlaw, Result};
use crate::transform::{Fold, Stage};
use cudarc::driver::{CudaContext, CudaFunction};
use cudarc::nvrtc::Ptx;
use smallvec::SmallVec;
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;

/// The name that functions of loaded kernels begin with. Each kernel is a module of its own.
const NAME: &str = "optimizer";

/// What a kernel follows from.
#[derive(Debug, PartialEq)]
struct Signature {
    types: TypeId,
    /// The stages that the chain only knows at run time.
    stages: SmallVec<[TypeId; 8]>,
    folds: [Fold; crate::device::MOST_STATISTICS],
    joint: u64,
}

impl Signature {
    fn of<C: Stage, K: Formats>(chain: &C) -> Self {
        let mut stages = SmallVec::new();
        chain.each_stage_at_run_time(&mut |stage| stages.push(stage));
        let statistics = Statistics::of(chain, &crate::transform::Step::first(1.0));
        let Statistics { folds, joint, .. } = statistics;
        Self { types: TypeId::of::<(C, K)>(), stages, folds, joint }
    }
}

/// What a kernel is loaded for.
#[derive(Debug, PartialEq)]
enum Purpose {
    /// A chain.
    Chain(Signature),
    /// The sums of the squares of numbers of a type.
    Sums(TypeId),
    /// A decision by the joint norm of gradients of a type.
    Decision(TypeId),
}

/// A kernel whose functions can be launched.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Its number among those of the device.
    pub(super) number: u64,
    pub(super) kernel: Kernel,
    pub(super) functions: Functions,
}

/// Functions that can be launched.
#[derive(Debug)]
pub(super) struct Functions(HashMap<String, CudaFunction>);

impl Functions {
    pub(super) fn get(&self, name: &str) -> &CudaFunction {
        self.0.get(name).expect("all functions of a source are loaded")
    }
}

/// The kernels of a device.
#[derive(Debug, Default)]
pub(super) struct Library {
    loaded: Vec<(Purpose, Arc<Loaded>)>,
    /// What works on some rows of tensors in a format.
    on_rows: Vec<(Format, Arc<Functions>)>,
}

impl Library {
    /// The kernel of a chain.
    pub(super) fn chain<C: Stage, K: Formats>(
        &mut self,
        context: &Arc<CudaContext>,
        architecture: Architecture,
        chain: &C,
    ) -> Result<Arc<Loaded>> {
        let purpose = Purpose::Chain(Signature::of::<C, K>(chain));
        self.loaded_for(purpose, context, architecture, || Kernel::of::<C, K>(NAME, chain))
    }

    /// The kernel that sums the squares of numbers in `T`.
    pub(super) fn square_sums<T: crate::dtype::StorageDtype>(
        &mut self,
        context: &Arc<CudaContext>,
        architecture: Architecture,
    ) -> Result<Arc<Loaded>> {
        let purpose = Purpose::Sums(TypeId::of::<T>());
        self.loaded_for(purpose, context, architecture, || Kernel::square_sums::<T>(NAME))
    }

    /// The kernel that decides by the joint norm of gradients in `T`.
    pub(super) fn decision<T: crate::dtype::StorageDtype>(
        &mut self,
        context: &Arc<CudaContext>,
        architecture: Architecture,
    ) -> Result<Arc<Loaded>> {
        let purpose = Purpose::Decision(TypeId::of::<T>());
        self.loaded_for(purpose, context, architecture, || Kernel::decision::<T>(NAME))
    }

    /// The kernel for a purpose, made and loaded when it is first asked for.
    fn loaded_for(
        &mut self,
        purpose: Purpose,
        context: &Arc<CudaContext>,
        architecture: Architecture,
        kernel: impl FnOnce() -> Result<Kernel>,
    ) -> Result<Arc<Loaded>> {
        if let Some((_, loaded)) = self.loaded.iter().find(|(known, _)| *known == purpose) {
            return Ok(loaded.clone());
        }
        let loaded = self.load(context, architecture, kernel()?)?;
        self.loaded.push((purpose, loaded.clone()));
        Ok(loaded)
    }

    fn load(
        &self,
        context: &Arc<CudaContext>,
        architecture: Architecture,
        kernel: Kernel,
    ) -> Result<Arc<Loaded>> {
        let functions = functions(context, architecture, &unit([&kernel]), kernel.functions())?;
        Ok(Arc::new(Loaded { number: self.loaded.len() as u64, kernel, functions }))
    }

    /// The functions that work on some rows of tensors in a format.
    pub(super) fn on_rows(
        &mut self,
        context: &Arc<CudaContext>,
        architecture: Architecture,
        format: Format,
    ) -> Result<Arc<Functions>> {
        if let Some((_, functions)) = self.on_rows.iter().find(|(known, _)| *known == format) {
            return Ok(functions.clone());
        }
        let names = row_functions(format).iter().map(|name| format!("rows_{name}"));
        let functions = Arc::new(functions(context, architecture, &row_unit(format), names)?);
        self.on_rows.push((format, functions.clone()));
        Ok(functions)
    }
}

/// The functions of a source, compiled and loaded.
fn functions(
    context: &Arc<CudaContext>,
    architecture: Architecture,
    source: &str,
    names: impl IntoIterator<Item = String>,
) -> Result<Functions, CudaFlaw> {
    let (compiler, options) = (compiler()?.to_string(), options(architecture).join(" "));
    let key = cache::key(&[source.as_bytes(), compiler.as_bytes(), options.as_bytes()]);
    let module = |binary: &[u8]| context.load_module(Ptx::from_binary(binary.to_vec()));
    // What another driver has left may not suit this one.
    let module = match cache::find(&key).and_then(|binary| module(&binary).ok()) {
        Some(module) => module,
        None => {
            let binary: Arc<[u8]> = compile_binary(source, architecture)?.into();
            let module = module(&binary).map_err(|error| driver("load a kernel", error))?;
            cache::keep(&key, &binary);
            module
        }
    };
    let function = |name: String| match module.load_function(&name) {
        Ok(function) => Ok((name, function)),
        Err(error) => Err(driver("find a function of a kernel", error)),
    };
    Ok(Functions(names.into_iter().map(function).collect::<Result<_, CudaFlaw>>()?))
}
