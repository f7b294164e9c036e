//! The steps of a run, claimed beside confirmed.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::intent::Ledger;

/// How far a step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StepState {
    /// It was confirmed.
    Verified,
    /// The run says that it took it.
    Claimed,
    /// Nobody says anything.
    Pending,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its id.
    pub step_id: String,
    /// How far it came.
    pub state: StepState,
    /// The commit that the run names, or empty.
    pub claimed_sha: String,
    /// The commit that confirmed it, or empty.
    pub verified_sha: String,
    /// The rung that confirmed it, or empty.
    pub verified_via: String,
}

/// The declared steps in their order, then those that were never declared.
#[must_use]
pub fn steps(ledger: &Ledger) -> Vec<Step> {
    let verified = ledger.verified.iter().map(|(step, _)| step);
    let claimed = ledger.claimed.iter().map(|(step, _)| step);
    let mut known: BTreeSet<&str> = ledger.declared_steps.iter().map(String::as_str).collect();
    let undeclared = verified.chain(claimed).filter(|step| known.insert(step));
    let undeclared: Vec<&str> = undeclared.collect();
    let declared = ledger.declared_steps.iter().map(String::as_str);
    declared.chain(undeclared).map(|step| row(ledger, step)).collect()
}

/// The steps that nobody confirmed.
#[must_use]
pub fn residual(steps: &[Step]) -> Vec<&str> {
    let open = steps.iter().filter(|step| step.state != StepState::Verified);
    open.map(|step| step.step_id.as_str()).collect()
}

fn row(ledger: &Ledger, step: &str) -> Step {
    let verified = ledger.verified_step(step);
    let claimed = ledger.claimed_sha(step);
    let state = match (verified, claimed) {
        (Some(_), _) => StepState::Verified,
        (None, Some(_)) => StepState::Claimed,
        (None, None) => StepState::Pending,
    };
    let verified = verified.cloned().unwrap_or_default();
    Step {
        step_id: step.into(),
        state,
        claimed_sha: claimed.unwrap_or_default().into(),
        verified_sha: verified.sha,
        verified_via: verified.via,
    }
}

#[cfg(test)]
mod tests {
    use super::{residual, steps};
    use crate::intent::Ledger;
    use serde_json::json;
    use std::vec::Vec;

    #[test]
    fn nothing_that_was_said_is_hidden() {
        let rows = [
            json!({"op": "INTENT", "declared_steps": ["a", "b", "c"]}),
            json!({"op": "STEP_CLAIMED", "step_id": "z", "sha": "1"}),
            json!({"op": "STEP_CLAIMED", "step_id": "b", "sha": "2"}),
            json!({"op": "STEP_VERIFIED", "step_id": "y", "sha": "3", "via": "registry"}),
            json!({"op": "STEP_VERIFIED", "step_id": "a", "sha": "4", "via": "file-path"}),
        ];
        let rows: Vec<_> = rows.iter().map(|row| row.as_object().unwrap().clone()).collect();
        let steps = steps(&Ledger::of(&rows));
        let ids: Vec<_> = steps.iter().map(|step| step.step_id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "c", "y", "z"]);
        assert_eq!(residual(&steps), ["b", "c", "z"]);
        assert_eq!(serde_json::to_value(steps[1].state).unwrap(), "CLAIMED");
    }
}
