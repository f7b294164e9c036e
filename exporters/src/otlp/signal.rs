//! What the protocol keeps apart: logs and traces. Metrics are not sent.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtlpSignal {
    /// Log records, one for each event.
    Logs,
    /// Spans, one for each event that belongs to a run or a fleet.
    Traces,
}

impl OtlpSignal {
    /// Both, in the order in which they are sent.
    pub const ALL: [Self; 2] = [Self::Logs, Self::Traces];

    /// Its name in the configuration, and at the end of a receiver's path.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Traces => "traces",
        }
    }

    /// The method that takes it over gRPC.
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        }
    }

    /// Its part in the names of variables.
    pub(super) fn variable_part(self) -> &'static str {
        match self {
            Self::Logs => "LOGS_",
            Self::Traces => "TRACES_",
        }
    }
}

impl fmt::Display for OtlpSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
