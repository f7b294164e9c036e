//! The command lines of each verb, with values that meet what the generated workspace holds.

use super::workspace::Scene;
use dosd_kernel::run_id;
use fastrand::Rng;
use serde_json::json;
use std::fmt::{self, Display, Formatter};

/// Loops that the generated journals name, and one that they do not.
const LOOPS: [&str; 5] =
    ["2026-11-22T10:00", "2026-11-22T10:00", "2026-11-22T11:30:05Z", "L3", "nobody"];

/// One command line.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) words: Vec<String>,
    /// Whether the answer is JSON; text is worded by each side, so only its exit code counts.
    pub(super) json: bool,
}

impl Display for Line {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let plain = |word: &str| {
            !word.is_empty() && word.chars().all(|letter| !" \"*{[\\".contains(letter))
        };
        let words: Vec<_> = self
            .words
            .iter()
            .map(|word| if plain(word) { word.clone() } else { format!("'{word}'") })
            .collect();
        formatter.write_str(&words.join(" "))
    }
}

impl Line {
    /// A line that answers with JSON.
    fn json(words: &str) -> Self {
        Self { words: words.split_whitespace().map(str::to_owned).collect(), json: true }
    }

    /// A line that answers with text.
    fn text(words: &str) -> Self {
        Self { json: false, ..Self::json(words) }
    }

    fn word(mut self, word: impl Into<String>) -> Self {
        self.words.push(word.into());
        self
    }

    fn flag(self, name: &str, value: impl Display) -> Self {
        self.word(name).word(value.to_string())
    }

    /// A flag that is there in one of `odds` cases.
    fn maybe<T: Display>(
        self,
        rng: &mut Rng,
        odds: u8,
        name: &str,
        value: impl FnOnce(&mut Rng) -> T,
    ) -> Self {
        if rng.u8(..odds) == 0 {
            let value = value(rng).to_string();
            self.flag(name, value)
        } else {
            self
        }
    }

    /// A switch that is there in one of `odds` cases.
    fn switch(self, rng: &mut Rng, odds: u8, name: &str) -> Self {
        if rng.u8(..odds) == 0 { self.word(name) } else { self }
    }
}

fn one<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(..from.len())]
}

/// A moment from an hour before the end of the journal to an hour after it.
fn moment(rng: &mut Rng, scene: &Scene) -> i64 {
    scene.now_ms + rng.i64(-3_600_000..3_600_000)
}

/// A run that began within the three hours before the end of the journal.
fn run(rng: &mut Rng, scene: &Scene) -> String {
    let started_ms = scene.now_ms - rng.i64(0..10_800_000);
    let lineage =
        run_id::mint(started_ms, rng.u64(..), "fleet", None, None).expect("a process has a name");
    lineage.run_id.as_str().to_owned()
}

pub(super) fn journal_tail(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    let line = Line::json("journal tail");
    vec![if rng.u8(..4) == 0 { line } else { line.word(rng.i64(-2..70).to_string()) }]
}

pub(super) fn journal_replay(_: &mut Rng, _: &mut Scene) -> Vec<Line> {
    vec![Line::json("journal replay")]
}

pub(super) fn journal_seq(_: &mut Rng, _: &mut Scene) -> Vec<Line> {
    vec![Line::json("journal seq")]
}

/// What the journal folds to must be the same before and after, and the next number too.
pub(super) fn journal_compact(_: &mut Rng, _: &mut Scene) -> Vec<Line> {
    vec![
        Line::text("journal compact"),
        Line::json("journal replay"),
        Line::json("journal seq"),
        Line::json("lease-lane live"),
    ]
}

pub(super) fn lease_lane_live(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    vec![Line::json("lease-lane live").switch(rng, 3, "--pretty")]
}

pub(super) fn plan(rng: &mut Rng, scene: &mut Scene) -> Vec<Line> {
    let now_ms = moment(rng, scene);
    let line = Line::json("loop --json")
        .flag("--now-ms", now_ms)
        .maybe(rng, 2, "--target", |rng| rng.u8(..7))
        .maybe(rng, 2, "--max-concurrency", |rng| rng.u8(1..8));
    vec![line]
}

