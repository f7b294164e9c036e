//! A real browser that `check.mjs` drives, and what it needs from here.
//!
//! The driver comes from npm and is installed under `target/` on first use; the browser is the machine's.

use crate::support::daemon::signal;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

const CHROMIUM: &str = "/usr/bin/chromium";
const VERSION: &str = "1.65.1";

/// A run of `check.mjs`. Each of its waits has an end, so it ends by itself.
pub(super) struct Browser {
    child: Child,
    answers: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    seen: Vec<String>,
}

impl Browser {
    /// Begins to look at the page of the daemon on this port.
    pub(super) fn open(port: u16, token: Option<&str>) -> Self {
        assert!(
            Path::new(CHROMIUM).exists(),
            "{CHROMIUM} is not there\n  help: install `chromium`"
        );
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/page/check.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .arg(format!("http://127.0.0.1:{port}/"))
            .env("CHROMIUM", CHROMIUM)
            .env("PLAYWRIGHT", driver())
            .env_remove("TOKEN")
            .envs(token.map(|token| ("TOKEN", token)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let answers = child.stdin.take().expect("a pipe");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, answers, lines, seen: Vec::new() }
    }

    /// What it wants done next with the daemon; none when it is through.
    pub(super) fn wish(&mut self) -> Option<String> {
        for line in self.lines.by_ref() {
            let line = line.expect("UTF-8");
            let wish = line.strip_prefix("do ").map(str::to_owned);
            self.seen.push(line);
            if wish.is_some() {
                return wish;
            }
        }
        None
    }

    /// Answers to the last wish.
    pub(super) fn is_done(&mut self) {
        writeln!(self.answers, "done").expect("it listens");
    }

    /// Fails, with everything that is known, unless all checks have passed.
    pub(super) fn assert_content(mut self, log: &str) {
        let status = self.child.wait().expect("an exit status");
        let seen = self.seen.join("\n");
        assert!(status.success(), "{status}\n{seen}\nthe daemon's log:\n{log}");
        assert!(seen.ends_with(" passed, 0 failed"), "it was looked at:\n{seen}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver takes the browser along.
        if self.child.try_wait().ok().flatten().is_none() {
            signal(self.child.id(), "TERM");
            let _ = self.child.wait();
        }
    }
}

/// The module of the driver, which is installed when it is not there yet.
fn driver() -> &'static Path {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(install)
}

fn install() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let peers = target.join("peers");
    fs::create_dir_all(&peers).expect("a directory for the driver");
    // Test processes may be here at once; the lock goes with the file.
    let lock = File::create(peers.join("playwright.lock")).expect("a lock file");
    lock.lock().expect("a lock");
    let home = peers.join(format!("playwright-core-{VERSION}"));
    let module = home.join("node_modules/playwright-core/index.mjs");
    if !module.exists() {
        let unfinished = peers.join(format!("playwright-core-{VERSION}.unfinished"));
        let _ = fs::remove_dir_all(&unfinished);
        fs::create_dir(&unfinished).expect("a directory to install to");
        let output = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts"])
            .arg("--prefix")
            .arg(&unfinished)
            .arg(format!("playwright-core@{VERSION}"))
            .output()
            .unwrap_or_else(|error| {
                panic!("npm: {error}\n  help: these tests need `node` and `npm`")
            });
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "npm ended with {}:\n{told}", output.status);
        fs::rename(&unfinished, &home).expect("the finished installation in its place");
    }
    module
}
