//! Bodies of hostile rows: always JSON, never too long, always the event.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::webhook::MAX_BODY_BYTES;

/// The body of a row, checked for what holds for every one.
fn body(row: &Value) -> Value {
    let event = Event::parse(event_id(77), row.to_string()).unwrap();
    let sink = WebhookSink::new(
        &WebhookConfig::new(Secret::new("http://localhost/")),
        Arc::new(dosd_actors::port::SystemClock::new()),
    );
    let sink = sink.unwrap();
    let [one, other] = [&event, &event].map(|it| sink.encode(std::slice::from_ref(it)));
    assert_eq!(one, other, "the same on every try");
    let bytes = &one[0].body;
    assert!(bytes.len() < MAX_BODY_BYTES, "{} bytes", bytes.len());
    let body: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(body["data"]["event_id"], event_id(77).to_string());
    let text = body["data"]["text"].as_str().unwrap();
    assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
    body
}

#[test]
fn a_short_row_is_whole() {
    let row = json!({"syscall": "a", "detail": {"k": [1, {"deep": "\u{0}"}]}, "other": "x"});
    let mut data = body(&row)["data"].clone();
    assert_eq!(
        data.as_object_mut().unwrap().remove("event_id"),
        Some(event_id(77).to_string().into())
    );
    assert_eq!(data.as_object_mut().unwrap().remove("text"), Some("a".into()));
    assert_eq!(data, row);
}

#[test]
fn the_largest_details_go_first_and_are_counted() {
    let detail = json!({"big": "x".repeat(1 << 20), "middle": "y".repeat(10_000), "n": 1, "z": "z".repeat(15_000)});
    let data = body(&json!({"subject": "orders:42", "detail": detail}))["data"].clone();
    assert_eq!(data["cut"], json!({"detail": 2, "keys": 0, "texts": 0}));
    let kept: Vec<&String> = data["detail"].as_object().unwrap().keys().collect();
    assert_eq!(kept, ["middle", "n"]);
    assert_eq!(data["subject"], "orders:42");
}

#[test]
fn texts_are_shortened_when_details_are_not_enough() {
    let row = json!({"subject": "\u{1}".repeat(30_000), "lane": "l", "detail": {"n": 1}, "seq": 4});
    let data = body(&row)["data"].clone();
    assert_eq!(data["cut"], json!({"detail": 1, "keys": 0, "texts": 1}));
    assert_eq!(data["subject"], format!("{}…", "\u{1}".repeat(256)));
    assert_eq!((&data["lane"], &data["seq"]), (&"l".into(), &4.into()));
}

#[test]
fn whatever_a_row_is_made_of_its_identity_stays() {
    let many: Map<String, Value> = (0..50_000).map(|n| (format!("k{n}"), n.into())).collect();
    for row in [
        json!({"lane": "l", "verdict": "V", "detail": many}),
        json!({"lane": "l", "verdict": "V", "detail": "x".repeat(1 << 20)}),
        json!({"lane": "l", "verdict": "V", "detail": {"\u{0}".repeat(1 << 20): 1}}),
        json!({"lane": "l", "verdict": "V", "\u{0}".repeat(1 << 20): 1, "cut": "x".repeat(30_000)}),
        json!({"lane": "l", "verdict": "V", "subject": ["x".repeat(1 << 20)], "ts": [[[]]]}),
    ] {
        let data = body(&row)["data"].clone();
        assert_eq!((&data["lane"], &data["verdict"]), (&"l".into(), &"V".into()));
        assert!(data["cut"].is_object());
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        any::<String>(),
        (any::<char>(), 0..40_000_usize)
            .prop_map(|(symbol, times)| symbol.to_string().repeat(times)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..8)
                .prop_map(|entries| entries.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

fn row() -> impl Strategy<Value = Value> {
    let known = proptest::sample::select(vec![
        "detail", "lane", "run_id", "seq", "source", "subject", "syscall", "ts", "verdict", "cut",
        "text", "event_id",
    ]);
    let key = prop_oneof![3 => known.prop_map(str::to_owned), 1 => text()];
    proptest::collection::vec((key, value()), 0..16)
        .prop_map(|entries| entries.into_iter().collect::<Map<_, _>>().into())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_row_makes_a_body(row in row()) {
        let body = body(&row);
        let kind = body["type"].as_str().unwrap();
        prop_assert!(kind.starts_with("dos.verdict"));
        prop_assert!(kind.chars().all(|it| it.is_ascii_alphanumeric() || "._".contains(it)));
    }
}
