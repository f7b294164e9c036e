//! Whether a row of the ledger is one that this reader understands. It is refused rather
//! than guessed at.

use serde_json::Value;

use crate::Map;

const FAMILY: &str = "intent-ledger";
const NEWEST: i64 = 1;

/// How a row may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readability {
    /// As it stands. A row without a tag, or with one that makes no sense, is an old one.
    Readable,
    /// Not at all: its writer is newer than this reader.
    Newer,
    /// Not at all: it belongs into another file.
    Foreign,
}

pub(super) fn readability(row: &Map) -> Readability {
    let (family, version) = match row.get("schema") {
        Some(Value::Object(tag)) => match tag.get("family") {
            Some(Value::String(family)) => (family.as_str(), tag.get("version")),
            _ => return Readability::Readable,
        },
        // Before there were families, the tag was the version.
        version => ("", version),
    };
    let Some(version) = version.and_then(Value::as_i64).filter(|version| *version > 0) else {
        return Readability::Readable;
    };
    if !family.is_empty() && family != FAMILY {
        Readability::Foreign
    } else if version > NEWEST {
        Readability::Newer
    } else {
        Readability::Readable
    }
}

#[cfg(test)]
mod tests {
    use super::{Readability, readability};
    use serde_json::{Value, json};

    #[test]
    fn tags_are_read_and_nonsense_is_old() {
        let of = |schema: Value| readability(json!({"schema": schema}).as_object().unwrap());
        assert_eq!(of(json!({"family": "intent-ledger", "version": 1})), Readability::Readable);
        assert_eq!(of(json!({"family": "intent-ledger", "version": 2})), Readability::Newer);
        assert_eq!(of(json!({"family": "lane-journal", "version": 1})), Readability::Foreign);
        assert_eq!(of(json!(1)), Readability::Readable);
        assert_eq!(of(json!(2)), Readability::Newer);
        for odd in [json!(null), json!("2"), json!(true), json!(0), json!({"version": 2})] {
            assert_eq!(of(odd.clone()), Readability::Readable, "{odd}");
        }
    }
}
