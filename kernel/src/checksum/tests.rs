//! What is right, what is wrong, and what has no check sum at all.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::{Checked, KEY, check, seal};
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

#[test]
fn a_hit_on_the_name_of_the_sum_does_not_hide_another_one() {
    let lines = [
        line(json!({"op": "ACQUIRE", "lane": "src", "ts": "t"})),
        line(json!({"argv": ["src"], "boot_id": "0123456789abcdef", "op": "X"})),
    ];
    for line in &lines {
        let at = line.find(KEY).unwrap();
        for bit in 0..KEY.len() * 8 {
            let hit = |line: &str| {
                let mut bytes = line.as_bytes().to_vec();
                bytes[at + bit / 8] ^= 1 << (bit % 8);
                String::from_utf8_lossy(&bytes).into_owned()
            };
            // Some hits end the name, or leave no JSON at all.
            let is_row = |line: &str| serde_json::from_str::<Map>(line).is_ok();
            let (alone, twice) = (hit(line), hit(&line.replace("src", "srb")));
            assert!(!is_row(&alone) || check(&alone) == Checked::Right, "{alone}");
            assert!(!is_row(&twice) || check(&twice) == Checked::Wrong, "{twice}");
        }
    }
}

#[test]
fn hits_on_two_quotes_that_make_one_key_of_two_are_noticed() {
    let line = line(json!({"code": 1, "op": "WORKER_EXITED"}));
    let quotes = [line.find("\":1").unwrap(), line.find("\"crc32").unwrap()];
    let mut rows = 0;
    for (one, other) in (0..8).flat_map(|one| (0..8).map(move |other| (one, other))) {
        let mut bytes = line.as_bytes().to_vec();
        bytes[quotes[0]] ^= 1 << one;
        bytes[quotes[1]] ^= 1 << other;
        let hit = String::from_utf8_lossy(&bytes).into_owned();
        if serde_json::from_str::<Map>(&hit).is_ok() {
            rows += 1;
            assert_eq!(check(&hit), Checked::Wrong, "{hit}");
        }
    }
    assert!(rows > 0, "some of them are JSON");
}
