//! The original statsd: installed on first use, started on free ports, asked over its
//! management port, ended by id.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const VERSION: &str = "0.9.0";

/// A statsd that runs until it is dropped.
pub(crate) struct Statsd {
    child: Child,
    pub(crate) port: u16,
    management: u16,
}

impl Statsd {
    /// Starts one; `directory` is for its configuration.
    pub(crate) async fn start(directory: &Path) -> Self {
        let (port, management) = free_ports();
        let config = directory.join("statsd.js");
        // No flush within a test, and nobody to flush to.
        let text = format!(
            "{{ port: {port}, address: '127.0.0.1', mgmt_port: {management}, \
             mgmt_address: '127.0.0.1', backends: [], flushInterval: 3600000, title: false }}"
        );
        fs::write(&config, text).unwrap();
        let child = Command::new("node")
            .arg(script())
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("`node` to run statsd with");
        let statsd = Self { child, port, management };
        soon("statsd never answered", async || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, management)).await.ok()
        })
        .await;
        statsd
    }

    /// Its counters by name, but for those about itself.
    pub(crate) async fn counters(&self) -> BTreeMap<String, u64> {
        self.ask("counters").await
    }

    /// Its gauges by name, but for those about itself.
    pub(crate) async fn gauges(&self) -> BTreeMap<String, u64> {
        self.ask("gauges").await
    }

    async fn ask(&self, command: &str) -> BTreeMap<String, u64> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.management)).await.unwrap();
        stream.write_all(format!("{command}\n").as_bytes()).await.unwrap();
        let mut lines = BufReader::new(stream).lines();
        let mut numbers = BTreeMap::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line == "END" {
                break;
            }
            // `  'dos.verdict;syscall=worker;verdict=EXITED': 12,`, the first behind a `{`.
            let entry = line.trim_matches(['{', '}', ',', ' ']);
            if let Some((name, number)) = entry.rsplit_once(": ") {
                let name = name.trim_matches('\'');
                if !name.starts_with("statsd.") {
                    numbers.insert(name.to_owned(), number.parse().unwrap());
                }
            }
        }
        numbers
    }
}

impl Drop for Statsd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tries again and again until there is something, for as long as a busy machine may need.
pub(crate) async fn soon<T>(otherwise: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let trying = async {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        loop {
            pause.tick().await;
            if let Some(found) = attempt().await {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), trying).await.expect(otherwise)
}

/// A port for datagrams and one for connections; statsd cannot pick them itself.
fn free_ports() -> (u16, u16) {
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    (udp.local_addr().unwrap().port(), tcp.local_addr().unwrap().port())
}

fn script() -> &'static Path {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(install)
}

fn install() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let peers = target.join("peers");
    fs::create_dir_all(&peers).expect("a directory for the peer");
    // Test processes may be here at once; the lock goes with the file.
    let lock = File::create(peers.join("statsd.lock")).expect("a lock file");
    lock.lock().expect("a lock");
    let home = peers.join(format!("statsd-{VERSION}"));
    let script = home.join("node_modules/statsd/stats.js");
    if !script.exists() {
        let unfinished = peers.join(format!("statsd-{VERSION}.unfinished"));
        let _ = fs::remove_dir_all(&unfinished);
        fs::create_dir(&unfinished).expect("a directory to install to");
        let output = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--no-save", "--omit=optional"])
            .arg("--prefix")
            .arg(&unfinished)
            .arg(format!("statsd@{VERSION}"))
            .output()
            .unwrap_or_else(|error| {
                panic!("npm: {error}\n  help: these tests need `node` and `npm`")
            });
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "npm ended with {}:\n{told}", output.status);
        fs::rename(&unfinished, &home).expect("the finished installation in its place");
    }
    script
}
