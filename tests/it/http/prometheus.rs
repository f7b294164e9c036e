//! Prometheus itself scrapes a daemon, and the alert for a crash loop fires.

use super::{Client, client_of, workspace};
use crate::support::daemon::Daemon;
use dosd_actors::port::{Clock as _, SystemClock};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Longer than some failures, some scrapes and one evaluation take on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Nobody tells which port Prometheus took, so it is given one that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A Prometheus that ends with the test.
struct Prometheus {
    child: Child,
    client: Client,
}

impl Prometheus {
    fn start(directory: &Path, target: &Client) -> Self {
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus/alerts.yml");
        let config = directory.join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['{}']\n\
             scrape_configs: [{{job_name: dosd, static_configs: [{{targets: ['{}']}}]}}]\n",
            rules.display(),
            target.address
        );
        std::fs::write(&config, text).expect("written");
        let port = free_port();
        let mut child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", directory.join("tsdb").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this test needs `prometheus`");
        let mut log =
            BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.contains("Server is ready")) {
            said.push(log.next().unwrap_or_else(|| panic!("it ended:\n{}", said.join("\n"))));
        }
        std::thread::spawn(move || log.for_each(drop));
        Self { child, client: Client::new(&format!("http://127.0.0.1:{port}")) }
    }

    /// What an API of it says, once it says what is wanted.
    fn once(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let clock = SystemClock::new();
        loop {
            let said = self.client.get(path).json();
            if wanted(&said["data"]) {
                return said["data"].clone();
            }
            assert!(clock.monotonic() < PATIENCE, "{path}: {said}");
            std::thread::park_timeout(Duration::from_millis(200));
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_alert_for_a_crash_loop_fires_in_a_prometheus() {
    let workspace = workspace("", "");
    let text = std::fs::read_to_string(workspace.root().join("dos.toml")).unwrap();
    let text = text.replace("target = 0", "target = 1").replace(
        "command = [\"sleep\", \"600\"]",
        "command = [\"false\"]\nrestart = { burst = 1000, delay = \"200ms\", max_delay = \"200ms\" }",
    );
    workspace.write("dos.toml", text);
    let mut daemon = Daemon::start(&workspace);
    let client = client_of(&mut daemon);
    let directory = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::start(directory.path(), &client);
    let up = prometheus.once("/api/v1/targets", |data| data["activeTargets"][0]["health"] == "up");
    assert_eq!(up["activeTargets"][0]["lastError"], "", "it reads the numbers as they are");
    let alerts = prometheus.once("/api/v1/alerts", |data| {
        let alerts = data["alerts"].as_array().into_iter().flatten();
        alerts
            .into_iter()
            .any(|it| it["labels"]["alertname"] == "DosdCrashLoop" && it["state"] == "firing")
    });
    let loops = alerts["alerts"].as_array().unwrap();
    let found = loops.iter().find(|it| it["labels"]["alertname"] == "DosdCrashLoop").unwrap();
    assert!(found["labels"]["lane"].is_string(), "it says which lane: {found}");
    let broken = prometheus.client.get("/api/v1/rules").json();
    let groups = broken["data"]["groups"].as_array().unwrap().iter();
    for rule in groups.flat_map(|group| group["rules"].as_array().unwrap()) {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
}
