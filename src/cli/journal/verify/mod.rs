//! `dosd journal verify`: is everything in a journal readable, and if not, where not. It repairs
//! nothing.

use crate::cli::context::read_journal;
use crate::cli::{Context, Exit, Failure, Layout, Output};
use clap::Args;
use dosd_actors::journal::{Damage, Scan, scan};
use dosd_kernel::lane::LaneFold;
use dosd_kernel::lines;
use dosd_kernel::verdict::VerdictFold;
use serde::Serialize;
use std::path::Path;

const EXAMPLES: &str = "\
Examples:
  dosd journal verify
  dosd journal verify --verdicts --json

Exit codes:
  0 every line is readable, 1 damage: lines that do not parse, or a torn last line";

/// How much of a damaged line is shown, in characters.
const SHOWN_CHARS: usize = 120;

/// Check that every line of a journal is readable, and show where it is not
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Check the verdict journal instead of the lane journal
    #[arg(long)]
    verdicts: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let path =
            if self.verdicts { context.verdict_journal()? } else { context.lane_journal()? };
        let bytes = read_journal(&path)?;
        let found = if self.verdicts {
            scan(&bytes, &mut VerdictFold::default())
        } else {
            scan(&bytes, &mut LaneFold::default())
        };
        let report = Report::new(&path, &bytes, &found);
        if self.json {
            output.json(&report, Layout::Indented);
        } else {
            report.print(output);
        }
        Ok(if report.clean { Exit::SUCCESS } else { Exit::NEGATIVE })
    }
}

/// What a check found.
#[derive(Debug, Serialize)]
struct Report {
    journal: String,
    clean: bool,
    bytes: usize,
    lines: u64,
    rows: u64,
    corrupt: Vec<Place>,
    torn: Option<Place>,
}

/// Where a line is, and how it begins.
#[derive(Debug, Serialize)]
struct Place {
    /// The line's number, from 1, as editors count.
    line: u64,
    /// The offset of its first byte, from 0.
    offset: u64,
    raw: String,
}

impl Report {
    fn new(path: &Path, bytes: &[u8], found: &Scan) -> Self {
        let place = |Damage { offset, line }: &Damage| Place {
            line: line + 1,
            offset: *offset,
            raw: beginning(bytes, *offset),
        };
        // A torn line is the last one, and it is not counted among the lines that were seen.
        let torn = found.torn.map(|offset| place(&Damage { offset, line: found.lines }));
        Self {
            journal: path.display().to_string(),
            clean: found.damage.is_empty() && torn.is_none(),
            bytes: bytes.len(),
            lines: found.lines + u64::from(torn.is_some()),
            rows: found.rows,
            corrupt: found.damage.iter().map(place).collect(),
            torn,
        }
    }

    fn print(&self, output: &mut Output) {
        output.line(format_args!("journal   {}", self.journal));
        output.line(format_args!("rows      {}", self.rows));
        output.line(format_args!("corrupt   {}", self.corrupt.len()));
        for place in &self.corrupt {
            output.line(place);
        }
        match &self.torn {
            None => output.line("torn      no"),
            Some(place) => {
                output.line(
                    "torn      yes: the last line was not written to its end, and does not count",
                );
                output.line(place);
            }
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, offset, raw } = self;
        write!(formatter, "  line {line}, byte {offset}: `{raw}`")
    }
}

/// The beginning of the line at `offset`.
fn beginning(bytes: &[u8], offset: u64) -> String {
    let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
    let line = lines::split(rest.unwrap_or_default()).next();
    line.map(|line| lines::text(line.bytes).chars().take(SHOWN_CHARS).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(bytes: &[u8]) -> Report {
        let found = scan(bytes, &mut LaneFold::default());
        Report::new(Path::new("lane-journal.jsonl"), bytes, &found)
    }

    #[test]
    fn a_whole_journal_is_clean() {
        for bytes in [&b""[..], b"{\"op\":\"X\"}\n\n[1]\n", b"{\"op\":\"X\"}"] {
            assert!(report(bytes).clean, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn damage_is_named_with_line_and_offset() {
        let report = report(b"{\"op\":\"X\"}\n\nrubbish\n{\"op\":\"Y\"}\n{\"op\":");
        assert!(!report.clean);
        assert_eq!((report.rows, report.lines), (2, 5));
        let place = &report.corrupt[0];
        assert_eq!((place.line, place.offset, place.raw.as_str()), (3, 12, "rubbish"));
        let torn = report.torn.unwrap();
        assert_eq!((torn.line, torn.offset, torn.raw.as_str()), (5, 31, "{\"op\":"));
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = "ü".repeat(500);
        let report = report(format!("{line}\n").as_bytes());
        assert_eq!(report.corrupt[0].raw.chars().count(), SHOWN_CHARS);
    }
}
