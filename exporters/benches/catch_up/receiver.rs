//! An HTTP server in a process of its own, which takes whatever is posted. Only what the
//! benchmark needs of HTTP.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The process; it ends with the handle.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    process: Child,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut process = Command::new(program)
            .arg("receive-http")
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut port = String::new();
        let output = process.stdout.as_mut().expect("its output");
        BufReader::new(output).read_line(&mut port).expect("its port");
        Self { port: port.trim().parse().expect("a port"), process }
    }

    /// How many requests were posted so far.
    pub(crate) fn posts(&self) -> usize {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the receiver");
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("the receiver");
        stream.shutdown(std::net::Shutdown::Write).expect("the receiver");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer.rsplit("\r\n\r\n").next().and_then(|count| count.parse().ok()).expect("a count")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the process does: says its port, and serves until it is killed.
pub(crate) fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    let posts = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming().flatten() {
        let posts = Arc::clone(&posts);
        std::thread::spawn(move || answer_all(stream, &posts));
    }
}

fn answer_all(stream: TcpStream, posts: &AtomicUsize) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let (mut length, mut is_first, mut is_post) = (0, true, false);
        loop {
            line.clear();
            if stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            is_post |= is_first && line.starts_with("POST ");
            is_first = false;
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        body.resize(length, 0);
        stream.read_exact(&mut body).ok()?;
        let count = posts.fetch_add(usize::from(is_post), Ordering::Relaxed).to_string();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{count}", count.len());
        stream.get_mut().write_all(answer.as_bytes()).ok()?;
    }
}
