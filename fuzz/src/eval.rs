//! What `dosd eval` reads. The laws:
//!
//! - Each line gets one line, in order: JSON with `id` and either `ok` or `error`.
//! - The `id` comes back as it was, and is null for what is no request.
//! - How the bytes arrive makes no difference, and the same question has the same answer.
//! - A line beyond the bound is refused, and does not end the conversation.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::rc::Rc;

use dosd::cli::Output;
use dosd::cli::eval::answer_all;
use dosd_kernel::eval;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::world::chance;

/// The longest line of the second conversation.
const SHORT: usize = 200;

/// An object, its values as they were written: an id may be a number that no type of ours holds.
type Keys = BTreeMap<String, Box<RawValue>>;

/// Where answers go.
#[derive(Clone, Default)]
struct Answers(Rc<RefCell<Vec<u8>>>);

impl Write for Answers {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Any bytes as the input of `dosd eval`.
pub(crate) fn run(bytes: &[u8]) {
    let chunk = chance(bytes).usize(1..64);
    let answers = answered(bytes, usize::MAX, chunk);
    let mut lines = answers.split_inclusive(|byte| *byte == b'\n');
    let mut expected = Vec::new();
    for question in questions(bytes) {
        let answer = lines.next().expect("an answer for each line");
        check(question, answer);
        if question.len() <= SHORT {
            expected.extend_from_slice(answer);
        } else {
            eval::answer_too_long(SHORT, &mut expected);
        }
    }
    assert_eq!(lines.next(), None, "no answer without a question");
    let short = answered(bytes, SHORT, bytes.len().max(1));
    assert_eq!(String::from_utf8_lossy(&short), String::from_utf8_lossy(&expected));
}

/// The lines, as anybody would cut them.
fn questions(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\n").unwrap_or(line))
}

fn answered(bytes: &[u8], most: usize, chunk: usize) -> Vec<u8> {
    let answers = Answers::default();
    let mut output = Output::to(answers.clone());
    let input = BufReader::with_capacity(chunk, bytes);
    answer_all(input, most, &mut output).expect("memory can be read");
    output.finish().expect("memory can be written");
    answers.0.take()
}

fn check(question: &[u8], answer: &[u8]) {
    let shown = String::from_utf8_lossy(answer);
    let answer: Keys = serde_json::from_slice(answer).expect("an answer is JSON");
    let id = answer.get("id").map(|id| id.get());
    assert!(answer.contains_key("ok") != answer.contains_key("error"), "{shown}");
    let error = answer.get("error").map(|error| error.get()).unwrap_or_default();
    let error: Value = serde_json::from_str(error).unwrap_or_default();
    if error["kind"] == "invalid_request" {
        assert_eq!(id, Some("null"), "no request, no id: {shown}");
    } else if let Ok(asked) = serde_json::from_slice::<Keys>(question) {
        let given = asked.get("id").map_or("null", |id| id.get());
        assert_eq!(id, Some(given), "the id comes back: {shown}");
    }
    // Else a key that nobody looks at holds what is no text.
}