pub(super) fn observe(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    let line = Line::json("observe --json")
        .maybe(rng, 2, "--by", |rng| one(rng, &["syscall", "verdict", "run_id", "lane", "source"]))
        .maybe(rng, 3, "--run", |rng| one(rng, &["RID-1", "RID-2", "RID-0", " RID-1 "]))
        .maybe(rng, 3, "--syscall", |rng| one(rng, &["liveness", "verify", "nothing"]))
        .maybe(rng, 2, "--tail", |rng| rng.i64(-2..12));
    vec![line]
}

/// Two snapshots that share some of their keys, and a claim about one of them.
pub(super) fn witness(rng: &mut Rng, scene: &mut Scene) -> Vec<Line> {
    const KEYS: [&str; 6] = ["order-1", "order-2", "ü", " a ", "b", ""];
    for name in ["before.json", "after.json"] {
        let mut state = serde_json::Map::new();
        for key in KEYS {
            let value = match rng.u8(..8) {
                0 => json!(1),
                1 => json!(1.0),
                2 => json!(true),
                3 => json!({"x": [1, null], "y": "ü"}),
                4 => json!(null),
                5 => json!("1"),
                _ => continue,
            };
            state.insert(key.to_owned(), value);
        }
        let text = match rng.u8(..16) {
            0 => "[1]".to_owned(),
            1 => "{\"torn\": ".to_owned(),
            2 => continue,
            _ => serde_json::Value::Object(state).to_string(),
        };
        scene.files.insert(name.to_owned(), text);
    }
    let line = Line::json("witness")
        .word(one(rng, &KEYS))
        .flag("--before", "before.json")
        .flag("--after", "after.json")
        .word("--json")
        .maybe(rng, 2, "--narrated", |_| "all done, trust me")
        .switch(rng, 2, "--third-party");
    vec![line]
}

pub(super) fn run_id_mint(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    let line = Line::json("run-id mint")
        .word(one(rng, &["fanout", "PROC-fanout", "ünder way", " padded "]))
        .maybe(rng, 2, "--parent", |_| "RID-P")
        .maybe(rng, 2, "--root", |_| "RID-R");
    vec![line]
}

/// Lines that are wrong: both end with 2.
pub(super) fn usage(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    const WRONG: [&str; 12] = [
        "",
        "journal",
        "lease-lane",
        "run-id",
        "no-such-verb",
        "journal tail many",
        "observe --by colour",
        "loop --now-ms soon",
        "loop --no-such-flag",
        "lease-lane live extra",
        "observe --tail",
        "run-id mint",
    ];
    vec![Line::text(one(rng, &WRONG))]
}

pub(super) fn liveness(rng: &mut Rng, scene: &mut Scene) -> Vec<Line> {
    let run_id = if rng.u8(..12) == 0 { "RID-!".to_owned() } else { run(rng, scene) };
    let place = scene.lane(rng);
    let now_ms = moment(rng, scene);
    let line = Line::json("liveness --json --run-id")
        .word(run_id)
        .flag("--now-ms", now_ms)
        .maybe(rng, 3, "--start-sha", |rng| one(rng, &["HEAD", "HEAD~1", "HEAD~9", "no-such"]))
        .maybe(rng, 3, "--last-heartbeat-age-ms", |rng| rng.i64(0..4_000_000))
        .maybe(rng, 2, "--lane", |_| place)
        .maybe(rng, 2, "--loop-ts", |rng| one(rng, &LOOPS))
        .maybe(rng, 4, "--pid", |_| 1)
        .maybe(rng, 4, "--host-id", |rng| one(rng, &["elsewhere", "host"]))
        .switch(rng, 4, "--no-proc");
    vec![line]
}

pub(super) fn arbitrate(rng: &mut Rng, scene: &mut Scene) -> Vec<Line> {
    let place = scene.lane(rng);
    let line = Line::json("arbitrate --output json")
        .maybe(rng, 2, "--lane", |_| place)
        .maybe(rng, 2, "--kind", |rng| {
            one(rng, &["cluster", "keyword", "global", "", "docs", "odd"])
        })
        .maybe(rng, 3, "--tree", |rng| one(rng, &["docs/**", "src/api/**", "other/**", "**/*"]))
        .maybe(rng, 3, "--leases", leases)
        .maybe(rng, 6, "--class-budget", |rng| one(rng, &["cluster=1", "keyword=2", "many"]))
        .switch(rng, 8, "--force");
    vec![line]
}

