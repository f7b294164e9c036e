//! Verbs of the Python tool that are not here yet. Whoever types one is told so, instead of being told
//! that there is no such thing.

use super::Failure;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The names, sorted.
const VERBS: [&str; 41] = [
    "answer-shape",
    "arg-provenance",
    "attest",
    "breaker",
    "complete",
    "coverage",
    "efficiency",
    "enumerate",
    "exec-capability",
    "gate",
    "guard",
    "helped",
    "hook",
    "hook-exit",
    "improve",
    "init",
    "intervention-eval",
    "judge",
    "judge-eval",
    "learn",
    "man",
    "memory",
    "overlap-eval",
    "pick-priority",
    "pickable",
    "plan",
    "precursor-gate-eval",
    "productivity",
    "projects",
    "quickstart",
    "reconcile",
    "reindex",
    "resume",
    "reward",
    "rewind",
    "scope-gate",
    "scout",
    "test-witness",
    "tool-stream-eval",
    "verify-receipt",
    "verify-result",
];

/// What a command line that was not understood means.
pub(super) fn explain(error: clap::Error) -> Failure {
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(verb)) = error.get(ContextKind::InvalidSubcommand)
        && VERBS.binary_search(&verb.as_str()).is_ok()
    {
        return Failure::Usage(format!(
            "`{verb}` is not there yet\n  help: run `dos {verb}`; it works on the same workspace"
        ));
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{help, parse};

    #[test]
    fn the_names_are_sorted_and_none_is_a_verb_of_ours() {
        assert!(VERBS.is_sorted());
        let command = help::command();
        let ours: Vec<_> =
            VERBS.iter().filter(|it| command.find_subcommand(it).is_some()).collect();
        assert!(ours.is_empty(), "{ours:?} are here");
    }

    #[test]
    fn a_verb_that_is_missing_is_told_from_one_that_does_not_exist() {
        let outcome = |verb: &str| parse(["dosd", verb].map(Into::into)).unwrap_err();
        let missing = outcome("resume");
        assert!(matches!(missing, Failure::Usage(text) if text.contains("not there yet")));
        assert!(matches!(outcome("resumme"), Failure::CommandLine(_)));
    }
}
