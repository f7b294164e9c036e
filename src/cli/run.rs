//! `dosd run`: starts the daemon and stays with it. Its log goes to standard error.

use super::context::Context;
use super::exit::{Exit, Failure};
use crate::daemon::{self, DaemonError, RunOptions};
use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  dosd run
  dosd run --workspace /srv/fleet --log-format json";

/// Keep the fleet alive: supervise, witness, export, until told to stop
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// How log lines on standard error look
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line, for collectors
    Json,
}

impl Arguments {
    /// Serves the workspace until a signal says stop.
    ///
    /// # Errors
    ///
    /// When the configuration is wrong, somebody else serves the workspace, or the daemon cannot go
    /// on.
    pub(super) fn execute(&self, context: &Context) -> Result<Exit, Failure> {
        let options = RunOptions {
            workspace: context.workspace()?,
            config: context.config()?,
            environment: context.environment().clone(),
            program: std::env::current_exe().ok(),
        };
        let format = match self.log_format {
            LogFormat::Text => daemon::LogFormat::Text,
            LogFormat::Json => daemon::LogFormat::Json,
        };
        daemon::start_logging(format, context.environment().no_color);
        daemon::run(options)?;
        Ok(Exit::SUCCESS)
    }
}

impl From<DaemonError> for Failure {
    fn from(error: DaemonError) -> Self {
        match error {
            DaemonError::Busy { .. } => Self::Busy(error.to_string()),
            DaemonError::Journal(error) => error.into(),
            DaemonError::State { .. }
            | DaemonError::HttpSettings(_)
            | DaemonError::Http(_)
            | DaemonError::JournalEnded { .. }
            | DaemonError::Signals(_)
            | DaemonError::Processes(_)
            | DaemonError::Clock(_)
            | DaemonError::KeepsPanicking { .. } => Self::Failed(error.to_string()),
        }
    }
}
