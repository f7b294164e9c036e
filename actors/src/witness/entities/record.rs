//! One entity in bytes: the length of its key as 4 bytes (little endian), the key, the 16
//! bytes of its digest. The same in memory and in files.

use dosd_kernel::state_diff::Digest;

/// The bytes of a record beside its key.
pub(super) const OVERHEAD: usize = 4 + Digest::LEN;

/// Longer keys are refused: a key is a name, not a document.
pub(super) const LONGEST_KEY: usize = 64 * 1024;

pub(super) fn write(key: &str, digest: Digest, out: &mut Vec<u8>) {
    let len = u32::try_from(key.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(digest.as_bytes());
}

/// The length of the record that begins here; none when not even its length is here.
pub(super) fn len(bytes: &[u8]) -> Option<usize> {
    let prefix: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    Some(u32::from_le_bytes(prefix) as usize + OVERHEAD)
}

/// The key and the digest of the record that begins here; none when it is cut off.
pub(super) fn read(bytes: &[u8]) -> Option<(&[u8], Digest)> {
    let record = bytes.get(..len(bytes)?)?;
    let (key, digest) = record.get(4..)?.split_at_checked(record.len() - OVERHEAD)?;
    Some((key, Digest::from_bytes(digest.try_into().ok()?)))
}
