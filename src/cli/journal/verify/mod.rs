//! `dosd journal verify`: is everything in a journal readable, and does it add up; if not, where not,
//! what that means, and what to do. It repairs nothing.

mod finding;
mod note;
mod rules;

use super::which::{Kind, Source, Which};
use crate::cli::context::unreadable_journal;
use crate::cli::{Context, Exit, Failure, Layout, Output};
use crate::control;
use crate::host::host_id;
use clap::Args;
use dosd_actors::journal::{Scan, Walked, walk};
use dosd_actors::port::{Launcher as _, SystemLauncher};
use dosd_actors::supervisor::HOLDER;
use dosd_kernel::fold::Fold;
use dosd_kernel::invariant::Row;
use dosd_kernel::lane::{LaneFold, OpenRun};
use dosd_kernel::lines::LineKind;
use dosd_kernel::verdict::VerdictFold;
use finding::Finding;
use note::{Note, Notes};
use rules::{Evidence, Rule, Runs, State};
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::{BufRead, Result as IoResult};

const EXAMPLES: &str = "\
Examples:
  dosd journal verify
  dosd journal verify --verdicts --json
  dosd journal verify salvaged.jsonl

Every line is looked at, and the rows of a lane journal also by the rules that always hold of them: one holder
for a lane, one worker at a time, runs that are announced, start and end in order, no intent without an outcome.

Exit codes:
  0 clean, 1 damage, or a rule does not hold; notes alone change nothing";

/// So many findings are printed; JSON has them all.
const PRINTED: usize = 50;

/// Check that a journal is readable and adds up, and explain what is damaged
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let source = self.which.source(context)?;
        let report = match source.open()? {
            None if !source.is_own => return Err(source.missing()),
            // Nobody has written it yet.
            None => survey(&source, &b""[..], context)?,
            Some(opened) => survey(&source, opened.reader, context)?,
        };
        if self.json {
            output.json(&report, Layout::Indented);
        } else {
            report.print(output);
        }
        Ok(if report.clean { Exit::SUCCESS } else { Exit::NEGATIVE })
    }
}

fn survey(source: &Source, journal: impl BufRead, context: &Context) -> Result<Report, Failure> {
    let unreadable = |cause| unreadable_journal(&source.path, &cause);
    let mut seen = Seen::new(source.kind);
    let (found, rules) = match source.kind {
        Kind::Lanes => {
            let mut fold = LaneFold::default();
            let found = seen.look(journal, &mut fold).map_err(unreadable)?;
            let open: Vec<&OpenRun> = fold.open_runs().collect();
            let runs = if source.is_own { runs(&open, context)? } else { Runs::OfACopy };
            (found, seen.evidence.check(&fold, &runs, !seen.findings.is_empty()))
        }
        Kind::Verdicts => {
            (seen.look(journal, &mut VerdictFold::default()).map_err(unreadable)?, Vec::new())
        }
    };
    Ok(Report::new(source, &found, seen, rules))
}

/// What is known of the open runs of this workspace.
fn runs(open: &[&OpenRun], context: &Context) -> Result<Runs, Failure> {
    if !open.iter().any(|run| run.holder == HOLDER) {
        return Ok(Runs::Living(BTreeSet::new()));
    }
    if control::is_listening(&context.workspace()?.socket(context.environment())) {
        return Ok(Runs::OfADaemon);
    }
    let launcher = SystemLauncher::new().map_err(|error| {
        Failure::Failed(format!(
            "cannot look at processes: {error}\n  help: `/proc` has to be mounted"
        ))
    })?;
    let host = host_id(context.environment());
    let ids: BTreeSet<String> = open.iter().map(|run| run.run_id.clone()).collect();
    let found = launcher.find(&ids);
    let lives = |run: &OpenRun| {
        // Another machine's processes cannot be seen from here.
        run.host_id != host
            || found.contains_key(&run.run_id)
            || run.started.as_ref().is_some_and(|process| launcher.lives(&process.into()))
    };
    let living = open.iter().filter(|run| lives(run)).map(|run| run.run_id.clone());
    Ok(Runs::Living(living.collect()))
}

/// What was seen of a journal while it was walked through.
struct Seen {
    kind: Kind,
    findings: Vec<Finding>,
    /// How many of the findings have their next row behind them.
    placed: usize,
    notes: Notes,
    evidence: Evidence,
    bytes: u64,
    lines: u64,
}

