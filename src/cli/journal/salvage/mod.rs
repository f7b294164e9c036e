//! `dosd journal salvage`: a copy of a journal without what is damaged. The journal itself is only
//! read.

mod staged;

use super::which::{Kind, Opened, Source, Which};
use crate::cli::context::unreadable_journal;
use crate::cli::{Context, Exit, Failure, Layout, Output};
use clap::Args;
use dosd_actors::journal::{LeftOut, Salvaged, salvage, walk};
use dosd_actors::port::machine;
use dosd_kernel::fold::Fold;
use dosd_kernel::invariant::Shown;
use dosd_kernel::lane::LaneFold;
use dosd_kernel::verdict::VerdictFold;
use serde::Serialize;
use staged::Staged;
use std::io::{self, BufReader, Write};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  dosd journal salvage --to salvaged.jsonl
  dosd journal salvage --to salvaged.jsonl --left-out damage.bin --json
  dosd journal salvage --verdicts old-verdicts.jsonl --to verdicts.jsonl

The copy has every row that counts, byte for byte and in order, and adds up to the same state; that is checked before
it gets its name. What is blank, damaged or no object is left out. A last row that is whole and lacks its newline counts,
and gets one. The journal is only read, also while others write to it: what is whole at that moment is copied.

Exit codes:
  0 the copy is written, whatever was left out; 75 the journal was cut while it was read: try again";

/// So many lines are printed; JSON has them all.
const PRINTED: usize = 50;

/// Write a copy of a journal with every row that counts, and without what is damaged
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Where the copy goes; nothing is written over
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
    /// Where the lines go that the copy does not have, byte for byte
    #[arg(long, value_name = "PATH")]
    left_out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let source = self.which.source(context)?;
        let opened = source.open()?.ok_or_else(|| source.missing())?;
        let mut copy = Staged::create(&self.to)?;
        let mut left = self.left_out.as_deref().map(Staged::create).transpose()?;
        let permissions = opened.metadata.permissions();
        let salvaged = match source.kind {
            Kind::Lanes => {
                rescue::<LaneFold, _>(&source, opened, &mut copy, left.as_mut(), Shown::of)
            }
            Kind::Verdicts => {
                let state = |fold: &VerdictFold| (fold.rows(), fold.highest_seq());
                rescue::<VerdictFold, _>(&source, opened, &mut copy, left.as_mut(), state)
            }
        }?;
        let storage = machine::storage();
        if let Some(left) = left {
            left.publish(&permissions, &storage)?;
        }
        copy.publish(&permissions, &storage)?;
        let report = Report::new(&source, &self.to, self.left_out.as_ref(), &salvaged);
        if self.json {
            output.json(&report, Layout::Indented);
        } else {
            report.print(output);
        }
        Ok(Exit::SUCCESS)
    }
}

/// Copies, and proves that the copy is whole and adds up to the same.
fn rescue<F: Fold, S: PartialEq>(
    source: &Source,
    opened: Opened,
    copy: &mut Staged,
    left: Option<&mut Staged>,
    state: impl Fn(&F) -> S,
) -> Result<Salvaged, Failure> {
    let Opened { reader, metadata } = opened;
    let mut nowhere = io::sink();
    let left: &mut dyn Write = match left {
        Some(left) => left,
        None => &mut nowhere,
    };
    let mut original = F::default();
    let salvaged = salvage(reader, &mut original, &mut *copy, left).map_err(|cause| {
        Failure::Failed(format!(
            "cannot copy `{}`: {cause}\n  help: see whether it can be read, and whether there is room where the copy goes",
            source.path.display()
        ))
    })?;
    if salvaged.read < metadata.len() {
        return Err(Failure::Busy(format!(
            "`{}` became shorter while it was read\n  help: somebody rewrites it; try again",
            source.path.display()
        )));
    }
    let mut again = F::default();
    let found = walk(BufReader::new(copy.read_back()?), &mut again, |_| Ok(()))
        .map_err(|cause| unreadable_journal(&source.path, &cause))?;
    let is_whole = found.damage.is_empty() && found.torn.is_none() && found.rows == salvaged.rows;
    if !is_whole || state(&again) != state(&original) {
        return Err(Failure::Failed(format!(
            "the copy of `{}` does not add up to the same state, and is thrown away\n  help: see whether the disk works, and report it",
            source.path.display()
        )));
    }
    Ok(salvaged)
}

/// What became of a journal.
#[derive(Debug, Serialize)]
struct Report {
    journal: String,
    copy: String,
    rows: u64,
    bytes: u64,
    /// Bytes of the journal that were read.
    read: u64,
    newline_added: bool,
    left_out: Vec<Line>,
    /// Where they are; null if nobody asked for them.
    left_out_file: Option<String>,
}

/// A line that the copy does not have.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names stand in the JSON")]
struct Line {
    /// The line's number, from 1, as editors count.
    line: u64,
    /// The offset of its first byte, from 0.
    offset: u64,
    /// Its bytes, the newline not counted.
    length: u64,
    reason: &'static str,
}

impl Report {
    fn new(
        source: &Source,
        copy: &std::path::Path,
        left: Option<&PathBuf>,
        salvaged: &Salvaged,
    ) -> Self {
        let line = |it: &LeftOut| Line {
            line: it.line + 1,
            offset: it.offset,
            length: it.length,
            reason: it.reason.name(),
        };
        Self {
            journal: source.path.display().to_string(),
            copy: copy.display().to_string(),
            rows: salvaged.rows,
            bytes: salvaged.bytes,
            read: salvaged.read,
            newline_added: salvaged.newline_added,
            left_out: salvaged.left_out.iter().map(line).collect(),
            left_out_file: left.map(|path| path.display().to_string()),
        }
    }

    fn print(&self, output: &mut Output) {
        output.line(format_args!("journal   {}", self.journal));
        output.line(format_args!("copy      {}", self.copy));
        output.line(format_args!("rows      {}, in {} bytes", self.rows, self.bytes));
        let end =
            if self.newline_added { "the last row lacked its newline, and has one" } else { "" };
        let lost: u64 = self.left_out.iter().map(|line| line.length).sum();
        let place = self.left_out_file.as_ref().map(|path| format!(", kept in {path}"));
        let place = place.unwrap_or_default();
        let count = self.left_out.len();
        output.line(format_args!("left out  {count} lines, {lost} bytes{place}"));
        for Line { line, offset, length, reason } in self.left_out.iter().take(PRINTED) {
            output.line(format_args!("  line {line}, byte {offset}, {length} bytes: {reason}"));
        }
        if count > PRINTED {
            output.line(format_args!("  … and {} more: --json has them all", count - PRINTED));
        }
        if !end.is_empty() {
            output.line(format_args!("note      {end}"));
        }
        output.line("checked   the copy is whole and adds up to the same state");
    }
}
