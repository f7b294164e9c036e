//! Reads that do not fit in memory give what reads that do would give.

use std::io::ErrorKind;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Limits, Made, MemoryStorage, all, expected, file, read, read_in};
use crate::port::testing::{Fault, Operation};

/// Enough for none, some and all of the entities below.
const MEMORIES: [usize; 4] = [0, 150, 700, 1 << 20];

fn entities() -> impl Strategy<Value = Vec<(String, Value)>> {
    // Keys that share a beginning, are the beginning of others, or hold a zero byte.
    let key = prop_oneof!["[ab]{0,3}", "order-00000[0-9]{1,3}", "a\0{0,9}", "é{0,3}"];
    let entity = (key, (0_i64..5).prop_map(Value::from));
    proptest::collection::vec(entity, 0..60)
}

fn distinct(entities: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let mut seen = std::collections::BTreeSet::new();
    entities.into_iter().filter(|(key, _)| seen.insert(key.clone())).collect()
}

proptest! {
    // Each case reads the entities several times over, and opens many files.
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn parts_are_merged_to_what_memory_would_hold(entities in entities()) {
        let entities = distinct(entities);
        for memory in MEMORIES {
            let storage = MemoryStorage::default();
            let surface = Made::of(entities.clone());
            let digests = read_in(memory, &storage, Limits::default(), &surface).unwrap();
            prop_assert_eq!(all(digests.walk().unwrap()).unwrap(), expected(&entities));
            prop_assert_eq!(digests.entities(), entities.len() as u64);
            digests.write_to(&storage, "/kept".as_ref()).unwrap();
            prop_assert_eq!(file(&storage, "/kept").unwrap(), expected(&entities));
            drop(digests);
            prop_assert_eq!(storage.paths(), ["/kept"].map(std::path::PathBuf::from));
        }
    }

    #[test]
    fn a_key_that_comes_twice_is_refused_wherever_it_comes(entities in entities(), at in 0..60_usize) {
        let mut entities = distinct(entities);
        prop_assume!(!entities.is_empty());
        let twice = entities[at % entities.len()].0.clone();
        entities.push((twice.clone(), json!(9)));
        for memory in MEMORIES {
            let refused = match read(memory, &Made::of(entities.clone())) {
                Err(failed) => failed.to_string(),
                // Across parts it is found by whoever walks over them.
                Ok(digests) => all(digests.walk().unwrap()).unwrap_err().to_string(),
            };
            prop_assert!(refused.contains(&format!("the key `{twice}` is there twice")), "{}", refused);
        }
    }

    #[test]
    fn in_a_log_the_last_of_a_key_counts(entities in entities()) {
        for memory in MEMORIES {
            let storage = MemoryStorage::default();
            let surface = Made::log(entities.clone());
            let digests = read_in(memory, &storage, Limits::default(), &surface).unwrap();
            prop_assert_eq!(all(digests.walk().unwrap()).unwrap(), expected(&entities));
            prop_assert_eq!(digests.entities(), expected(&entities).len() as u64);
            digests.write_to(&storage, "/kept".as_ref()).unwrap();
            prop_assert_eq!(file(&storage, "/kept").unwrap(), expected(&entities));
        }
    }
}

fn numbered(count: u32) -> Vec<(String, Value)> {
    (0..count).map(|at| (format!("k{:04}", at * 7 % count), json!(at))).collect()
}

#[test]
fn a_full_disk_is_an_error_and_leaves_nothing() {
    for operation in [Operation::Append, Operation::Open] {
        let storage = MemoryStorage::default();
        storage.fail(operation, 2, Fault::Error(ErrorKind::StorageFull));
        let failed =
            read_in(300, &storage, Limits::default(), &Made::of(numbered(100))).unwrap_err();
        assert!(failed.cause.starts_with("the scratch file `/scratch/"), "{failed}");
        assert!(storage.paths().is_empty(), "{:?}", storage.paths());
    }
}

#[test]
fn a_short_write_to_a_part_is_continued() {
    let storage = MemoryStorage::default();
    storage.fail(Operation::Append, 1, Fault::Short(5));
    let digests = read_in(300, &storage, Limits::default(), &Made::of(numbered(100))).unwrap();
    assert_eq!(all(digests.walk().unwrap()).unwrap(), expected(&numbered(100)));
}

#[test]
fn a_part_that_was_cut_off_is_an_error_at_every_cut() {
    let storage = MemoryStorage::default();
    let digests = read_in(300, &storage, Limits::default(), &Made::of(numbered(20))).unwrap();
    let part = storage.paths().remove(0);
    let bytes = storage.bytes(&part);
    for cut in 0..bytes.len() {
        storage.rewrite_in_place(&part, &bytes[..cut]);
        assert!(all(digests.walk().unwrap()).is_err(), "cut at {cut}");
    }
    storage.rewrite_in_place(&part, &[&bytes[..], b"x"].concat());
    assert!(all(digests.walk().unwrap()).is_err());
    storage.rewrite_in_place(&part, &bytes);
    assert_eq!(all(digests.walk().unwrap()).unwrap(), expected(&numbered(20)));
}
