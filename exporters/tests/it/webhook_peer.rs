//! The reference verifier of Standard Webhooks, installed under `target/` on first use. One
//! process judges any number of requests.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

const VERSION: &str = "1.1.0";

/// Reads `{secret, headers, body}` line by line; says `null`, or why it is not genuine.
const JUDGE: &str = "
import json, sys
from standardwebhooks import Webhook, WebhookVerificationError
for line in sys.stdin:
    asked = json.loads(line)
    try:
        Webhook(asked['secret']).verify(asked['body'], asked['headers'])
        print('null')
    except WebhookVerificationError as error:
        print(json.dumps(str(error)))
";

/// What the verifier says about each: nothing, or why not.
pub(crate) fn judge(asked: &[Value]) -> Vec<Option<String>> {
    let mut peer = Command::new(python())
        .args(["-I", "-X", "utf8", "-c", JUDGE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = peer.stdin.take().unwrap();
    let lines = asked.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    // It answers while it reads, and somebody has to read that.
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = peer.wait_with_output().unwrap();
    assert!(output.status.success(), "the verifier ended with {}", output.status);
    writer.join().unwrap().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An interpreter that has the verifier.
fn python() -> PathBuf {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(install).clone()
}

fn install() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let peers = target.join("peers");
    fs::create_dir_all(&peers).expect("a directory for the peer");
    // Test processes of several packages may be here at once; the lock goes with the file.
    let lock = File::create(peers.join("standardwebhooks.lock")).expect("a lock file");
    lock.lock().expect("a lock");
    let venv = peers.join(format!("standardwebhooks-{VERSION}"));
    if !venv.exists() {
        // An installation that was cut short has another name, and is begun again.
        let half = peers.join("standardwebhooks.half");
        must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&half));
        must(
            Command::new(half.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .arg(format!("standardwebhooks=={VERSION}")),
        );
        fs::rename(&half, &venv).expect("a name for the peer");
    }
    venv.join("bin/python")
}

fn must(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}\n  help: these tests need `python3` with `venv` and `pip`")
    });
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}:\n{told}", output.status);
}
