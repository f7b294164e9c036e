//! The stream of events: nothing is lost, nothing comes twice, whoever comes back goes on.

use super::client::{Event, Events};
use super::{Client, start, workspace};
use serde_json::{Value, json};

/// The next verdict on a claim: the supervisor has its own, whenever it likes.
fn next_claim(events: &mut Events) -> Option<Event> {
    loop {
        let event = events.next("verdict")?;
        if event.data["syscall"] == "effect_witness" {
            return Some(event);
        }
    }
}

fn claim(client: &Client, number: usize) {
    let answer = client.post("/v1/claims", &json!({"key": format!("orders:n{number}")}));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn a_reader_that_comes_back_gets_what_it_missed_and_nothing_twice() {
    let workspace = workspace("", "");
    let (daemon, client) = start(&workspace);
    claim(&client, 0);
    let mut events = client.events(None);
    let fleet = events.next("fleet").expect("the picture comes at once");
    assert_eq!(fleet.data["lanes"][0]["lane"], "api");
    claim(&client, 1);
    let first = next_claim(&mut events).expect("an event");
    assert_eq!(first.data["subject"], "orders:n1", "what was there before is not new");
    drop(events);
    claim(&client, 2);
    // The daemon itself may be another one meanwhile.
    drop(daemon);
    let (_daemon, client) = start(&workspace);
    claim(&client, 3);
    let mut events = client.events(first.id.as_deref());
    let mut subjects: Vec<Value> = Vec::new();
    while subjects.last() != Some(&Value::from("orders:n3")) {
        let event = events.next("verdict").expect("an event");
        assert_eq!(Some(event.id.as_deref().unwrap()), event.data["id"].as_str());
        if event.data["syscall"] == "effect_witness" {
            subjects.push(event.data["subject"].clone());
        }
    }
    assert_eq!(subjects, ["orders:n2", "orders:n3"]);
}

#[test]
fn a_page_after_the_other_is_the_journal() {
    let workspace = workspace("", "");
    let (_daemon, client) = start(&workspace);
    for number in 0..25 {
        claim(&client, number);
    }
    let mut seen: Vec<Value> = Vec::new();
    let mut since = String::new();
    loop {
        let page = client.get(&format!("/v1/verdicts?limit=7{since}")).json();
        assert_eq!(page["rewritten"], false);
        seen.extend(page["verdicts"].as_array().unwrap().iter().cloned());
        since = format!("&since={}", page["next"].as_str().expect("where to go on"));
        if page["behind_bytes"] == 0 {
            break;
        }
    }
    let text =
        std::fs::read_to_string(workspace.root().join(".dos/verdict-journal.jsonl")).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(seen.len(), rows.len());
    for (shown, row) in seen.iter().zip(&rows) {
        for (key, value) in row.as_object().unwrap() {
            assert_eq!(&shown[key], value, "{key}");
        }
    }
    let newest = client.get("/v1/verdicts?last=3").json();
    assert_eq!(newest["verdicts"].as_array().unwrap()[..], seen[seen.len() - 3..]);
    let rest = client.get(&format!("/v1/verdicts?limit=7{since}")).json();
    assert_eq!(
        (&rest["verdicts"], format!("&since={}", rest["next"].as_str().unwrap())),
        (&json!([]), since)
    );
}

#[test]
fn a_place_in_a_journal_that_is_gone_begins_with_the_new_one() {
    let workspace = workspace("", "");
    let (_daemon, client) = start(&workspace);
    claim(&client, 0);
    let page = client.get("/v1/verdicts?since=0123456789abcdef-40").json();
    assert_eq!(page["rewritten"], true);
    assert!(!page["verdicts"].as_array().unwrap().is_empty());
    let mut events = client.events(Some("0123456789abcdef-40"));
    assert_eq!(events.next("verdict").unwrap().data["seq"], 1);
}

#[test]
fn many_readers_get_the_same_and_end_with_the_daemon() {
    let workspace = workspace("", "");
    let (daemon, client) = start(&workspace);
    let mut readers: Vec<_> = (0..50).map(|_| client.events(None)).collect();
    claim(&client, 1);
    for reader in &mut readers {
        assert_eq!(next_claim(reader).expect("an event").data["subject"], "orders:n1");
    }
    drop(daemon);
    for mut reader in readers {
        assert!(next_claim(&mut reader).is_none(), "nothing comes twice, and it ends");
    }
}
