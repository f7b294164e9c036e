//! How loud a verdict is.
//!
//! Owns the two lists of tokens; sinks map the answer to their own scales.

use core::fmt;

use serde::{Deserialize, Serialize};

/// How loud a verdict is; later is louder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// As it should be.
    Info,
    /// Somebody may want to look.
    Warn,
    /// Somebody has to look.
    Error,
}

impl Severity {
    /// The severity's name in configuration and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }

    /// Its number in OpenTelemetry logs.
    #[must_use]
    pub fn otlp_number(self) -> u8 {
        match self {
            Self::Info => 9,
            Self::Warn => 13,
            Self::Error => 17,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const PEER_ERRORS: &[&str] =
    &["STALLED", "WASTEFUL", "BLOCK", "REJECT_POISON", "UNRESUMABLE", "NOT_SHIPPED"];

const PEER_WARNINGS: &[&str] = &[
    "SPINNING",
    "DIMINISHING",
    "COSTLY",
    "OPEN",
    "WARN",
    "DEFER",
    "RECENTLY_ATTEMPTED",
    "QUIET_INCOMPLETE",
    "HELD",
    "DIVERGED",
];

const OUR_ERRORS: &[&str] = &["REFUTED", "GAVE_UP"];

const OUR_WARNINGS: &[&str] = &["TARGET_UNREACHABLE", "OVER_TARGET", "UNWITNESSED"];

/// The severity of a verdict token, whatever its case.
#[must_use]
pub fn severity(verdict: &str) -> Severity {
    if holds(OUR_ERRORS, verdict) {
        Severity::Error
    } else if holds(OUR_WARNINGS, verdict) {
        Severity::Warn
    } else {
        peer_severity(verdict)
    }
}

/// The severity that the Python package gives a token: it does not know ours.
#[must_use]
pub fn peer_severity(verdict: &str) -> Severity {
    if holds(PEER_ERRORS, verdict) {
        Severity::Error
    } else if holds(PEER_WARNINGS, verdict) {
        Severity::Warn
    } else {
        Severity::Info
    }
}

fn holds(tokens: &[&str], verdict: &str) -> bool {
    tokens.iter().any(|token| token.eq_ignore_ascii_case(verdict))
}

#[cfg(test)]
mod tests {
    use super::{Severity, peer_severity, severity};

    #[test]
    fn knows_both_sets_whatever_the_case() {
        assert_eq!(severity("stalled"), Severity::Error);
        assert_eq!(severity("Gave_Up"), Severity::Error);
        assert_eq!(severity("held"), Severity::Warn);
        assert_eq!(severity("UNWITNESSED"), Severity::Warn);
        assert_eq!(severity("CONFIRMED"), Severity::Info);
        assert_eq!(severity(""), Severity::Info);
    }

    #[test]
    fn the_peer_does_not_know_ours() {
        assert_eq!(peer_severity("REFUTED"), Severity::Info);
        assert_eq!(peer_severity("SPINNING"), Severity::Warn);
    }

    #[test]
    fn louder_is_greater() {
        assert!(Severity::Info < Severity::Warn && Severity::Warn < Severity::Error);
        assert!(Severity::Info.otlp_number() < Severity::Error.otlp_number());
    }
}
