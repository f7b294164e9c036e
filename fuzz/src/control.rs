//! What a caller of the control socket says, whoever it is. The laws:
//!
//! - Any bytes are answered by one line, which is an answer, and not much longer than the question.
//! - Bytes without a line's end, or with too many before it, are no request: nothing is done for
//!   them.
//! - What is a request says the same after it is written and read again.

use dosd::control::{Answer, Doors, ErrorKind, LONGEST_REQUEST, Refusal, Request, converse};
use dosd_actors::reach::Reach;

use crate::world::block_on;

/// How much longer than its question an answer may be, in bytes beside a byte's longest escape.
const WORDS: usize = 1024;

/// Nobody is behind these doors, so whatever is asked for is refused by those who are asked.
fn doors() -> Doors {
    Doors {
        claim: Reach::unset("witness"),
        compact: Reach::unset("lane"),
        lanes: Reach::unset("lane"),
        halt: Reach::unset("spawn"),
        reset: Reach::unset("supervisor"),
        exporters: dosd::control::ExporterDoors::default(),
        journal: "lanes.jsonl".into(),
    }
}

/// Any bytes as what a caller says.
pub(crate) fn run(bytes: &[u8]) {
    let mut out = Vec::new();
    block_on(converse(bytes, &mut out, &doors())).expect("memory can be read and written");
    let (last, answer) = out.split_last().expect("an answer");
    assert!(*last == b'\n' && !answer.contains(&b'\n'), "one line");
    let answer: Answer = serde_json::from_slice(answer).expect("an answer");
    let line = bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    assert!(out.len() <= line.len() * 6 + WORDS, "{} bytes for {}", out.len(), line.len());
    let is_whole = line.ends_with(b"\n") && line.len() as u64 <= LONGEST_REQUEST;
    let request = serde_json::from_slice::<Request>(line).ok().filter(|_| is_whole);
    let is_refused =
        matches!(&answer, Answer::Error(Refusal { kind: ErrorKind::InvalidRequest, .. }));
    assert_eq!(is_refused, request.is_none(), "{answer:?}");
    if let Some(request) = request {
        let text = serde_json::to_string(&request).expect("a request is JSON");
        assert_eq!(serde_json::from_str::<Request>(&text).ok(), Some(request), "{text}");
    }
}
