//! What a commit's subject claims.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Serialize;

/// The kinds of claim that a diff can be held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// The code does something new or no longer.
    CodeEffect,
    /// Tests were written, mended, or pass.
    Test,
    /// Words for people changed.
    Doc,
    /// Nothing that a diff could witness.
    None,
}

impl fmt::Display for ClaimKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CodeEffect => "code_effect",
            Self::Test => "test",
            Self::Doc => "doc",
            Self::None => "none",
        })
    }
}

const NO_CLAIM: [&str; 15] = [
    "wip",
    "misc",
    "cleanup",
    "chore",
    "bump",
    "version",
    "release",
    "merge",
    "revert",
    "format",
    "lint",
    "whitespace",
    "style",
    "nit",
    "nits",
];
const NO_CLAIM_PHRASES: [&str; 3] = ["address review", "review feedback", "rename variable"];

const TEST_PHRASES: [&str; 11] = [
    "tests pass",
    "test pass",
    "tests green",
    "all tests",
    "passing tests",
    "tests passing",
    "green build",
    "fix the test",
    "fix failing test",
    "fix the failing test",
    "fixes the test",
];
const TEST_LEADS: [&str; 8] =
    ["test", "tests", "testing", "coverage", "assertion", "assertions", "spec", "specs"];
const TEST_WORDS: [&str; 6] = ["test", "tests", "testing", "spec", "specs", "coverage"];

const DOC_LEADS: [&str; 11] = [
    "doc",
    "docs",
    "documentation",
    "readme",
    "comment",
    "comments",
    "typo",
    "changelog",
    "wording",
    "rephrase",
    "clarify",
];
const DOC_NAMES: [&str; 8] =
    ["readme", "claude.md", "claude", "license", "contributing", "changelog", "authors", "notice"];

const CODE_LEADS: [&str; 33] = [
    "fix",
    "fixes",
    "fixed",
    "add",
    "adds",
    "added",
    "implement",
    "implements",
    "implemented",
    "remove",
    "removes",
    "removed",
    "delete",
    "optimize",
    "optimise",
    "refactor",
    "rename",
    "move",
    "support",
    "handle",
    "resolve",
    "resolves",
    "patch",
    "correct",
    "introduce",
    "enable",
    "disable",
    "drop",
    "migrate",
    "upgrade",
    "downgrade",
    "wire",
    "hook",
];

/// What a subject claims. A word that claims nothing (`bump`, `merge`) wins over all others;
/// only a word that leads the subject, or leads what follows its scope, claims code.
#[must_use]
pub fn claim_kind(subject: &str) -> ClaimKind {
    let subject = subject.trim().to_lowercase();
    let subject = subject.as_str();
    let leads = leads(subject);
    let is_lead = |words: &[&str]| leads.iter().any(|lead| words.contains(lead));
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| subject.contains(phrase));
    if words(subject).any(|word| NO_CLAIM.contains(&word)) || says(&NO_CLAIM_PHRASES) {
        ClaimKind::None
    } else if says(&TEST_PHRASES) || is_lead(&TEST_LEADS) || speaks_of_tests(subject) {
        ClaimKind::Test
    } else if is_lead(&DOC_LEADS) || names_a_document(subject) {
        ClaimKind::Doc
    } else if is_lead(&CODE_LEADS) {
        ClaimKind::CodeEffect
    } else {
        ClaimKind::None
    }
}

/// Whether a subject's type or scope is `ci`: `ci: …`, `fix(ci): …`.
pub(super) fn is_about_ci(subject: &str) -> bool {
    let subject = subject.trim().to_lowercase();
    let Some((head, _)) = subject.split_once(':') else { return false };
    let head = head.trim();
    let head = head.strip_suffix('!').unwrap_or(head);
    let (kind, scope) = match head.split_once('(') {
        None => (head, None),
        Some((kind, rest)) => match rest.strip_suffix(')').filter(|scope| !scope.contains(')')) {
            Some(scope) => (kind, Some(scope)),
            None => return false,
        },
    };
    is_type(kind) && (kind == "ci" || scope == Some("ci"))
}

