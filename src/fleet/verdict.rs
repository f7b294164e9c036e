//! A row of the verdict journal as people look at it.

use super::model::{VerdictMark, VerdictView};
use dosd_kernel::Map;
use dosd_kernel::verdict::{VerdictEvent, severity};
use serde_json::Value;

/// A row with its id, its severity and its reason.
#[must_use]
pub fn view(id: String, row: Map) -> VerdictView {
    let event = VerdictEvent::parse(&row);
    let severity = severity(&event.verdict).as_str().to_owned();
    VerdictView { id, severity, reason: reason(&event), row }
}

/// The same in short.
pub(super) fn mark(id: &str, event: &VerdictEvent) -> VerdictMark {
    VerdictMark {
        id: id.to_owned(),
        ts: event.ts.clone(),
        syscall: event.syscall.clone(),
        verdict: event.verdict.clone(),
        severity: severity(&event.verdict).as_str().to_owned(),
        subject: event.subject.clone(),
        reason: reason(event),
    }
}

/// Why, in the row's own words, or else from what it counted.
fn reason(event: &VerdictEvent) -> Option<String> {
    let text =
        |key: &str| event.detail.get(key).and_then(Value::as_str).filter(|it| !it.is_empty());
    let number = |key: &str| event.detail.get(key).and_then(Value::as_i64);
    if let Some(said) = text("reason") {
        return Some(said.to_owned());
    }
    if event.syscall != "worker" {
        return None;
    }
    match &*event.verdict {
        "EXITED" => {
            let how = match (number("signal"), number("code")) {
                (Some(signal), _) => format!("ended by signal {signal}"),
                (None, Some(code)) => format!("ended with exit code {code}"),
                (None, None) => "ended, nobody saw how".to_owned(),
            };
            Some(match number("ran_ms") {
                #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
                Some(ran_ms) => format!("{how} after {:.1} s", ran_ms as f64 / 1000.0),
                None => how,
            })
        }
        "GAVE_UP" => {
            let (failures, window_ms) = (number("failures")?, number("window_ms")?);
            Some(format!("{failures} failures within {} s", window_ms / 1000))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::view;
    use serde_json::{Value, json};

    fn reason(row: &Value) -> Option<String> {
        view("id".to_owned(), row.as_object().cloned().unwrap()).reason
    }

    #[test]
    fn a_reason_is_what_the_row_says_or_what_it_counted() {
        let said = json!({"syscall": "effect_witness", "verdict": "REFUTED", "detail": {"reason": "it is not there"}});
        assert_eq!(reason(&said).as_deref(), Some("it is not there"));
        let worker = |verdict: &str, detail: Value| {
            reason(&json!({"syscall": "worker", "verdict": verdict, "detail": detail}))
        };
        assert_eq!(
            worker("EXITED", json!({"code": 3, "ran_ms": 2_140})).as_deref(),
            Some("ended with exit code 3 after 2.1 s")
        );
        assert_eq!(worker("EXITED", json!({"signal": 9})).as_deref(), Some("ended by signal 9"));
        assert_eq!(
            worker("GAVE_UP", json!({"failures": 5, "window_ms": 600_000})).as_deref(),
            Some("5 failures within 600 s")
        );
        assert_eq!(worker("STARTED", json!({"pid": 7})), None);
    }

    #[test]
    fn a_row_of_another_program_keeps_its_keys() {
        let row = json!({"syscall": "verify", "verdict": "not_shipped", "more": [1], "seq": 7});
        let seen = serde_json::to_value(view("a-1".to_owned(), row.as_object().cloned().unwrap()))
            .unwrap();
        assert_eq!(
            (&seen["id"], &seen["severity"], &seen["more"]),
            (&"a-1".into(), &"ERROR".into(), &json!([1]))
        );
    }
}
