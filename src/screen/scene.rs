//! What was seen of the fleet so far: the newest picture, the newest verdicts, and whether looking
//! still works.

use crate::fleet::{Overview, VerdictView};
use std::collections::VecDeque;
use std::time::Duration;

/// As many verdicts are kept.
const MOST_VERDICTS: usize = 1_000;

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// From the files of the workspace; no daemon runs.
    Files,
    /// From the files of the workspace and its daemon.
    Daemon,
    /// From a daemon behind a network, at this address.
    Server(String),
}

/// One look.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// The picture.
    pub overview: Overview,
    /// The verdicts since the look before, oldest first.
    pub verdicts: Vec<VerdictView>,
    /// Whether earlier verdicts are not in the journal any more.
    pub is_rewritten: bool,
    /// Where it comes from.
    pub link: Link,
}

/// What was seen so far.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    seen: Option<Seen>,
    verdicts: VecDeque<VerdictView>,
    /// Verdicts so far, those that are not kept any more too.
    taken: u64,
    problem: Option<(String, Duration)>,
    now: Duration,
}

#[derive(Debug, Clone)]
struct Seen {
    overview: Overview,
    link: Link,
    at: Duration,
}

impl Scene {
    /// Takes a look in. `at` is a time that never goes back, as all times here.
    pub fn take(&mut self, news: News, at: Duration) {
        if news.is_rewritten {
            self.verdicts.clear();
        }
        for verdict in news.verdicts {
            self.taken += 1;
            self.verdicts.push_front(verdict);
        }
        self.verdicts.truncate(MOST_VERDICTS);
        self.seen = Some(Seen { overview: news.overview, link: news.link, at });
        self.problem = None;
        self.now = self.now.max(at);
    }

    /// Notes that looking does not work; the last picture stays.
    pub fn fail(&mut self, problem: &str, at: Duration) {
        let since = self.problem.take().map_or(at, |(_, since)| since);
        // What to do stands behind the first line, and there is one line.
        let first = problem.lines().next().unwrap_or_default();
        self.problem = Some((first.to_owned(), since));
        self.now = self.now.max(at);
    }

    /// Lets time pass.
    pub fn pass(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    /// The newest picture; none before the first one.
    #[must_use]
    pub fn overview(&self) -> Option<&Overview> {
        self.seen.as_ref().map(|seen| &seen.overview)
    }

    /// Where it comes from.
    #[must_use]
    pub fn link(&self) -> Option<&Link> {
        self.seen.as_ref().map(|seen| &seen.link)
    }

    /// Why there is no newer picture, and for how long already.
    #[must_use]
    pub fn problem(&self) -> Option<(&str, Duration)> {
        self.problem.as_ref().map(|(text, since)| (&**text, self.now.saturating_sub(*since)))
    }

    /// The verdicts, newest first.
    #[must_use]
    pub fn verdicts(&self) -> &VecDeque<VerdictView> {
        &self.verdicts
    }

    /// How many verdicts there were so far.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// How long ago the picture was taken, ms.
    #[must_use]
    pub fn elapsed_ms(&self) -> i64 {
        let elapsed = self.seen.as_ref().map(|seen| self.now.saturating_sub(seen.at));
        elapsed.map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX))
    }

    /// The time of the fleet now, epoch ms; none before the first picture.
    #[must_use]
    pub fn now_ms(&self) -> Option<i64> {
        self.overview().map(|it| it.now_ms.saturating_add(self.elapsed_ms()))
    }
}
