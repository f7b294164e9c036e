//! Joining a claim with the read-backs of the world.
//!
//! Owns the verdict about one claimed effect. Never reads the world; what the
//! claimant narrated rides along and decides nothing.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::evidence::{Accountability, Belief, Fact, Stance, believe};

/// What a worker says that it did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The effect's key; blank claims nothing.
    pub key: String,
    /// What to look for, when it is not the key.
    #[serde(default)]
    pub subject: String,
    /// The worker's own words.
    #[serde(default)]
    pub narrated: String,
}

impl Claim {
    /// What to look for in the world.
    #[must_use]
    pub fn probe(&self) -> &str {
        if self.subject.is_empty() { &self.key } else { &self.subject }
    }
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EffectVerdict {
    /// An accountable source found it.
    Confirmed,
    /// An accountable source did not find it, or accountable sources disagree.
    Refuted,
    /// No accountable source could tell.
    Unwitnessed,
    /// Nothing was claimed.
    NoClaim,
}

impl EffectVerdict {
    /// The verdict's name in journals and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "CONFIRMED",
            Self::Refuted => "REFUTED",
            Self::Unwitnessed => "UNWITNESSED",
            Self::NoClaim => "NO_CLAIM",
        }
    }
}

/// The answer with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectReport {
    /// The answer.
    pub verdict: EffectVerdict,
    /// Whether to act as if the effect happened.
    pub believe: bool,
    /// Whether to act as if it did not.
    pub refuted: bool,
    /// Why, in one sentence.
    pub reason: String,
    /// The key that was claimed.
    pub claim_key: String,
    /// The worker's own words.
    pub narrated: String,
    /// The first accountable source behind the answer, or empty.
    pub witness: String,
    /// That source's rung.
    pub accountability: Option<Accountability>,
    /// Sources that said nothing.
    pub silent_witnesses: Vec<String>,
}

/// Joins a claim with its read-backs.
#[must_use]
pub fn join(claim: &Claim, facts: &[Fact]) -> EffectReport {
    if claim.key.trim().is_empty() {
        return EffectReport::no_claim();
    }
    let belief = believe(facts);
    let (verdict, stance) = match (belief.believe, belief.refuted) {
        // A conflict names the source that attests: it is the one to look into.
        (true, true) => (EffectVerdict::Refuted, Some(Stance::Attested)),
        (true, false) => (EffectVerdict::Confirmed, Some(Stance::Attested)),
        (false, true) => (EffectVerdict::Refuted, Some(Stance::Refuted)),
        (false, false) => (EffectVerdict::Unwitnessed, None),
    };
    let witness = stance.and_then(|stance| facts.iter().find(|fact| fact.decides(stance)));
    EffectReport {
        verdict,
        believe: verdict == EffectVerdict::Confirmed,
        refuted: verdict == EffectVerdict::Refuted,
        reason: explain(claim, &belief),
        claim_key: claim.key.clone(),
        narrated: claim.narrated.clone(),
        witness: witness.map(|fact| fact.source_name.clone()).unwrap_or_default(),
        accountability: witness.map(|fact| fact.accountability),
        silent_witnesses: belief.silent,
    }
}

impl EffectReport {
    /// The report when there is nothing to look for.
    #[must_use]
    pub fn no_claim() -> Self {
        Self {
            verdict: EffectVerdict::NoClaim,
            believe: false,
            refuted: false,
            reason: "no effect was claimed, so there is nothing to look for".into(),
            claim_key: String::new(),
            narrated: String::new(),
            witness: String::new(),
            accountability: None,
            silent_witnesses: Vec::new(),
        }
    }
}

fn explain(claim: &Claim, belief: &Belief) -> String {
    let (key, because) = (&claim.key, &belief.reason);
    match (belief.believe, belief.refuted) {
        (true, true) => format!("conflict about `{key}`, somebody has to look: {because}"),
        (true, false) => format!("`{key}` is there: {because}"),
        (false, true) => format!("`{key}` is not there: {because}"),
        (false, false) => format!("nobody can tell about `{key}`: {because}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, EffectVerdict, join};
    use crate::evidence::{Accountability, Fact, Stance};
    use alloc::string::String;

    fn fact(name: &str, accountability: Accountability, stance: Stance) -> Fact {
        Fact {
            source_name: name.into(),
            accountability,
            stance,
            subject: "k".into(),
            detail: String::new(),
            reachable: true,
        }
    }

    #[test]
    fn a_blank_key_claims_nothing() {
        let claim = Claim { key: " ".into(), subject: "k".into(), narrated: "done".into() };
        let facts = [fact("os", Accountability::OsRecorded, Stance::Attested)];
        let report = join(&claim, &facts);
        assert_eq!(report.verdict, EffectVerdict::NoClaim);
        assert_eq!(report.narrated, "");
    }

    #[test]
    fn a_conflict_is_a_refutation_that_names_the_attesting_source() {
        let claim = Claim { key: "k".into(), ..Claim::default() };
        let report = join(
            &claim,
            &[
                fact("no", Accountability::OsRecorded, Stance::Refuted),
                fact("mine", Accountability::AgentAuthored, Stance::Attested),
                fact("yes", Accountability::ThirdParty, Stance::Attested),
            ],
        );
        assert_eq!(report.verdict, EffectVerdict::Refuted);
        assert_eq!((report.believe, report.refuted), (false, true));
        assert_eq!(report.witness, "yes");
        assert!(report.reason.contains("conflict"));
    }
}
