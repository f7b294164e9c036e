//! The functions that can be asked for, by name, and how each reads its arguments.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use crate::arbiter::{self, Overlap};
use crate::effect_witness::{self, Claim};
use crate::evidence::{self, Accountability, Fact};
use crate::lane::{self, Lease, LeaseKey};
use crate::population::{self, Lanes};
use crate::state_diff::{self, Snapshot};
use crate::verdict::{self, Dimension, VerdictEvent};
use crate::{Map, liveness, region, run_id, telemetry};

/// JSON text, or why there is none.
type Answer = Result<Vec<u8>, Refusal>;

type Function = fn(&str) -> Answer;

/// Sorted by name.
const FUNCTIONS: [(&str, Function); 17] = [
    ("arbitrate", arbitrate),
    ("effect_witness", effect_witness),
    ("evidence.believe", believe),
    ("export.otlp_records", otlp_records),
    ("export.statsd_lines", statsd_lines),
    ("journal.compact", compact),
    ("journal.delta", delta),
    ("journal.replay", replay),
    ("liveness", judge_liveness),
    ("run_id.decode", decode),
    ("run_id.mint", mint),
    ("state_diff", diff),
    ("state_diff.witness", witness),
    ("supervise", supervise),
    ("tree.disjoint", disjoint),
    ("tree.prefix", prefix),
    ("verdicts.rollup", roll_up),
];

/// The names, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, _)| *name)
}

/// Calls a function with its arguments as JSON text; the result is JSON text too.
///
/// # Errors
///
/// When there is no such function, or it cannot use these arguments.
pub fn call(name: &str, args: &str) -> Answer {
    let at = FUNCTIONS.binary_search_by(|(known, _)| (*known).cmp(name));
    let found = at.ok().and_then(|at| FUNCTIONS.get(at));
    let (_, function) = found.ok_or_else(|| Refusal::unknown_function(name))?;
    function(args)
}

fn read<'a, T: Deserialize<'a>>(args: &'a str) -> Result<T, Refusal> {
    // A list would be taken for the fields in their order.
    if !args.starts_with('{') {
        return Err(Refusal::argument("`args` is no JSON object: pass one"));
    }
    serde_json::from_str(args).map_err(|error| Refusal::argument(format_args!("`args`: {error}")))
}

fn say(value: &impl Serialize) -> Answer {
    serde_json::to_vec(value).map_err(Refusal::argument)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arbitrate {
    lanes: Lanes,
    live_leases: Vec<Map>,
    #[serde(default)]
    requested_lane: String,
    #[serde(default)]
    requested_kind: String,
    #[serde(default)]
    requested_tree: Vec<String>,
    #[serde(default)]
    force: bool,
    overlap: Option<Overlap>,
    #[serde(default)]
    class_budgets: BTreeMap<String, u64>,
}

fn arbitrate(args: &str) -> Answer {
    let args: Arbitrate = read(args)?;
    let request = arbiter::Request {
        lane: args.requested_lane,
        kind: args.requested_kind,
        tree: args.requested_tree,
        force: args.force,
    };
    let live: Vec<Lease> = args.live_leases.into_iter().map(Lease::new).collect();
    let overlap = args.overlap.unwrap_or_else(Overlap::soft);
    let rules = arbiter::Rules { lanes: &args.lanes, overlap, budgets: &args.class_budgets };
    say(&arbiter::arbitrate(&request, &live, &rules))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EffectWitness {
    claim: Option<Claim>,
    readbacks: Vec<Fact>,
}

fn effect_witness(args: &str) -> Answer {
    let args: EffectWitness = read(args)?;
    say(&effect_witness::join(&args.claim.unwrap_or_default(), &args.readbacks))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    facts: Vec<Fact>,
}

fn believe(args: &str) -> Answer {
    say(&evidence::believe(&read::<Facts>(args)?.facts))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    events: Vec<VerdictEvent>,
}

fn otlp_records(args: &str) -> Answer {
    say(&telemetry::otlp_records(&read::<Events>(args)?.events))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatsdLines<'a> {
    events: Vec<VerdictEvent>,
    #[serde(borrow)]
    prefix: Cow<'a, str>,
}

fn statsd_lines(args: &str) -> Answer {
    let args: StatsdLines<'_> = read(args)?;
    say(&telemetry::statsd_lines(&args.events, &args.prefix))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    entries: Vec<Map>,
}

fn compact(args: &str) -> Answer {
    say(&lane::compact(&read::<Entries>(args)?.entries))
}

fn replay(args: &str) -> Answer {
    say(&lane::replay(&read::<Entries>(args)?.entries))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delta {
    entries: Vec<Map>,
    lease_key: Option<(String, String)>,
    run_started_ms: i64,
    now_ms: i64,
}

fn delta(args: &str) -> Answer {
    let args: Delta = read(args)?;
    let key = args.lease_key.map(|(loop_ts, lane)| LeaseKey { loop_ts, lane });
    say(&lane::delta(&args.entries, key.as_ref(), args.run_started_ms, args.now_ms))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Liveness {
    evidence: liveness::Evidence,
    policy: Option<liveness::Policy>,
}

fn judge_liveness(args: &str) -> Answer {
    let args: Liveness = read(args)?;
    say(&liveness::report(&args.evidence, &args.policy.unwrap_or_default())?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decode<'a> {
    #[serde(borrow)]
    run_id: Cow<'a, str>,
}

#[derive(Serialize)]
struct Decoded {
    valid: bool,
    ts_ms: Option<i64>,
}

fn decode(args: &str) -> Answer {
    let ts_ms = run_id::decode(&read::<Decode<'_>>(args)?.run_id);
    say(&Decoded { valid: ts_ms.is_some(), ts_ms })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mint {
    ts_ms: i64,
    entropy: u64,
    process_id: String,
    parent: Option<String>,
    root_id: Option<String>,
}

fn mint(args: &str) -> Answer {
    let Mint { ts_ms, entropy, process_id, parent, root_id } = read(args)?;
    say(&run_id::mint(ts_ms, entropy, &process_id, parent.as_deref(), root_id.as_deref())?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Diff {
    before: Snapshot,
    after: Snapshot,
}

fn diff(args: &str) -> Answer {
    let Diff { before, after } = read(args)?;
    say(&state_diff::diff(&before, &after))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Witness {
    before: Snapshot,
    after: Snapshot,
    claim: Claim,
    accountability: Accountability,
}

fn witness(args: &str) -> Answer {
    let Witness { before, after, claim, accountability } = read(args)?;
    say(&state_diff::witness(&before, &after, &claim, accountability)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Supervise {
    evidence: population::Evidence,
    policy: population::Policy,
}

fn supervise(args: &str) -> Answer {
    let Supervise { evidence, policy } = read(args)?;
    say(&population::supervise(&evidence, &policy)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trees {
    a: Vec<String>,
    b: Vec<String>,
}

fn disjoint(args: &str) -> Answer {
    let Trees { a, b } = read(args)?;
    say(&region::disjoint(&a, &b))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prefix<'a> {
    #[serde(borrow)]
    path: Cow<'a, str>,
}

fn prefix(args: &str) -> Answer {
    say(&region::prefix(&read::<Prefix<'_>>(args)?.path))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollUp {
    events: Vec<VerdictEvent>,
    by: Dimension,
    corrupt: u64,
}

fn roll_up(args: &str) -> Answer {
    let RollUp { events, by, corrupt } = read(args)?;
    say(&verdict::roll_up(&events, by, corrupt))
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_are_in_order_for_the_search() {
        assert!(names().is_sorted());
    }
}
