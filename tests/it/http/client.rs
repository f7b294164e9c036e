//! A client that can also do what a good one does not.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer takes on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Asks one daemon.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) token: Option<&'static str>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The kind of an error.
    pub(crate) fn kind(&self) -> String {
        let body = self.json();
        let (message, help) = (&body["error"]["message"], &body["error"]["help"]);
        assert!(
            message.is_string() && help.is_string(),
            "an error says what and what to do: {body}"
        );
        body["error"]["kind"].as_str().expect("a kind").to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let address =
            url.strip_prefix("http://").expect("without TLS").parse().expect("an address");
        Self { address, token: None }
    }

    pub(crate) fn with(&self, token: &'static str) -> Self {
        Self { token: Some(token), ..self.clone() }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask("POST", path, &[("Content-Type", "application/json")], &body.to_string())
    }

    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push_str("Host: localhost\r\n");
        }
        if let Some(token) = self.token {
            head.extend(["Authorization: Bearer ", token, "\r\n"]);
        }
        for (name, value) in headers {
            head.extend([*name, ": ", *value, "\r\n"]);
        }
        if !body.is_empty() {
            head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
        }
        let mut stream = self.connect();
        // A daemon that has answered already may read no more.
        let _ = write!(stream, "{head}\r\n{body}");
        reply(&mut stream)
    }

    /// A connection without a word.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the daemon listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// Listens to events.
    pub(crate) fn events(&self, last: Option<&str>) -> Events {
        let mut stream = self.connect();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        write!(stream, "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n{last}\r\n")
            .expect("written");
        let mut events = Events { stream: BufReader::new(stream), text: String::new() };
        let head = events.head();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(head.contains("text/event-stream"), "{head}");
        events
    }
}

/// Reads an answer to its end.
pub(crate) fn reply(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    // A connection that is reset after the answer has answered.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers: Vec<(String, String)> =
        headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let is_chunked = headers.iter().any(|(_, value)| value == "chunked");
    let body = if is_chunked { joined(body) } else { body.to_owned() };
    Reply { status: status.parse().expect("a number"), headers, body }
}

/// What was sent in chunks, as HTTP/1.1 frames what has no length.
fn joined(mut chunks: &str) -> String {
    let mut body = String::new();
    while let Some((length, rest)) = chunks.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).expect("the length of a chunk");
        body.push_str(&rest[..length]);
        chunks = rest[length..].trim_start_matches("\r\n");
    }
    body
}

/// A stream of events.
pub(crate) struct Events {
    stream: BufReader<TcpStream>,
    text: String,
}

/// One event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

impl Events {
    fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.stream.read_line(&mut head).expect("a line") > 0, "it ended: {head}");
        }
        head
    }

    /// The next event of a kind; none when the stream has ended.
    pub(crate) fn next(&mut self, kind: &str) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = event(block);
                self.text = rest.to_owned();
                if let Some(event) = event.filter(|event| event.kind == kind) {
                    return Some(event);
                }
            }
            self.chunk()?;
        }
    }

    /// Reads a chunk, as HTTP/1.1 frames what has no length.
    fn chunk(&mut self) -> Option<()> {
        let mut length = String::new();
        self.stream.read_line(&mut length).ok().filter(|read| *read > 0)?;
        let length = usize::from_str_radix(length.trim(), 16).expect("the length of a chunk");
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes).ok()?;
        self.text.push_str(std::str::from_utf8(&bytes[..length]).expect("UTF-8"));
        (length > 0).then_some(())
    }
}

fn event(block: &str) -> Option<Event> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
    Some(Event {
        kind: field("event: ")?.to_owned(),
        id: field("id: ").map(str::to_owned),
        data: serde_json::from_str(field("data: ")?).expect("JSON"),
    })
}
