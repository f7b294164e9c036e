//! Logs: many records of few keys.

use serde_json::{Value, json};

use super::{Limits, Made, MemoryStorage, all, expected, read_in};
use crate::port::testing::{Fault, Operation};

fn log(lines: u32, keys: u32) -> Vec<(String, Value)> {
    (0..lines).map(|at| (format!("k{}", at * 31 % keys), json!(at))).collect()
}

#[test]
fn a_long_log_of_few_keys_stays_in_memory() {
    let storage = MemoryStorage::default();
    storage.fail(Operation::Append, 0, Fault::Error(std::io::ErrorKind::StorageFull));
    let digests = read_in(2000, &storage, Limits::default(), &Made::log(log(5000, 10))).unwrap();
    assert_eq!(all(digests.walk().unwrap()).unwrap(), expected(&log(5000, 10)));
    assert_eq!(digests.entities(), 10);
}

#[test]
fn its_entities_are_limited_not_its_lines() {
    let storage = MemoryStorage::default();
    let limits = Limits { max_entities: 50, ..Limits::default() };
    for memory in [500, 1 << 20] {
        assert!(read_in(memory, &storage, limits, &Made::log(log(1000, 50))).is_ok());
        let failed = read_in(memory, &storage, limits, &Made::log(log(1000, 51))).unwrap_err();
        assert!(failed.cause.contains("more than 50 entities"), "{failed}");
    }
}
