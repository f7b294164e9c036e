//! A generated workspace: a `dos.toml`, two journals, some files, a history. It is a value; writing it
//! twice gives two equal directories.

use super::journal;
use crate::support::journals::NOW_MS;
use fastrand::Rng;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Names of lanes; the journals use the first six, so that declared and undeclared lanes both occur.
pub(super) const LANES: [&str; 8] =
    ["docs", "src", "tests", "global", "main", "ünder", "api", "Web-UI"];

const TREES: [&str; 7] =
    ["docs/**", "src/**", "src/api/**", "tests/**", "**/*", "LIB/*.rs", "web\\\\ui/**"];

/// The peer's rule for overlapping regions, by its name for it.
const SOFT: &str = "[overlap]\npolicy = \"prefix\"\n";

/// When the rows of the journals were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// Around a fixed moment, for verbs that are told the time.
    Fixed,
    /// Within the last minutes before this moment, for verbs that read the clock: no lease is so old
    /// that it no longer blocks.
    Fresh { now_ms: i64 },
}

/// The commits of a repository.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// For `git fast-import`.
    stream: String,
    /// Whether there are commits that change nothing, or reverts.
    pub(super) hollow: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) config: String,
    /// Every file but `dos.toml`, by its path.
    pub(super) files: BTreeMap<String, String>,
    pub(super) lane_journal: String,
    pub(super) verdict_journal: String,
    /// The lanes that the configuration declares.
    pub(super) declared: Vec<String>,
    /// The moment at which the rows end.
    pub(super) now_ms: i64,
    /// Without one there is no repository.
    pub(super) history: Option<History>,
}

impl Scene {
    pub(super) fn generate(rng: &mut Rng, age: Age, with_history: bool) -> Self {
        let (roster, declared) = lanes(rng);
        let mut config = roster + &supervise(rng);
        let mut scene = Self {
            config: String::new(),
            files: BTreeMap::new(),
            lane_journal: ".dos/lane-journal.jsonl".into(),
            verdict_journal: ".dos/verdict-journal.jsonl".into(),
            declared,
            now_ms: match age {
                Age::Fixed => NOW_MS,
                Age::Fresh { now_ms } => now_ms,
            },
            history: with_history.then(|| history(rng)),
        };
        if rng.u8(..6) == 0 {
            config += "[paths]\nlane_journal = \"state/lanes.jsonl\"\n";
            scene.lane_journal = "state/lanes.jsonl".into();
            if rng.bool() {
                config += "verdict_journal = \"state/verdicts.jsonl\"\n";
                scene.verdict_journal = "state/verdicts.jsonl".into();
            }
        }
        scene.config = config;
        // Now and then nobody has written yet.
        if rng.u8(..24) > 0 {
            scene.files.insert(scene.lane_journal.clone(), journal::lanes(rng, age));
        }
        if rng.u8(..24) > 0 {
            scene.files.insert(scene.verdict_journal.clone(), journal::verdicts(rng));
        }
        scene
    }

    /// Ends the journals with a whole line.
    pub(super) fn end_journals(&mut self) {
        for journal in self.files.values_mut() {
            let end = journal.rfind('\n').map_or(0, |last| last + 1);
            journal.truncate(end);
        }
    }

    /// Mostly lets regions overlap as the peer does; ours lets none by default.
    pub(super) fn share_regions_softly(&mut self, rng: &mut Rng) {
        if rng.u8(..6) > 0 {
            self.config.insert_str(0, SOFT);
        }
    }

    /// Whether regions may overlap as far as the peer lets them.
    pub(super) fn shares_regions_softly(&self) -> bool {
        self.config.starts_with(SOFT)
    }

    /// Whether a piece of text was there before anything ran.
    pub(super) fn knows(&self, text: &str) -> bool {
        self.files.values().any(|content| content.contains(text))
    }

    /// A lane: mostly a declared one.
    pub(super) fn lane(&self, rng: &mut Rng) -> String {
        match rng.u8(..8) {
            0 => LANES[rng.usize(..LANES.len())].to_owned(),
            1 => "nowhere".to_owned(),
            _ => match self.declared.len() {
                0 => "main".to_owned(),
                count => self.declared[rng.usize(..count)].clone(),
            },
        }
    }

    pub(super) fn write(&self, root: &Path) {
        let put = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a file's path")).expect("a directory");
            std::fs::write(path, text).expect("a written file");
        };
        std::fs::create_dir_all(root).expect("a directory");
        if !self.config.is_empty() {
            put("dos.toml", &self.config);
        }
        for (path, text) in &self.files {
            put(path, text);
        }
        if let Some(history) = &self.history {
            git(root, &["init", "--quiet", "--initial-branch=main", "--template="], "");
            git(root, &["fast-import", "--quiet"], &history.stream);
        }
    }
}

