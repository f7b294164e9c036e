//! What is right, what is wrong, and what has no check sum at all.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::{Checked, check, seal};
use crate::Map;
use crate::draft::Draft;

fn fields(value: Value) -> Map {
    let Value::Object(fields) = value else { panic!("an object is wanted") };
    fields
}

fn line(value: Value) -> String {
    let mut out = Vec::new();
    Draft::new(fields(value)).write_into(&mut out, 7);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_draft_is_sealed_like_a_whole_row() {
    for row in [
        json!({"op": "X", "ts": "t"}),
        json!({"argv": ["a"], "boot_id": "b", "op": "X"}),
        json!({"é": "\n\u{2028}"}),
        json!({}),
    ] {
        let line = line(row.clone());
        let mut whole = fields(row);
        whole.insert("seq".into(), 7.into());
        assert_eq!(line.trim_end(), seal(whole));
        assert_eq!(check(&line), Checked::Right, "{line}");
    }
}

#[test]
fn the_sum_is_what_any_program_computes() {
    // zlib.crc32(b'{"op":"X","seq":7}')
    assert_eq!(line(json!({"op": "X"})), "{\"crc32\":\"77d6042a\",\"op\":\"X\",\"seq\":7}\n");
}

#[test]
fn a_row_that_says_something_else_is_wrong() {
    let line = line(json!({"op": "ACQUIRE", "lane": "src", "ts": "t"}));
    for (was, is) in [("src", "srb"), (":7", ":6"), ("\"lane\"", "\"lone\""), ("\"t\"", "null")] {
        assert_eq!(check(&line.replace(was, is)), Checked::Wrong, "{was}");
    }
    let digits = &line[10..18];
    for odd in ["00000000", "0000000", "", &digits.to_uppercase()] {
        let wrong = line.replace(digits, odd);
        assert!(wrong == line || check(&wrong) == Checked::Wrong, "{odd}");
    }
}

#[test]
fn another_layout_of_the_same_row_is_right() {
    let line = line(json!({"op": "X", "lane": "é", "list": [1, {"a": null}]}));
    let spaced = line.replace("\":", "\": ").replace(",\"", ", \"");
    assert_ne!(spaced, line);
    assert_eq!(check(&spaced), Checked::Right);
    assert_eq!(check(&line.replace('é', "\\u00e9")), Checked::Right);
}

#[test]
fn rows_without_one_are_taken_as_they_stand() {
    for line in [
        r#"{"op":"X","seq":7}"#,
        r#"{"lease":{"crc32":"12345678","x":1},"op":"X"}"#,
        r#"{"op":"\"crc32\":\"00000000\","}"#,
        "",
        "[\"crc32\"]",
        "{\"crc32\":\"",
    ] {
        assert_eq!(check(line), Checked::Absent, "{line}");
    }
}

#[test]
fn a_sum_beside_one_of_another_meaning_is_still_checked() {
    let line = line(json!({"a": {"crc32": "12345678", "x": 1}, "op": "X"}));
    assert_eq!(check(&line), Checked::Right);
    assert_eq!(check(&line.replace("12345678", "12345679")), Checked::Wrong);
}
