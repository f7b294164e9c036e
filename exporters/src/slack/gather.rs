//! Events as what people want to know of them: kinds, and how often each. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dosd_actors::journal::EventId;
use dosd_kernel::verdict::Severity;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::escape::plain;
use crate::event::Event;

/// The longest name that tells one kind from another; longer ones are cut.
pub(super) const NAME_BYTES: usize = 80;
/// The longest subject, and so many of them are kept.
pub(super) const SUBJECT_BYTES: usize = 80;
const SUBJECTS: usize = 3;
/// The longest detail.
pub(super) const DETAIL_BYTES: usize = 200;

/// Events that are one thing to people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    pub(super) syscall: String,
    pub(super) verdict: String,
    pub(super) lane: String,
}

impl Fingerprint {
    fn of(event: &Event) -> Self {
        let verdict = event.verdict();
        let name = |text: &str| plain(text, NAME_BYTES);
        Self {
            syscall: name(&verdict.syscall),
            verdict: name(&verdict.verdict),
            lane: name(&verdict.lane),
        }
    }
}

/// What is known of events of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// How many.
    pub(super) events: u64,
    /// The loudest of them.
    pub(super) severity: Severity,
    /// The earliest stamp, epoch ms.
    pub(super) first_ms: Option<i64>,
    /// The latest stamp.
    pub(super) last_ms: Option<i64>,
    /// The first few distinct ones.
    pub(super) subjects: Vec<String>,
    /// Whether there were others.
    pub(super) more_subjects: bool,
    /// The newest.
    pub(super) detail: String,
}

impl Tally {
    fn of(event: &Event) -> Self {
        let subject = plain(&event.verdict().subject, SUBJECT_BYTES);
        Self {
            events: 1,
            severity: event.severity(),
            first_ms: event.ts_ms(),
            last_ms: event.ts_ms(),
            subjects: Vec::from_iter((!subject.is_empty()).then_some(subject)),
            more_subjects: false,
            detail: detail(event),
        }
    }

    /// Takes in events that came after these.
    pub(super) fn add(&mut self, later: &Self) {
        self.events = self.events.saturating_add(later.events);
        self.severity = self.severity.max(later.severity);
        self.first_ms = [self.first_ms, later.first_ms].into_iter().flatten().min();
        self.last_ms = self.last_ms.max(later.last_ms);
        self.more_subjects |= later.more_subjects;
        for subject in &later.subjects {
            if self.subjects.contains(subject) {
                continue;
            }
            if self.subjects.len() < SUBJECTS {
                self.subjects.push(subject.clone());
            } else {
                self.more_subjects = true;
            }
        }
        if !later.detail.is_empty() {
            self.detail.clone_from(&later.detail);
        }
    }
}

/// Numbers, words and answers of a row's detail; what has parts is left out.
fn detail(event: &Event) -> String {
    let mut line = String::new();
    // The root of the lineage tells programs what belongs together, and people nothing.
    let told = event.verdict().detail.iter().filter(|(key, _)| key.as_str() != "root_id");
    for (key, value) in told {
        let value = match value {
            Value::String(text) => plain(text, DETAIL_BYTES),
            Value::Number(number) => number.to_string(),
            Value::Bool(answer) => answer.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        let separator = if line.is_empty() { "" } else { ", " };
        let _ = write!(line, "{separator}{}={value}", plain(key, NAME_BYTES));
        if line.len() > DETAIL_BYTES {
            break;
        }
    }
    plain(&line, DETAIL_BYTES)
}

/// A batch, gathered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    pub(super) kinds: BTreeMap<Fingerprint, Tally>,
    pub(super) source: Source,
}

/// Which events a batch is made of: the first, the last, and how many.
pub(super) type Source = (Option<EventId>, Option<EventId>, usize);

impl Gathered {
    pub(super) fn of(events: &[Event]) -> Self {
        let mut kinds = BTreeMap::<_, Tally>::new();
        for event in events {
            let tally = Tally::of(event);
            kinds
                .entry(Fingerprint::of(event))
                .and_modify(|known| known.add(&tally))
                .or_insert(tally);
        }
        let id = |event: Option<&Event>| event.map(Event::id);
        Self { kinds, source: (id(events.first()), id(events.last()), events.len()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::slack::tests::row;
    use crate::testing::event_id;

    fn gathered(rows: &[String]) -> Gathered {
        let events = rows.iter().map(|row| Event::parse(event_id(0), row.clone()).unwrap());
        Gathered::of(&events.collect::<Vec<_>>())
    }

    #[test]
    fn events_of_a_kind_are_one_thing() {
        let rows: Vec<String> = (0..5)
            .map(|n| {
                let detail = if n == 4 { json!({}) } else { json!({"n": n, "deep": [1]}) };
                row("liveness", "STALLED", "docs", &format!("s{n}"), &detail)
            })
            .chain([row("liveness", "STALLED", "api", "", &json!({}))])
            .collect();
        let gathered = gathered(&rows);
        assert_eq!(gathered.kinds.len(), 2);
        assert_eq!(gathered.source.2, 6);
        let docs = gathered.kinds.iter().find(|(kind, _)| kind.lane == "docs").unwrap().1;
        assert_eq!((docs.events, docs.severity), (5, Severity::Error));
        assert_eq!((docs.subjects.len(), docs.more_subjects), (3, true));
        assert_eq!(docs.detail, "n=3");
        assert_eq!(docs.last_ms, Some(1_795_375_885_000));
    }

    #[test]
    fn huge_and_odd_rows_stay_small() {
        let huge = "x".repeat(1 << 20);
        let detail = json!({huge.as_str(): huge.as_str(), "a": {"b": huge.as_str()}});
        let gathered = gathered(&[row(&huge, &huge, &huge, &huge, &detail), "{}".to_owned()]);
        let kept = format!("{:?}", gathered.kinds);
        assert!(kept.len() < 1500, "{}", kept.len());
    }
}
