//! The kernels of a device, loaded when they are first needed.

use super::compile::{Architecture, compile_binary, compiler, options};
use super::flaw::driver;
use super::{Kernel, cache, unit};
use crate::device::{Formats, Statistics};
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

/// A kernel whose functions can be launched.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Its number among those of the device.
    pub(super) number: u64,
    pub(super) kernel: Kernel,
    functions: HashMap<String, CudaFunction>,
}

impl Loaded {
    pub(super) fn function(&self, name: &str) -> &CudaFunction {
        self.functions.get(name).expect("all functions of a kernel are loaded")
    }
}

/// The kernels of a device.
#[derive(Debug, Default)]
pub(super) struct Library {
    chains: Vec<(Signature, Arc<Loaded>)>,
    /// Those that sum squares, and those that decide by them, by the type of what they sum.
    sums: Vec<(TypeId, Arc<Loaded>)>,
    decisions: Vec<(TypeId, Arc<Loaded>)>,
    count: u64,
}

impl Library {
    /// The kernel of a chain.
    pub(super) fn chain<C: Stage, K: Formats>(
        &mut self,
        context: &Arc<CudaContext>,
        architecture: Architecture,
        chain: &C,
    ) -> Result<Arc<Loaded>> {
        let signature = Signature::of::<C, K>(chain);
        if let Some((_, loaded)) = self.chains.iter().find(|(known, _)| *known == signature) {
            return Ok(loaded.clone());
        }
        let loaded = self.load(context, architecture, Kernel::of::<C, K>(NAME, chain)?)?;
        self.chains.push((signature, loaded.clone()));
        Ok(loaded)
    }

    /// The kernel that sums the squares of numbers in `T`.
    pub(super) fn square_sums<T: crate::dtype::StorageDtype>(
        &mut self,
        context: &Arc<CudaContext>,
        architecture: Architecture,
    ) -> Result<Arc<Loaded>> {
        let types = TypeId::of::<T>();
        if let Some((_, loaded)) = self.sums.iter().find(|(known, _)| *known == types) {
            return Ok(loaded.clone());
        }
        let loaded = self.load(context, architecture, Kernel::square_sums::<T>(NAME)?)?;
        self.sums.push((types, loaded.clone()));
        Ok(loaded)
    }

    /// The kernel that decides by the joint norm of gradients in `T`.
    pub(super) fn decision<T: crate::dtype::StorageDtype>(
        &mut self,
        context: &Arc<CudaContext>,
        architecture: Architecture,
    ) -> Result<Arc<Loaded>> {
        let types = TypeId::of::<T>();
        if let Some((_, loaded)) = self.decisions.iter().find(|(known, _)| *known == types) {
            return Ok(loaded.clone());
        }
        let loaded = self.load(context, architecture, Kernel::decision::<T>(NAME)?)?;
        self.decisions.push((types, loaded.clone()));
        Ok(loaded)
    }

    fn load(
        &mut self,
        context: &Arc<CudaContext>,
        architecture: Architecture,
        kernel: Kernel,
    ) -> Result<Arc<Loaded>> {
        let source = unit([&kernel]);
        let (compiler, options) = (compiler()?.to_string(), options(architecture).join(" "));
        let key = cache::key(&[source.as_bytes(), compiler.as_bytes(), options.as_bytes()]);
        let module = |binary: &[u8]| context.load_module(Ptx::from_binary(binary.to_vec()));
        // What another driver has left may not suit this one.
        let module = match cache::find(&key).and_then(|binary| module(&binary).ok()) {
            Some(module) => module,
            None => {
                let binary: Arc<[u8]> = compile_binary(&source, architecture)?.into();
                let module = module(&binary).map_err(|error| driver("load a kernel", error))?;
                cache::keep(&key, &binary);
                module
            }
        };
        let function = |name: String| match module.load_function(&name) {
            Ok(function) => Ok((name, function)),
            Err(error) => Err(driver("find a function of a kernel", error)),
        };
        let functions = kernel.functions().into_iter().map(function).collect::<Result<_, CudaFlaw>>()?;
        self.count += 1;
        Ok(Arc::new(Loaded { number: self.count, kernel, functions }))
    }
}
