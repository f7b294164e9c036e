//! Whether a run advances, spins or has stalled.
//!
//! Owns the decision. It never gathers its evidence, and the word of the worker is
//! no evidence: commits, journal rows and the operating system are.

use alloc::format;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::invalid::InvalidArgument;

/// What is known about one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// When the run began.
    pub run_started_ms: i64,
    /// When the evidence was gathered.
    pub now_ms: i64,
    /// Commits since the run began that touch its lane.
    pub commits_since_start: i64,
    /// Rows since the run began that moved its lease.
    #[serde(default)]
    pub journal_events_since: i64,
    /// Age of the newest beat; none if there never was one.
    #[serde(default)]
    pub last_heartbeat_age_ms: Option<i64>,
    /// Tokens spent since the run began. It rides along and decides nothing.
    #[serde(default)]
    pub tokens_spent_since: Option<i64>,
    /// Whether the operating system knows the process; none if nobody looked.
    #[serde(default)]
    pub process_alive: Option<bool>,
}

/// The two windows that the decision uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// A run younger than this is never called spinning.
    pub grace_ms: i64,
    /// A beat not older than this says that the run is alive.
    pub spin_ms: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { grace_ms: 30 * 60_000, spin_ms: 15 * 60_000 }
    }
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Liveness {
    /// It made progress, or it is too young to be asked for any.
    Advancing,
    /// It is alive and has nothing to show.
    Spinning,
    /// It is dead or hangs: no beat, or the operating system says it is gone.
    Stalled,
}

impl Liveness {
    /// The verdict's name in journals and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advancing => "ADVANCING",
            Self::Spinning => "SPINNING",
            Self::Stalled => "STALLED",
        }
    }
}

impl fmt::Display for Liveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The answer with what it rests on, in the shape that `dosd liveness --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The answer.
    pub verdict: Liveness,
    /// Why, in one sentence.
    pub reason: String,
    /// The evidence that decided it.
    pub evidence: Evidence,
}

/// Decides one run.
///
/// # Errors
///
/// When a count or a window is negative.
pub fn classify(evidence: &Evidence, policy: &Policy) -> Result<Liveness, InvalidArgument> {
    judge(evidence, policy).map(|(verdict, _)| verdict)
}

/// Decides one run and says why.
///
/// # Errors
///
/// As [`classify`].
pub fn report(evidence: &Evidence, policy: &Policy) -> Result<Report, InvalidArgument> {
    let (verdict, ground) = judge(evidence, policy)?;
    Ok(Report { verdict, reason: ground.reason(evidence, policy), evidence: evidence.clone() })
}

/// The rule that decided.
#[derive(Debug, Clone, Copy)]
enum Ground {
    Commits,
    Events,
    ProcessGone,
    Young,
    NothingToShow,
    OldBeat,
    NeverBeat,
}

fn judge(evidence: &Evidence, policy: &Policy) -> Result<(Liveness, Ground), InvalidArgument> {
    for (name, value) in [
        ("commits_since_start", evidence.commits_since_start),
        ("journal_events_since", evidence.journal_events_since),
        ("grace_ms", policy.grace_ms),
        ("spin_ms", policy.spin_ms),
    ] {
        if value < 0 {
            let message = format!("`{name}` is `{value}`: pass zero or more");
            return Err(InvalidArgument(message));
        }
    }
    let age_ms = evidence.last_heartbeat_age_ms;
    let run_age_ms = evidence.now_ms.saturating_sub(evidence.run_started_ms);
    Ok(if evidence.commits_since_start > 0 {
        (Liveness::Advancing, Ground::Commits)
    } else if evidence.journal_events_since > 0 {
        (Liveness::Advancing, Ground::Events)
    } else if age_ms.is_none() {
        (Liveness::Stalled, Ground::NeverBeat)
    } else if age_ms > Some(policy.spin_ms) {
        (Liveness::Stalled, Ground::OldBeat)
    } else if evidence.process_alive == Some(false) {
        (Liveness::Stalled, Ground::ProcessGone)
    } else if run_age_ms < policy.grace_ms {
        (Liveness::Advancing, Ground::Young)
    } else {
        (Liveness::Spinning, Ground::NothingToShow)
    })
}

impl Ground {
    fn reason(self, evidence: &Evidence, policy: &Policy) -> String {
        let age_ms = evidence.last_heartbeat_age_ms.unwrap_or_default();
        let run_age_ms = evidence.now_ms.saturating_sub(evidence.run_started_ms);
        let (grace_ms, spin_ms) = (policy.grace_ms, policy.spin_ms);
        match self {
            Self::Commits => format!("commits since the start: {}", evidence.commits_since_start),
            Self::Events => {
                format!("lease rows since the start: {}", evidence.journal_events_since)
            }
            Self::ProcessGone => {
                format!("the process is gone; a beat of {age_ms} ms ago cannot speak against that")
            }
            Self::Young => format!(
                "beat {age_ms} ms ago, and the run's {run_age_ms} ms are within the grace of {grace_ms} ms"
            ),
            Self::NothingToShow => format!(
                "beat {age_ms} ms ago, but no commit and no lease row in {run_age_ms} ms (grace {grace_ms} ms)"
            ),
            Self::OldBeat => {
                format!("the last beat was {age_ms} ms ago, more than the {spin_ms} ms allowed")
            }
            Self::NeverBeat => String::from("there never was a beat"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, Liveness, Policy, classify, report};

    fn evidence(run_age_ms: i64, beat_age_ms: Option<i64>) -> Evidence {
        Evidence {
            now_ms: 1_000_000_000 + run_age_ms,
            run_started_ms: 1_000_000_000,
            last_heartbeat_age_ms: beat_age_ms,
            ..Evidence::default()
        }
    }

    #[test]
    fn both_windows_are_closed_on_the_side_of_life() {
        let policy = Policy { grace_ms: 100, spin_ms: 50 };
        let verdict = |run, beat| classify(&evidence(run, beat), &policy).unwrap();
        assert_eq!(verdict(99, Some(50)), Liveness::Advancing);
        assert_eq!(verdict(100, Some(50)), Liveness::Spinning);
        assert_eq!(verdict(99, Some(51)), Liveness::Stalled);
        assert_eq!(verdict(0, None), Liveness::Stalled);
    }

    #[test]
    fn the_operating_system_only_demotes() {
        let alive = Evidence { process_alive: Some(true), ..evidence(0, None) };
        assert_eq!(classify(&alive, &Policy::default()), Ok(Liveness::Stalled));
        let gone = Evidence { process_alive: Some(false), ..evidence(0, Some(0)) };
        assert_eq!(classify(&gone, &Policy::default()), Ok(Liveness::Stalled));
    }

    #[test]
    fn a_negative_number_names_its_field() {
        let bad = Evidence { commits_since_start: -1, ..Evidence::default() };
        let error = classify(&bad, &Policy::default()).unwrap_err();
        assert_eq!(error.0, "`commits_since_start` is `-1`: pass zero or more");
    }

    #[test]
    fn a_report_says_why() {
        let report = report(&evidence(0, None), &Policy::default()).unwrap();
        assert_eq!(report.reason, "there never was a beat");
    }
}
