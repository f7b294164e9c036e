//! Files of digests: whole, or an error.

use std::io::ErrorKind;
use std::path::Path;

use serde_json::{Value, json};

use super::{Digests, Made, MemoryStorage, expected, file, read};
use crate::port::testing::{Fault, Operation};

fn entities(count: usize) -> Vec<(String, Value)> {
    (0..count).map(|at| (format!("key{at:05}"), json!({"n": at}))).collect()
}

fn digests(count: usize) -> Digests {
    read(1 << 20, &Made::of(entities(count))).unwrap()
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_an_error() {
    for count in [0, 1, 5] {
        let storage = MemoryStorage::default();
        digests(count).write_to(&storage, Path::new("/whole")).unwrap();
        let bytes = storage.bytes(Path::new("/whole"));
        assert_eq!(file(&storage, "/whole").unwrap(), expected(&entities(count)));
        for cut in 0..bytes.len() {
            storage.put(Path::new("/cut"), &bytes[..cut]);
            assert!(file(&storage, "/cut").is_err(), "{count} entities, cut at {cut}");
        }
    }
}

#[test]
fn a_file_with_any_other_byte_is_an_error() {
    let storage = MemoryStorage::default();
    digests(3).write_to(&storage, Path::new("/whole")).unwrap();
    let bytes = storage.bytes(Path::new("/whole"));
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 0x10;
        storage.put(Path::new("/other"), &other);
        assert!(file(&storage, "/other").is_err(), "byte {at}");
    }
    storage.put(Path::new("/longer"), &[&bytes[..], &[0]].concat());
    assert!(file(&storage, "/longer").is_err());
}

#[test]
fn a_file_of_many_blocks_is_whole_too() {
    let storage = MemoryStorage::default();
    digests(10_000).write_to(&storage, Path::new("/whole")).unwrap();
    assert_eq!(file(&storage, "/whole").unwrap(), expected(&entities(10_000)));
    let bytes = storage.bytes(Path::new("/whole"));
    for cut in (0..bytes.len()).step_by(4099) {
        storage.put(Path::new("/cut"), &bytes[..cut]);
        assert!(file(&storage, "/cut").is_err(), "cut at {cut}");
    }
}

#[test]
fn a_file_that_is_gone_is_an_error() {
    let storage = MemoryStorage::default();
    let gone = file(&storage, "/gone").unwrap_err().to_string();
    assert_eq!(gone, "the digests in `/gone`: the file is gone");
    assert!(storage.paths().is_empty(), "{:?}", storage.paths());
}

#[test]
fn a_file_is_never_written_over_and_a_full_disk_is_told() {
    let storage = MemoryStorage::default();
    digests(1).write_to(&storage, Path::new("/kept")).unwrap();
    assert!(digests(2).write_to(&storage, Path::new("/kept")).is_err());
    assert_eq!(file(&storage, "/kept").unwrap(), expected(&entities(1)));
    storage.fail(Operation::Append, 0, Fault::Error(ErrorKind::StorageFull));
    let failed = digests(2).write_to(&storage, Path::new("/full")).unwrap_err().to_string();
    assert!(failed.starts_with("`/full`: "), "{failed}");
    assert!(file(&storage, "/full").is_err());
}

#[test]
fn a_second_name_for_a_large_file_and_a_copy_of_a_small_one() {
    for (count, inodes) in [(1, 2), (60_000, 1)] {
        let storage = MemoryStorage::default();
        let digests = digests(count);
        for path in ["/one", "/two"] {
            digests.keep_at(&storage, Path::new(path)).unwrap();
            assert_eq!(file(&storage, path).unwrap().len(), count);
        }
        let inode = |path: &str| crate::port::Storage::stat(&storage, Path::new(path)).unwrap();
        let both: std::collections::BTreeSet<u64> =
            ["/one", "/two"].into_iter().filter_map(inode).map(|stat| stat.inode).collect();
        assert_eq!(both.len(), inodes);
    }
}
