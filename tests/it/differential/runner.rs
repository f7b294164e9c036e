//! Runs a case on both sides, each in a copy of the workspace of its own.

use super::case::{Case, PeerEntry, Verb};
use super::compare::{self, Sides, Verdict};
use super::lines::Line;
use crate::support::peer::{Job, PeerRunner};
use crate::support::workspace::Answer;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What came of a case.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The exit codes of the peer.
    pub(super) codes: Vec<i32>,
    /// Which allowed differences were met.
    pub(super) allowed: Vec<&'static str>,
    /// The report, when there is a difference that is not allowed.
    pub(super) failure: Option<String>,
}

/// Both implementations, ready to run.
pub(super) struct Pair<'a> {
    binary: &'a str,
    peer: PeerRunner,
}

/// The two copies of a workspace. They have the same name, because some answers show it.
struct Copies {
    directory: TempDir,
    ours: PathBuf,
    theirs: PathBuf,
}

impl Copies {
    fn write(case: &Case) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let root = directory.path().canonicalize().expect("a path");
        let [ours, theirs] = ["ours", "theirs"].map(|side| root.join(side).join("fleet"));
        case.scene.write(&ours);
        copy(&ours, &theirs);
        Self { directory, ours, theirs }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().expect("a type").is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).expect("a copy");
        }
    }
}

impl<'a> Pair<'a> {
    pub(super) fn start(binary: &'a str) -> Self {
        Self { binary, peer: PeerRunner::start() }
    }

    /// Runs every line of a case on both sides and compares after each.
    pub(super) fn compare(&mut self, case: &Case) -> Outcome {
        let copies = Copies::write(case);
        let mut outcome = Outcome::default();
        for line in &case.lines {
            let ours = dosd(self.binary, &copies.ours, line);
            let theirs = self.theirs(&copies.theirs, case.verb, line);
            outcome.codes.push(theirs.code);
            let sides = Sides {
                case,
                line,
                ours: &ours,
                theirs: &theirs,
                roots: [&copies.ours, &copies.theirs],
            };
            match compare::answers(&sides) {
                Verdict::Same(allowed) => outcome.allowed.extend(allowed),
                // The two are no longer in the same state, so the lines after this one tell nothing.
                Verdict::Allowed(id) => {
                    outcome.allowed.push(id);
                    return outcome;
                }
                Verdict::Differs(what) => {
                    outcome.failure = Some(report(&sides, &what, copies.directory));
                    return outcome;
                }
            }
        }
        if let Err(what) = compare::journals(case, [&copies.ours, &copies.theirs]) {
            let kept = copies.directory.keep();
            outcome.failure = Some(format!(
                "{case}\n{}\n{what}\nthe workspaces are in {}",
                all_lines(case),
                kept.display()
            ));
        }
        outcome
    }

    fn theirs(&mut self, root: &Path, verb: &Verb, line: &Line) -> Answer {
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        let home = home(root);
        let environment = environment(&home);
        let (module, arguments) = match verb.peer {
            PeerEntry::Dos => ("dos.cli", &words[..]),
            PeerEntry::Module(module) => (module, &words[1..]),
        };
        self.peer.run(&Job { module, directory: root, arguments, environment: &environment })
    }
}

fn home(root: &Path) -> String {
    root.with_file_name("home").to_str().expect("UTF-8").to_owned()
}

/// What both sides are told. The host is nobody's, so no process of a journal is looked for here.
fn environment(home: &str) -> [(&str, &str); 5] {
    [
        ("HOME", home),
        ("DISPATCH_HOME", home),
        ("DISPATCH_HOST_ID", "elsewhere"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("NO_COLOR", "1"),
    ]
}

fn dosd(binary: &str, root: &Path, line: &Line) -> Answer {
    let output = Command::new(binary)
        .args(&line.words)
        .current_dir(root)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .envs(environment(&home(root)))
        .stdin(Stdio::null())
        .output()
        .expect("dosd starts");
    Answer {
        code: output.status.code().expect("dosd ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
    }
}

fn all_lines(case: &Case) -> String {
    case.lines.iter().map(|line| format!("  $ {line}")).collect::<Vec<_>>().join("\n")
}

fn report(sides: &Sides, what: &str, directory: TempDir) -> String {
    let Sides { case, line, ours, theirs, .. } = sides;
    let kept = directory.keep();
    format!(
        "{case}\n{}\nat: {line}\n{what}\n\
         dosd ended with {}\n{}{}\nthe peer ended with {}\n{}{}\nthe workspaces are in {}",
        all_lines(case),
        ours.code,
        short(&ours.stdout),
        short(&ours.stderr),
        theirs.code,
        short(&theirs.stdout),
        short(&theirs.stderr),
        kept.display()
    )
}

/// Both ends of a long text.
fn short(text: &str) -> String {
    const END: usize = 1_200;
    let count = text.chars().count();
    if count <= 2 * END {
        return text.to_owned();
    }
    let head: String = text.chars().take(END).collect();
    let tail: String = text.chars().skip(count - END).collect();
    format!("{head}\n[{} characters]\n{tail}", count - 2 * END)
}
