//! `dosd lint`: prints what [`dosd_kernel::lint`] finds in the configuration. It judges nothing by
//! itself.

use super::exit::note;
use super::{Context, Exit, Failure, Layout, Output};
use crate::config::{self, Config, ConfigError, Subject, Weight};
use clap::Args;
use dosd_kernel::lint::{self, Finding, Severity};
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  dosd lint
  dosd lint --strict --json --workspace /srv/fleet

Exit codes:
  0 nothing to gate on
  1 an error or a warning was found; with --strict, an error
  2 `dos.toml` cannot be read";

/// Find declarations in dos.toml that can never take effect
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Print the findings and their counts as one JSON object
    #[arg(long)]
    json: bool,
    /// Let only errors decide the exit code
    #[arg(long)]
    strict: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let config = readable_config(context)?;
        let findings = lint::lint(&config.lanes, &config.reasons);
        let count = |severity| findings.iter().filter(|found| found.severity == severity).count();
        if self.json {
            let counts = json!({
                "error": count(Severity::Error),
                "warn": count(Severity::Warn),
                "info": count(Severity::Info),
            });
            output.json(&json!({"findings": findings, "counts": counts}), Layout::Compact);
        } else {
            print(&findings, output);
        }
        let gated = count(Severity::Error) + if self.strict { 0 } else { count(Severity::Warn) };
        Ok(if gated == 0 { Exit::SUCCESS } else { Exit::NEGATIVE })
    }
}

fn print(findings: &[Finding], output: &mut Output) {
    if findings.is_empty() {
        output.line("nothing is declared in vain");
    }
    for found in findings {
        let (severity, kind) = (found.severity.as_str(), found.kind.as_str());
        output.line(format_args!("{severity:5}  {kind}  {}: {}", found.subject, found.detail));
        output.line(format_args!("  help: {}", found.fix));
    }
}

/// The configuration, also when its declarations contradict each other: that is to be found here.
fn readable_config(context: &Context) -> Result<Config, Failure> {
    let surveyed = config::survey(&context.workspace()?)?;
    let Some(file) = surveyed.file else { return Ok(surveyed.config) };
    let mut problems = surveyed.warnings;
    problems.retain(|problem| problem.subject == Subject::Writing);
    if problems.iter().any(|problem| problem.weight == Weight::Error) {
        return Err(ConfigError::Invalid { file, problems }.into());
    }
    for warning in &problems {
        note(&warning.in_file(&file));
    }
    Ok(surveyed.config)
}
