//! What the verdict journal adds up to: counters, the newest verdict of each lane, the last hour.

use super::model::{MinuteCounts, PopulationView, VerdictMark, VerdictView};
use super::verdict;
use dosd_kernel::Map;
use dosd_kernel::stamp;
use dosd_kernel::verdict::{Severity, VerdictEvent, severity};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// As many refuted claims are kept.
const MOST_REFUTED: usize = 20;

/// As many verdicts are kept whole.
const MOST_RECENT: usize = 500;

/// As many minutes are kept.
const MOST_MINUTES: usize = 60;

const MINUTE_MS: i64 = 60_000;

/// How a run ended, for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// With exit code 0.
    Ok,
    /// With another one, by a signal, or nobody saw how.
    Failed,
    /// Because somebody wanted it stopped.
    Excused,
}

impl Exit {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Excused => "excused",
        }
    }
}

/// A fold of the verdict journal.
#[derive(Debug, Clone, Default)]
pub struct Book {
    verdicts: BTreeMap<(String, String), u64>,
    starts: BTreeMap<String, u64>,
    exits: BTreeMap<(String, Exit), u64>,
    gave_up: BTreeMap<String, u64>,
    last: BTreeMap<String, VerdictMark>,
    refuted: VecDeque<VerdictView>,
    recent: VecDeque<VerdictView>,
    minutes: VecDeque<MinuteCounts>,
    population: PopulationView,
    last_ms: Option<i64>,
    corrupt: u64,
}

impl Book {
    /// Adds a row.
    pub fn note(&mut self, id: &str, row: Map) {
        let event = VerdictEvent::parse(&row);
        *self.verdicts.entry((event.syscall.clone(), event.verdict.clone())).or_default() += 1;
        let is_refuted = event.syscall == "effect_witness" && event.verdict == "REFUTED";
        let at_ms = stamp::parse_iso_ms(&event.ts);
        self.last_ms = self.last_ms.max(at_ms);
        if let Some(at_ms) = at_ms {
            self.count_minute(at_ms, severity(&event.verdict), is_refuted);
        }
        match &*event.syscall {
            "worker" => self.note_worker(&event),
            "supervise" => self.note_population(&event),
            _ => {}
        }
        if !event.lane.is_empty() {
            self.last.insert(event.lane.clone(), verdict::mark(id, &event));
        }
        let view = verdict::view(id.to_owned(), row);
        if is_refuted {
            self.refuted.push_front(view.clone());
            self.refuted.truncate(MOST_REFUTED);
        }
        self.recent.push_back(view);
        if self.recent.len() > MOST_RECENT {
            self.recent.pop_front();
        }
    }

    /// Adds lines that are no rows.
    pub fn note_corrupt(&mut self, lines: u64) {
        self.corrupt += lines;
    }

    fn note_worker(&mut self, event: &VerdictEvent) {
        let lane = event.lane.clone();
        match &*event.verdict {
            "STARTED" => *self.starts.entry(lane).or_default() += 1,
            "GAVE_UP" => *self.gave_up.entry(lane).or_default() += 1,
            "EXITED" => *self.exits.entry((lane, how_ended(&event.detail))).or_default() += 1,
            _ => {}
        }
    }

    fn note_population(&mut self, event: &VerdictEvent) {
        let number = |key: &str| event.detail.get(key).and_then(Value::as_i64).unwrap_or(0);
        self.population = PopulationView {
            verdict: Some(event.verdict.clone()),
            alive: number("alive"),
            target: number("target"),
        };
    }

    /// Rows of several writers come a little out of order; what is older than the kept hour
    /// is not shown any more.
    fn count_minute(&mut self, at_ms: i64, severity: Severity, is_refuted: bool) {
        let at_ms = at_ms - at_ms.rem_euclid(MINUTE_MS);
        let place = self.minutes.partition_point(|minute| minute.at_ms < at_ms);
        if self.minutes.get(place).is_none_or(|minute| minute.at_ms != at_ms) {
            self.minutes.insert(place, MinuteCounts { at_ms, ..MinuteCounts::default() });
        }
        let minute = &mut self.minutes[place];
        match severity {
            Severity::Info => minute.info += 1,
            Severity::Warn => minute.warn += 1,
            Severity::Error => minute.error += 1,
        }
        minute.refuted += u64::from(is_refuted);
        while self.minutes.len() > MOST_MINUTES {
            self.minutes.pop_front();
        }
    }

    /// How often each function decided what: function, verdict, count.
    pub fn verdicts(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.verdicts.iter().map(|((syscall, verdict), count)| (&**syscall, &**verdict, *count))
    }

    /// Starts of workers by lane.
    #[must_use]
    pub fn starts(&self) -> &BTreeMap<String, u64> {
        &self.starts
    }

    /// Ends of workers by lane and kind.
    pub fn exits(&self) -> impl Iterator<Item = (&str, Exit, u64)> {
        self.exits.iter().map(|((lane, exit), count)| (&**lane, *exit, *count))
    }

