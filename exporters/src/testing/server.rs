//! An HTTP server on this machine that answers as a test says, breaks off where a test
//! says, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Real time, in which a test that waits in vain fails.
const LONG_ENOUGH: Duration = Duration::from_secs(30);

/// What becomes of the next request, once it is read.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A whole answer.
    Say { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// The head of an answer and half of its body, then the connection breaks.
    BreakOff,
    /// The connection breaks before the request is read whole.
    Reset,
    /// Nothing, and the connection stays.
    Hang,
    /// Another reply, after so long in real time.
    Late(Box<Reply>, Duration),
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self::say(status, &[], b"")
    }

    pub(crate) fn say(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Self::Say { status, headers: headers.collect(), body: body.to_vec() }
    }
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The server; it ends with the handle.
pub(crate) struct Server {
    pub(crate) port: u16,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    script: Mutex<Script>,
    count: watch::Sender<usize>,
}

struct Script {
    replies: VecDeque<Reply>,
    otherwise: Reply,
    requests: Vec<Request>,
    connections: usize,
    lets_look: bool,
}

impl Server {
    /// One that answers everything with this, until it is told otherwise.
    pub(crate) async fn start(otherwise: Reply) -> Self {
        Self::start_at(0, otherwise).await
    }

    /// One on a port that is known.
    pub(crate) async fn start_at(port: u16, otherwise: Reply) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = Mutex::new(Script {
            replies: VecDeque::new(),
            otherwise,
            requests: Vec::new(),
            connections: 0,
            lets_look: false,
        });
        let state = Arc::new(State { script, count: watch::Sender::new(0) });
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.script().connections += 1;
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state, task }
    }

    /// A URL of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The next replies.
    pub(crate) fn then(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.script().replies.extend(replies);
    }

    /// The reply to everything after the script.
    pub(crate) fn otherwise(&self, reply: Reply) {
        self.state.script().otherwise = reply;
    }

    /// Answers looks that send nothing (GET, HEAD) beside the script, and does not remember them.
    pub(crate) fn let_look(&self) {
        self.state.script().lets_look = true;
    }

    /// All that it was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.script().requests.clone()
    }

    /// How many connections it took so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.script().connections
    }

    /// Nobody listens there from now on.
    pub(crate) async fn stop(mut self) {
        self.task.abort();
        // When the task is over, its socket is closed.
        let _ = (&mut self.task).await;
    }

    /// Waits until it was asked so often.
    pub(crate) async fn asked(&self, times: usize) {
        let mut count = self.state.count.subscribe();
        let enough = count.wait_for(|count| *count >= times);
        timeout(LONG_ENOUGH, enough).await.expect("it was never asked so often").unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reply(&self) -> Reply {
        let mut script = self.script();
        let otherwise = script.otherwise.clone();
        script.replies.pop_front().unwrap_or(otherwise)
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut stream = BufReader::new(stream);
    while let Some(head) = read_head(&mut stream).await {
        if state.script().lets_look && matches!(head.method.as_str(), "GET" | "HEAD") {
            if stream.write_all(head_of(200, &[], 0).as_bytes()).await.is_err() {
                return;
            }
            continue;
        }
        let mut reply = state.reply();
        if matches!(reply, Reply::Reset) {
            return;
        }
        let length = head.header("content-length").and_then(|text| text.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        state.script().requests.push(Request { body, ..head });
        state.count.send_modify(|count| *count += 1);
        if let Reply::Late(later, after) = reply {
            let _: Result<(), _> = timeout(after, std::future::pending()).await;
            reply = *later;
        }
        let answered = match reply {
            Reply::Say { status, headers, body } => {
                let head = head_of(status, &headers, body.len());
                stream.write_all(&[head.as_bytes(), &body].concat()).await
            }
            Reply::BreakOff => {
                let head = head_of(200, &[], 100) + "half of it";
                let _ = stream.write_all(head.as_bytes()).await;
                return;
            }
            Reply::Hang => std::future::pending().await,
            Reply::Reset | Reply::Late(..) => return,
        };
        if answered.is_err() {
            return;
        }
    }
}

fn head_of(status: u16, headers: &[(String, String)], length: usize) -> String {
    let mut head = format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head + "\r\n"
}

async fn read_head(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let first = read_line(stream).await?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream).await?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Some(Request { method, target, headers, body: Vec::new() })
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}
