//! The body of a request: what happened, when, and the row. Pure: the same event makes the
//! same bytes on every try.

use std::collections::BTreeMap;

use dosd_kernel::stamp;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::cut::cut;
use super::line::line;
use crate::event::Event;

/// Every body is shorter than this.
pub const MAX_BODY_BYTES: usize = 20_000;

/// No type is longer, in characters.
const TYPE_CHARS: usize = 64;

/// The keys of a row, each with its value as it stands in the journal.
pub(super) type Data = BTreeMap<String, Box<RawValue>>;

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    /// When the row was written. A row without a valid `ts` has none: nobody makes one up.
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<&'a str>,
    data: &'a Data,
}

/// The body for an event. A row that is too long for it loses parts; see [`cut`].
pub(super) fn body(event: &Event) -> Vec<u8> {
    let kind = kind(&event.verdict().syscall);
    let timestamp = event.ts_ms().map(stamp::format_ms);
    let encode = |data: &Data| {
        let body = Body { r#type: &kind, timestamp: timestamp.as_deref(), data };
        serde_json::to_vec(&body).expect("text and parsed JSON are valid JSON")
    };
    // Of a doubled key the last value counts, as everywhere.
    let mut data: Data = serde_json::from_str(event.row()).unwrap_or_default();
    data.insert("event_id".to_owned(), raw(&event.id()));
    data.insert("text".to_owned(), raw(&line(event)));
    let whole = encode(&data);
    if whole.len() < MAX_BODY_BYTES {
        return whole;
    }
    cut(&mut data, whole.len() - MAX_BODY_BYTES + 1);
    encode(&data)
}

/// The type, as receivers choose by it: words of letters, digits and `_`, between dots.
fn kind(syscall: &str) -> String {
    let word = |symbol: char| if symbol.is_ascii_alphanumeric() { symbol } else { '_' };
    let name: String = syscall.chars().take(TYPE_CHARS).map(word).collect();
    if name.is_empty() { "dos.verdict".to_owned() } else { format!("dos.verdict.{name}") }
}

pub(super) fn raw<T: Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    // Only keys that are not text or a failing `Serialize` can fail here.
    to_raw_value(value).expect("text, numbers and parsed JSON are valid JSON")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::event_id;

    fn of(row: &str) -> Value {
        let event = Event::parse(event_id(0), row.to_owned()).unwrap();
        serde_json::from_slice(&body(&event)).unwrap()
    }

    #[test]
    fn it_holds_the_row_as_it_stands() {
        let row = r#"{"detail":{"n":1.50,"big":18446744073709551616},"seq":7,"syscall":"liveness","ts":"2026-11-22T19:31:25Z","verdict":"STALLED"}"#;
        let event = Event::parse(event_id(9), row.to_owned()).unwrap();
        let expected = format!(
            concat!(
                r#"{{"type":"dos.verdict.liveness","timestamp":"2026-11-22T19:31:25Z","data":"#,
                r#"{{"detail":{{"n":1.50,"big":18446744073709551616}},"event_id":"{}","seq":7,"#,
                r#""syscall":"liveness","text":"liveness STALLED (big 1.8446744073709552e+19, n 1.5)","#,
                r#""ts":"2026-11-22T19:31:25Z","verdict":"STALLED"}}}}"#
            ),
            event_id(9)
        );
        assert_eq!(String::from_utf8(body(&event)).unwrap(), expected);
    }

    #[test]
    fn a_type_is_made_of_words() {
        assert_eq!(kind("effect_witness"), "dos.verdict.effect_witness");
        assert_eq!(kind("a.b-c\nd\u{e9}"), "dos.verdict.a_b_c_d_");
        assert_eq!(kind(""), "dos.verdict");
        assert!(kind(&"x".repeat(9999)).len() < 100);
    }

    #[test]
    fn without_a_valid_stamp_there_is_no_timestamp() {
        assert_eq!(of(r#"{"ts":"yesterday"}"#).get("timestamp"), None);
        assert_eq!(of(r#"{"ts":"2026-11-22T19:31Z"}"#)["timestamp"], "2026-11-22T19:31:00Z");
    }

    #[test]
    fn a_row_cannot_put_another_id_or_text_in_place_of_ours() {
        let body = of(r#"{"event_id":"forged","text":"forged","syscall":"a","syscall":"b"}"#);
        assert_eq!(body["data"]["event_id"], json!(event_id(0)));
        assert_eq!(body["data"]["text"], "b");
        assert_eq!(body["type"], "dos.verdict.b");
    }
}
