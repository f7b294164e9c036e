//! The verdicts on many commits, counted.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::claim::ClaimKind;
use super::verdict::{Audit, ClaimVerdict};

/// How far the subjects of a stretch of history can be trusted, in the shape that
/// `dosd commit-audit --sweep --json` prints.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Sweep {
    /// Commits looked at.
    pub commits: usize,
    /// Those that claim something that a diff can show.
    pub checkable: usize,
    /// Those that claim nothing of the kind.
    pub abstained: usize,
    /// Checkable ones whose diff shows it.
    pub witnessed: usize,
    /// Checkable ones whose diff does not.
    pub unwitnessed: usize,
    /// Unwitnessed of checkable, 0 to 1; 0 when nothing is checkable.
    pub drift_rate: f64,
    /// The same by the kind of claim.
    pub by_kind: BTreeMap<ClaimKind, KindCount>,
    /// The unwitnessed ones, newest first.
    pub unwitnessed_shas: Vec<String>,
}

/// The counts of one kind of claim.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// Claims that the diff does not show.
    pub unwitnessed: usize,
    /// Claims that it shows.
    pub witnessed: usize,
    /// No claim.
    pub abstain: usize,
}

/// Counts verdicts.
#[must_use]
pub fn sweep(audits: &[Audit]) -> Sweep {
    let mut sweep = Sweep { commits: audits.len(), ..Sweep::default() };
    for audit in audits {
        let kind = sweep.by_kind.entry(audit.claim_kind).or_default();
        match audit.verdict {
            ClaimVerdict::Ok => {
                kind.witnessed += 1;
                sweep.witnessed += 1;
            }
            ClaimVerdict::ClaimUnwitnessed => {
                kind.unwitnessed += 1;
                sweep.unwitnessed += 1;
                sweep.unwitnessed_shas.push(audit.sha.clone());
            }
            ClaimVerdict::Abstain => {
                kind.abstain += 1;
                sweep.abstained += 1;
            }
        }
    }
    sweep.checkable = sweep.witnessed + sweep.unwitnessed;
    if sweep.checkable > 0 {
        sweep.drift_rate = share(sweep.unwitnessed, sweep.checkable);
    }
    sweep
}

#[expect(clippy::cast_precision_loss, reason = "a stretch of history has fewer than 2^52 commits")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::super::{Policy, Touched, audit};
    use super::sweep;
    use alloc::vec::Vec;

    #[test]
    fn what_claims_nothing_is_left_out_of_the_share() {
        let source = [Touched { path: "a.rs".into(), lines: None }];
        let audits: Vec<_> =
            [("fix: a", 1), ("fix: b", 0), ("add c", 1), ("wip", 0), ("docs: d", 0)]
                .into_iter()
                .map(|(subject, files)| {
                    audit(subject, subject, &source[..files], Policy::default())
                })
                .collect();
        let sweep = sweep(&audits);
        assert_eq!((sweep.commits, sweep.checkable, sweep.abstained), (5, 4, 1));
        assert_eq!((sweep.witnessed, sweep.unwitnessed), (2, 2));
        assert!((sweep.drift_rate - 0.5).abs() < f64::EPSILON);
        assert_eq!(sweep.unwitnessed_shas, ["fix: b", "docs: d"]);
    }

    #[test]
    fn nothing_checkable_is_no_drift() {
        assert_eq!(sweep(&[]), super::Sweep::default());
    }
}
