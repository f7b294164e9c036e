//! The table for HTTP.

use super::table::{Never, Place, Row, Situation, Verdict, row};
use crate::support::http_server::{Server, hold, ok};
use Situation::{
    Absent, ChangedWhileRead, Deleted, Present, SameValue, Slow, TooLarge, Truncated, Unreadable,
    UnreadableBefore,
};
use Verdict::{Confirmed, Refuted, Unwitnessed};
use std::io::Write as _;
use std::sync::{Arc, Mutex};

/// What a server sends, and whether it then keeps the connection open.
#[derive(Clone)]
struct Answer {
    bytes: String,
    holds: bool,
}

/// A server with one document.
pub(super) struct Http {
    server: Server,
    answer: Arc<Mutex<Answer>>,
}

pub(super) static NEVER_HTTP: [Never; 1] =
    [(ChangedWhileRead, "a read is one answer, and the server says what belongs to it")];

/// A whole document with a tag.
const TAG: &str = "etag: \"1\"\r\n";

#[rustfmt::skip]
pub(super) static HTTP: [Row<Http>; 21] = [
    row(Present,          |at| at.sends("", r#"{"old": 1, "new": 1}"#),            "new", Confirmed,   "was inserted"),
    row(Present,          |at| at.sends("", r#"{"old": 2}"#),                      "old", Confirmed,   "was updated"),
    row(Absent,           |at| at.sends("", r#"{"old": 1, "other": 1}"#),          "new", Refuted,     "is not among 1 inserted"),
    row(SameValue,        |at| at.sends("", r#"{ "old" : 1.0 }"#),                 "old", Refuted,     "as it was before"),
    row(SameValue,        |at: &Http| at.answers("304 Not Modified", TAG),                "old", Refuted,     "as it was before").after(|at| at.sends(TAG, r#"{"old": 1}"#)),
    row(Deleted,          |at| at.sends("", "{}"),                                 "old", Refuted,     "was deleted"),
    row(Unreadable,       |at| at.answers("404 Not Found", ""),                    "old", Unwitnessed, "404"),
    row(Unreadable,       |at| at.answers("500 Out Of Order", ""),                 "old", Unwitnessed, "500"),
    row(Unreadable,       |at| at.answers("304 Not Modified", ""),                 "old", Unwitnessed, "304"),
    row(Unreadable,       |at| at.answers("302 Found", "location: http://localhost:1/\r\n"), "old", Unwitnessed, "redirects to another place"),
    row(Unreadable,       |at| at.sends("", "<html>"),                             "old", Unwitnessed, "expected value"),
    row(Unreadable,       |at| at.sends("link: </s?page=2>; rel=\"next\"\r\n", "{}"), "old", Unwitnessed, "one page of several"),
    row(Truncated,        |at| at.is("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"old\": 1, \"ne"), "new", Unwitnessed, "body"),
    row(Truncated,        |at| at.is("HTTP/1.1 200 OK\r\n\r\n{\"old\": 1, \"ne"),  "new", Unwitnessed, "EOF"),
    row(Truncated,        |at| at.is(""),                                          "new", Unwitnessed, "connection"),
    row(TooLarge,         |at: &Http| at.sends("", r#"{"a": 1, "b": 2, "c": 3}"#),        "new", Unwitnessed, "raise `max_entities`").with("max_entities = 2"),
    row(TooLarge,         |at: &Http| at.sends("", &format!("{}{{}}", " ".repeat(2000))), "new", Unwitnessed, "raise `max_bytes`").with("max_bytes = \"1KB\""),
    row(TooLarge,         |at| at.is("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{"), "new", Unwitnessed, "raise `max_bytes`"),
    row(Slow,             |at: &Http| at.stalls_after(""),                                "old", Unwitnessed, "raise `timeout`").with("timeout = \"500ms\""),
    row(Slow,             |at: &Http| at.stalls_after("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"new\": 1"), "new", Unwitnessed, "raise `timeout`").with("timeout = \"500ms\""),
    row(UnreadableBefore, |at: &Http| at.sends("", r#"{"new": 1}"#),                      "new", Unwitnessed, "at the run's start").after(|at| at.answers("503 Busy", "")),
];

impl Place for Http {
    const KIND: &'static str = "http";

    fn keys(&self) -> String {
        format!("url = \"http://{}/state\"", self.server.address)
    }
}

impl Http {
    pub(super) fn make() -> Self {
        let first = Answer { bytes: ok("", r#"{"old": 1}"#), holds: false };
        let answer = Arc::new(Mutex::new(first));
        let given = Arc::clone(&answer);
        let server = Server::start(move |_, stream| {
            let Answer { bytes, holds } = given.lock().expect("an answer").clone();
            // Whoever has heard enough may be gone.
            let _ = stream.write_all(bytes.as_bytes());
            if holds {
                hold(stream);
            }
        });
        Self { server, answer }
    }

    fn set(&self, bytes: &str, holds: bool) {
        *self.answer.lock().expect("an answer") = Answer { bytes: bytes.to_owned(), holds };
    }

    /// It sends a whole document.
    fn sends(&self, headers: &str, body: &str) {
        self.set(&ok(headers, body), false);
    }

    /// It sends a status, headers, and an object that must not be taken for its answer.
    fn answers(&self, status: &str, headers: &str) {
        let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}");
        let body = if status.starts_with("304") { "\r\n" } else { "content-length: 2\r\n\r\n{}" };
        self.set(&(head + body), false);
    }

    /// It sends just this.
    fn is(&self, bytes: &str) {
        self.set(bytes, false);
    }

    fn stalls_after(&self, bytes: &str) {
        self.set(bytes, true);
    }
}
