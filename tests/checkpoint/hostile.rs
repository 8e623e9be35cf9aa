//! Files that are damaged, or made to do damage.

use crate::allocator::largest;
use crate::{step, tensors};
use gradus::catalogue::{self, Boxed, Configuration, StoreKind};
use gradus::checkpoint::Loading;
use gradus::cpu::Cpu;
use gradus::error::{CheckpointFlaw, Error};
use half::bf16;
use proptest::prelude::*;

fn build() -> Boxed<bf16> {
    let configuration = Configuration { store: StoreKind::Kahan, ..Configuration::of("nadam") };
    catalogue::build(&configuration, Cpu::default(), &tensors::<bf16>(1)).expect("it is valid")
}

fn saved() -> Vec<u8> {
    let mut optimizer = build();
    step(&mut optimizer, &mut tensors::<bf16>(1), 1);
    optimizer.to_checkpoint().expect("no step is under way")
}

/// The flaw that is found, with the optimizer untouched and no more memory asked for than twice what the
/// file has: strings of the header are read into vectors that grow by doubling.
fn flaw_of(bytes: &[u8], loading: &Loading) -> CheckpointFlaw {
    let mut optimizer = build();
    let before = optimizer.to_checkpoint().expect("no step is under way");
    let (result, block) = largest(|| optimizer.load_checkpoint(bytes, loading));
    assert!(optimizer.to_checkpoint().expect("no step is under way") == before, "something was changed");
    // 64 KiB is the buffer of the digest.
    assert!(block <= (1 << 16).max(16 * bytes.len() as u64), "{block} bytes for a file of {}", bytes.len());
    match result {
        Err(Error::Checkpoint { flaw, .. }) => *flaw,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was loaded"),
    }
}

fn flaw(bytes: &[u8]) -> CheckpointFlaw {
    flaw_of(bytes, &Loading::exactly())
}

#[test]
fn every_truncation_is_noticed() {
    let bytes = saved();
    for length in 0..bytes.len() {
        let flaw = flaw(&bytes[..length]);
        let fits = match flaw {
            CheckpointFlaw::NotACheckpoint { .. } => length < 8,
            CheckpointFlaw::Length { found, expected } => {
                length >= 8 && found == length as u64 && expected <= bytes.len() as u64
            }
            _ => false,
        };
        assert!(fits, "{length}: {flaw}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    let lengths = CheckpointFlaw::Length { expected: bytes.len() as u64, found: longer.len() as u64 };
    assert_eq!(flaw(&longer), lengths);
    assert_eq!(
        lengths.to_string(),
        format!("has {} bytes, but its header says {}", longer.len(), bytes.len())
    );
}

/// One bit of every byte, a different one each time.
#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = saved();
    let place_of = |text: &str| {
        bytes.windows(text.len()).position(|window| window == text.as_bytes()).expect("it is in the header")
    };
    let (text, tensors) = (place_of("\"format\""), place_of("\"layer."));
    let data = 8 + u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    for place in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        let flaw = flaw(&flipped);
        // Where lengths and the digest stand, another error may be the better one.
        if (text..tensors).contains(&place) || place >= data {
            assert!(matches!(flaw, CheckpointFlaw::Damaged { .. }), "{place}: {flaw}");
        }
    }
}

/// A file with a header of our choice.
fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn absurd_headers_are_refused() {
    let says = |bytes: &[u8]| flaw(bytes).to_string();
    let not = "is no checkpoint: ";
    assert_eq!(
        says(&u64::MAX.to_le_bytes()),
        format!("{not}its header would have 18446744073709551615 bytes, more than any may")
    );
    assert_eq!(says(&1_000_000u64.to_le_bytes()), "has 8 bytes, but its header says 1000008");
    assert!(says(&with_header("{", b"")).starts_with(&format!("{not}its header is wrong: ")));
    assert_eq!(
        says(&with_header("{}", b"")),
        format!("{not}the entry `format` of its metadata is not `gradus checkpoint`")
    );
    let nested = "[".repeat(100_000);
    assert!(says(&with_header(&nested, b"")).starts_with(&format!("{not}its header is wrong: ")));
    for tensors in [
        // Overlapping, with a hole, backwards, too many elements for any number, of another length.
        r#""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}"#,
        r#""a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}"#,
        r#""a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}"#,
        r#""a":{"dtype":"F32","shape":[18446744073709551615,18446744073709551615],"data_offsets":[0,12]}"#,
        r#""a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,12]}"#,
        r#""a":{"dtype":"F32","shape":[-1],"data_offsets":[0,12]}"#,
    ] {
        let says = says(&with_header(&format!("{{{tensors}}}"), &[0; 12]));
        assert!(says.starts_with(&format!("{not}its header is wrong: ")), "{tensors}: {says}");
    }
}

