//! Compiled kernels, kept: in this process, and in files for the next one.
//!
//! A kernel is found by a hash of all that it follows from: its source, the architecture, the version of NVRTC and
//! its options. A file holds a hash of the binary, then the binary, and takes its name at once when it is whole. One
//! that is damaged is compiled again, and replaced. A folder that cannot be written to is no error: then kernels are
//! compiled once in each process.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The hash that a kernel is found by.
pub(super) type Key = [u8; 32];

/// The variable that names the folder; empty for none.
const VARIABLE: &str = "GRADUS_CACHE";

/// Bytes of the hash in front of a binary.
const HASH: usize = 32;

/// The hash of parts that a kernel follows from.
pub(super) fn key(parts: &[&[u8]]) -> Key {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// The kernels of this process.
fn in_process() -> &'static Mutex<HashMap<Key, Arc<[u8]>>> {
    static KERNELS: OnceLock<Mutex<HashMap<Key, Arc<[u8]>>>> = OnceLock::new();
    KERNELS.get_or_init(Mutex::default)
}

/// A kernel that has been compiled before.
pub(super) fn find(key: &Key) -> Option<Arc<[u8]>> {
    let known = in_process().lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
    known.or_else(|| {
        let binary: Arc<[u8]> = read(&folder()?, key)?.into();
        remember(*key, &binary);
        Some(binary)
    })
}

/// Keeps a kernel.
pub(super) fn keep(key: &Key, binary: &Arc<[u8]>) {
    remember(*key, binary);
    if let Some(folder) = folder() {
        // A cache that cannot be written only costs time.
        let _ = write(&folder, key, binary);
    }
}

fn remember(key: Key, binary: &Arc<[u8]>) {
    in_process().lock().unwrap_or_else(PoisonError::into_inner).insert(key, binary.clone());
}

/// The folder for files: the variable's, or that of the platform.
fn folder() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
    if let Some(folder) = named(VARIABLE) {
        return Some(folder).filter(|folder| !folder.as_os_str().is_empty());
    }
    let platform = if cfg!(windows) {
        named("LOCALAPPDATA")
    } else {
        named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")))
    };
    platform.filter(|folder| folder.is_absolute()).map(|folder| folder.join("gradus"))
}

fn file(folder: &Path, key: &Key) -> PathBuf {
    folder.join(format!("{}.cubin", blake3::Hash::from_bytes(*key).to_hex()))
}

/// The binary in a file, if it is whole.
fn read(folder: &Path, key: &Key) -> Option<Vec<u8>> {
    let mut bytes = fs::read(file(folder, key)).ok()?;
    let binary = bytes.split_off(HASH.min(bytes.len()));
    (bytes == blake3::hash(&binary).as_bytes()).then_some(binary)
}

fn write(folder: &Path, key: &Key, binary: &[u8]) -> std::io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    fs::create_dir_all(folder)?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let (into, part) = (file(folder, key), folder.join(format!("{}-{number}.part", std::process::id())));
    let written = fs::write(&part, [blake3::hash(binary).as_bytes(), binary].concat());
    let renamed = written.and_then(|()| fs::rename(&part, into));
    if renamed.is_err() {
        // What is left of it is in nobody's way.
        let _ = fs::remove_file(&part);
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart_by_their_ends() {
        assert_ne!(key(&[b"ab", b"c"]), key(&[b"a", b"bc"]));
        assert_eq!(key(&[b"ab", b"c"]), key(&[b"ab", b"c"]));
    }

    #[test]
    fn a_damaged_file_is_not_read_and_is_replaced() {
        let folder = std::env::temp_dir().join(format!("gradus-cache-{}", std::process::id()));
        let key = key(&[b"a kernel"]);
        assert_eq!(read(&folder, &key), None);
        write(&folder, &key, b"binary").expect("a folder for temporary files");
        assert_eq!(read(&folder, &key).as_deref(), Some(&b"binary"[..]));
        for damaged in [&b""[..], b"short", &[7; 40]] {
            fs::write(file(&folder, &key), damaged).expect("the file is ours");
            assert_eq!(read(&folder, &key), None);
        }
        write(&folder, &key, b"binary").expect("a folder for temporary files");
        assert_eq!(read(&folder, &key).as_deref(), Some(&b"binary"[..]));
        let files = fs::read_dir(&folder).expect("the folder is there").count();
        assert_eq!(files, 1, "nothing is left beside the file");
        fs::remove_dir_all(&folder).expect("the folder is ours");
    }
}
