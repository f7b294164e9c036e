//! A frame for people.

use crate::cli::Output;
use crate::cli::age::age;
use crate::fleet::{Overview, VerdictView};
use dosd_kernel::frame::{Chip, Frame, Trust, VerdictRow};
use dosd_kernel::stamp;
use serde_json::Value;

/// Prints a frame for people.
pub(in crate::cli) fn print(frame: &Frame, output: &mut Output) {
    output.line(format_args!("{}  {}", frame.workspace, frame.now));
    if !frame.initialized {
        output.line("without a `dos.toml`: the lanes are the default ones");
    }
    output.line("LANES");
    for state in &frame.lanes {
        let mark = if state.is_exclusive { '*' } else { ' ' };
        let since = if state.chip == Chip::Spawning { "since" } else { "beat" };
        let mut line = format!(" {mark}{:<16}  {:<9}", state.lane, state.chip.as_str());
        for (what, value) in [
            (since, state.heartbeat_age_ms.map(|age_ms| age(Some(age_ms / 1000)))),
            ("loop", Some(state.loop_ts.clone())),
            ("holder", Some(state.holder.clone())),
        ] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                line = format!("{line}  {what} {value}");
            }
        }
        output.line(line.trim_end());
    }
    output.line("VERDICTS");
    for row in &frame.verdicts {
        let VerdictRow { lane, verdict, pick, trust, reason_token, .. } = row;
        let age = age(row.age_ms.map(|age_ms| age_ms / 1000));
        let trust = if *trust == Trust::NotApplicable { "" } else { trust.as_str() };
        let line =
            format!("  {age:>4}  {lane:<16}  {verdict:<9}  {pick:<16}  {trust} {reason_token}");
        output.line(line.trim_end());
    }
    output.line("COMMITS");
    for commit in &frame.activity {
        output.line(format_args!("  {:<10}  {}", commit.sha, commit.subject));
    }
}

/// Prints the picture of a daemon elsewhere for people.
pub(super) fn overview(overview: &Overview, output: &mut Output) {
    let now = stamp::format_ms(overview.now_ms);
    output.line(format_args!("{}  {now}", overview.workspace));
    let population = &overview.population;
    if let Some(verdict) = &population.verdict {
        let (alive, target) = (population.alive, population.target);
        output.line(format_args!("{verdict}  {alive} of {target} alive"));
    }
    output.line("LANES");
    for lane in &overview.lanes {
        let mut line = format!("  {:<16}  {:<9}", lane.lane, lane.state.as_str());
        let beat = lane.beat_age_ms.map(|age_ms| age(Some(age_ms / 1000)));
        let last =
            lane.last_verdict.as_ref().map(|last| format!("{} {}", last.verdict, last.subject));
        for (what, value) in [
            ("beat", beat),
            ("holder", lane.owner.clone()),
            ("run", lane.run_id.clone()),
            ("last", last),
        ] {
            if let Some(value) = value {
                line = format!("{line}  {what} {}", value.trim());
            }
        }
        output.line(line.trim_end());
    }
    output.line("REFUTED");
    for claim in &overview.refuted {
        output.line(refuted(claim));
    }
    output.line("EXPORTERS");
    for exporter in &overview.exporters {
        let behind = exporter.behind_bytes;
        let line =
            format!("  {:<16}  {:<9}  {behind} B behind", exporter.name, exporter.state.as_str());
        output.line(match &exporter.problem {
            Some(problem) => format!("{line}  {problem}"),
            None => line,
        });
    }
}

fn refuted(claim: &VerdictView) -> String {
    let text = |key: &str| claim.row.get(key).and_then(Value::as_str).unwrap_or_default();
    let reason = claim.reason.as_deref().unwrap_or_default();
    format!("  {}  {:<16}  {}  {reason}", text("ts"), text("lane"), text("subject"))
}