impl Seen {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            findings: Vec::new(),
            placed: 0,
            notes: Notes::default(),
            evidence: Evidence::default(),
            bytes: 0,
            lines: 0,
        }
    }

    fn look<F: Fold>(&mut self, journal: impl BufRead, fold: &mut F) -> IoResult<Scan> {
        walk(journal, fold, |line| {
            self.line(&line);
            Ok(())
        })
    }

    fn line(&mut self, line: &Walked<'_>) {
        self.bytes += line.bytes.len() as u64 + u64::from(line.terminated);
        self.lines += 1;
        match line.kind {
            Some(LineKind::Row) => self.row(line),
            Some(LineKind::Skipped) if line.bytes.trim_ascii().is_empty() => {}
            Some(LineKind::Skipped) => self.notes.no_object(line),
            Some(LineKind::Corrupt) | None => {
                self.findings.push(Finding::new(line, self.kind, self.notes.last_seq()));
            }
        }
    }

    fn row(&mut self, line: &Walked<'_>) {
        let Some(row) = Row::of(line.bytes, line.line + 1, line.offset) else { return };
        let before = self.notes.last_seq();
        self.notes.row(line, &row.fields, self.kind);
        if let Some(seq) = self.notes.last_seq().filter(|seq| before != Some(*seq)) {
            for finding in &mut self.findings[self.placed..] {
                finding.comes_before(seq);
            }
        }
        self.placed = self.findings.len();
        if self.kind == Kind::Lanes {
            self.evidence.note(row);
        }
    }
}

/// What a check found.
#[derive(Debug, Serialize)]
struct Report {
    journal: String,
    clean: bool,
    bytes: u64,
    lines: u64,
    rows: u64,
    corrupt: Vec<Place>,
    torn: Option<Place>,
    findings: Vec<Finding>,
    rules: Vec<Rule>,
    notes: Vec<Note>,
    /// What has to be typed to mean this journal.
    #[serde(skip)]
    named: String,
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
    fn new(source: &Source, found: &Scan, seen: Seen, rules: Vec<Rule>) -> Self {
        let place = |finding: &Finding| Place {
            line: finding.line,
            offset: finding.offset,
            raw: finding.raw.clone(),
        };
        let is_torn = |finding: &&Finding| found.torn == Some(finding.offset);
        let (torn, corrupt): (Vec<_>, Vec<_>) = seen.findings.iter().partition(is_torn);
        Self {
            journal: source.path.display().to_string(),
            clean: seen.findings.is_empty() && rules.iter().all(|it| it.state != State::Broken),
            bytes: seen.bytes,
            lines: seen.lines,
            rows: found.rows,
            corrupt: corrupt.into_iter().map(place).collect(),
            torn: torn.first().copied().map(place),
            findings: seen.findings,
            rules,
            notes: seen.notes.into_notes(),
            named: source.typed(),
        }
    }

    fn print(&self, output: &mut Output) {
        output.line(format_args!("journal   {}", self.journal));
        output.line(format_args!("rows      {}", self.rows));
        output.line(format_args!("corrupt   {}", self.corrupt.len()));
        let torn = self.torn.as_ref().map(|torn| torn.offset);
        let (last, others): (Vec<_>, Vec<_>) =
            self.findings.iter().partition(|finding| torn == Some(finding.offset));
        others.iter().take(PRINTED).for_each(|finding| print_finding(finding, output));
        if others.len() > PRINTED {
            let more = others.len() - PRINTED;
            output.line(format_args!("  … and {more} more: --json has them all"));
        }
        match last.first() {
            None => output.line("torn      no"),
            Some(finding) => {
                output.line(
                    "torn      yes: the last line was not written to its end, and does not count",
                );
                print_finding(finding, output);
            }
        }
        self.print_rules(output);
        for note in &self.notes {
            output.line(note);
        }
        if !self.findings.is_empty() {
            output.line(format_args!(
                "help      every reader passes over damage; `dosd journal salvage{} --to PATH` writes a copy without it",
                self.named
            ));
        }
    }

    fn print_rules(&self, output: &mut Output) {
        let of = |state: State| self.rules.iter().filter(move |rule| rule.state == state);
        let held: Vec<_> = of(State::Holds).map(|rule| rule.rule).collect();
        if !held.is_empty() {
            output.line(format_args!("rules     {} hold: {}", held.len(), held.join(", ")));
        }
        for Rule { rule, why, .. } in of(State::NotChecked) {
            let why = why.unwrap_or_default();
            output.line(format_args!("unasked   {rule}: {why}"));
        }
        for Rule { rule, meaning, violations, .. } in of(State::Broken) {
            output.line(format_args!("broken    {rule}: not so in this journal: {meaning}"));
            for broken in violations.iter().take(PRINTED) {
                match (broken.line, broken.offset) {
                    (Some(line), Some(offset)) => {
                        output.line(format_args!("  line {line}, byte {offset}: {}", broken.what));
                    }
                    _ => output.line(format_args!("  {}", broken.what)),
                }
                output.line(format_args!("    to do   {}", broken.to_do));
            }
            if violations.len() > PRINTED {
                let more = violations.len() - PRINTED;
                output.line(format_args!("  … and {more} more: --json has them all"));
            }
        }
    }
}

