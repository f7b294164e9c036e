//! How a workspace words the subject of a commit that stamps a phase.

use alloc::string::String;
use alloc::vec::Vec;

use super::text::{blanks, digits, directory, fold, is_word, strip};

/// The parts of the grammar that a workspace declares. The default is that of any
/// repository: `AUTH: AUTH2 …`, `src/AUTH: 2 …` and `AUTH2: …` stamp AUTH2.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Convention {
    /// The directories of which one must stand before the plan, as in `docs/AUTH: AUTH2`.
    /// None declared: one directory of any name may stand there, and the phase's id alone
    /// with a colon is a stamp too.
    pub subject_dirs: Vec<String>,
    /// What begins a subject that sums up several phases, beside `v1.2.3:`.
    pub summary_bundle_prefixes: Vec<String>,
    /// What begins a subject that names phases and ships none, beside snapshots and archives
    /// of runs.
    pub bookkeeping_prefixes: Vec<String>,
    /// Words that, right behind a phase, say that it goes on: `AUTH2 audit`.
    pub progress_markers: Vec<String>,
    /// Whether `AUTH2-port` counts as stamped by a stamp of `AUTH2` that mentions `port`.
    pub sub_phase_parent_fallback: bool,
    /// Whether `(AUTH AUTH2)` at the end of a subject is a stamp.
    pub trailer_stamp: bool,
}

impl Convention {
    /// What may follow the directories before a plan: each text is one way to read them.
    pub(super) fn after_directory<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let any = self.subject_dirs.is_empty();
        let declared =
            self.subject_dirs.iter().filter_map(move |name| strip(strip(text, name)?, "/"));
        let free = any.then(|| directory(text)).flatten().into_iter();
        declared.chain(free).chain(any.then_some(text))
    }

    /// What follows the beginning of a subject that sums up several phases.
    pub(super) fn after_summary<'a>(&self, subject: &'a str) -> Option<&'a str> {
        let mut bundles = self.summary_bundle_prefixes.iter();
        after_version(subject).or_else(|| bundles.find_map(|prefix| strip(subject, prefix)))
    }

    /// Whether a subject names phases without shipping any.
    pub(super) fn is_bookkeeping(&self, subject: &str) -> bool {
        let subject = subject.trim();
        self.bookkeeping_prefixes.iter().any(|prefix| strip(subject, prefix).is_some())
            || is_snapshot(subject)
            || is_archive(subject)
            || subject.split_once(':').is_some_and(|(_, rest)| is_archive(rest.trim_start()))
    }

    /// Whether what follows a phase says that work on it goes on.
    pub(super) fn is_progress(&self, rest: &str) -> bool {
        let word = blanks(rest).and_then(|rest| rest.split_whitespace().next());
        word.is_some_and(|word| {
            self.progress_markers.iter().any(|marker| fold(marker) == fold(word))
        })
    }

    /// Whether a plan's phases are stamped in prose, under one of the summary prefixes.
    pub(super) fn is_bundle(&self, plan: &str) -> bool {
        self.summary_bundle_prefixes.iter().any(|prefix| {
            let name = prefix.trim().trim_end_matches(':');
            let name = name.rsplit('/').next().unwrap_or(name);
            !name.is_empty() && fold(name) == fold(plan)
        })
    }
}

/// What follows `v1.2.3:`.
fn after_version(subject: &str) -> Option<&str> {
    let (_, rest) = digits(strip(subject, "v")?)?;
    let (_, rest) = digits(rest.strip_prefix('.')?)?;
    let (_, rest) = digits(rest.strip_prefix('.')?)?;
    rest.strip_prefix(':')
}

/// A commit of everything that lay around: `working-dir snapshot: …`.
fn is_snapshot(subject: &str) -> bool {
    let head = subject.split_once(':').map(|(head, _)| fold(head));
    head.as_deref()
        .and_then(|head| head.strip_suffix("snapshot"))
        .is_some_and(|before| !before.ends_with(is_word))
}

/// The end of a run put away: `archive 20260530T093407Z …`. A phase that is called
/// `archive` has no such stamp behind it.
fn is_archive(subject: &str) -> bool {
    let named = strip(subject, "archive").or_else(|| strip(subject, "rollup"));
    let Some(stamp) = named.and_then(blanks) else { return false };
    let stamp = fold(stamp.split(|letter| !is_word(letter)).next().unwrap_or_default());
    let Some((day, time)) = digits(&stamp) else { return false };
    let time = time.strip_suffix('z').unwrap_or(time);
    let is_time = time.strip_prefix('t').and_then(digits).is_some_and(|(_, rest)| rest.is_empty());
    day.len() == 8 && (stamp.len() == 8 || is_time)
}

#[cfg(test)]
mod tests {
    use super::Convention;

    #[test]
    fn bookkeeping_is_known_without_being_declared() {
        let convention = Convention {
            bookkeeping_prefixes: alloc::vec!["docs/_plans:".into()],
            ..Convention::default()
        };
        for subject in [
            "working-dir snapshot: AUTH2",
            "snapshot: x",
            "docs/fanout: archive 20260530T093407Z chain (AUTH2)",
            "ROLLUP 20260530: AUTH2",
            "archive 20260529T0233Z",
            "Docs/_Plans: claim AUTH2",
        ] {
            assert!(convention.is_bookkeeping(subject), "{subject}");
        }
        for subject in
            ["AUTH: archive — keep old rows", "mysnapshot: x", "archive 202605301", "archive x"]
        {
            assert!(!convention.is_bookkeeping(subject), "{subject}");
        }
    }

    #[test]
    fn a_summary_is_a_version_or_declared() {
        let convention = Convention {
            summary_bundle_prefixes: alloc::vec!["docs/HYG:".into()],
            ..Convention::default()
        };
        assert_eq!(convention.after_summary("v1.20.3: a"), Some(" a"));
        assert_eq!(convention.after_summary("docs/hyg: a"), Some(" a"));
        for subject in ["v1.2: a", "1.2.3: a", "v1.2.3 a", "version: a"] {
            assert_eq!(convention.after_summary(subject), None, "{subject}");
        }
        assert!(convention.is_bundle("hyg") && !convention.is_bundle("AUTH"));
    }
}
