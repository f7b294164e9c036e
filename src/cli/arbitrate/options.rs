//! From the text of options to what the arbiter takes. Pure.

use dosd_kernel::Map;
use dosd_kernel::lane::Lease;
use serde_json::Value;
use std::sync::Arc;

const LEASES_HELP: &str = "help: pass a JSON array of lease objects, `[]` or `[{\"lane\":\"src\",\"tree\":[\"src/**\"]}]`";

/// A kind and how many of it may be live.
pub(super) fn class_budget(text: &str) -> Result<(String, u64), String> {
    let (kind, number) = text.split_once('=').ok_or("there is no `=`: pass KIND=N")?;
    let kind = kind.trim();
    if kind.is_empty() {
        return Err("the kind is empty: pass KIND=N".to_owned());
    }
    let number = number.trim();
    let budget = number.parse().map_err(|_| {
        format!("`{number}` is no number of leases: pass zero, which is no limit, or more")
    })?;
    Ok((kind.to_owned(), budget))
}

/// Leases as they are given on the command line.
pub(super) fn leases(text: &str) -> Result<Vec<Arc<Lease>>, String> {
    let wrong = |what: String| format!("`--leases` {what}\n  {LEASES_HELP}");
    let value: Value =
        serde_json::from_str(text).map_err(|cause| wrong(format!("is not JSON: {cause}")))?;
    let Value::Array(items) = value else { return Err(wrong("is no array".to_owned())) };
    let lease = |(at, item): (usize, Value)| {
        let fields: Map = serde_json::from_value(item)
            .map_err(|_| wrong(format!("holds something else than an object at place {at}")))?;
        Ok(Arc::new(Lease::new(fields)))
    };
    items.into_iter().enumerate().map(lease).collect()
}

#[cfg(test)]
mod tests {
    use super::{class_budget, leases};

    #[test]
    fn a_budget_is_a_kind_and_a_number() {
        assert_eq!(class_budget(" cluster = 3 "), Ok(("cluster".to_owned(), 3)));
        assert_eq!(class_budget("a=0"), Ok(("a".to_owned(), 0)));
        for wrong in ["cluster", "=1", " =1", "a=", "a=x", "a=-1", "a=1.5", "a=1=2"] {
            assert!(class_budget(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn leases_are_a_list_of_objects() {
        assert!(leases("[]").unwrap().is_empty());
        assert_eq!(leases(r#"[{"lane":"a"}]"#).unwrap()[0].lane(), "a");
        for (wrong, word) in [("x", "not JSON"), ("{}", "no array"), ("[{},1]", "place 1")] {
            let error = leases(wrong).unwrap_err();
            assert!(error.contains(word) && error.contains("\n  help: "), "{error}");
        }
    }
}
