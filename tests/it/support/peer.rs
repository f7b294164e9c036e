//! The Python implementation, installed under `target/` on first use. It is the oracle for shapes,
//! numbers and exit codes.

use super::workspace::{Answer, Workspace};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

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
        let mut child = Command::new(interpreter())
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

/// The Python that has the peer installed.
pub(crate) fn interpreter() -> PathBuf {
    super::peer_install::dos().with_file_name("python")
}

/// Runs a program in the peer's Python to its end, with this on its standard input; gives what it
/// printed.
pub(crate) fn python(program: &str, input: &str) -> String {
    let home = Workspace::new();
    let script = home.write("program.py", program);
    let input = home.write("input", input);
    let output = Command::new(interpreter())
        .arg("-I")
        .arg(script)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", home.root())
        .env("DISPATCH_HOME", home.root())
        .stdin(std::fs::File::open(input).expect("the input"))
        .output()
        .expect("the peer starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the peer's Python failed:\n{told}");
    String::from_utf8(output.stdout).expect("UTF-8 on standard output")
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It ends by itself with its input, but a failing test should not wait for it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
