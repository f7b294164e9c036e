//! The evidence floor: whom to believe about an effect.
//!
//! Owns the rule that a source which the claimant could have written decides
//! nothing, either way. Never gathers evidence itself.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// Who is behind a source: its rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Accountability {
    /// The worker could have written it: forgeable.
    AgentAuthored,
    /// The operating system or a program that the worker does not control.
    OsRecorded,
    /// Somebody else altogether.
    ThirdParty,
}

impl Accountability {
    /// Whether the claimant could have made it up.
    #[must_use]
    pub fn is_forgeable(self) -> bool {
        self == Self::AgentAuthored
    }

    /// The rung's name in journals and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AgentAuthored => "AGENT_AUTHORED",
            Self::OsRecorded => "OS_RECORDED",
            Self::ThirdParty => "THIRD_PARTY",
        }
    }
}

/// What a source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stance {
    /// The effect is there.
    Attested,
    /// The effect is not there.
    Refuted,
    /// It cannot tell.
    #[default]
    NoSignal,
}

/// One read-back of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The source's name.
    pub source_name: String,
    /// The source's rung.
    pub accountability: Accountability,
    /// What it says.
    #[serde(default)]
    pub stance: Stance,
    /// What it was asked about.
    #[serde(default)]
    pub subject: String,
    /// How it came to say so, for people.
    #[serde(default)]
    pub detail: String,
    /// Whether it could be read at all. A stance that nobody could read is none.
    #[serde(default)]
    pub reachable: bool,
}

impl Fact {
    /// What the source says in effect: an unreachable one says nothing.
    #[must_use]
    pub fn heard(&self) -> Stance {
        if self.reachable { self.stance } else { Stance::NoSignal }
    }

    /// Whether this fact alone may decide, with this stance.
    #[must_use]
    pub fn decides(&self, stance: Stance) -> bool {
        self.heard() == stance && !self.accountability.is_forgeable()
    }
}

/// What the facts add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Belief {
    /// An accountable source attests.
    pub believe: bool,
    /// An accountable source refutes. Both at once is a conflict.
    pub refuted: bool,
    /// Why, in one sentence.
    pub reason: String,
    /// Sources that attest, forgeable ones too.
    pub attesting: Vec<String>,
    /// Sources that refute, forgeable ones too.
    pub refuting: Vec<String>,
    /// Sources that say nothing.
    pub silent: Vec<String>,
}

/// Weighs the facts.
#[must_use]
pub fn believe(facts: &[Fact]) -> Belief {
    let named = |stance| -> Vec<String> {
        let heard = facts.iter().filter(|fact| fact.heard() == stance);
        heard.map(|fact| fact.source_name.clone()).collect()
    };
    let mut belief = Belief {
        believe: facts.iter().any(|fact| fact.decides(Stance::Attested)),
        refuted: facts.iter().any(|fact| fact.decides(Stance::Refuted)),
        reason: String::new(),
        attesting: named(Stance::Attested),
        refuting: named(Stance::Refuted),
        silent: named(Stance::NoSignal),
    };
    belief.reason = belief.explain();
    belief
}

impl Belief {
    fn explain(&self) -> String {
        let (attesting, refuting) = (self.attesting.join(", "), self.refuting.join(", "));
        match (self.believe, self.refuted) {
            (true, true) => format!("accountable sources disagree: {attesting} against {refuting}"),
            (true, false) => format!("an accountable source attests: {attesting}"),
            (false, true) => format!("an accountable source refutes: {refuting}"),
            (false, false) if attesting.is_empty() && refuting.is_empty() => {
                String::from("no source says anything")
            }
            (false, false) => {
                String::from("only sources that the claimant could write say anything")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Accountability, Fact, Stance, believe};
    use alloc::string::String;

    fn fact(accountability: Accountability, stance: Stance, reachable: bool) -> Fact {
        Fact {
            source_name: "s".into(),
            accountability,
            stance,
            subject: "k".into(),
            detail: String::new(),
            reachable,
        }
    }

    #[test]
    fn a_forgeable_source_decides_nothing_either_way() {
        for stance in [Stance::Attested, Stance::Refuted] {
            let belief = believe(&[fact(Accountability::AgentAuthored, stance, true)]);
            assert!(!belief.believe && !belief.refuted, "{stance:?}");
        }
    }

    #[test]
    fn an_unreachable_source_is_silent() {
        let belief = believe(&[fact(Accountability::ThirdParty, Stance::Attested, false)]);
        assert!(!belief.believe);
        assert_eq!(belief.silent, ["s"]);
    }

    #[test]
    fn disagreement_shows_on_both_sides() {
        let belief = believe(&[
            fact(Accountability::OsRecorded, Stance::Attested, true),
            fact(Accountability::ThirdParty, Stance::Refuted, true),
        ]);
        assert!(belief.believe && belief.refuted);
    }
}
