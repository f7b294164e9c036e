//! Run ids and the lineage that a worker inherits.
//!
//! Owns the text form: `RID-`, nine digits of time, six of entropy, in Crockford's
//! base 32. Text order is time order. Never draws a random number.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::invalid::InvalidArgument;

/// The variable that tells a worker the run at the root of its lineage.
pub const ROOT_ID_VARIABLE: &str = "CID_ROOT_ID";

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PREFIX: &str = "RID-";
const PROCESS_PREFIX: &str = "PROC-";
const TIME_DIGITS: usize = 9;
const ENTROPY_DIGITS: usize = 6;

/// A well-formed run id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// The id in this text, if it is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        decode(text).map(|_| Self(text.into()))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When it was minted.
    #[must_use]
    pub fn ts_ms(&self) -> i64 {
        decode(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

impl TryFrom<String> for RunId {
    type Error = InvalidArgument;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| {
            InvalidArgument(format!("`{text}` is no run id: pass `RID-` and fifteen digits"))
        })
    }
}

/// Who a run is and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// The run's own id.
    pub run_id: RunId,
    /// What kind of process it is, `PROC-` first.
    pub process_id: String,
    /// The run that started it.
    pub parent_id: Option<String>,
    /// The first run of the chain; its own id for a root.
    pub root_id: String,
    /// When it was minted.
    pub ts_ms: i64,
}

impl Lineage {
    /// The environment variables that hand the lineage to a worker.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut variables = Vec::from([
            ("CID_RUN_ID", self.run_id.to_string()),
            (ROOT_ID_VARIABLE, self.root_id.clone()),
            ("CID_PROCESS_ID", self.process_id.clone()),
        ]);
        if let Some(parent) = &self.parent_id {
            variables.push(("CID_PARENT_ID", parent.clone()));
        }
        variables
    }
}

/// Mints an id. Only the low 30 bits of `entropy` are used; blank parents and
/// roots are none.
///
/// # Errors
///
/// When the process id is empty, or the time does not fit in nine digits (it is
/// negative, or after the year 3084): such an id would sort in the wrong place.
pub fn mint(
    ts_ms: i64,
    entropy: u64,
    process_id: &str,
    parent: Option<&str>,
    root_id: Option<&str>,
) -> Result<Lineage, InvalidArgument> {
    if process_id.is_empty() {
        return Err(InvalidArgument::new("the process id is empty: pass one like `dispatch-loop`"));
    }
    let time = u64::try_from(ts_ms).ok().filter(|time| *time < 1 << (TIME_DIGITS * 5));
    let Some(time) = time else {
        let message =
            format!("`{ts_ms}` is no time that a run id can hold: pass epoch milliseconds");
        return Err(InvalidArgument(message));
    };
    let mut text = String::from(PREFIX);
    push_digits(&mut text, time, TIME_DIGITS);
    push_digits(&mut text, entropy, ENTROPY_DIGITS);
    let given = |id: Option<&str>| id.filter(|id| !id.is_empty()).map(String::from);
    let kind = process_id.strip_prefix(PROCESS_PREFIX).unwrap_or(process_id);
    Ok(Lineage {
        process_id: format!("{PROCESS_PREFIX}{kind}"),
        parent_id: given(parent),
        root_id: given(root_id).unwrap_or_else(|| text.clone()),
        run_id: RunId(text),
        ts_ms,
    })
}

/// When an id was minted; none if the text is not a run id.
#[must_use]
pub fn decode(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(PREFIX)?.as_bytes();
    if digits.len() != TIME_DIGITS + ENTROPY_DIGITS {
        return None;
    }
    let mut ts_ms = 0;
    for (place, digit) in digits.iter().enumerate() {
        let value = DIGITS.iter().position(|known| known == digit)?;
        if place < TIME_DIGITS {
            ts_ms = ts_ms << 5 | i64::try_from(value).ok()?;
        }
    }
    Some(ts_ms)
}

fn push_digits(text: &mut String, number: u64, width: usize) {
    for place in (0..width).rev() {
        let value = (number >> (place * 5) & 31) as usize;
        text.push(char::from(DIGITS[value]));
    }
}

#[cfg(test)]
mod tests {
    use super::{RunId, decode, mint};
    use proptest::prelude::*;

    #[test]
    fn a_child_inherits() {
        let root = mint(1, 2, "dosd", None, None).unwrap();
        let child = mint(3, 4, "PROC-w", Some(root.run_id.as_str()), Some(&root.root_id)).unwrap();
        assert_eq!(child.parent_id.as_deref(), Some(root.run_id.as_str()));
        assert_eq!(child.root_id, root.run_id.as_str());
        assert_eq!(child.process_id, "PROC-w");
        let variables = child.environment();
        assert!(variables.contains(&("CID_PARENT_ID", root.run_id.as_str().into())));
        assert_eq!(root.environment().len(), 3);
    }

    #[test]
    fn refuses_what_cannot_be_an_id() {
        assert!(mint(0, 0, "", None, None).is_err());
        assert!(mint(-1, 0, "w", None, None).is_err());
        assert!(mint(1 << 45, 0, "w", None, None).is_err());
        assert!(serde_json::from_str::<RunId>("\"RID-\"").is_err());
        assert_eq!(decode("RID-00000000é00000"), None);
    }

    proptest! {
        #[test]
        fn text_order_is_time_order(a in 0_i64..1 << 45, b in 0_i64..1 << 45, entropy: u64) {
            let id = |ts_ms| mint(ts_ms, entropy, "w", None, None).unwrap().run_id;
            prop_assert_eq!(id(a).cmp(&id(b)), a.cmp(&b));
            prop_assert_eq!(decode(id(a).as_str()), Some(a));
            prop_assert_eq!(id(b).ts_ms(), b);
        }
    }
}