/// The file with a part of its text replaced, and everything else as it should be but the digest.
fn edited(from: &str, to: &str) -> Vec<u8> {
    let bytes = saved();
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let header = core::str::from_utf8(&bytes[8..8 + length]).expect("a header is text");
    assert!(header.contains(from), "{from} is not in {header}");
    with_header(&header.replacen(from, to, 1), &bytes[8 + length..])
}

#[test]
fn a_later_version_is_named_even_if_its_digest_is_of_another_kind() {
    let newer = r#""version":"2""#;
    // The digest is checked first, so that a flipped bit is not taken for a version.
    assert!(matches!(flaw(&edited(r#""version":"1""#, newer)), CheckpointFlaw::Damaged { .. }));
    let unverified = flaw_of(&edited(r#""version":"1""#, newer), &Loading::exactly().unverified());
    assert_eq!(unverified, CheckpointFlaw::Newer { version: 2, known: 1 });
    let mut bytes = edited(r#""version":"1""#, newer);
    let place = 8 + r#"{"__metadata__":{"digest":""#.len();
    bytes[place..place + 6].copy_from_slice(b"sha512");
    let says = "is of version 2, but this library reads versions up to 1; use a later one";
    assert_eq!(flaw(&bytes).to_string(), says);
}

#[test]
fn a_file_that_another_program_wrote_is_trusted_only_when_asked() {
    let bytes = edited(r#"{"__metadata__":{"#, r#"{"__metadata__": {"#);
    let says = flaw(&bytes).to_string();
    assert!(says.starts_with("says of the digest: it is not at the beginning"), "{says}");
    let mut optimizer = build();
    optimizer.load_checkpoint(&bytes, &Loading::exactly().unverified()).expect("nothing else is wrong");
    assert_eq!(optimizer.steps(), 1);
}

/// Contents that a digest cannot help against: it would be right.
#[test]
fn absurd_contents_are_refused() {
    for (from, to, expected) in [
        (r#""steps":"1""#, r#""steps":"-1""#, "says of steps: `-1` is no whole number up to 2^62"),
        (
            r#""steps":"1""#,
            r#""steps":"18446744073709551615""#,
            "says of steps: `18446744073709551615` is no whole number up to 2^62",
        ),
        (
            r#""phase":"training""#,
            r#""phase":"x""#,
            "says of phase: it is neither `training` nor `evaluation`",
        ),
        (
            r#"\"received\":1"#,
            r#"\"received\":9223372036854775807"#,
            "says of parameter `layer.weight`: it has received more gradients than can be counted",
        ),
        (
            r#"\"shape\":[3,5]"#,
            r#"\"shape\":[3,5,1]"#,
            "says of parameter `layer.weight`: it has not as many strides as axes",
        ),
        (
            r#"\"shape\":[3,5]"#,
            r#"\"shape\":[4294967296,4294967296]"#,
            "does not fit: the shape of `layer.weight` is [4294967296, 4294967296] there, but [3, 5] here",
        ),
        (
            r#"\"learning_rate\":\"0.002\""#,
            r#"\"learning_rate\":\"NaN\""#,
            "says of the hyperparameters of group `default`: learning rate is NaN, but must satisfy 0 <= value < ∞",
        ),
        (
            r#""layer.weight/second""#,
            r#""layer.weight/third""#,
            "says of layer.weight/second: it is not in the file",
        ),
        (
            r#""loss_scale":"none""#,
            r#""loss_scale":"1""#,
            "says of loss_scale: `` is no whole number up to 2^62",
        ),
        (
            r#"\"name\":\"layer.bias\""#,
            r#"\"name\":\"layer.weight\""#,
            "cannot have `layer.weight` renamed to `layer.weight`: the file has another one of that name",
        ),
    ] {
        let says = flaw_of(&edited(from, to), &Loading::exactly().unverified()).to_string();
        assert_eq!(says, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever else is in the file: an error, or a state that can be saved and stepped.
    #[test]
    fn any_change_is_refused_or_harmless(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = saved();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let mut optimizer = build();
        if optimizer.load_checkpoint(&bytes, &Loading::exactly().unverified()).is_ok() {
            optimizer.to_checkpoint().expect("no step is under way");
            step(&mut optimizer, &mut tensors::<bf16>(1), 2);
        }
    }
}
