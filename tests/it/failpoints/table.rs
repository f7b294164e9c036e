//! What came of every point, as the table in `docs/reliability.md` shows it.

use std::fmt::Write as _;

use dosd_actors::port::failpoint::Point;

use super::Work;

/// The kills at one point.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) point: Point,
    pub(super) work: Work,
    /// The first promise that did not hold, with what was seen.
    pub(super) violation: Option<String>,
}

/// Prints the table, and fails if a promise did not hold.
#[expect(clippy::print_stdout, reason = "the table is what somebody runs it for")]
pub(super) fn conclude(mut lines: Vec<(usize, Line)>) {
    lines.sort_by_key(|(at, _)| *at);
    println!(
        "| point | where it is killed | kills | acknowledged | rows | violations |\n\
         | --- | --- | --- | --- | --- | --- |"
    );
    let mut violations = String::new();
    for (_, Line { point, work, violation }) in &lines {
        let Work { kills, acknowledged, rows } = work;
        let (name, place, count) = (point.name(), point.place(), u8::from(violation.is_some()));
        println!("| `{name}` | {place} | {kills} | {acknowledged} | {rows} | {count} |");
        if let Some(violation) = violation {
            let _ = writeln!(violations, "{name}: {violation}\n");
        }
    }
    assert!(!lines.is_empty(), "no point is meant");
    assert!(violations.is_empty(), "{violations}");
}
