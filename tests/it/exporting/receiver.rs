//! Somebody who receives webhooks, remembers them in the order in which they came, and answers as a
//! test says.

use serde_json::Value;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longer than anything here takes on a loaded machine: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    /// The id of the event.
    pub(crate) id: String,
    pub(crate) body: Value,
}

/// The receiver; it listens until the test process ends, and takes nothing after it was dropped.
pub(crate) struct Receiver {
    pub(crate) url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    inbox: Mutex<Inbox>,
    came: Condvar,
}

struct Inbox {
    received: Vec<Received>,
    /// The next answers.
    answers: VecDeque<u16>,
    otherwise: u16,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { received: Vec::new(), answers: VecDeque::new(), otherwise: 200 }
    }
}

impl Receiver {
    /// One that takes everything.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &state));
            }
        });
        Self { url: format!("http://{address}/hook"), state }
    }

    /// Answers with this from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.state.inbox().otherwise = status;
    }

    /// Answers the next requests with these.
    pub(crate) fn then(&self, statuses: &[u16]) {
        self.state.inbox().answers.extend(statuses);
    }

    /// All that it took, in the order in which it came.
    pub(crate) fn taken(&self) -> Vec<Received> {
        self.state.inbox().received.clone()
    }

    /// Waits until it took so many.
    pub(crate) fn wait_for(&self, count: usize) {
        let inbox = self.state.inbox();
        let fewer = |inbox: &mut Inbox| inbox.received.len() < count;
        let waited = self.state.came.wait_timeout_while(inbox, PATIENCE, fewer);
        let (inbox, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        let taken = inbox.received.len();
        assert!(!waited.timed_out(), "{taken} of {count} events came");
    }
}

impl State {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to a request, which is taken if the answer says so.
    fn answer(&self, request: Received) -> u16 {
        let mut inbox = self.inbox();
        let otherwise = inbox.otherwise;
        let status = inbox.answers.pop_front().unwrap_or(otherwise);
        if status == 200 {
            inbox.received.push(request);
            self.came.notify_all();
        }
        status
    }
}

fn serve(stream: &TcpStream, state: &State) {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(request) = read(&mut reader) {
        // Somebody who only looks whether anybody is there gets an answer, and is not counted.
        let status = request.map_or(200, |event| state.answer(event));
        let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\n\r\n");
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// A whole request, and the event in it if it is a POST; nothing when it broke off.
#[expect(clippy::option_option, reason = "an end and a look are two things")]
fn read(reader: &mut impl BufRead) -> Option<Option<Received>> {
    let mut first = String::new();
    if reader.read_line(&mut first).ok()? == 0 {
        return None;
    }
    let (mut length, mut id) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "webhook-id" => value.trim().clone_into(&mut id),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    if !first.starts_with("POST") {
        return Some(None);
    }
    // What is no JSON is somebody else's form.
    Some(Some(Received { id, body: serde_json::from_slice(&body).unwrap_or_default() }))
}
