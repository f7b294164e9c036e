//! The fold of an intent ledger.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;

use super::ordered::Ordered;
use super::schema::{Readability, readability};
use crate::Map;
use crate::fold::text_of;

/// What a ledger says, with claims and confirmations apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The run that the rows name.
    pub run_id: String,
    /// What it was for.
    pub goal: String,
    /// The plan that it works on.
    pub plan: String,
    /// The phase of that plan.
    pub phase: String,
    /// The commit that it says it started from.
    pub start_sha: String,
    /// The steps that it meant to take, in order.
    pub declared_steps: Vec<String>,
    /// The part of the tree that a step works on, where one was declared.
    pub step_regions: BTreeMap<String, Vec<String>>,
    /// The commit that the run names for a step that it says it took, oldest first.
    pub claimed: Ordered<String>,
    /// The steps that were confirmed, oldest first.
    pub verified: Ordered<Verified>,
    /// Whether it yielded and did not take its work up again.
    pub suspended: bool,
    /// Whether a successor was proposed already.
    pub resume_proposed: bool,
    /// Rows that could not be read.
    pub corrupt_lines: u64,
    /// Whether one of them was written by a newer version.
    pub unreadable_newer: bool,
}

/// What stands behind a confirmed step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// The commit.
    pub sha: String,
    /// The rung by which it was confirmed.
    pub via: String,
}

impl Ledger {
    /// Folds the rows of a ledger. Unknown rows change nothing.
    #[must_use]
    pub fn of(rows: &[Map]) -> Self {
        let mut ledger = Self::default();
        for row in rows {
            match readability(row) {
                Readability::Readable => ledger.apply(row),
                Readability::Newer => {
                    ledger.corrupt_lines += 1;
                    ledger.unreadable_newer = true;
                }
                Readability::Foreign => ledger.corrupt_lines += 1,
            }
        }
        ledger
    }

    /// Whether the run declared anything that it could be measured by.
    #[must_use]
    pub fn has_intent(&self) -> bool {
        !(self.goal.is_empty() && self.plan.is_empty() && self.declared_steps.is_empty())
    }

    /// The commit that the run names for a step.
    #[must_use]
    pub fn claimed_sha(&self, step: &str) -> Option<&str> {
        self.claimed.get(step).map(String::as_str)
    }

    /// What stands behind a step that was confirmed.
    #[must_use]
    pub fn verified_step(&self, step: &str) -> Option<&Verified> {
        self.verified.get(step)
    }

    fn apply(&mut self, row: &Map) {
        replace(&mut self.run_id, row, "run_id");
        let step = word(row.get("step_id"));
        match text_of(row, "op") {
            "INTENT" => self.declare(row),
            "STEP_CLAIMED" if !step.is_empty() => {
                self.claimed.put(step, word(row.get("sha")));
            }
            "STEP_VERIFIED" if !step.is_empty() => {
                let verified = Verified { sha: word(row.get("sha")), via: word(row.get("via")) };
                self.verified.put(step, verified);
            }
            "SUSPEND" => self.suspended = true,
            "RESUME_PROPOSED" => {
                self.resume_proposed |= !word(row.get("predecessor_run_id")).is_empty()
                    || !word(row.get("predecessor")).is_empty();
            }
            "_CORRUPT" => self.corrupt_lines += 1,
            _ => {}
        }
    }

    /// A later declaration wins where it says something, and opens a suspended run again.
    fn declare(&mut self, row: &Map) {
        for (field, key) in [
            (&mut self.goal, "goal"),
            (&mut self.plan, "plan"),
            (&mut self.phase, "phase"),
            (&mut self.start_sha, "start_sha"),
        ] {
            replace(field, row, key);
        }
        if let Some(steps) = row.get("declared_steps").and_then(Value::as_array) {
            self.declared_steps = words(steps);
        }
        if let Some(Value::Object(regions)) = row.get("step_regions") {
            self.step_regions = regions
                .iter()
                .filter_map(|(step, globs)| Some((step.clone(), words(globs.as_array()?))))
                .collect();
        }
        self.suspended = false;
    }
}

fn replace(field: &mut String, row: &Map, key: &str) {
    let word = word(row.get(key));
    if !word.is_empty() {
        *field = word;
    }
}

fn words(values: &[Value]) -> Vec<String> {
    values.iter().map(|value| word(Some(value))).collect()
}

/// A field as text. Other writers put numbers where a text belongs.
fn word(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => {
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;
    use serde_json::{Value, json};
    use std::vec::Vec;

    fn ledger(rows: &[Value]) -> Ledger {
        Ledger::of(&rows.iter().map(|row| row.as_object().unwrap().clone()).collect::<Vec<_>>())
    }

    #[test]
    fn claims_and_confirmations_stay_apart() {
        let ledger = ledger(&[
            json!({"op": "INTENT", "run_id": "RID-1", "goal": "g", "declared_steps": ["a", 2]}),
            json!({"op": "STEP_CLAIMED", "step_id": "a", "sha": "one"}),
            json!({"op": "STEP_CLAIMED", "step_id": "a", "sha": "two"}),
            json!({"op": "STEP_CLAIMED", "sha": "nobody's"}),
            json!({"op": "STEP_VERIFIED", "step_id": "2", "sha": "three", "via": "file-path"}),
            json!({"op": "SOMETHING_NEW"}),
            json!({"op": "_CORRUPT"}),
        ]);
        assert_eq!(ledger.declared_steps, ["a", "2"]);
        assert_eq!(ledger.claimed_sha("a"), Some("two"));
        assert_eq!(ledger.verified_step("2").unwrap().via, "file-path");
        assert!(ledger.verified_step("a").is_none());
        assert_eq!((ledger.corrupt_lines, ledger.unreadable_newer), (1, false));
    }

    #[test]
    fn a_new_declaration_opens_the_run_again_and_keeps_what_it_leaves_out() {
        let ledger = ledger(&[
            json!({"op": "INTENT", "goal": "g", "start_sha": "s", "declared_steps": ["a"]}),
            json!({"op": "SUSPEND"}),
            json!({"op": "INTENT", "goal": "h", "start_sha": ""}),
        ]);
        assert!(!ledger.suspended && ledger.has_intent());
        assert_eq!((ledger.goal.as_str(), ledger.start_sha.as_str()), ("h", "s"));
        assert_eq!(ledger.declared_steps, ["a"]);
    }

    #[test]
    fn what_a_newer_version_wrote_is_not_guessed_at() {
        let schema = json!({"family": "intent-ledger", "version": 2});
        let ledger = ledger(&[json!({"op": "INTENT", "goal": "g", "schema": schema})]);
        assert!(ledger.unreadable_newer && !ledger.has_intent());
    }
}
