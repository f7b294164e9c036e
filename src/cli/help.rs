//! The first page of help: the verbs in groups, as one screen. It says nothing about a verb that the
//! verb's own definition does not say.

use super::Invocation;
use clap::CommandFactory;
use std::fmt::Write;

/// The groups, in the order in which a newcomer meets them, and the verbs of each.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "Fleet",
        &[
            "run",
            "loop",
            "arbitrate",
            "lease-lane",
            "halt",
            "health",
            "reset",
            "watch",
            "top",
            "decisions",
            "notify",
            "ps",
            "logs",
        ],
    ),
    (
        "Witness",
        &["claim", "witness", "surfaces", "verify", "commit-audit", "liveness", "status", "trace"],
    ),
    ("Journal", &["journal", "observe", "reap", "export", "exporters"]),
    ("Tools", &["doctor", "eval", "exit-codes", "run-id", "lint", "cooldown", "id-alloc", "lease"]),
];

const AFTER: &str = "\
Exit codes: the verdict's own; 2 the command or the configuration is wrong; 70 the tool failed;
75 busy, try again. `dosd VERB --help` shows a verb's options and examples.";

/// The command line's definition, with its first page of help.
pub(super) fn command() -> clap::Command {
    let command = Invocation::command();
    let page = format!(
        "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{}Options:\n{{options}}{{after-help}}",
        verbs(&command)
    );
    command.help_template(page).after_help(AFTER)
}

fn verbs(command: &clap::Command) -> String {
    let mut page = String::new();
    for (heading, names) in GROUPS {
        let _ = writeln!(page, "{heading}:");
        for name in names {
            let about = command.find_subcommand(name).and_then(clap::Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(page, "  {name:<12} {about}");
        }
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_verb_is_in_one_group() {
        let command = command();
        let defined: BTreeSet<_> = command
            .get_subcommands()
            .filter(|verb| !verb.is_hide_set())
            .map(clap::Command::get_name)
            .collect();
        let grouped: Vec<_> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        assert_eq!(grouped.len(), grouped.iter().collect::<BTreeSet<_>>().len(), "named twice");
        assert_eq!(grouped.into_iter().collect::<BTreeSet<_>>(), defined);
    }

    #[test]
    fn the_first_page_fits_a_screen() {
        let page = command().render_help().to_string();
        assert!(page.lines().count() <= 60, "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
    }

    /// Every verb that does something, with the words that lead to it.
    fn leaves(command: &clap::Command, path: &str) -> Vec<(String, clap::Command)> {
        let mut found = Vec::new();
        for verb in command.get_subcommands() {
            let path = format!("{path} {}", verb.get_name());
            if verb.has_subcommands() {
                found.extend(leaves(verb, &path));
            } else {
                found.push((path, verb.clone()));
            }
        }
        found
    }

    #[test]
    fn every_verb_has_a_purpose_and_an_example() {
        for (path, verb) in leaves(&command(), "dosd") {
            let purpose = verb.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!purpose.is_empty() && !purpose.contains('\n'), "{path}: {purpose:?}");
            let after = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains(&format!("  {path}")), "{path} has no example: {after:?}");
        }
    }

    #[test]
    fn every_example_parses() {
        for (path, verb) in leaves(&command(), "dosd") {
            let after = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            for example in after.lines().filter(|line| line.starts_with("  dosd ")) {
                let words = example.split('|').next().unwrap_or_default().split_whitespace();
                let parsed = super::super::parse(words.map(Into::into));
                assert!(parsed.is_ok(), "{path}: {example}: {parsed:?}");
            }
        }
    }
}
