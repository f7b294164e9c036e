//! Slack's own SDK for Python, installed under `target/` on first use, as a judge of
//! messages.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

const VERSION: &str = "3.48.0";

/// Reads a message a line, and answers each with a line: `ok`, or what is wrong.
const JUDGE: &str = r#"
import json, sys
from slack_sdk.models.blocks import Block

def judge(message):
    written = message["blocks"]
    assert 1 <= len(written) <= 50, f"{len(written)} blocks"
    assert 0 < len(message["text"]) <= 4000, f"{len(message['text'])} characters of text"
    blocks = Block.parse_all(written)
    for block, source in zip(blocks, written, strict=True):
        block.validate_json()
        # What it did not understand it does not write.
        assert block.to_dict() == source, f"{source} was read as {block.to_dict()}"

for line in sys.stdin:
    try:
        judge(json.loads(line))
        print("ok", flush=True)
    except Exception as error:
        print(repr(error).replace("\n", " "), flush=True)
"#;

/// The judge; it ends with the handle.
pub(crate) struct Judge {
    process: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Judge {
    pub(crate) fn start() -> Self {
        let mut command = Command::new(install().join("bin/python"));
        command.args(["-I", "-c", JUDGE]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let ask = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { process, ask, answers }
    }

    /// `ok`, or what is wrong with a message.
    pub(crate) fn ask(&mut self, message: &Value) -> String {
        writeln!(self.ask, "{message}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The SDK's environment, which is made when it is not there yet.
fn install() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let peers = target.join("peers");
    fs::create_dir_all(&peers).unwrap();
    // Test processes may be here at once; the lock goes with the file.
    let lock = File::create(peers.join("slack_sdk.lock")).unwrap();
    lock.lock().unwrap();
    let environment = peers.join(format!("slack_sdk-{VERSION}"));
    // Made last: an installation that was cut short is done again.
    let done = environment.join("installed");
    if !done.exists() {
        must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        must(
            Command::new(environment.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .arg(format!("slack_sdk=={VERSION}")),
        );
        File::create(&done).unwrap();
    }
    environment
}

fn must(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}\n  help: these tests need `python3` with `venv` and `pip`")
    });
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}:\n{told}", output.status);
}