/// Whether a subject speaks of moving files: lines that go away are no loss then.
pub(super) fn is_about_moving(subject: &str) -> bool {
    let subject = subject.trim().to_lowercase();
    leads(&subject).iter().any(|lead| ["rename", "move", "moved", "renamed"].contains(lead))
}

/// A conventional commit's type.
fn is_type(kind: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_lowercase();
    kind.starts_with(is_letter)
        && kind.chars().all(|letter| {
            is_letter(letter) || letter.is_ascii_digit() || letter == '_' || letter == '-'
        })
}

/// The words that may claim something: the first of a scope and the first after it, or the
/// first of all.
fn leads(subject: &str) -> Vec<&str> {
    match scope(subject) {
        Some((scope, rest)) => words(scope).take(1).chain(words(rest).take(1)).collect(),
        None => words(subject).take(1).collect(),
    }
}

fn speaks_of_tests(subject: &str) -> bool {
    let rest = scope(subject).map_or(subject, |(_, rest)| rest);
    words(rest).take(3).any(|word| TEST_WORDS.contains(&word))
}

/// A scope that is a document: `README: …`, `docs/206: …`, `guide.md: …`.
fn names_a_document(subject: &str) -> bool {
    let Some((head, _)) = subject.split_once(':') else { return false };
    let head = head.trim();
    if head.contains(' ') || head.chars().count() >= 40 {
        return false;
    }
    let name = head.rsplit('/').next().unwrap_or(head);
    super::path::is_document(head)
        || head.starts_with("docs/")
        || head.starts_with("doc/")
        || DOC_NAMES.contains(&name)
}

/// The part before a colon, when it is short and one word, and the part after it.
fn scope(subject: &str) -> Option<(&str, &str)> {
    let (head, rest) = subject.split_once(':')?;
    (head.chars().count() < 30 && !head.trim().contains(' ')).then_some((head, rest))
}

/// Runs of letters, with the apostrophes in them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_lowercase() && letter != '\'')
        .map(|word| word.trim_start_matches('\''))
        .filter(|word| !word.is_empty())
}

/// For messages.
pub(super) fn joined(paths: &[String]) -> String {
    paths.iter().take(4).map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{ClaimKind, claim_kind, is_about_ci};

    #[test]
    fn leading_words_claim() {
        for (subject, kind) in [
            ("fix: the race", ClaimKind::CodeEffect),
            ("parser: handle empty lines", ClaimKind::CodeEffect),
            ("Fix(parser)!: x", ClaimKind::CodeEffect),
            ("kernel: report the fix status", ClaimKind::None),
            ("add tests for the parser", ClaimKind::Test),
            ("engine: unit test it", ClaimKind::Test),
            ("all tests green", ClaimKind::Test),
            ("docs: explain", ClaimKind::Doc),
            ("CLAUDE.md: add a glossary", ClaimKind::Doc),
            ("docs/206: add a table", ClaimKind::Doc),
            ("chore: fix the build", ClaimKind::None),
            ("merge branch x", ClaimKind::None),
            ("fix conversion of nitrogen", ClaimKind::CodeEffect),
            ("fix style", ClaimKind::None),
            ("", ClaimKind::None),
            ("don't fix it", ClaimKind::None),
        ] {
            assert_eq!(claim_kind(subject), kind, "{subject}");
        }
    }

    #[test]
    fn ci_is_a_type_or_a_scope() {
        for subject in ["ci: x", "CI(test): x", "fix(ci): x", "fix(ci)!: x"] {
            assert!(is_about_ci(subject), "{subject}");
        }
        for subject in ["fix the ci cache", "fix(circus): x", "fix(a)(ci): x", "fix ci: x"] {
            assert!(!is_about_ci(subject), "{subject}");
        }
    }
}
