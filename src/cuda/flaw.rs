//! What the driver said, as errors of this library.

use crate::error::CudaFlaw;
use cudarc::driver::{DriverError, sys::CUresult};

/// The driver refused an operation.
pub(super) fn driver(operation: &'static str, error: DriverError) -> CudaFlaw {
    let text = error.error_string().map(|text| text.to_string_lossy().into_owned());
    let reason = text.unwrap_or_else(|_| format!("error {}", error.0 as u32));
    CudaFlaw::Driver { operation, reason }
}

/// The driver refused memory.
pub(super) fn out_of_memory(error: DriverError, bytes: usize, purpose: &'static str) -> CudaFlaw {
    match error.0 {
        CUresult::CUDA_ERROR_OUT_OF_MEMORY => CudaFlaw::OutOfMemory { bytes, purpose },
        _ => driver("allocate memory", error),
    }
}
