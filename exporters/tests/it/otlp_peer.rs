//! What the sink `otlp` is tested against, installed under `target/` on first use: rotel, a
//! collector, and the official classes of the protocol's messages.

use std::fs::{self, File, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

const ROTEL: &str = "0.0.1a15";
const PROTO: &str = "1.45.2";

/// Real time, in which a test that waits in vain fails.
const LONG_ENOUGH: Duration = Duration::from_secs(30);

/// Reads `{signal, message}` line by line, the message in hex, and says for each what its
/// records are.
const DECODE: &str = "
import json, sys
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

def attributes(found):
    def value(any):
        kind = any.WhichOneof('value')
        return [kind, getattr(any, kind)]
    return [[known.key, value(known.value)] for known in found]

def log(record):
    return {
        'time': record.time_unix_nano, 'observed': record.observed_time_unix_nano,
        'severity': [record.severity_number, record.severity_text],
        'body': record.body.string_value, 'attributes': attributes(record.attributes),
        'trace': record.trace_id.hex(), 'span': record.span_id.hex(), 'flags': record.flags,
    }

def span(record):
    return {
        'trace': record.trace_id.hex(), 'span': record.span_id.hex(),
        'parent': record.parent_span_id.hex(), 'name': record.name, 'kind': record.kind,
        'start': record.start_time_unix_nano, 'end': record.end_time_unix_nano,
        'status': [record.status.code, record.status.message],
        'attributes': attributes(record.attributes), 'flags': record.flags,
    }

for line in sys.stdin:
    asked = json.loads(line)
    message = bytes.fromhex(asked['message'])
    if asked['signal'] == 'logs':
        [of_resource] = ExportLogsServiceRequest.FromString(message).resource_logs
        [of_scope] = of_resource.scope_logs
        records = [log(record) for record in of_scope.log_records]
    else:
        [of_resource] = ExportTraceServiceRequest.FromString(message).resource_spans
        [of_scope] = of_resource.scope_spans
        records = [span(record) for record in of_scope.spans]
    print(json.dumps({
        'resource': attributes(of_resource.resource.attributes),
        'scope': of_scope.scope.name, 'records': records,
    }))
";

/// What the official classes read in each message.
pub(crate) fn decode(asked: &[Value]) -> Vec<Value> {
    let mut peer = Command::new(installed().join("bin/python"))
        .args(["-I", "-X", "utf8", "-c", DECODE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = peer.stdin.take().unwrap();
    let lines = asked.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    // It answers while it reads, and somebody has to read that.
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = peer.wait_with_output().unwrap();
    assert!(output.status.success(), "the reader ended with {}", output.status);
    writer.join().unwrap().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A collector that takes everything and says what it took; it ends with the handle.
pub(crate) struct Rotel {
    pub(crate) http_port: u16,
    pub(crate) grpc_port: u16,
    process: Child,
    /// How many log records and spans each request had.
    took: Receiver<(u64, u64)>,
}

impl Rotel {
    pub(crate) fn start() -> Self {
        let (http_port, grpc_port) = (free_port(), free_port());
        let mut process = Command::new(rotel_program())
            .args(["start", "--exporter", "blackhole", "--log-format", "json"])
            .args(["--debug-log", "logs", "--debug-log", "traces"])
            .args(["--otlp-http-endpoint", &format!("127.0.0.1:{http_port}")])
            .args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{grpc_port}")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (tell, took) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let Ok(said) = serde_json::from_str::<Value>(&line) else { continue };
                let count = |key: &str| said[key].as_u64().unwrap_or(0);
                if tell.send((count("logs"), count("spans"))).is_err() {
                    return;
                }
            }
        });
        let rotel = Self { http_port, grpc_port, process, took };
        wait_for_port(http_port);
        wait_for_port(grpc_port);
        rotel
    }

    /// Waits until so many log records and spans were taken, and no more.
    pub(crate) fn took(&self, logs: u64, spans: u64) {
        let mut sum = (0, 0);
        while sum.0 < logs || sum.1 < spans {
            let more = self.took.recv_timeout(LONG_ENOUGH);
            let more = more.unwrap_or_else(|_| panic!("it took {sum:?} and no more"));
            sum = (sum.0 + more.0, sum.1 + more.1);
        }
        assert_eq!(sum, (logs, spans));
    }
}

impl Drop for Rotel {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that nobody listens at right now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Waits until somebody listens there.
pub(crate) fn wait_for_port(port: u16) {
    let (tell, is_over) = channel::<()>();
    for _ in 0..600 {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return;
        }
        // Nobody tells anything: this is the time until the next look.
        let _ = is_over.recv_timeout(Duration::from_millis(50));
    }
    drop(tell);
    panic!("nobody ever listened at port {port}");
}

fn rotel_program() -> PathBuf {
    let libraries = fs::read_dir(installed().join("lib")).unwrap();
    let places = libraries.map(|python| python.unwrap().path().join("site-packages/rotel"));
    let program = places.map(|place| place.join("rotel-agent")).find(|agent| agent.exists());
    program.expect("the package has its program")
}

fn installed() -> PathBuf {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(install).clone()
}

fn install() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let peers = target.join("peers");
    fs::create_dir_all(&peers).expect("a directory for the peer");
    // Test processes of several packages may be here at once; the lock goes with the file.
    let lock = File::create(peers.join("otlp.lock")).expect("a lock file");
    lock.lock().expect("a lock");
    let venv = peers.join(format!("otlp-{ROTEL}-{PROTO}"));
    if !venv.exists() {
        // An installation that was cut short has another name, and is begun again.
        let half = peers.join("otlp.half");
        must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&half));
        must(
            Command::new(half.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--pre"])
                .args([format!("rotel=={ROTEL}"), format!("opentelemetry-proto=={PROTO}")]),
        );
        for python in fs::read_dir(half.join("lib")).expect("a library") {
            let agent = python.expect("a library").path().join("site-packages/rotel/rotel-agent");
            if agent.exists() {
                // The package leaves that to its own start.
                fs::set_permissions(agent, Permissions::from_mode(0o755)).expect("a program");
            }
        }
        fs::rename(&half, &venv).expect("a name for the peer");
    }
    venv
}

fn must(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}\n  help: these tests need `python3` with `venv` and `pip`")
    });
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}:\n{told}", output.status);
}
