//! Why a daemon behind a network has no answer, in words that say what to do.

use super::Address;
use std::time::Duration;

/// No answer, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub struct RemoteError {
    /// Whom was asked.
    pub address: Address,
    /// What came of it.
    pub why: Why,
}

/// What came instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nobody could be connected to.
    Unreachable {
        /// What the system said, with its causes.
        cause: String,
    },
    /// The request may have arrived, and no whole answer did.
    NoAnswer {
        /// What the system said, with its causes.
        cause: String,
        /// Whether something was to be done, and not only to be told.
        is_order: bool,
    },
    /// It wants a token, or another one.
    Unauthorized {
        /// Whether one was sent.
        had_token: bool,
    },
    /// The token is known and not enough, or the daemon does not serve this address.
    Forbidden {
        /// What the daemon said.
        message: String,
        /// What it advises.
        help: String,
    },
    /// Somebody else is at it.
    Busy {
        /// What the daemon said.
        message: String,
        /// When to ask again, if it named a time.
        retry_after: Option<Duration>,
    },
    /// The daemon will not do it.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The kind of reason, as in the documentation of the interface.
        kind: String,
        /// What the daemon said.
        message: String,
        /// What it advises.
        help: String,
    },
    /// It sends whoever asks to another place, which must not see the token.
    Redirected {
        /// That place, without secrets.
        to: String,
    },
    /// What came is nothing that a dosd of this version says.
    Strange {
        /// What is strange about it.
        what: String,
    },
    /// No request could be made at all.
    Unusable {
        /// Why.
        what: String,
    },
}

impl RemoteError {
    fn text(&self) -> String {
        let address = &self.address;
        match &self.why {
            Why::Unreachable { cause } => format!(
                "no daemon answers on {address}: {cause}\n  help: see that it runs with `[dosd] listen` set, and that --server or DOSD_SERVER names it"
            ),
            Why::NoAnswer { cause, is_order: false } => format!(
                "the daemon on {address} gave no answer: {cause}\n  help: see its log, and ask again"
            ),
            Why::NoAnswer { cause, is_order: true } => format!(
                "the daemon on {address} was asked and gave no answer: {cause}; it is not known whether it did what was asked\n  help: look with `dosd observe` and `dosd lease-lane live` before you ask again"
            ),
            Why::Unauthorized { had_token: false } => format!(
                "the daemon on {address} wants a token\n  help: set DOSD_TOKEN, or name a file that holds it with --token-file or DOSD_TOKEN_FILE"
            ),
            Why::Unauthorized { had_token: true } => format!(
                "the daemon on {address} does not know this token\n  help: DOSD_TOKEN, --token-file or DOSD_TOKEN_FILE has to give the one that `[dosd.http]` names there"
            ),
            Why::Forbidden { message, help } => {
                let help = or(
                    help,
                    "DOSD_TOKEN, --token-file or DOSD_TOKEN_FILE has to give the token that may write",
                );
                format!("the daemon on {address} does not allow it: {message}\n  help: {help}")
            }
            Why::Busy { message, retry_after } => {
                let when = retry_after.map_or_else(
                    || "ask again".to_owned(),
                    |delay| format!("ask again in {} s", delay.as_secs().max(1)),
                );
                format!("the daemon on {address} is busy: {message}\n  help: {when}")
            }
            Why::Refused { message, help, .. } => {
                let help = or(help, "see the log of the daemon");
                format!("{message} (said by the daemon on {address})\n  help: {help}")
            }
            Why::Redirected { to } => format!(
                "{address} sends on to {to}, which is not followed: it must not see the token\n  help: name that place itself with --server or DOSD_SERVER"
            ),
            Why::Strange { what } => format!(
                "what answers on {address} is no dosd, or one of another version: {what}\n  help: compare `dosd --version` with {address}/healthz"
            ),
            Why::Unusable { what } => format!("cannot ask the daemon on {address}: {what}"),
        }
    }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}
