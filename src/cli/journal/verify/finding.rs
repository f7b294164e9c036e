//! One damaged line, explained to a person: where it is, what is wrong with it, what that means for
//! the state, and what to do. Pure.

use super::super::which::Kind;
use dosd_actors::journal::Walked;
use dosd_kernel::damage::{Clues, Examined, Flaw, examine};
use dosd_kernel::lane::Op;
use dosd_kernel::lines;
use serde::Serialize;

/// How much of a damaged line is shown, in characters.
pub(super) const SHOWN_CHARS: usize = 120;

const NOTHING: &str = "nothing: every reader passes over it";

/// A damaged line.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    /// What is wrong, as a name.
    pub(super) kind: &'static str,
    /// The line's number, from 1, as editors count.
    pub(super) line: u64,
    /// The offset of its first byte, from 0.
    pub(super) offset: u64,
    /// Its bytes, the newline not counted.
    pub(super) length: u64,
    /// Whether a newline ends it.
    pub(super) terminated: bool,
    /// How it begins.
    pub(super) raw: String,
    /// What it seems to say, where that can be read.
    pub(super) op: Option<String>,
    pub(super) lane: Option<String>,
    pub(super) run_id: Option<String>,
    pub(super) verdict: Option<String>,
    pub(super) seq: Option<u64>,
    /// The number of the row before it, and of the row after it.
    pub(super) after_seq: Option<u64>,
    pub(super) before_seq: Option<u64>,
    /// Whether the state is what it would be with it.
    pub(super) harmless: bool,
    pub(super) what: String,
    pub(super) means: String,
    pub(super) to_do: String,
}

impl Finding {
    /// The damage on `line`, which comes after the row with the number `after_seq`.
    pub(super) fn new(line: &Walked<'_>, kind: Kind, after_seq: Option<u64>) -> Self {
        let found = examine(line.bytes);
        let length = line.bytes.len() as u64;
        let lost = found.behind.as_ref().unwrap_or(&found.clues);
        let consequence = consequence(&found, kind, lost);
        let Clues { op, lane, run_id, verdict, seq } = lost.clone();
        Self {
            kind: found.flaw.name(),
            line: line.line + 1,
            offset: line.offset,
            length,
            terminated: line.terminated,
            raw: beginning(line.bytes),
            what: what(&found, length, line.terminated),
            means: format!("{}: {}", says(&found, lost), consequence.means),
            to_do: if line.terminated || found.flaw != Flaw::Torn {
                consequence.to_do
            } else {
                "nothing: the next append ends this line and goes on behind it".to_owned()
            },
            harmless: consequence.harmless,
            op,
            lane,
            run_id,
            verdict,
            seq,
            after_seq,
            before_seq: None,
        }
    }

    /// The next row has this number.
    pub(super) fn comes_before(&mut self, seq: u64) {
        self.before_seq = Some(seq);
        let Some(after) = self.after_seq.filter(|after| seq > after + 1) else { return };
        let (first, last) = (after + 1, seq - 1);
        if first == last && self.seq == Some(first) {
            return;
        }
        let gap = if first == last {
            format!(". Number {first} is missing here")
        } else {
            format!(". Numbers {first} to {last} are missing here: up to {} rows", last - first + 1)
        };
        self.means.push_str(&gap);
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, offset, length, raw, .. } = self;
        write!(formatter, "  line {line}, byte {offset}, {length} bytes: `{raw}`")
    }
}

/// The beginning of a line.
pub(super) fn beginning(bytes: &[u8]) -> String {
    lines::text(bytes).chars().take(SHOWN_CHARS).collect()
}

