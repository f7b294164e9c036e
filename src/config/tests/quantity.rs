//! Durations and sizes.

use crate::config::{format_duration, parse_duration, parse_size};
use std::time::Duration;

#[test]
fn durations_have_a_number_and_a_unit() {
    assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
    assert_eq!(parse_duration("30s"), Ok(Duration::from_secs(30)));
    assert_eq!(parse_duration("15m"), Ok(Duration::from_mins(15)));
    assert_eq!(parse_duration("1h"), Ok(Duration::from_hours(1)));
    assert_eq!(parse_duration("7d"), Ok(Duration::from_hours(168)));
    assert_eq!(parse_duration("0s"), Ok(Duration::ZERO));
}

#[test]
fn sizes_tell_thousands_from_powers_of_two() {
    assert_eq!(parse_size("512B"), Ok(512));
    assert_eq!(parse_size("10MB"), Ok(10_000_000));
    assert_eq!(parse_size("64KiB"), Ok(65_536));
    assert_eq!(parse_size("2GiB"), Ok(2_147_483_648));
}

#[test]
fn anything_else_is_refused_with_a_reason() {
    for (text, reason) in [
        ("", "does not begin with a whole number"),
        ("s", "does not begin with a whole number"),
        ("-3s", "does not begin with a whole number"),
        ("1.5h", "is no unit"),
        ("30", "has no unit"),
        ("30 s", "is no unit"),
        ("3min", "is no unit"),
        ("1h30m", "is no unit"),
        ("99999999999999999999s", "is too large"),
        ("18446744073709551615d", "is too large"),
        ("40000d", "longer than 100 years"),
        ("٣s", "does not begin with a whole number"),
    ] {
        let error = parse_duration(text).unwrap_err();
        assert!(error.contains(reason), "{text:?}: {error}");
    }
    assert!(parse_size("10mb").unwrap_err().contains("`KiB`"));
    assert!(parse_size("18446744073709551615GB").unwrap_err().contains("is too large"));
}

#[test]
fn a_written_duration_reads_back() {
    for (text, shown) in
        [("90s", "90s"), ("120s", "2m"), ("1500ms", "1500ms"), ("48h", "2d"), ("0m", "0s")]
    {
        let duration = parse_duration(text).unwrap();
        assert_eq!(format_duration(duration), shown);
        assert_eq!(parse_duration(shown), Ok(duration));
    }
}
