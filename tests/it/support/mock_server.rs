//! Somebody who answers requests as the HTTP interface of a daemon is documented, or as a test wants
//! it wrong, and remembers what was asked.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// `POST /v1/claims`.
    pub(crate) what: String,
    /// The head in lower case.
    pub(crate) head: String,
    /// The body; null without one.
    pub(crate) body: Value,
}

/// One answer: the status, more headers with their line ends, the body.
pub(crate) type Told = (u16, String, String);

/// A server on loopback, one request a connection.
pub(crate) struct MockServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MockServer {
    pub(crate) fn start(answer: impl Fn(&Asked) -> Told + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let over = Arc::new(AtomicBool::new(false));
        let (log, is_over) = (Arc::clone(&asked), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                let mut stream = stream.expect("a connection");
                let Some(request) = read(&stream) else { continue };
                let (status, headers, body) = answer(&request);
                log.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                let length = body.len();
                // The other side may have gone away.
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
                );
            }
        });
        Self { address, asked, over, thread: Some(thread) }
    }

    /// One that says the same to everything.
    pub(crate) fn saying(status: u16, headers: &str, body: &str) -> Self {
        let told = (status, headers.to_owned(), body.to_owned());
        Self::start(move |_| told.clone())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests since this was asked before.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(ended.is_none_or(|ended| ended.is_ok()) || std::thread::panicking());
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let what = first.rsplit_once(' ')?.0.to_owned();
    let mut head = first.to_ascii_lowercase();
    while !head.ends_with("\r\n\r\n") {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        head += &line.to_ascii_lowercase();
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().expect("a length"))];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { what, head, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
}
