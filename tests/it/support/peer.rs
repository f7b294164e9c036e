//! The Python implementation, installed under `target/` on first use. It is the oracle for shapes,
//! numbers and exit codes.

use super::workspace::{Answer, Workspace};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

const VERSION: &str = "0.22.0";

/// Starting the peer takes 0.3 s, most of it imports. So one process imports once and forks for each
/// command: every command still begins with a fresh copy of the freshly imported peer.
const DRIVER: &str = r#"
import importlib, json, os, sys
for name in ("lane_journal", "lane_lease", "supervise", "observe", "drivers.state_diff"):
    importlib.import_module("dos." + name)
for line in sys.stdin:
    job = json.loads(line)
    entry = importlib.import_module(job["module"]).main
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0); os.dup2(writer, 1); os.dup2(null, 2)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8")
        os.chdir(job["directory"])
        try:
            code = entry(job["arguments"])
        except SystemExit as stop:
            code = stop.code
        except BaseException:
            code = 1
        sys.stdout.flush()
        os._exit(code or 0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        printed = pipe.read().decode("utf-8")
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps({"code": code, "stdout": printed}), flush=True)
"#;

/// A running peer that answers one command after the other.
pub(crate) struct Peer {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Where the peer keeps what it remembers between workspaces; gone with the test.
    _home: Workspace,
}

impl Peer {
    /// Starts the peer; the first call on a machine installs it.
    pub(crate) fn start() -> Self {
        let home = Workspace::new();
        let python = dos().with_file_name("python");
        let mut child = Command::new(python)
            .args(["-I", "-c", DRIVER])
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", home.root())
            .env("DISPATCH_HOME", home.root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the peer starts");
        let requests = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, requests, answers, _home: home }
    }

    /// Runs `dos` with these arguments in a directory.
    pub(crate) fn dos(&mut self, directory: &Path, arguments: &[&str]) -> Answer {
        self.main("dos.cli", directory, arguments)
    }

    /// Runs the command line of one of the peer's modules.
    pub(crate) fn main(&mut self, module: &str, directory: &Path, arguments: &[&str]) -> Answer {
        let job = json!({"module": module, "directory": directory, "arguments": arguments});
        writeln!(self.requests, "{job}").expect("the peer listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the peer answers");
        let answer: Value = serde_json::from_str(&line).expect("one JSON object a line");
        Answer {
            code: answer["code"]
                .as_i64()
                .and_then(|code| i32::try_from(code).ok())
                .expect("a code"),
            stdout: answer["stdout"].as_str().expect("a text").to_owned(),
            stderr: String::new(),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It ends by itself with its input, but a failing test should not wait for it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path of the peer's `dos`, which is installed when it is not there yet.
pub(crate) fn dos() -> PathBuf {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(install).clone()
}

fn install() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let peers = target.join("peers");
    fs::create_dir_all(&peers).expect("a directory for the peer");
    // Test processes of several packages may be here at once; the lock goes with the file.
    let lock = File::create(peers.join("dos.lock")).expect("a lock file");
    lock.lock().expect("a lock");
    let venv = peers.join("dos");
    if installed_version(&venv).as_deref() != Some(VERSION) {
        must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
        must(
            Command::new(venv.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .arg(format!("dos-kernel=={VERSION}")),
        );
        assert_eq!(installed_version(&venv).as_deref(), Some(VERSION), "what pip installed");
    }
    venv.join("bin/dos")
}

fn installed_version(venv: &Path) -> Option<String> {
    let ask = "import importlib.metadata as m; print(m.version('dos-kernel'))";
    let output = Command::new(venv.join("bin/python")).args(["-I", "-c", ask]).output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| version.trim().to_owned())
}

fn must(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}\n  help: these tests need `python3` with `venv` and `pip`")
    });
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}:\n{told}", output.status);
}
