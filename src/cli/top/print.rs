//! A frame for people.

use crate::cli::Output;
use crate::cli::age::age;
use dosd_kernel::frame::{Chip, Frame, Trust, VerdictRow};

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