    /// How often each lane was given up.
    #[must_use]
    pub fn gave_up(&self) -> &BTreeMap<String, u64> {
        &self.gave_up
    }

    /// The newest verdict about a lane.
    #[must_use]
    pub fn last(&self, lane: &str) -> Option<&VerdictMark> {
        self.last.get(lane)
    }

    /// The newest refuted claims, newest first.
    pub fn refuted(&self) -> impl Iterator<Item = &VerdictView> {
        self.refuted.iter()
    }

    /// The newest verdicts, oldest first: so many, and at most 500.
    pub fn recent(&self, count: usize) -> impl Iterator<Item = &VerdictView> {
        self.recent.iter().skip(self.recent.len().saturating_sub(count))
    }

    /// The minutes of the last hour that have verdicts, oldest first.
    pub fn history(&self, now_ms: i64) -> impl Iterator<Item = MinuteCounts> {
        let since_ms = now_ms - MINUTE_MS * i64::try_from(MOST_MINUTES).unwrap_or(i64::MAX);
        self.minutes.iter().copied().filter(move |minute| minute.at_ms > since_ms)
    }

    /// What the supervisor said last.
    #[must_use]
    pub fn population(&self) -> &PopulationView {
        &self.population
    }

    /// Lines that are no rows.
    #[must_use]
    pub fn corrupt(&self) -> u64 {
        self.corrupt
    }

    /// When the newest verdict was, epoch ms.
    #[must_use]
    pub fn last_ms(&self) -> Option<i64> {
        self.last_ms
    }
}

fn how_ended(detail: &Map) -> Exit {
    if detail.get("excused").is_some_and(|it| !it.is_null() && it != false) {
        Exit::Excused
    } else if detail.get("code").and_then(Value::as_i64) == Some(0) {
        Exit::Ok
    } else {
        Exit::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::{Book, Exit};
    use serde_json::{Value, json};

    const NOW_MS: i64 = 1_795_305_600_000;

    fn book(rows: &[Value]) -> Book {
        let mut book = Book::default();
        for (at, row) in rows.iter().enumerate() {
            book.note(&format!("f-{at:x}"), row.as_object().cloned().unwrap());
        }
        book
    }

    fn at(minute: i64, verdict: &str) -> Value {
        let ts = dosd_kernel::stamp::format_ms(NOW_MS + minute * 60_000 + 7_000);
        json!({"ts": ts, "syscall": "effect_witness", "verdict": verdict, "lane": "a", "subject": "k"})
    }

    #[test]
    fn workers_are_counted_by_how_they_ended() {
        let worker = |verdict: &str, detail: Value| json!({"syscall": "worker", "verdict": verdict, "lane": "a", "detail": detail});
        let book = book(&[
            worker("STARTED", json!({})),
            worker("EXITED", json!({"code": 0})),
            worker("EXITED", json!({"code": 1})),
            worker("EXITED", json!({"signal": 15, "excused": "halt"})),
            worker("EXITED", json!({})),
            worker("GAVE_UP", json!({"failures": 2, "window_ms": 1})),
        ]);
        assert_eq!(book.starts()["a"], 1);
        let exits: Vec<_> = book.exits().collect();
        assert_eq!(exits, [("a", Exit::Ok, 1), ("a", Exit::Failed, 2), ("a", Exit::Excused, 1)]);
        assert_eq!(book.gave_up()["a"], 1);
        assert_eq!(book.last("a").map(|mark| &*mark.verdict), Some("GAVE_UP"));
    }

    #[test]
    fn the_last_hour_has_its_minutes_in_order_and_nothing_older() {
        let mut rows = vec![at(5, "CONFIRMED"), at(3, "REFUTED"), at(5, "UNWITNESSED")];
        rows.extend((0..70).map(|minute| at(minute, "CONFIRMED")));
        let book = book(&rows);
        let history: Vec<_> = book.history(NOW_MS + 69 * 60_000).collect();
        assert_eq!(history.len(), 60);
        assert!(history.is_sorted_by_key(|minute| minute.at_ms));
        assert_eq!(history[0].at_ms, NOW_MS + 10 * 60_000);
        assert_eq!(book.history(NOW_MS + 1_000 * 60_000).count(), 0);
        assert_eq!(book.refuted().count(), 1);
    }

    #[test]
    fn the_newest_refuted_claims_are_kept() {
        let rows: Vec<_> = (0..30).map(|minute| at(minute, "REFUTED")).collect();
        let book = book(&rows);
        let ids: Vec<_> = book.refuted().map(|view| &*view.id).collect();
        assert_eq!((ids.len(), ids[0], ids[19]), (20, "f-1d", "f-a"));
        let newest: Vec<_> = book.recent(2).map(|view| &*view.id).collect();
        assert_eq!(newest, ["f-1c", "f-1d"]);
        assert_eq!(book.verdicts().collect::<Vec<_>>(), [("effect_witness", "REFUTED", 30)]);
    }
}