/// A live set as a caller passes it: mostly leases, now and then something else.
fn leases(rng: &mut Rng) -> String {
    match rng.u8(..8) {
        0 => "[]".into(),
        1 => "{}".into(),
        2 => "[".into(),
        _ => {
            let lanes: Vec<_> = ["docs", "src", "global"]
                .iter()
                .filter(|_| rng.bool())
                .map(|lane| json!({"lane": lane, "lane_kind": "cluster", "tree": [format!("{lane}/**")]}))
                .collect();
            json!(lanes).to_string()
        }
    }
}

pub(super) fn status(rng: &mut Rng, scene: &mut Scene) -> Vec<Line> {
    let run_id = run(rng, scene);
    let place = scene.lane(rng);
    let now_ms = moment(rng, scene);
    let line = Line::json("status --json")
        .word(run_id)
        .flag("--now-ms", now_ms)
        .maybe(rng, 3, "--start-sha", |rng| one(rng, &["HEAD", "HEAD~1", "no-such"]))
        .maybe(rng, 3, "--last-heartbeat-age-ms", |rng| rng.i64(0..4_000_000))
        .maybe(rng, 2, "--lane", |_| place)
        .maybe(rng, 2, "--loop-ts", |rng| one(rng, &LOOPS))
        .switch(rng, 4, "--stopped")
        .switch(rng, 4, "--live");
    vec![line]
}

pub(super) fn decisions(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    vec![Line::json("decisions --json").switch(rng, 2, "--all")]
}

pub(super) fn top(_: &mut Rng, _: &mut Scene) -> Vec<Line> {
    vec![Line::json("top --once --json")]
}

pub(super) fn trace(rng: &mut Rng, scene: &mut Scene) -> Vec<Line> {
    let run_id = if rng.bool() { "RID-1".to_owned() } else { run(rng, scene) };
    vec![Line::json("trace --json").word(run_id)]
}

pub(super) fn cooldown(rng: &mut Rng, scene: &mut Scene) -> Vec<Line> {
    let now_ms = moment(rng, scene);
    let attempted_ms = now_ms - rng.i64(0..20_000_000);
    let line = Line::json("cooldown --json")
        .word(one(rng, &["U-1", "plan/P2", "nothing"]))
        .flag("--now-ms", now_ms)
        .maybe(rng, 2, "--attempts", |rng| match rng.u8(..5) {
            0 => "[".to_owned(),
            1 => "{}".to_owned(),
            _ => {
                let outcome = one(rng, &["DRAINED", "SHIPPED", "BLOCKED", ""]);
                json!([{"unit_id": "U-1", "outcome": outcome, "attempted_at_ms": attempted_ms}])
                    .to_string()
            }
        });
    vec![line]
}

pub(super) fn lint(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    vec![Line::json("lint --json").switch(rng, 3, "--strict")]
}

pub(super) fn verify(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    let line = Line::json("verify --json --no-ci")
        .word(one(rng, &["PLAN", "docs/PLAN", "plan", "OTHER"]))
        .word(one(rng, &["P1", "P2", "P3", "p2", "P9"]));
    vec![line]
}

pub(super) fn commit_audit(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    let line = Line::json("commit-audit --json")
        .word(one(rng, &["HEAD", "HEAD~1", "HEAD~3..HEAD", "main", "no-such"]))
        .switch(rng, 4, "--warn-only")
        .switch(rng, 4, "--docs-ok")
        .switch(rng, 6, "--sweep");
    vec![line]
}

pub(super) fn exit_codes(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    let verb = one(
        rng,
        &["verify", "liveness", "arbitrate", "cooldown", "commit-audit", "status", "no-such-verb"],
    );
    vec![Line::json("exit-codes --json").word(verb)]
}

/// Runs to look after: none, one or two, with or without the live leases.
pub(super) fn watch(rng: &mut Rng, scene: &mut Scene) -> Vec<Line> {
    let now_ms = moment(rng, scene);
    let mut line = Line::json("watch --json").flag("--now-ms", now_ms);
    for _ in 0..rng.u8(..3) {
        let mut spec = run(rng, scene);
        // The peer splits at each colon, so no later field may hold one.
        for field in ["", "docs", "L3", "h-1"].iter().take(rng.usize(..5)) {
            spec = format!("{spec}:{field}");
        }
        line = line.flag("--track", spec);
    }
    let line = line
        .switch(rng, 2, "--discover")
        .maybe(rng, 2, "--budget-ms", |rng| rng.u32(..4_000_000))
        .maybe(rng, 3, "--command", |_| "kill 42")
        .maybe(rng, 3, "--repropose-ms", |rng| rng.u32(..4_000_000));
    vec![line]
}

