//! Messages: what people read, and what hostile rows make of it.

use proptest::prelude::*;
use serde_json::json;

use super::super::book::{Book, Times};
use super::super::gather::Gathered;
use super::super::message::{Message, compose};
use super::{about, check_message, events, row};

const TIMES: Times = Times { interval_ms: 60_000, repeat_ms: 600_000 };

fn message_of(rows: &[String]) -> Message {
    let mut book = Book::default();
    book.count(&Gathered::of(&events(rows)).kinds);
    let message = compose("garden", &book, 0, TIMES);
    check_message(&message);
    message
}

fn texts(message: &Message) -> Vec<&str> {
    message.blocks.iter().map(|block| block["text"]["text"].as_str().unwrap()).collect()
}

#[test]
fn people_see_the_loudest_first() {
    let detail = json!({"failures": 5, "window_ms": 60_000});
    let message = message_of(&[
        about("api", "SPINNING"),
        about("api", "SPINNING"),
        row("worker", "GAVE_UP", "docs", "the build", &detail),
        row("supervise", "AT_TARGET", "", "", &json!({})),
    ]);
    let date = "<!date^1795375885^{date_short} {time_secs}|2026-11-22T19:31:25Z>";
    assert_eq!(
        texts(&message),
        [
            "🔴 garden: 4 events, 1 ERROR, 2 WARN, 1 INFO".to_owned(),
            format!(
                "🔴 *`docs`* `worker GAVE_UP`\n{date}, about `the build`\n`failures=5, window_ms=60000`"
            ),
            format!("🟠 *`api`* `liveness SPINNING` × 2\n{date}"),
            format!("🔵 `supervise AT_TARGET`\n{date}"),
        ]
    );
    assert_eq!(
        message.text,
        "🔴 garden: 4 events, 1 ERROR, 2 WARN, 1 INFO; docs worker GAVE_UP × 1; \
         api liveness SPINNING × 2; supervise AT_TARGET × 1"
    );
}

#[test]
fn what_does_not_fit_is_counted() {
    let rows: Vec<String> =
        (0..200).flat_map(|lane| vec![about(&format!("lane-{lane:03}"), "STALLED"); 3]).collect();
    let message = message_of(&rows);
    let (last, sections) = message.blocks.split_last().unwrap();
    let untold = 200 - (sections.len() - 1);
    assert!(untold < 180, "{untold} untold");
    let expected = format!("… and {untold} more kinds, {} events", 3 * untold);
    assert_eq!(last["text"]["text"], expected);
}

#[test]
fn what_was_told_before_stands_beside_the_news() {
    let mut book = Book::default();
    book.count(&Gathered::of(&events(&[about("docs", "STALLED")])).kinds);
    book.told(0, TIMES);
    let rows: Vec<String> = (0..9).map(|_| about("docs", "STALLED")).collect();
    book.count(&Gathered::of(&events(&rows)).kinds);
    book.count(&Gathered::of(&events(&[about("api", "STALLED")])).kinds);
    let message = compose("garden", &book, 60_000, TIMES);
    check_message(&message);
    let texts = texts(&message);
    assert!(texts[0].contains("1 event, 1 ERROR"), "{}", texts[0]);
    assert_eq!(
        texts[2],
        "*Meanwhile, of what was told before*\n🔴 *`docs`* `liveness STALLED` × 9"
    );
}

/// Text that tries to break out.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[<>&`@!*_~#|\\\\\"\u{0}-\u{20}\u{202e}\u{200b}🔥]{0,200}",
        Just("<!channel> <!here> <@U1> @everyone ```".to_owned()),
        Just("&".repeat(5_000)),
        Just("\u{65e5}".repeat(5_000)),
        Just("\"\\".repeat(5_000)),
        Just(String::new()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_row_breaks_a_message(
        rows in proptest::collection::vec((hostile(), hostile(), hostile(), hostile(), hostile()), 1..30),
        workspace in hostile(),
    ) {
        let rows: Vec<String> = rows
            .iter()
            .map(|(syscall, verdict, lane, subject, word)| {
                row(syscall, verdict, lane, subject, &json!({word.as_str(): word.as_str()}))
            })
            .collect();
        let mut book = Book::default();
        book.count(&Gathered::of(&events(&rows)).kinds);
        let first = compose(&workspace, &book, 0, TIMES);
        check_message(&first);
        // The same again, as what was told before.
        book.told(0, TIMES);
        book.count(&Gathered::of(&events(&rows)).kinds);
        book.count(&Gathered::of(&events(&[about("news", "STALLED")])).kinds);
        check_message(&compose(&workspace, &book, 60_000, TIMES));
    }
}

#[test]
fn a_row_of_a_mebibyte_is_one_line() {
    let huge = "<!channel> `".repeat(1 << 17);
    let message = message_of(&[row(&huge, &huge, &huge, &huge, &json!({"why": huge}))]);
    assert!(texts(&message)[1].contains("&lt;!channel&gt; '"));
    let nothing = compose(&huge, &Book::default(), 0, TIMES);
    assert!(nothing.text.len() < 100, "{}", nothing.text);
}

#[test]
fn odd_stamps_do_not_break_the_date() {
    let at = |ts: &str| about("docs", "STALLED").replace("2026-11-22T19:31:25Z", ts);
    let message = message_of(&[at("0001-01-01T00:00:00Z"), at("9999-12-31T23:59:59Z"), at("soon")]);
    assert!(texts(&message)[1].ends_with("0001-01-01T00:00:00Z – 9999-12-31T23:59:59Z"));
    assert!(texts(&message_of(&[at("soon")]))[1].ends_with("`liveness STALLED`"));
}
