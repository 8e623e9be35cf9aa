//! The compiler: NVRTC, looked for when it is needed.

use super::launch;
use crate::error::CudaFlaw;
use cudarc::nvrtc::result::NvrtcError;
use cudarc::nvrtc::{CompileError as Refusal, CompileOptions, compile_ptx_with_opts};
use std::ffi::CString;
use std::fmt;

/// A compute capability, as in `sm_90`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Architecture {
    /// The generation: 9 of `sm_90`.
    pub major: u32,
    /// The version: 0 of `sm_90`.
    pub minor: u32,
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sm_{}{}", self.major, self.minor)
    }
}

/// Why there is no compiled kernel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// There is no NVRTC.
    #[error(
        "no NVRTC was found; it is part of the CUDA toolkit and of the Python wheel `nvidia-cuda-nvrtc`, and is \
         looked for where the system looks for libraries (LD_LIBRARY_PATH)"
    )]
    NoCompiler,
    /// NVRTC did not accept the source.
    #[error("NVRTC refused a kernel for {architecture}:\n{log}")]
    Refused {
        /// What it was compiled for.
        architecture: Architecture,
        /// What the compiler said.
        log: String,
    },
}

/// Compiles a source for an architecture. Gives PTX, as text.
///
/// Products and sums are not fused, quotients and roots are those of IEEE 754: the bits are those of the CPU.
///
/// ```
/// use gradus::cuda::{Architecture, CompileError, compile};
///
/// let architecture = Architecture { major: 9, minor: 0 };
/// match compile("extern \"C\" __global__ void nothing() {}", architecture) {
///     Ok(ptx) => assert!(ptx.contains("sm_90")),
///     Err(error) => assert_eq!(error, CompileError::NoCompiler),
/// }
/// ```
///
/// # Errors
/// [`CompileError`].
pub fn compile(source: &str, architecture: Architecture) -> Result<String, CompileError> {
    if !launch::has_compiler() {
        return Err(CompileError::NoCompiler);
    }
    if source.contains('\0') {
        return Err(CompileError::Refused { architecture, log: "the source has a zero in it".to_owned() });
    }
    let options = CompileOptions { options: options(architecture), ..CompileOptions::default() };
    match compile_ptx_with_opts(source, options) {
        Ok(ptx) => Ok(ptx.to_src()),
        Err(Refusal::CompileError { log, .. }) => {
            Err(CompileError::Refused { architecture, log: log.to_string_lossy().into_owned() })
        }
        Err(other) => Err(CompileError::Refused { architecture, log: other.to_string() }),
    }
}

/// The options under which bits are those of the CPU.
pub(super) fn options(architecture: Architecture) -> Vec<String> {
    let exact = ["--ftz=false", "--prec-sqrt=true", "--prec-div=true", "--fmad=false", "--std=c++17"];
    let exact = exact.into_iter().map(str::to_owned);
    exact.chain([format!("--gpu-architecture={architecture}")]).collect()
}

/// A version of CUDA, as NVRTC and the driver have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) major: i32,
    pub(super) minor: i32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The version of NVRTC.
pub(super) fn compiler() -> Result<Version, CudaFlaw> {
    if !launch::has_compiler() {
        return Err(CudaFlaw::NoCompiler);
    }
    let version = launch::compiler_version();
    let failed = |error: NvrtcError| CudaFlaw::Driver {
        operation: "ask NVRTC for its version",
        reason: error.to_string(),
    };
    version.map(|(major, minor)| Version { major, minor }).map_err(failed)
}

/// The same as [`compile`], to the machine's own code: it does not depend on what PTX the driver knows.
pub(super) fn compile_binary(source: &str, architecture: Architecture) -> Result<Vec<u8>, CudaFlaw> {
    compiler()?;
    let refused = |log: String| CudaFlaw::RefusedKernel { architecture: architecture.to_string(), log };
    let text = |text: &str| CString::new(text).map_err(|error| refused(error.to_string()));
    let options = options(architecture).iter().map(|option| text(option)).collect::<Result<Vec<_>, _>>()?;
    launch::compile(&text(source)?, &options).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SM_90: Architecture = Architecture { major: 9, minor: 0 };

    #[test]
    fn the_compiler_makes_a_binary_or_says_what_is_wrong() {
        match compile_binary("extern \"C\" __global__ void nothing() {}", SM_90) {
            Err(CudaFlaw::NoCompiler) => return println!("skipped: {}", CudaFlaw::NoCompiler),
            binary => assert!(binary.expect("it compiles").starts_with(b"\x7fELF")),
        }
        match compile_binary("__global__ void broken() { undeclared = 1; }", SM_90) {
            Err(CudaFlaw::RefusedKernel { architecture, log }) => {
                assert_eq!(architecture, "sm_90");
                assert!(log.contains("undeclared"), "{log}");
            }
            other => panic!("{other:?}"),
        }
    }
}