pub(super) fn reap(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    vec![Line::json("reap --json").switch(rng, 3, "--journal")]
}

/// A life on one lane, more or less orderly.
pub(super) fn lease_lane(rng: &mut Rng, scene: &mut Scene) -> Vec<Line> {
    let place = scene.lane(rng);
    let loop_ts = one(rng, &["2026-11-22T10:00", "L-new"]);
    let mut lines = Vec::new();
    if rng.bool() {
        let line = Line::json("lease-lane spawn")
            .flag("--lane", &place)
            .maybe(rng, 2, "--owner", |_| "alice")
            .maybe(rng, 2, "--loop-ts", |_| loop_ts)
            .maybe(rng, 2, "--run-id", |_| "RID-1")
            .maybe(rng, 2, "--reason", |_| "because ü");
        lines.push(line);
    }
    for _ in 0..rng.u8(1..4) {
        let owner = one(rng, &["alice", "alice", "bob"]);
        let line = match rng.u8(..4) {
            0 => Line::json("lease-lane release"),
            1 => Line::json("lease-lane heartbeat")
                .maybe(rng, 4, "--coalesce-within-s", |rng| one(rng, &["0", "0.5", "1000"])),
            _ => Line::json("lease-lane acquire")
                .maybe(rng, 2, "--kind", |rng| one(rng, &["cluster", "keyword", "global"]))
                .maybe(rng, 3, "--tree", |rng| one(rng, &["docs/**", "other/**", "**/*"]))
                .maybe(rng, 4, "--run-id", |_| "RID-1")
                .maybe(rng, 6, "--leases", leases)
                .switch(rng, 4, "--pretty"),
        };
        let line =
            line.flag("--lane", &place)
                .flag("--owner", owner)
                .maybe(rng, 2, "--loop-ts", |_| loop_ts);
        lines.push(line);
    }
    lines.push(Line::json("lease-lane live"));
    lines
}

pub(super) fn halt(rng: &mut Rng, scene: &mut Scene) -> Vec<Line> {
    let place = scene.lane(rng);
    let line = Line::json("halt --handle")
        .word(one(rng, &["pid:42", "RID-1", "{\"pid\": 7}", "ü", ""]))
        .maybe(rng, 2, "--lane", |_| place)
        .maybe(rng, 2, "--loop-ts", |rng| one(rng, &LOOPS))
        .maybe(rng, 2, "--owner", |_| "alice")
        .maybe(rng, 2, "--reason", |_| "it spins")
        .maybe(rng, 2, "--run-id", |_| "RID-1")
        .maybe(rng, 2, "--command", |_| "kill 42")
        .switch(rng, 4, "--pretty");
    vec![line]
}

/// The archive lock, by one or two owners.
pub(super) fn lease(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    let mut lines = Vec::new();
    for _ in 0..rng.u8(2..6) {
        let owner = one(rng, &["alice", "alice", "bob"]);
        lines.push(match rng.u8(..4) {
            0 => Line::text("lease status"),
            1 => Line::text("lease release").word(owner).switch(rng, 4, "--force"),
            _ => Line::text("lease acquire --retries 1 --retry-interval 0").word(owner),
        });
    }
    lines
}

pub(super) fn id_alloc(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    let mut lines = Vec::new();
    for _ in 0..rng.u8(2..6) {
        let scope = one(rng, &["tickets", "tickets", "ünder way", "a/b", "..", ""]);
        lines.push(match rng.u8(..3) {
            0 => Line::json("id-alloc peek").word(scope),
            _ => Line::json("id-alloc allocate")
                .word(scope)
                .maybe(rng, 3, "--start", |rng| rng.i64(-1..20)),
        });
    }
    lines
}

pub(super) fn export(rng: &mut Rng, _: &mut Scene) -> Vec<Line> {
    let line = Line::json("export --json --to")
        .word(one(rng, &["null", "file", "nowhere"]))
        .maybe(rng, 2, "--path", |_| "out/events.jsonl")
        .maybe(rng, 2, "--since", |rng| rng.u8(..30))
        .maybe(rng, 3, "--tail", |rng| rng.u8(..9))
        .switch(rng, 4, "--dry-run");
    vec![line]
}
