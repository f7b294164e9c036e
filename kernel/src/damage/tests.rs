//! Each kind of damage is known by its bytes, and what is left of the row is read.

use alloc::vec::Vec;

use super::{Clues, Flaw, examine};

const ROW: &str = r#"{"lane":"src","op":"ACQUIRE","run_id":"r","seq":7,"ts":"t"}"#;

fn clues(op: &str, lane: &str, seq: u64) -> Clues {
    let text = |text: &str| Some(text.into()).filter(|_| !text.is_empty());
    Clues { op: text(op), lane: text(lane), run_id: None, verdict: None, seq: Some(seq) }
}

#[test]
fn each_kind_is_known_by_its_bytes() {
    let half = &ROW[..30];
    let mut zeroed = ROW.as_bytes().to_vec();
    zeroed[40..45].fill(0);
    let not_text = [&ROW.as_bytes()[..20], b"\xff\xff", &ROW.as_bytes()[22..], b"}"].concat();
    let cases: [(&[u8], Flaw); 9] = [
        (half.as_bytes(), Flaw::Torn),
        ("{\"lane\":\"\u{fc}".as_bytes().split_last().unwrap().1, Flaw::Torn),
        (b"", Flaw::NotJson),
        (b"rubbish", Flaw::NotJson),
        (b"}{", Flaw::NotJson),
        (&zeroed, Flaw::Zeroed),
        (&[0; 4096], Flaw::Zeroed),
        (&not_text, Flaw::NotUtf8),
        (br#"{"crc32":"00000000","op":"X","seq":7}"#, Flaw::WrongSum),
    ];
    for (bytes, flaw) in cases {
        let text = alloc::string::String::from_utf8_lossy(bytes);
        assert_eq!(examine(bytes).flaw, flaw, "{text}");
    }
    assert_eq!(examine(&zeroed).zeros, 5);
}

#[test]
fn every_beginning_of_a_row_is_torn() {
    for end in 1..ROW.len() {
        assert_eq!(examine(&ROW.as_bytes()[..end]).flaw, Flaw::Torn, "{end}");
    }
}

#[test]
fn a_whole_row_behind_a_fragment_is_found() {
    for fragment in [&b"{\"op\":\"REL"[..], b"{\"lease\":{\"a\":1},\"seq\":9,", b"\0\0\0", b"x"] {
        let line = [fragment, ROW.as_bytes()].concat();
        let found = examine(&line);
        assert_eq!(found.flaw, Flaw::Glued);
        assert_eq!(found.behind.unwrap().lane.as_deref(), Some("src"));
    }
    // What is inside of a row is no row of its own.
    let nested = br#"{"op":"X","lease":{"op":"Y"}"#;
    assert_eq!(examine(nested).flaw, Flaw::Torn);
    let many: Vec<u8> = b"{\"".repeat(10_000);
    assert_eq!(examine(&many).flaw, Flaw::NotJson);
}

#[test]
fn what_is_left_of_a_row_is_read() {
    let mut expected = clues("ACQUIRE", "src", 7);
    expected.run_id = Some("r".into());
    assert_eq!(Clues::gather(ROW), expected);
    assert_eq!(Clues::gather(&ROW[1..ROW.len() - 3]), expected);
    assert_eq!(Clues::gather(r#"{"op" : "X", "seq" : 12 }"#), clues("X", "", 12));
    // Cut values may be less than what was written.
    for text in ["\"seq\":7", "\"lane\":\"sr", "\"lane\":\"a\\\"b\""] {
        assert_eq!(Clues::gather(text), Clues::default(), "{text}");
    }
}
