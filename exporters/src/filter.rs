//! Which events an exporter sends at all. Pure.

use std::collections::BTreeSet;

use dosd_kernel::verdict::Severity;

use crate::event::Event;

/// The events that a sink wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Events below this are left out.
    pub min_severity: Severity,
    /// The syscalls whose events are sent; `None` for all.
    pub syscalls: Option<BTreeSet<String>>,
}

impl Default for Filter {
    /// Everything passes.
    fn default() -> Self {
        Self { min_severity: Severity::Info, syscalls: None }
    }
}

impl Filter {
    /// Whether the event is sent.
    #[must_use]
    pub fn admits(&self, event: &Event) -> bool {
        event.severity() >= self.min_severity
            && self.syscalls.as_ref().is_none_or(|wanted| wanted.contains(&event.verdict().syscall))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::event;

    #[test]
    fn both_conditions_must_hold() {
        let filter = Filter {
            min_severity: Severity::Warn,
            syscalls: Some(BTreeSet::from(["liveness".to_owned()])),
        };
        assert!(filter.admits(&event("liveness", "SPINNING")));
        assert!(!filter.admits(&event("liveness", "ADVANCING")));
        assert!(!filter.admits(&event("verify", "BLOCK")));
    }

    #[test]
    fn without_conditions_everything_passes() {
        assert!(Filter::default().admits(&event("", "")));
    }
}
