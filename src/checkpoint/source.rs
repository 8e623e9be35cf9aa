//! From bytes to what they say, if they are what was written.
//!
//! Nothing is believed before it has been checked: lengths against the length of the file, so that no
//! number in a header asks for memory (what is read of it takes a few times its own bytes); the header by
//! the crate `safetensors`; everything by the digest.

use super::document::{self, DIGEST_LENGTH, Document};
use super::write::BEFORE_DIGEST;
use super::{Checked, Loading};
use crate::dtype::Format;
use crate::error::CheckpointFlaw;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that can be read twice.
pub(super) trait Bytes: Read + Seek {}
impl<S: Read + Seek> Bytes for S {}

/// Headers are not longer than that; `safetensors` sets the same limit.
const LONGEST_HEADER: u64 = 100_000_000;

/// The bytes of the length of the header.
const LENGTH: u64 = 8;

/// A checkpoint that is what was written.
pub(super) struct Source<'s> {
    from: &'s mut dyn Bytes,
    header: Metadata,
    /// Where the tensors begin.
    data: u64,
    pub(super) document: Document,
}

impl<'s> Source<'s> {
    /// Reads the header, and all the rest once for the digest.
    pub(super) fn open(from: &'s mut dyn Bytes, loading: &Loading) -> Checked<Self> {
        let length = from.seek(SeekFrom::End(0)).map_err(unreadable)?;
        let bytes = read_header(from, length)?;
        let header: Metadata = match serde_json::from_slice(&bytes) {
            Ok(header) => header,
            Err(error) => return Err(of_a_wrong_header(from, &bytes, &error, loading)),
        };
        // Tensors of a hostile header may together be longer than any file.
        let expected = (LENGTH + bytes.len() as u64).saturating_add(header.data_len() as u64);
        if expected != length {
            return Err(CheckpointFlaw::Length { expected, found: length });
        }
        // Before anything that is said is believed: a flipped bit must not be taken for a later version.
        let in_its_place = digest_of(&bytes).is_some();
        if in_its_place && !loading.unverified {
            verify(from, &bytes)?;
        }
        let metadata = header.metadata().as_ref();
        let get = |entry: &str| metadata.and_then(|metadata| metadata.get(entry)).map(String::as_str);
        document::check_version(document::version(&get)?)?;
        if !in_its_place && !loading.unverified {
            return Err(document::malformed(
                "the digest",
                "it is not at the beginning, so another program has written this; to trust it, load it with \
                 `.unverified()`",
            ));
        }
        let data = LENGTH + bytes.len() as u64;
        let document = Document::read(&get)?;
        Ok(Self { from, header, data, document })
    }

    /// The names of all tensors.
    pub(super) fn names(&self) -> Vec<String> {
        self.header.offset_keys()
    }

    /// What the header says of a tensor.
    pub(super) fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.header.info(name)
    }

    /// Fills `into` with the bytes of a tensor, which are as many.
    pub(super) fn read(&mut self, info: &TensorInfo, into: &mut [u8]) -> Checked<()> {
        let start = self.data + info.data_offsets.0 as u64;
        self.from.seek(SeekFrom::Start(start)).map_err(unreadable)?;
        self.from.read_exact(into).map_err(unreadable)
    }
}

/// The format of a tensor, if it is one of ours. Error-corrected numbers are bytes to safetensors; which
/// they are is what the document says of the state, or of the parameters: `corrected`.
pub(super) fn format_of(info: &TensorInfo, corrected: &str) -> Option<Format> {
    let corrected = Format::ALL.into_iter().find(|format| format.name() == corrected);
    match info.dtype {
        Dtype::I8 => Some(Format::I8),
        Dtype::I16 => Some(Format::I16),
        Dtype::U8 => corrected
            .filter(|format| format.is_error_corrected() && info.shape.last() == Some(&format.bytes())),
        Dtype::F64 => Some(Format::F64),
        Dtype::F32 => Some(Format::F32),
        Dtype::BF16 => Some(Format::Bf16),
        Dtype::F16 => Some(Format::F16),
        _ => None,
    }
}

/// The flaw of a file whose header cannot be read: a checkpoint that is damaged, or something else.
fn of_a_wrong_header(
    from: &mut dyn Bytes,
    header: &[u8],
    error: &serde_json::Error,
    loading: &Loading,
) -> CheckpointFlaw {
    let not = CheckpointFlaw::NotACheckpoint { reason: format!("its header is wrong: {error}") };
    if digest_of(header).is_none() || loading.unverified {
        return not;
    }
    verify(from, header).err().unwrap_or(not)
}

/// The digest that a header names, if it stands in its place.
fn digest_of(header: &[u8]) -> Option<&str> {
    let digest = header.strip_prefix(BEFORE_DIGEST.as_bytes())?.get(..DIGEST_LENGTH)?;
    core::str::from_utf8(digest).ok()
}

/// The bytes of the header of a file of `length` bytes. The reader then stands behind it.
fn read_header(from: &mut dyn Bytes, length: u64) -> Checked<Vec<u8>> {
    let not = |reason: String| CheckpointFlaw::NotACheckpoint { reason };
    if length < LENGTH {
        return Err(not(format!("it has {length} bytes, fewer than any safetensors file")));
    }
    from.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut bytes = [0; LENGTH as usize];
    from.read_exact(&mut bytes).map_err(unreadable)?;
    let of_header = u64::from_le_bytes(bytes);
    if of_header > LONGEST_HEADER {
        return Err(not(format!("its header would have {of_header} bytes, more than any may")));
    }
    if of_header > length - LENGTH {
        return Err(CheckpointFlaw::Length { expected: LENGTH + of_header, found: length });
    }
    let mut bytes = vec![0; of_header as usize];
    from.read_exact(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Compares the digest that the file names with that of what it holds. The reader stands behind the
/// header.
fn verify(from: &mut dyn Bytes, header: &[u8]) -> Checked<()> {
    let place = BEFORE_DIGEST.len()..BEFORE_DIGEST.len() + DIGEST_LENGTH;
    let expected = digest_of(header).unwrap_or_default();
    let mut digest = blake3::Hasher::new();
    digest.update(&(header.len() as u64).to_le_bytes());
    digest.update(&header[..place.start]);
    digest.update(&[b'0'; DIGEST_LENGTH]);
    digest.update(&header[place.end..]);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => _ = digest.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
    let found = digest.finalize().to_hex();
    if found.as_str() == expected {
        return Ok(());
    }
    let short = |digest: &str| digest.chars().take(12).collect::<String>() + "…";
    Err(CheckpointFlaw::Damaged { expected: short(expected), found: short(&found) })
}

pub(super) fn unreadable(error: io::Error) -> CheckpointFlaw {
    CheckpointFlaw::Unreadable { reason: error.to_string() }
}
