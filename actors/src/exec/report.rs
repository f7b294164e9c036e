//! The one line that a helper says to its daemon.

use serde::{Deserialize, Serialize};

/// What became of the start of a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// The worker exists, and leads a group of its own.
    Started {
        /// Process id.
        pid: u32,
        /// Field 22 of `/proc/PID/stat`.
        start_ticks: u64,
    },
    /// There is no such program.
    Missing,
    /// The system refused, in its words.
    Refused(String),
}

impl Report {
    /// The line, with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }

    /// The report in what a helper said; `None` when it ended before it said all.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        serde_json::from_str(line.strip_suffix('\n')?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_the_pipe_and_half_of_one_is_none() {
        let reports = [
            Report::Started { pid: 7, start_ticks: 99 },
            Report::Missing,
            Report::Refused("no\npermission".to_owned()),
        ];
        for report in reports {
            let line = report.to_line();
            assert_eq!(line.lines().count(), 1);
            assert_eq!(Report::from_line(&line[..line.len() - 1]), None);
            assert_eq!(Report::from_line(&line), Some(report));
        }
    }
}
