//! Reads end where their limits are.

use std::time::Duration;

use dosd_kernel::state_diff::Pointer;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{Limits, Made, MemoryStorage, Passing, Reading, Scratch, all, expected, read_in};

fn numbered(count: u32) -> Vec<(String, Value)> {
    (0..count).map(|at| (at.to_string(), json!("four"))).collect()
}

fn cause(limits: Limits, surface: &Made) -> String {
    read_in(1 << 20, &MemoryStorage::default(), limits, surface).unwrap_err().cause
}

fn passes(limits: Limits, surface: &Made) -> bool {
    read_in(1 << 20, &MemoryStorage::default(), limits, surface).is_ok()
}

#[test]
fn as_many_entities_as_allowed_and_not_one_more() {
    let limits = Limits { max_entities: 10, ..Limits::default() };
    assert!(passes(limits, &Made::of(numbered(10))));
    assert!(cause(limits, &Made::of(numbered(11))).contains("more than 10 entities"));
}

#[test]
fn as_many_bytes_as_allowed_and_not_one_more() {
    let surface = Made::of(numbered(10));
    let storage = MemoryStorage::default();
    let bytes = read_in(1 << 20, &storage, Limits::default(), &surface).unwrap().bytes();
    let limits = |max_bytes| Limits { max_bytes, ..Limits::default() };
    assert!(passes(limits(bytes), &surface));
    let over = cause(limits(bytes - 1), &surface);
    assert!(over.contains(&format!("more than {} bytes", bytes - 1)), "{over}");
}

#[test]
fn a_read_ends_when_its_time_is_over() {
    // On this clock each look takes a millisecond, and one look is taken for 256 entities.
    let limits = Limits { timeout: Duration::from_millis(20), ..Limits::default() };
    assert!(passes(limits, &Made::of(numbered(1000))));
    assert!(cause(limits, &Made::of(numbered(10_000))).contains("not read within 20 ms"));
    let waits = Made::by(|into| {
        while !into.time_left().is_zero() {}
        into.go_on()?;
        Ok(())
    });
    assert!(cause(limits, &waits).contains("not read within 20 ms"));
}

#[test]
fn what_is_left_is_told() {
    let limits = Limits { max_bytes: 100, ..Limits::default() };
    let surface = Made::by(|into| {
        assert_eq!(into.bytes_left(), 100);
        into.digested("abc", super::Digest::of_bytes(b""), 7)?;
        assert_eq!(into.bytes_left(), 90);
        Ok(())
    });
    assert!(passes(limits, &surface));
}

#[test]
fn a_key_is_no_document() {
    let of_length = |len| Made::of(vec![("k".repeat(len), json!(1))]);
    assert!(passes(Limits::default(), &of_length(64 * 1024)));
    let long = cause(Limits::default(), &of_length(64 * 1024 + 1));
    assert!(long.starts_with("the key that begins with `kkkk") && long.len() < 200, "{long}");
}

#[test]
fn ignored_parts_are_no_difference_and_want_values() {
    let ignore = [Pointer::parse("/at").unwrap()];
    let value = |at: i32| vec![("k".to_owned(), json!({"at": at, "state": "paid"}))];
    let read = |at| {
        let surface = Made::of(value(at));
        let scratch = Scratch::new(Arc::new(MemoryStorage::default()), "/scratch".into());
        let clock = Arc::new(Passing::default());
        Reading { limits: Limits::default(), ignore: &ignore, clock, scratch }.of(&surface)
    };
    let [one, two] = [1, 2].map(|at| all(read(at).unwrap().walk().unwrap()).unwrap());
    assert_eq!(one, two);
    assert_eq!(one, expected(&[("k".to_owned(), json!({"state": "paid"}))]));
}
