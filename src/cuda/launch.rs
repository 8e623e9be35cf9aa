//! The only file that calls NVIDIA's libraries in ways that the compiler cannot check.

#![allow(unsafe_code)]

/// Whether NVRTC can be loaded. What calls it without asking would panic where it is missing.
pub(super) fn has_compiler() -> bool {
    // SAFETY: this loads a library by the names of NVRTC, if there is one, which runs the library's initialisers.
    // NVRTC's prepare the library for calls, touch nothing of this program, and may run on any thread.
    unsafe { cudarc::nvrtc::sys::is_culib_present() }
}