fn what(found: &Examined, length: u64, terminated: bool) -> String {
    match found.flaw {
        Flaw::Zeroed if found.zeros == length => {
            "nothing but zero bytes: a file system that lost power keeps how long a file is, and not always what is in it".to_owned()
        }
        Flaw::Zeroed => format!(
            "{} of its bytes are zero: a file system that lost power keeps how long a file is, and not always what is in it",
            found.zeros
        ),
        Flaw::WrongSum => {
            "it reads like a row, and its check sum does not match: something in it is not what was written".to_owned()
        }
        Flaw::Glued => {
            "a fragment, and a whole row behind it on the same line: the row's writer did not end the line first".to_owned()
        }
        Flaw::Torn if terminated => {
            "the beginning of a row: its write was cut off, and a later one ended the line".to_owned()
        }
        Flaw::Torn => {
            "the beginning of a row: its write was cut off, or is under way at this moment".to_owned()
        }
        Flaw::NotUtf8 => "some of its bytes are no UTF-8, and it is no row without them".to_owned(),
        Flaw::NotJson => "it is no JSON".to_owned(),
    }
}

/// That it does not count, and what it was as far as that can be read.
fn says(found: &Examined, lost: &Clues) -> String {
    let Some(name) = lost.op.as_ref().or(lost.verdict.as_ref()) else {
        return "it is not counted".to_owned();
    };
    let lane = lost.lane.as_ref().map(|lane| format!(" of lane `{lane}`")).unwrap_or_default();
    let number = lost.seq.map(|seq| format!(", number {seq}")).unwrap_or_default();
    let row = if found.behind.is_some() { "The row behind is" } else { "It seems to be" };
    format!("it is not counted. {row} {name}{lane}{number}")
}

struct Consequence {
    harmless: bool,
    means: String,
    to_do: String,
}

fn consequence(found: &Examined, kind: Kind, lost: &Clues) -> Consequence {
    let told = |harmless, means: &str, to_do: &str| Consequence {
        harmless,
        means: means.to_owned(),
        to_do: to_do.to_owned(),
    };
    if found.flaw == Flaw::Torn {
        return told(
            true,
            "whoever wrote it was never told that it stands, so nobody relies on it",
            NOTHING,
        );
    }
    if kind == Kind::Verdicts {
        return told(
            false,
            "`observe` and the exporters pass over this verdict; nothing else hangs on it",
            NOTHING,
        );
    }
    let Some(op) = lost.op.as_deref() else {
        return told(
            false,
            "what it said cannot be read",
            "compare `dosd lease-lane live` and `dosd ps` with what really runs",
        );
    };
    match Op::of(op) {
        Op::Acquire | Op::Reconcile => told(
            false,
            "a lease was granted, and the lane counts as free",
            "see `dosd ps` and `dosd lease-lane live`; if its worker lives, acquire the lane for it again",
        ),
        Op::Release | Op::Scavenge => told(
            false,
            "a lease ended, and still counts as live until its time is over",
            "nothing, or `dosd lease-lane release` to have the lane free at once",
        ),
        Op::Adopt => told(false, "a lease has another holder than it counts as having", NOTHING),
        Op::Heartbeat => told(true, "a beat, which the next one stands for", NOTHING),
        Op::Checkpoint => told(
            false,
            "the leases that were live at a compaction count as free",
            "the newest archive segment beside the journal has them: `DISPATCH_LANE_JOURNAL_PATH=SEGMENT dosd lease-lane live`; acquire those again whose workers live",
        ),
        Op::Spawn | Op::WorkerStarted => told(
            false,
            "a run may not be known, and a worker of it that lives is not adopted",
            "see `dosd ps` and what really runs on the lane",
        ),
        Op::WorkerExited => told(
            false,
            "a run has ended, and counts as open",
            "nothing: the next daemon that starts looks for its process and writes the end down",
        ),
        Op::WorkerGaveUp | Op::WorkerReset => told(
            false,
            "the lane's tries count as if this had not been",
            "`dosd reset LANE` if the lane gets no worker",
        ),
        Op::Unknown => told(false, "no row of that kind is known here", NOTHING),
        Op::Halt | Op::Refuse | Op::Enforce | Op::Attempt | Op::Corrupt => {
            told(true, "history that no state hangs on", NOTHING)
        }
    }
}
