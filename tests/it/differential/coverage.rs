//! What a run has looked at, so that it can say so.

use super::case::{Case, VERBS};
use super::runner::Outcome;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// Cases of each verb, and how often the peer ended with each code.
    verbs: BTreeMap<&'static str, (u64, BTreeMap<i32, u64>)>,
    /// How often each allowed difference was met.
    allowed: BTreeMap<&'static str, u64>,
}

impl Coverage {
    pub(super) fn add(&mut self, case: &Case, outcome: &Outcome) {
        let (cases, codes) = self.verbs.entry(case.verb.name).or_default();
        *cases += 1;
        for code in &outcome.codes {
            *codes.entry(*code).or_default() += 1;
        }
        for id in &outcome.allowed {
            *self.allowed.entry(id).or_default() += 1;
        }
    }

    /// Fails when a verb was not looked at, or was never answered.
    pub(super) fn assert_complete(&self) {
        for verb in VERBS {
            let answered = self.verbs.get(verb.name).is_some_and(|(_, codes)| {
                verb.name == "usage" || codes.keys().any(|code| *code != 2)
            });
            assert!(answered, "`{}` was never answered", verb.name);
        }
    }
}

impl Display for Coverage {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let total: u64 = self.verbs.values().map(|(cases, _)| cases).sum();
        writeln!(formatter, "{total} cases; exit codes as code×times:")?;
        for (verb, (cases, codes)) in &self.verbs {
            let codes: Vec<_> =
                codes.iter().map(|(code, times)| format!("{code}×{times}")).collect();
            writeln!(formatter, "  {verb:<20} {cases:>5}  {}", codes.join(" "))?;
        }
        for (id, times) in &self.allowed {
            writeln!(formatter, "allowed difference {id}: {times}×")?;
        }
        Ok(())
    }
}
