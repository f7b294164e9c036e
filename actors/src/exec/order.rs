//! What a helper is told, as its command line.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::rotated_log::Rotation;

/// The hidden verb under which this program is a helper.
pub const VERB: &str = "exec-worker";

/// What a helper is to do. The worker's directory and environment are the helper's
/// own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Where the record of the worker's end goes.
    pub run_directory: PathBuf,
    /// Where output goes.
    pub log: PathBuf,
    /// How much output is kept.
    pub rotation: Rotation,
    /// Program and arguments of the worker.
    pub argv: Vec<OsString>,
}

impl Order {
    /// The arguments of a helper, the verb included.
    #[must_use]
    pub fn to_arguments(&self) -> Vec<OsString> {
        let mut arguments = vec![
            VERB.into(),
            self.run_directory.clone().into(),
            self.log.clone().into(),
            self.rotation.max_bytes.to_string().into(),
            self.rotation.keep.to_string().into(),
        ];
        arguments.extend(self.argv.iter().cloned());
        arguments
    }

    /// The order that stands in the arguments after the verb; `None` when they are
    /// no order.
    pub fn from_arguments(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let run_directory = PathBuf::from(arguments.next()?);
        let log = PathBuf::from(arguments.next()?);
        let max_bytes = number(&arguments.next()?)?;
        let keep = number(&arguments.next()?)?;
        let argv: Vec<OsString> = arguments.collect();
        let rotation = Rotation { max_bytes, keep: usize::try_from(keep).ok()? };
        (!argv.is_empty()).then_some(Self { run_directory, log, rotation, argv })
    }
}

fn number(text: &OsStr) -> Option<u64> {
    text.to_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_survives_the_command_line() {
        let order = Order {
            run_directory: "/w/.dos/runs/RID-1".into(),
            log: "/w/.dos/logs/a b/RID-1.log".into(),
            rotation: Rotation { max_bytes: 10, keep: 3 },
            argv: vec!["--".into(), "".into(), "-c".into(), "echo $HOME".into()],
        };
        let mut arguments = order.to_arguments().into_iter();
        assert_eq!(arguments.next().unwrap(), VERB);
        assert_eq!(Order::from_arguments(arguments), Some(order));
    }

    #[test]
    fn what_is_no_order_is_refused() {
        for words in [&["a"][..], &["a", "b", "c", "1", "x"], &["a", "b", "1", "1"]] {
            let words = words.iter().map(OsString::from);
            assert_eq!(Order::from_arguments(words), None);
        }
    }
}
