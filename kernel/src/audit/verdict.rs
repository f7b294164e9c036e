//! The verdict on one commit.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::claim::{ClaimKind, claim_kind, is_about_ci, is_about_moving, joined};
use super::path::{is_ci, is_source, is_test};

/// A file that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Its path from the root of the repository.
    pub path: String,
    /// Lines added and removed; none of a binary file.
    pub lines: Option<(i64, i64)>,
}

/// What the workspace accepts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether words alone witness a claim about code.
    pub docs_satisfy_code_claim: bool,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClaimVerdict {
    /// The diff is of the kind that the subject claims.
    Ok,
    /// The subject claims what the diff does not show.
    ClaimUnwitnessed,
    /// The subject claims nothing that a diff could show.
    Abstain,
}

/// What the claim rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// The files: nobody can claim those.
    DiffWitnessed,
    /// The message alone.
    SubjectOnly,
    /// Nothing was claimed.
    Abstain,
}

impl Witness {
    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DiffWitnessed => "diff-witnessed",
            Self::SubjectOnly => "subject-only",
            Self::Abstain => "abstain",
        }
    }
}

/// One commit's verdict with what it rests on, in the shape that `dosd commit-audit --json`
/// prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// The commit's abbreviated id.
    pub sha: String,
    /// The answer.
    pub verdict: ClaimVerdict,
    /// What the subject claims.
    pub claim_kind: ClaimKind,
    /// What the claim rests on.
    pub witness: Witness,
    /// Why, in one sentence.
    pub reason: String,
    /// The programs it changed.
    pub source_files: Vec<String>,
    /// The tests it changed.
    pub test_files: Vec<String>,
    /// The integration's configuration that it changed.
    pub ci_files: Vec<String>,
}

/// Holds a commit's subject against its files.
#[must_use]
pub fn audit(sha: &str, subject: &str, touched: &[Touched], policy: Policy) -> Audit {
    let of = |is: fn(&str) -> bool| -> Vec<String> {
        touched.iter().filter(|file| is(&file.path)).map(|file| file.path.clone()).collect()
    };
    let claim_kind = claim_kind(subject);
    let mut audit = Audit {
        sha: sha.into(),
        verdict: ClaimVerdict::Abstain,
        claim_kind,
        witness: Witness::Abstain,
        reason: "the subject claims nothing that a diff could show".into(),
        source_files: of(is_source),
        test_files: of(is_test),
        ci_files: of(is_ci),
    };
    let finding = match claim_kind {
        ClaimKind::None => return audit,
        ClaimKind::Doc => doc(touched),
        ClaimKind::Test => test(subject, touched),
        ClaimKind::CodeEffect => code(subject, touched, &audit, policy),
    };
    let (verdict, witness, reason) = match finding {
        Ok(reason) => (ClaimVerdict::Ok, Witness::DiffWitnessed, reason.into()),
        Err(reason) => (ClaimVerdict::ClaimUnwitnessed, Witness::SubjectOnly, reason),
    };
    audit.verdict = verdict;
    audit.witness = witness;
    audit.reason = reason;
    audit
}

/// Why a claim is witnessed, or why it is not.
type Finding = Result<&'static str, String>;

fn doc(touched: &[Touched]) -> Finding {
    if touched.is_empty() {
        Err("it claims a change of documents and changes nothing".into())
    } else {
        Ok("it claims a change of documents and changes files")
    }
}

/// A claim about tests is not witnessed by taking more of them away than were added.
fn test(subject: &str, touched: &[Touched]) -> Finding {
    let mut tests = touched.iter().filter(|file| is_test(&file.path)).peekable();
    if tests.peek().is_none() {
        return Err("it claims tests and changes none".into());
    }
    let lines = tests.filter_map(|file| file.lines);
    let (added, removed) = lines.fold((0_i64, 0_i64), |sum, lines| {
        (sum.0.saturating_add(lines.0), sum.1.saturating_add(lines.1))
    });
    if removed > added && !is_about_moving(subject) {
        return Err(format!("it claims tests and takes lines of tests away (+{added} -{removed})"));
    }
    Ok("it claims tests and changes tests")
}

fn code(subject: &str, touched: &[Touched], audit: &Audit, policy: Policy) -> Finding {
    if !audit.source_files.is_empty() {
        Ok("it claims an effect and changes a program")
    } else if !audit.ci_files.is_empty() && is_about_ci(subject) {
        Ok("it claims an effect on the integration and changes its configuration")
    } else if touched.is_empty() {
        Err("it claims an effect and changes nothing".into())
    } else if policy.docs_satisfy_code_claim {
        Ok("it claims an effect, and files of any kind are accepted for that")
    } else {
        let paths: Vec<String> = touched.iter().map(|file| file.path.clone()).collect();
        Err(format!("it claims an effect and changes no program, only {}", joined(&paths)))
    }
}

#[cfg(test)]
mod tests {
    use super::{ClaimVerdict, Policy, Touched, audit};

    fn verdict(subject: &str, files: &[(&str, i64, i64)]) -> ClaimVerdict {
        let touched: alloc::vec::Vec<_> = files
            .iter()
            .map(|(path, added, removed)| Touched {
                path: (*path).into(),
                lines: Some((*added, *removed)),
            })
            .collect();
        audit("ab", subject, &touched, Policy::default()).verdict
    }

    #[test]
    fn a_claim_needs_files_of_its_kind() {
        use ClaimVerdict::{Abstain, ClaimUnwitnessed, Ok};
        for (subject, files, wanted) in [
            ("fix: race", &[("src/a.rs", 1, 1)][..], Ok),
            ("fix: race", &[("README.md", 1, 1)], ClaimUnwitnessed),
            ("fix: race", &[], ClaimUnwitnessed),
            ("fix(ci): cache", &[(".github/workflows/a.yml", 1, 1)], Ok),
            ("fix: cache", &[(".github/workflows/a.yml", 1, 1)], ClaimUnwitnessed),
            ("add tests", &[("src/a.rs", 1, 1)], ClaimUnwitnessed),
            ("add tests", &[("tests/a.rs", 1, 2)], ClaimUnwitnessed),
            ("add tests", &[("tests/a.rs", 2, 2)], Ok),
            ("move: tests", &[("tests/a.rs", 1, 2)], Ok),
            ("docs: guide", &[("a.rs", 1, 0)], Ok),
            ("docs: guide", &[], ClaimUnwitnessed),
            ("wip", &[], Abstain),
        ] {
            assert_eq!(verdict(subject, files), wanted, "{subject} {files:?}");
        }
    }

    #[test]
    fn a_binary_test_has_no_lines_to_take_away() {
        let touched = [Touched { path: "tests/a.bin".into(), lines: None }];
        let audit = audit("ab", "add tests", &touched, Policy::default());
        assert_eq!(audit.verdict, ClaimVerdict::Ok);
        assert_eq!(audit.test_files, ["tests/a.bin"]);
    }

    #[test]
    fn words_are_accepted_when_the_policy_says_so() {
        let touched = [Touched { path: "a.md".into(), lines: Some((1, 0)) }];
        let lenient = Policy { docs_satisfy_code_claim: true };
        assert_eq!(audit("ab", "fix: x", &touched, lenient).verdict, ClaimVerdict::Ok);
        assert_eq!(audit("ab", "fix: x", &[], lenient).verdict, ClaimVerdict::ClaimUnwitnessed);
    }
}