fn git(root: &Path, arguments: &[&str], input: &str) {
    let mut child = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", root)
        .stdin(Stdio::piped())
        .spawn()
        .expect("git starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut stdin, input.as_bytes()).expect("git reads");
    drop(stdin);
    assert!(child.wait().expect("git ends").success(), "git {arguments:?}");
}

fn list(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", quoted.join(", "))
}

/// `[lanes]`, and the lanes that are declared by it.
fn lanes(rng: &mut Rng) -> (String, Vec<String>) {
    if rng.u8(..8) == 0 {
        return (String::new(), vec!["main".into(), "global".into()]);
    }
    let mut names: Vec<String> = LANES.iter().map(|&lane| lane.to_owned()).collect();
    rng.shuffle(&mut names);
    let concurrent: Vec<_> = names.split_off(names.len() - rng.usize(..=5));
    let exclusive: Vec<_> = names.split_off(names.len() - rng.usize(..=2));
    // A lane that is exclusive and repeatable at once is an error, so only concurrent ones are picked.
    let autopick: Vec<_> = concurrent.iter().filter(|_| rng.bool()).cloned().collect();
    let declared: Vec<_> = concurrent.iter().chain(&exclusive).cloned().collect();
    let mut text = format!(
        "[lanes]\nconcurrent = {}\nexclusive = {}\nautopick = {}\n",
        list(&concurrent),
        list(&exclusive),
        list(&autopick)
    );
    if rng.u8(..6) > 0 {
        text += "[lanes.trees]\n";
        for lane in &declared {
            if rng.u8(..6) > 0 {
                let globs: Vec<_> = (0..if rng.u8(..5) == 0 { 2 } else { 1 })
                    .map(|_| TREES[rng.usize(..TREES.len())].to_owned())
                    .collect();
                let _ = writeln!(text, "\"{lane}\" = {}", list(&globs));
            }
        }
    }
    if let (true, Some(lane)) = (rng.u8(..4) == 0, declared.first()) {
        let _ = writeln!(text, "[lanes.aliases]\npapers = \"{lane}\"");
    }
    (text, declared)
}

/// `[supervise]`.
fn supervise(rng: &mut Rng) -> String {
    let mut text = String::new();
    if rng.u8(..4) == 0 {
        return text;
    }
    text += "[supervise]\n";
    let _ = writeln!(text, "target = {}", rng.u8(..7));
    if rng.u8(..3) == 0 {
        let _ = writeln!(text, "max_concurrency = {}", rng.u8(1..8));
    }
    if rng.u8(..3) == 0 {
        let _ = writeln!(text, "count_spinning_as_alive = {}", rng.bool());
    }
    if rng.u8(..3) == 0 {
        let _ = writeln!(text, "reap_stalled = {}", rng.bool());
    }
    match rng.u8(..6) {
        0 => drop(writeln!(text, "spin_halt_after_ms = {}", rng.u32(..3_000_000))),
        1 => drop(writeln!(text, "spin_halt_after_minutes = {}", rng.u8(..40))),
        2 => drop(writeln!(text, "spin_halt_after_minutes = {}.5", rng.u8(..40))),
        _ => {}
    }
    if rng.u8(..5) == 0 {
        text += "worker_launch_template = \"work --on {lane}\"\n";
    }
    text
}

/// A few commits on `main`: subjects that stamp a phase, prose, and in a third of the histories reverts
/// and commits that change nothing.
fn history(rng: &mut Rng) -> History {
    const SUBJECTS: [&str; 10] = [
        "docs/PLAN: P1 write the parser",
        "PLAN P2: ship the thing",
        "PLAN: P3",
        "OTHER/P1 (P2, P3): all of it",
        "Fix a bug in the lexer",
        "docs: explain the lexer",
        "Add tests for the parser",
        "Merge branch 'topic' für später",
        "refactor(api)!: P9",
        "Revert \"PLAN P2: ship the thing\"",
    ];
    const PATHS: [&str; 5] =
        ["src/lexer.rs", "tests/lexer.rs", "docs/lexer.md", "README.md", "src/api/mod.rs"];
    let hollow = rng.u8(..3) == 0;
    let subjects = if hollow { &SUBJECTS[..] } else { &SUBJECTS[..SUBJECTS.len() - 1] };
    let mut stream = String::new();
    let start = NOW_MS / 1_000 - 7_200;
    for number in 0..rng.i64(1..8) {
        let subject = subjects[rng.usize(..subjects.len())];
        let time = start + number * 600;
        let _ = writeln!(
            stream,
            "commit refs/heads/main\nauthor A <a@example.org> {time} +0000\n\
             committer A <a@example.org> {time} +0000\ndata {}\n{subject}",
            subject.len()
        );
        for _ in 0..rng.u8(u8::from(!hollow)..4) {
            let path = PATHS[rng.usize(..PATHS.len())];
            let text = format!("line {number} {}\n", rng.u32(..));
            let _ = writeln!(stream, "M 100644 inline {path}\ndata {}\n{text}", text.len());
        }
    }
    History { stream, hollow }
}
