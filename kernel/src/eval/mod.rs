//! The kernel as a filter: a request line in, an answer line out.
//!
//! Owns the protocol of `dosd eval`, so that any language can ask for a verdict. It
//! reads no input and writes no output, and it decides nothing that the functions it
//! calls do not decide.
//!
//! A request is a JSON object with `fn`, `args` and, if its sender likes, an `id` of
//! any kind, which comes back as it was written. Other keys are ignored.

mod function;
mod refusal;

pub use function::{call, names};
pub use refusal::{Refusal, RefusalKind};

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    r#fn: Cow<'a, str>,
    #[serde(borrow)]
    args: &'a RawValue,
}

/// Answers one line; the answer, with its line end, is added to `out`.
pub fn answer(line: &[u8], out: &mut Vec<u8>) {
    match serde_json::from_slice::<Request<'_>>(line) {
        Ok(request) => {
            let id = request.id.map_or("null", RawValue::get);
            write(id, call(&request.r#fn, request.args.get()), out);
        }
        Err(error) => refuse(&Refusal::not_a_request(&error), out),
    }
}

/// Answers a line that was not read to its end, because it is longer than `most` bytes.
pub fn answer_too_long(most: usize, out: &mut Vec<u8>) {
    refuse(&Refusal::too_long(most), out);
}

fn refuse(refusal: &Refusal, out: &mut Vec<u8>) {
    write("null", Err(refusal.clone()), out);
}

fn write(id: &str, result: Result<Vec<u8>, Refusal>, out: &mut Vec<u8>) {
    let (key, value) = match result {
        Ok(value) => ("ok", value),
        Err(refusal) => ("error", refusal.to_json()),
    };
    out.extend_from_slice(format!("{{\"id\":{id},\"{key}\":").as_bytes());
    out.extend_from_slice(&value);
    out.extend_from_slice(b"}\n");
}

#[cfg(test)]
mod tests {
    use super::{answer, answer_too_long};
    use alloc::format;
    use alloc::string::{String, ToString as _};
    use alloc::vec::Vec;
    use serde_json::{Value, json};

    fn text(line: &str) -> String {
        let mut out = Vec::new();
        answer(line.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    fn error_of(line: &str) -> (Value, String) {
        let answer: Value = serde_json::from_str(&text(line)).unwrap();
        (answer["id"].clone(), answer["error"]["kind"].as_str().unwrap().to_string())
    }

    #[test]
    fn the_id_comes_back_as_it_was_written() {
        for id in ["1", "1.0", "1e400", "\"\\u00e9\"", "null", "[1, {\"a\": 2}]"] {
            let line = format!(r#"{{"id":{id},"fn":"tree.prefix","args":{{"path":"A/*"}}}}"#);
            assert_eq!(text(&line), format!("{{\"id\":{id},\"ok\":\"a/\"}}\n"));
        }
        let line = r#"{"args": {"path": "a"}, "want": 1, "fn": "tree.pre\u0066ix"}"#;
        assert_eq!(text(line), "{\"id\":null,\"ok\":\"a\"}\n");
    }

    #[test]
    fn what_is_no_request_is_answered_without_an_id() {
        let no_request = (Value::Null, "invalid_request".to_string());
        for line in [
            "",
            "{",
            "7",
            "[1,2,3]",
            r#"{"id":1}"#,
            r#"{"id":1,"fn":2,"args":{}}"#,
            r#"{"id":1,"fn":"liveness"}"#,
            r#"{"id":1,"fn":"liveness","args":{}} x"#,
        ] {
            assert_eq!(error_of(line), no_request, "{line}");
        }
        let mut out = Vec::new();
        answer(b"{\"id\":1,\"fn\":\"\xff\",\"args\":{}}", &mut out);
        answer_too_long(64, &mut out);
        let lines = String::from_utf8(out).unwrap();
        assert_eq!(lines.lines().count(), 2);
        assert!(lines.lines().all(|line| line.starts_with(r#"{"id":null,"error":{"kind":"#)));
    }

    #[test]
    fn a_request_that_cannot_be_met_keeps_its_id() {
        let id = || json!("x");
        let cases = [
            ("nope", "{}", "unknown_function"),
            ("tree.prefix", "[]", "invalid_argument"),
            ("tree.prefix", r#"["a"]"#, "invalid_argument"),
            ("tree.prefix", "{}", "invalid_argument"),
            ("tree.prefix", r#"{"path": 1}"#, "invalid_argument"),
            ("tree.prefix", r#"{"path": "a", "paht": "b"}"#, "invalid_argument"),
            ("run_id.mint", r#"{"ts_ms":0,"entropy":0,"process_id":""}"#, "invalid_argument"),
        ];
        for (name, args, kind) in cases {
            let line = format!(r#"{{"id":"x","fn":"{name}","args":{args}}}"#);
            assert_eq!(error_of(&line), (id(), kind.to_string()), "{line}");
        }
    }

    #[test]
    fn depth_is_refused_and_not_followed() {
        let deep = "[".repeat(200_000);
        for line in [deep.clone(), format!(r#"{{"id":{deep}"#)] {
            assert_eq!(error_of(&line).1, "invalid_request");
        }
        let nested = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let line = format!(r#"{{"id":1,"fn":"journal.replay","args":{{"entries":{nested}}}}}"#);
        assert_eq!(error_of(&line).1, "invalid_argument");
    }

    #[test]
    fn an_overlap_policy_is_taken_from_the_request() {
        let decide = |overlap: &str| {
            let line = format!(
                r#"{{"id":1,"fn":"arbitrate","args":{{"requested_lane":"b","requested_kind":"keyword",
                "requested_tree":["src/x","b/","c/"],"lanes":{{}},
                "live_leases":[{{"lane":"a","tree":["src/"]}}]{overlap}}}}}"#
            );
            let answer: Value = serde_json::from_str(&text(&line)).unwrap();
            answer["ok"]["outcome"].as_str().unwrap_or("error").to_string()
        };
        assert_eq!(decide(""), "acquire");
        assert_eq!(decide(r#","overlap":null"#), "acquire");
        assert_eq!(decide(r#","overlap":{"policy":"strict"}"#), "refuse");
        assert_eq!(decide(r#","overlap":{"policy":"soft","ratio_max":0.3}"#), "refuse");
        assert_eq!(decide(r#","overlap":{"policy":"soft","ratio_max":3}"#), "error");
    }
}