fn print_finding(finding: &Finding, output: &mut Output) {
    output.line(finding);
    let harmless = if finding.harmless { " (harmless)" } else { "" };
    output.line(format_args!("    what    {}", finding.what));
    output.line(format_args!("    means   {}{harmless}", finding.means));
    output.line(format_args!("    to do   {}", finding.to_do));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(bytes: &[u8]) -> Report {
        let mut seen = Seen::new(Kind::Lanes);
        let mut fold = LaneFold::default();
        let found = seen.look(bytes, &mut fold).unwrap();
        let rules = seen.evidence.check(&fold, &Runs::OfACopy, !seen.findings.is_empty());
        let source = Source { path: "lane-journal.jsonl".into(), kind: Kind::Lanes, is_own: true };
        Report::new(&source, &found, seen, rules)
    }

    fn kinds(report: &Report) -> Vec<&str> {
        report.notes.iter().map(|note| note.kind).collect()
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
        assert_eq!((report.rows, report.lines, report.bytes), (2, 5, 37));
        let place = &report.corrupt[0];
        assert_eq!((place.line, place.offset, place.raw.as_str()), (3, 12, "rubbish"));
        let torn = report.torn.unwrap();
        assert_eq!((torn.line, torn.offset, torn.raw.as_str()), (5, 31, "{\"op\":"));
        let found: Vec<_> = report.findings.iter().map(|it| (it.kind, it.length)).collect();
        assert_eq!(found, [("not-json", 7), ("torn", 6)]);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = "ü".repeat(500);
        let report = report(format!("{line}\n").as_bytes());
        assert_eq!(report.corrupt[0].raw.chars().count(), finding::SHOWN_CHARS);
    }

    #[test]
    fn numbers_that_are_missing_around_damage_are_told() {
        let row = |seq: u64| format!("{{\"op\":\"HALT\",\"seq\":{seq}}}\n");
        let found = report(format!("{}\0\0\0\n{}", row(3), row(7)).as_bytes());
        let finding = &found.findings[0];
        assert_eq!((finding.after_seq, finding.before_seq), (Some(3), Some(7)));
        assert!(finding.means.contains("Numbers 4 to 6 are missing"), "{}", finding.means);
        let found = report(format!("{}x\n{}", row(3), row(4)).as_bytes());
        assert!(!found.findings[0].means.contains("missing"));
    }

    #[test]
    fn what_a_damaged_row_seems_to_say_decides_what_it_means() {
        let of = |line: &str| report(format!("{line}\n").as_bytes()).findings.remove(0);
        let sealed =
            |op: &str| format!(r#"{{"crc32":"00000000","lane":"src","op":"{op}","seq":4}}"#);
        let beat = of(&sealed("HEARTBEAT"));
        assert!(beat.harmless && beat.means.contains("HEARTBEAT of lane `src`, number 4"));
        let release = of(&sealed("RELEASE"));
        assert!(!release.harmless && release.to_do.contains("release"), "{release:?}");
        let glued = of(r#"{"op":"HEAR{"lane":"src","op":"ACQUIRE","seq":4}"#);
        assert_eq!((glued.kind, glued.op.as_deref()), ("glued", Some("ACQUIRE")));
        assert!(glued.means.contains("The row behind is ACQUIRE"), "{}", glued.means);
    }

    #[test]
    fn what_is_odd_and_counts_is_a_note() {
        let found = report(
            b"{\"op\":\"N\",\"seq\":4}\n{\"op\":\"N\",\"seq\":4}\n{\"op\":\"N\",\"seq\":2,\"x\":\"\xff\"}\n[1]\n{\"op\":\"_CORRUPT\"}",
        );
        assert!(found.clean);
        assert_eq!(
            kinds(&found),
            [
                "unknown-op",
                "seq-repeated",
                "not-utf-8",
                "seq-back",
                "no-object",
                "no-newline",
                "marker"
            ]
        );
        assert_eq!(found.notes[0].count, 3);
    }

    #[test]
    fn rows_that_a_compaction_kept_may_have_lower_numbers() {
        let found = report(
            b"{\"op\":\"HALT\",\"seq\":9}\n{\"op\":\"CHECKPOINT\",\"leases\":[],\"seq_watermark\":9}\n{\"op\":\"HALT\",\"seq\":2}\n{\"op\":\"HALT\",\"seq\":10}\n",
        );
        assert_eq!(kinds(&found), Vec::<&str>::new());
    }

    #[test]
    fn a_rule_that_does_not_hold_is_not_clean() {
        let row = |loop_ts: &str| {
            format!("{{\"op\":\"ACQUIRE\",\"lane\":\"a\",\"loop_ts\":\"{loop_ts}\"}}\n")
        };
        let found = report((row("x") + &row("y")).as_bytes());
        assert!(!found.clean && found.findings.is_empty());
        let broken: Vec<_> = found.rules.iter().flat_map(|rule| &rule.violations).collect();
        assert_eq!(broken[0].line, Some(2));
    }
}
