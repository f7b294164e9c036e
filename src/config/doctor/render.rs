//! The report for people. It prints what the report holds and finds out nothing by itself.

use super::{ConfigState, Detail, LaneKind, Report, WorkerCheck};
use crate::config::Weight;
use std::fmt::{Display, Formatter, Result};
use std::path::Path;

impl Display for Report {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        writeln!(formatter, "dosd {}", self.dosd_version)?;
        writeln!(formatter, "workspace    {}", self.workspace)?;
        let state = match self.config.state {
            ConfigState::Absent => "not there, defaults stand",
            ConfigState::Used => "used",
            ConfigState::Refused => "refused",
        };
        writeln!(formatter, "config       {} ({state})", self.config.path)?;
        if let Some(detail) = &self.detail {
            write!(formatter, "{detail}")?;
        }
        self.write_problems(formatter)
    }
}

impl Report {
    fn write_problems(&self, formatter: &mut Formatter<'_>) -> Result {
        let total = self.config.problems.len() + self.findings.len();
        if total == 0 {
            return writeln!(formatter, "\neverything looks well");
        }
        let things = if total == 1 { "thing needs" } else { "things need" };
        writeln!(formatter, "\n{total} {things} attention")?;
        for problem in &self.config.problems {
            writeln!(formatter, "{}", problem.in_file(Path::new(&self.config.path)))?;
        }
        for finding in &self.findings {
            let weight = match finding.weight {
                Weight::Error => "error",
                Weight::Warning => "warning",
            };
            writeln!(formatter, "{weight}: {}: {}", finding.subject, finding.what)?;
            writeln!(formatter, "  help: {}", finding.help)?;
        }
        Ok(())
    }
}

impl Display for Detail {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let policy = &self.supervise;
        write!(formatter, "supervise    target {}", policy.target)?;
        if let Some(limit) = policy.max_concurrency {
            write!(formatter, ", at most {limit} at once")?;
        }
        let counted = if policy.count_spinning_as_alive { "count" } else { "do not count" };
        let reaped = if policy.reap_stalled { "are reaped" } else { "stay" };
        write!(formatter, ", spinners {counted}, stalled workers {reaped}")?;
        match policy.spin_halt_after_ms {
            Some(after_ms) => writeln!(formatter, ", a halt is proposed after {after_ms} ms")?,
            None => writeln!(formatter)?,
        }
        for line in self.policies.lines() {
            writeln!(formatter, "{line}")?;
        }
        self.write_lanes(formatter)?;
        self.write_files(formatter)?;
        self.write_worker(formatter)?;
        self.write_peers(formatter)
    }
}

impl Detail {
    fn write_lanes(&self, formatter: &mut Formatter<'_>) -> Result {
        let width = self.roster.iter().map(|lane| lane.lane.chars().count()).max().unwrap_or(0);
        writeln!(formatter, "lanes        {}", self.roster.len())?;
        for lane in &self.roster {
            let kind = match lane.kind {
                LaneKind::Concurrent => "concurrent",
                LaneKind::Exclusive => "exclusive ",
            };
            let tree =
                if lane.tree.is_empty() { "(no tree)".to_owned() } else { lane.tree.join(" ") };
            writeln!(formatter, "  {:width$}  {kind}  {tree}", lane.lane)?;
        }
        Ok(())
    }

    fn write_files(&self, formatter: &mut Formatter<'_>) -> Result {
        writeln!(formatter, "files")?;
        for file in &self.files {
            let state = match (&file.problem, file.exists) {
                (Some(_), _) => "bad",
                (None, true) => "ok",
                (None, false) => "new",
            };
            writeln!(
                formatter,
                "  {:3}  {:15}  {}",
                state,
                file.name.replace('_', " "),
                file.path
            )?;
        }
        Ok(())
    }

    fn write_worker(&self, formatter: &mut Formatter<'_>) -> Result {
        writeln!(formatter, "worker       {}", self.worker.line())?;
        writeln!(formatter, "             {}", self.worker.outlook())?;
        for (lane, worker) in &self.lane_workers {
            writeln!(formatter, "  {lane}  {}", worker.line())?;
            writeln!(formatter, "             {}", worker.outlook())?;
        }
        Ok(())
    }

    fn write_peers(&self, formatter: &mut Formatter<'_>) -> Result {
        writeln!(formatter, "witnesses    {}", self.witnesses.len())?;
        for witness in &self.witnesses {
            let state = match witness.entities {
                Some(1) => "1 entity".to_owned(),
                Some(count) => format!("{count} entities"),
                None if witness.problem.is_none() => "not read for this report".to_owned(),
                None => "unreadable".to_owned(),
            };
            let (name, kind, rung) = (&witness.name, witness.kind, witness.rung);
            writeln!(formatter, "  {name}  {kind}  {rung}  {}  ({state})", witness.place)?;
        }
        writeln!(formatter, "exporters    {}", self.exporters.len())?;
        for exporter in &self.exporters {
            let state = if exporter.problem.is_none() { "ok" } else { "bad" };
            let (name, kind) = (&exporter.name, exporter.kind);
            let severity = exporter.min_severity;
            let place =
                exporter.path.as_deref().map_or_else(String::new, |path| format!("  {path}"));
            writeln!(formatter, "  {name}  {kind}  from {severity}{place}  ({state})")?;
        }
        Ok(())
    }
}

impl WorkerCheck {
    fn line(&self) -> String {
        let words: Vec<String> = self.command.iter().map(|word| quoted(word)).collect();
        words.join(" ")
    }

    fn outlook(&self) -> String {
        let found = match (&self.program, &self.problem) {
            (Some(program), _) => format!("starts {program}"),
            (None, Some(_)) => "cannot be started".to_owned(),
            (None, None) => "another program for each lane or run".to_owned(),
        };
        format!("{found}; the {} keeps its lease", self.lease)
    }
}

/// A word of a command line, in quotes where its ends would be unclear.
fn quoted(word: &str) -> String {
    let clear =
        !word.is_empty() && !word.contains(|letter: char| letter.is_whitespace() || letter == '"');
    if clear { word.to_owned() } else { format!("{word:?}") }
}
