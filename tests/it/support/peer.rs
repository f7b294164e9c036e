//! The Python implementation, installed under `target/` on first use. It is the oracle for shapes,
//! numbers and exit codes.

use super::workspace::{Answer, Workspace};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The name from before jobs could run side by side.
pub(crate) use PeerRunner as Peer;

/// A running peer that answers command lines in a few milliseconds each; see `peer_runner.py`.
pub(crate) struct PeerRunner {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Where the peer keeps what it remembers between workspaces; gone with the test.
    home: Workspace,
}

/// One command line for the peer.
pub(crate) struct Job<'a> {
    /// The module whose `main` is called: `dos.cli` is the command `dos`.
    pub(crate) module: &'a str,
    pub(crate) directory: &'a Path,
    pub(crate) arguments: &'a [&'a str],
    /// Variables on top of `PATH` and a home of its own.
    pub(crate) environment: &'a [(&'a str, &'a str)],
}

impl<'a> Job<'a> {
    /// `dos` with these arguments in a directory.
    pub(crate) fn dos(directory: &'a Path, arguments: &'a [&'a str]) -> Self {
        Self { module: "dos.cli", directory, arguments, environment: &[] }
    }
}

impl PeerRunner {
    /// Starts the peer; the first call on a machine installs it.
    pub(crate) fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/peer_runner.py");
        let mut child = Command::new(interpreter())
            .arg("-I")
            .arg(script)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the peer starts");
        let requests = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, requests, answers, home: Workspace::new() }
    }

    /// Runs `dos` with these arguments in a directory.
    pub(crate) fn dos(&mut self, directory: &Path, arguments: &[&str]) -> Answer {
        self.run(&Job::dos(directory, arguments))
    }

    /// Runs the command line of one of the peer's modules.
    pub(crate) fn main(&mut self, module: &str, directory: &Path, arguments: &[&str]) -> Answer {
        self.run(&Job { module, ..Job::dos(directory, arguments) })
    }

    /// Runs one job to its end.
    pub(crate) fn run(&mut self, job: &Job) -> Answer {
        self.race(std::slice::from_ref(job), || ()).0.remove(0)
    }

    /// Runs jobs at the same time, and `meanwhile` beside them; answers come in the order of the jobs.
    pub(crate) fn race<T>(
        &mut self,
        jobs: &[Job],
        meanwhile: impl FnOnce() -> T,
    ) -> (Vec<Answer>, T) {
        let jobs: Vec<_> = jobs.iter().map(|job| self.encode(job)).collect();
        writeln!(self.requests, "{}", json!({"jobs": jobs})).expect("the peer listens");
        let done = meanwhile();
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the peer answers");
        let answer: Value = serde_json::from_str(&line).expect("one JSON object a line");
        let answers = answer["answers"].as_array().expect("a list").iter().map(decode).collect();
        (answers, done)
    }

    /// Runs one job of `dos` as a process of its own, which is what the runner stands in for.
    pub(crate) fn process(&self, job: &Job) -> Answer {
        let output = Command::new(super::peer_install::dos())
            .args(job.arguments)
            .current_dir(job.directory)
            .env_clear()
            .envs(self.environment(job))
            .stdin(Stdio::null())
            .output()
            .expect("the peer starts");
        Answer {
            code: output.status.code().expect("the peer ends by itself"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
        }
    }

    fn encode(&self, job: &Job) -> Value {
        let environment: serde_json::Map<_, _> =
            self.environment(job).map(|(name, value)| (name.to_owned(), value.into())).collect();
        json!({
            "module": job.module,
            "argv": job.arguments,
            "cwd": job.directory,
            "env": environment,
        })
    }

    fn environment<'a>(&'a self, job: &'a Job) -> impl Iterator<Item = (&'a str, &'a str)> {
        let home = self.home.root().to_str().expect("UTF-8");
        [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("HOME", home), ("DISPATCH_HOME", home)]
            .into_iter()
            .chain(job.environment.iter().copied())
    }
}

impl Drop for PeerRunner {
    fn drop(&mut self) {
        // It ends by itself with its input, but a failing test should not wait for it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The interpreter of the peer's installation.
pub(crate) fn interpreter() -> PathBuf {
    super::peer_install::dos().with_file_name("python")
}

fn decode(answer: &Value) -> Answer {
    let text = |key: &str| answer[key].as_str().expect("a text").to_owned();
    Answer {
        code: answer["code"].as_i64().and_then(|code| i32::try_from(code).ok()).expect("a code"),
        stdout: text("stdout"),
        stderr: text("stderr"),
    }
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
