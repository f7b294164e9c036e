//! The HTTP interface under load, over loopback: `cargo bench --bench http [-- --seconds N]`.
//!
//! Workers beat once a second, each over a connection that it keeps, while readers follow the events: first
//! spread over the second, as workers are that know nothing of each other, then all at once. A beat is
//! answered when it is on disk. At last ten thousand connections say nothing, and somebody asks.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]
#![expect(clippy::disallowed_methods, reason = "it measures the time that passes for everybody")]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

const WORKERS: usize = 200;
const READERS: usize = 50;
const IDLE: usize = 10_000;
const BEAT: Duration = Duration::from_secs(1);

fn main() {
    let seconds = std::env::args().skip_while(|it| it != "--seconds").nth(1);
    let window = Duration::from_secs(seconds.and_then(|it| it.parse().ok()).unwrap_or(20));
    let daemon = Daemon::start();
    let ends = Arc::new(AtomicBool::new(false));
    let events = Arc::new(AtomicU64::new(0));
    let readers: Vec<_> = (0..READERS).map(|_| daemon.read_events(&ends, &events)).collect();
    let leases: Vec<Lease> = (0..WORKERS).map(|number| daemon.acquire(number)).collect();
    let before = daemon.resident_kib();
    let leases = daemon.beats("spread over the second", leases, BEAT, window);
    daemon.beats("all at once", leases, Duration::ZERO, window);
    let (sent, after) = (events.load(Ordering::Relaxed), daemon.resident_kib());
    println!("{sent} verdicts read by {READERS} readers");
    println!("resident: {:.1} MB before, {:.1} MB after", before / 1e3, after / 1e3);
    ends.store(true, Ordering::Relaxed);
    daemon.silence();
    drop(daemon);
    for reader in readers {
        reader.join().unwrap();
    }
}

/// A daemon of its own, which goes with the benchmark.
struct Daemon {
    child: Child,
    address: SocketAddr,
    _workspace: TempDir,
}

/// What one worker holds.
struct Lease {
    connection: Connection,
    lane: String,
    body: String,
}

impl Daemon {
    fn start() -> Self {
        let workspace = tempfile::tempdir().unwrap();
        let lanes: Vec<String> = (0..WORKERS).map(|number| format!("lane{number}")).collect();
        let mut config = format!("[lanes]\nconcurrent = {}\n[lanes.trees]\n", json!(lanes));
        for lane in &lanes {
            writeln!(config, "{lane} = [\"{lane}/**\"]").unwrap();
        }
        config.push_str(
            "[supervise]\ntarget = 0\n[dosd]\nlisten = \"127.0.0.1:0\"\non_shutdown = \"stop\"\n\
             [dosd.http]\nmax_connections = 16384\n\
             [[dosd.witness]]\nname = \"orders\"\nkind = \"json\"\npath = \"orders.json\"\n",
        );
        fs::write(workspace.path().join("dos.toml"), config).unwrap();
        fs::write(workspace.path().join("orders.json"), "{}").unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_dosd"))
            .args(["run", "--log-format", "json"])
            .current_dir(workspace.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line: Value =
                serde_json::from_str(&log.next().unwrap().unwrap()).unwrap_or_default();
            if line["message"] == "listening" {
                let url = line["url"].as_str().unwrap();
                break url.strip_prefix("http://").unwrap().parse().unwrap();
            }
        };
        thread::spawn(move || log.for_each(drop));
        Self { child, address, _workspace: workspace }
    }

    fn acquire(&self, number: usize) -> Lease {
        let mut connection = Connection::open(self.address);
        let lane = format!("lane{number}");
        let owner = format!("worker{number}");
        let wish = json!({"owner": owner, "lane": lane, "kind": "cluster", "run_id": "bench"});
        let granted = connection.post("/v1/leases", &wish.to_string());
        let fence = &granted["fence"];
        assert!(fence.is_number(), "{granted}");
        Lease { connection, lane, body: json!({"owner": owner, "fence": fence}).to_string() }
    }

    /// Beats of all workers for a while, and claims beside them.
    fn beats(&self, how: &str, leases: Vec<Lease>, over: Duration, window: Duration) -> Vec<Lease> {
        let began = Instant::now();
        let beating = leases.into_iter().zip(0..).map(|(lease, number)| {
            let first = began + over * number / u32::try_from(WORKERS).unwrap();
            thread::spawn(move || lease.beat(first, began + window))
        });
        let beating: Vec<_> = beating.collect();
        let mut claims = 0;
        while began.elapsed() < window {
            self.claim(claims);
            claims += 1;
            thread::park_timeout(Duration::from_millis(100));
        }
        let ended: Vec<_> = beating.into_iter().map(|it| it.join().unwrap()).collect();
        let (leases, took): (Vec<_>, Vec<_>) = ended.into_iter().unzip();
        let mut took = took.concat();
        took.sort_unstable();
        let of = |part: usize| took[(took.len() - 1) * part / 1000].as_secs_f64() * 1e3;
        println!(
            "{how}: {} durable beats of {WORKERS} workers in {} s: median {:.1} ms, 99 of 100 within {:.1} ms, the slowest {:.1} ms; {claims} claims meanwhile",
            took.len(),
            window.as_secs(),
            of(500),
            of(990),
            of(1000)
        );
        leases
    }

    fn claim(&self, number: usize) {
        let claim = json!({"key": format!("orders:{number}")});
        Connection::open(self.address).post("/v1/claims", &claim.to_string());
    }

    fn read_events(
        &self,
        ends: &Arc<AtomicBool>,
        count: &Arc<AtomicU64>,
    ) -> thread::JoinHandle<()> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let (ends, count) = (Arc::clone(ends), Arc::clone(count));
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                count.fetch_add(u64::from(line == "event: verdict"), Ordering::Relaxed);
            }
        })
    }

    /// Connections that say nothing, and one that asks meanwhile.
    fn silence(&self) {
        let before = self.resident_kib();
        let idle: Vec<TcpStream> =
            (0..IDLE).map_while(|_| TcpStream::connect(self.address).ok()).collect();
        let began = Instant::now();
        let answer = Connection::open(self.address).get("/healthz");
        assert_eq!(answer["status"], "ok");
        println!(
            "{} silent connections: an answer after {:.1} ms, {:.1} MB more resident",
            idle.len(),
            began.elapsed().as_secs_f64() * 1e3,
            (self.resident_kib() - before) / 1e3
        );
    }

    fn resident_kib(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Lease {
    /// Beats once a second; how long each took until it was answered.
    fn beat(mut self, first: Instant, until: Instant) -> (Self, Vec<Duration>) {
        let mut took = Vec::new();
        let path = format!("/v1/leases/{}/heartbeat", self.lane);
        let mut next = first;
        while next < until {
            while let Some(rest) = next.checked_duration_since(Instant::now()) {
                thread::park_timeout(rest);
            }
            let began = Instant::now();
            let answer = self.connection.post(&path, &self.body);
            took.push(began.elapsed());
            assert_eq!(answer["beat"], true, "{answer}");
            next += BEAT;
        }
        (self, took)
    }
}

/// A connection that is kept.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    fn post(&mut self, path: &str, body: &str) -> Value {
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }

    fn get(&mut self, path: &str) -> Value {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }

    fn ask(&mut self, request: &str) -> Value {
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the connection ended");
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }
}
