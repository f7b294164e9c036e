//! `dosd exit-codes`: which verdict a verb's exit code stands for. The codes themselves are
//! given out in the verbs; this table only shows them.

use super::help;
use super::{Context, Exit, Failure, Layout, Output};
use clap::Args;
use std::collections::BTreeMap;

const EXAMPLES: &str = "\
Examples:
  dosd exit-codes
  dosd exit-codes arbitrate --json";

/// Print the verbs whose exit code is a verdict, and the codes
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// One verb [default: all]
    verb: Option<String>,
    /// Print one JSON object: verb to verdict to code
    #[arg(long)]
    json: bool,
}

type Codes = &'static [(&'static str, u8)];

/// What `claim` and `witness` answer.
const EFFECT: Codes =
    &[("CONFIRMED", 0), ("NO_CLAIM", 3), ("REFUTED", 1), ("UNWITNESSED", 3), ("contract_error", 2)];

/// What `liveness` and `status` answer. A verdict that is none of these does not occur; its
/// code stands here for scripts that handle it.
const LIVENESS: Codes =
    &[("ADVANCING", 0), ("SPINNING", 3), ("STALLED", 4), ("contract_error", 2), ("unknown", 5)];

/// Rows of verbs that this build does not have are not shown.
const TABLE: [(&str, Codes); 8] = [
    ("arbitrate", &[("acquire", 0), ("contract_error", 2), ("refuse", 1)]),
    ("claim", EFFECT),
    ("commit-audit", &[("clean", 0), ("contract_error", 2), ("unwitnessed", 1)]),
    ("cooldown", &[("CLEAR", 0), ("RECENTLY_ATTEMPTED", 3), ("contract_error", 2), ("unknown", 5)]),
    ("liveness", LIVENESS),
    ("status", LIVENESS),
    ("verify", &[("contract_error", 2), ("not_shipped", 1), ("shipped", 0)]),
    ("witness", EFFECT),
];

impl Arguments {
    pub(super) fn execute(self, _: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let mut rows = rows();
        if let Some(verb) = &self.verb {
            if !rows.contains_key(verb.as_str()) {
                let known: Vec<&str> = rows.into_keys().collect();
                return Err(Failure::Usage(format!(
                    "`{verb}` is no verb whose exit code is a verdict\n  help: ask for one of: {}",
                    known.join(", ")
                )));
            }
            rows.retain(|name, _| name == verb);
        }
        if self.json {
            output.json(&rows, Layout::Compact);
        } else {
            print(&rows, output);
        }
        Ok(Exit::SUCCESS)
    }
}

/// Verb to verdict to code.
type Rows = BTreeMap<&'static str, BTreeMap<&'static str, u8>>;

fn rows() -> Rows {
    let command = help::command();
    let ours = TABLE.iter().filter(|(verb, _)| command.find_subcommand(verb).is_some());
    ours.map(|(verb, codes)| (*verb, codes.iter().copied().collect())).collect()
}

fn print(rows: &Rows, output: &mut Output) {
    for (verb, codes) in rows {
        output.line(format_args!("dosd {verb}"));
        let mut codes: Vec<(u8, &str)> = codes.iter().map(|(name, code)| (*code, *name)).collect();
        codes.sort_unstable();
        for (code, name) in codes {
            output.line(format_args!("  {code}  {name}"));
        }
    }
    output.line("every verb: 2 usage or configuration, 70 the tool failed, 75 busy, try again");
}

#[cfg(test)]
mod tests {
    use super::{Exit, rows};
    use dosd_kernel::arbiter::Outcome;
    use dosd_kernel::effect_witness::EffectVerdict;

    #[test]
    fn the_table_shows_what_the_verbs_give_out() {
        let rows = rows();
        for outcome in [Outcome::Acquire, Outcome::Refuse] {
            assert_eq!(rows["arbitrate"][outcome.as_str()], Exit::from(outcome).code());
        }
        for verdict in [
            EffectVerdict::Confirmed,
            EffectVerdict::Refuted,
            EffectVerdict::Unwitnessed,
            EffectVerdict::NoClaim,
        ] {
            let code = Exit::from(verdict).code();
            assert_eq!(rows["witness"][verdict.as_str()], code);
            assert_eq!(rows["claim"][verdict.as_str()], code);
        }
        for (verb, codes) in &rows {
            assert_eq!(codes["contract_error"], Exit::USAGE.code(), "{verb}");
        }
    }
}
