//! The verbs that read a git history or a run's own records, beside the peer where it answers the
//! same question.

mod commit_audit;
mod liveness;
mod run_id;
mod status;
mod trace;
mod verify;

use crate::support::peer::Peer;
use crate::support::workspace::{Answer, Workspace};
use serde_json::Value;

/// Runs one command line on both sides. Exit code and JSON are the same, but for the wording.
fn same(peer: &mut Peer, workspace: &Workspace, arguments: &[&str]) -> Answer {
    let (ours, theirs) = (workspace.dosd(arguments), peer.dos(workspace.root(), arguments));
    assert_eq!(ours.code, theirs.code, "{arguments:?}: ours and theirs\n{ours:?}\n{theirs:?}");
    let (ours_json, theirs_json) = (values(&ours), values(&theirs));
    assert_eq!(ours_json, theirs_json, "{arguments:?}: ours and theirs");
    ours
}

/// What was printed as JSON, without the texts that each side words for itself.
fn values(answer: &Answer) -> Vec<Value> {
    let mut values = answer.values();
    values.iter_mut().for_each(without_wording);
    values
}

fn without_wording(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_wording),
        Value::Object(fields) => {
            // A row of a journal keeps the reason that it was written with.
            if !fields.contains_key("op") {
                fields.remove("reason");
                fields.remove("interpretation");
            }
            fields.values_mut().for_each(without_wording);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
