//! The rulings, each on a small journal.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::{
    AcquireLane, Asker, BeatLane, LaneReply, LaneRequest, NoteHalt, NoteSpawn, ReleaseLane,
};
use crate::arbiter::Overlap;
use crate::draft::Draft;
use crate::fold::Fold as _;
use crate::lane::expiry::HolderProcess;
use crate::lane::rule::{Docket, Matter, Ruling};
use crate::lane::{Acquire, LaneFold, LaneRow};
use crate::population::Lanes;
use crate::stamp;

const MINUTE_MS: i64 = 60_000;
const NOW_MS: i64 = 1_795_305_600_000;

fn text(text: &str) -> String {
    text.into()
}

fn lanes() -> Lanes {
    let names = |names: &[&str]| names.iter().map(|name| text(name)).collect::<Vec<_>>();
    Lanes {
        concurrent: names(&["a", "b"]),
        exclusive: names(&["global"]),
        autopick: names(&["a", "b"]),
        trees: [("a", "a/**"), ("b", "b/**")]
            .map(|(lane, glob)| (text(lane), names(&[glob])))
            .into(),
        aliases: BTreeMap::new(),
    }
}

fn acquire(lane: &str, owner: &str) -> AcquireLane {
    let lanes = lanes();
    AcquireLane {
        asker: Asker { owner: text(owner), host_id: text("h"), pid: Some(7) },
        lane: text(lane),
        kind: text("cluster"),
        tree: lanes.tree(lane).to_vec(),
        loop_ts: String::new(),
        run_id: String::new(),
        fenced: false,
        leases: Vec::new(),
        lanes,
        overlap: Overlap::default(),
        budgets: BTreeMap::new(),
    }
}

/// A journal in which `alice` took lane `a` so many minutes ago.
fn held_for(minutes: i64) -> LaneFold {
    let mut lanes = LaneFold::default();
    let row = LaneRow::Acquire(Acquire {
        lane: text("a"),
        loop_ts: text("t"),
        tree: Vec::from([text("a/**")]),
        host_id: text("h"),
        pid: Some(5),
        holder: text("alice"),
        ..Acquire::default()
    });
    lanes.apply_draft(&row.draft(NOW_MS - minutes * MINUTE_MS), 1);
    lanes
}

fn rule<M: Matter>(lanes: &LaneFold, process: HolderProcess, matter: M) -> Ruling<M::Answer> {
    matter.rule(&Docket { lanes, now_ms: NOW_MS, process: &|_| process })
}

fn rule_alive<M: Matter>(lanes: &LaneFold, matter: M) -> Ruling<M::Answer> {
    rule(lanes, HolderProcess::MayLive, matter)
}

fn ops<A>(ruling: &Ruling<A>) -> Vec<&str> {
    ruling.rows.iter().map(|row| row.fields()["op"].as_str().unwrap()).collect()
}

#[test]
fn a_grant_is_a_row_that_others_read() {
    let mut request = acquire("a", "bob");
    request.run_id = text("RID-1");
    let ruling = rule_alive(&LaneFold::default(), request);
    assert!(ruling.answer.journaled);
    let at = stamp::format_ms(NOW_MS);
    let lease = json!({
        "acquired_at": at, "holder": "bob", "host_id": "h", "lane": "a", "lane_kind": "cluster",
        "loop_ts": at, "pid": 7, "run_id": "RID-1", "tree": ["a/**"],
    });
    let expected = json!({
        "op": "ACQUIRE", "ts": at, "lane": "a", "lane_kind": "cluster", "loop_ts": at,
        "host_id": "h", "pid": 7, "prev_holder": null, "ttl_minutes": null,
        "reason": "lane-lease:bob", "tree": ["a/**"], "lease": lease,
    });
    assert_eq!(Value::from(ruling.rows[0].fields().clone()), expected);
    assert_eq!(ruling.rows.len(), 1);
}

#[test]
fn a_refusal_is_on_record_and_holds_nothing() {
    let lanes = held_for(1);
    let mut request = acquire("a", "bob");
    request.kind = String::new();
    request.tree = Vec::from([text("a/x")]);
    request.kind = text("keyword");
    let ruling = rule_alive(&lanes, request);
    assert!(!ruling.answer.journaled);
    assert_eq!(ops(&ruling), ["REFUSE"]);
    assert_eq!(ruling.rows[0].fields()["holder"], "bob");
}

#[test]
fn w_5_a_lease_past_its_time_is_taken_back_before_its_lane_is_granted() {
    let lanes = held_for(56);
    let ruling = rule_alive(&lanes, acquire("a", "bob"));
    assert_eq!(ops(&ruling), ["SCAVENGE", "ACQUIRE"]);
    let [taken, granted] = [&ruling.rows[0], &ruling.rows[1]].map(Draft::fields);
    assert_eq!((&taken["loop_ts"], &taken["prev_holder"]), (&json!("t"), &json!("alice")));
    assert_eq!(granted["prev_holder"], "alice");
}

#[test]
fn w_5_a_dead_holder_is_taken_back_after_the_grace_and_not_before() {
    let taken = |minutes, process| {
        let ruling = rule(&held_for(minutes), process, acquire("a", "bob"));
        ops(&ruling).contains(&"SCAVENGE")
    };
    assert!(!taken(5, HolderProcess::Gone));
    assert!(taken(6, HolderProcess::Gone));
    assert!(!taken(6, HolderProcess::MayLive));
}

#[test]
fn w_5_a_fresh_beat_protects_a_lease_whatever_its_age() {
    let mut lanes = held_for(600);
    let beat = BeatLane { lane: text("a"), owner: text("alice"), ..BeatLane::default() };
    let ruling = rule_alive(&lanes, beat);
    lanes.apply_draft(&ruling.rows[0], 2);
    let ruling = rule(&lanes, HolderProcess::Gone, acquire("a", "bob"));
    assert!(!ops(&ruling).contains(&"SCAVENGE"));
    assert_ne!(ruling.answer.decision.lane, "a");
}

#[test]
fn a_lease_that_expired_elsewhere_is_left_alone() {
    let ruling = rule_alive(&held_for(56), acquire("b", "bob"));
    assert_eq!(ops(&ruling), ["ACQUIRE"]);
    let mut alone = acquire("global", "bob");
    alone.kind = text("global");
    let ruling = rule_alive(&held_for(56), alone);
    assert_eq!(ops(&ruling), ["SCAVENGE", "ACQUIRE"], "what runs alone has everything in its way");
}

#[test]
fn leases_kept_elsewhere_block_whatever_their_age() {
    let mut request = acquire("a", "bob");
    request.kind = text("keyword");
    let lease = json!({"lane": "elsewhere", "tree": ["a/**"]});
    request.leases = Vec::from([lease.as_object().cloned().unwrap()]);
    assert_eq!(ops(&rule_alive(&LaneFold::default(), request)), ["REFUSE"]);
}

#[test]
fn only_its_holder_gives_a_lease_back() {
    let lanes = held_for(1);
    let release = |owner: &str, loop_ts: &str| {
        let request = ReleaseLane {
            lane: text("a"),
            owner: text(owner),
            loop_ts: text(loop_ts),
            ..ReleaseLane::default()
        };
        let ruling = rule_alive(&lanes, request);
        assert_eq!(ruling.answer.released, !ruling.rows.is_empty());
        ruling.answer.released
    };
    assert!(release("alice", "") && release("alice", "t"));
    assert!(!release("bob", "") && !release("", "") && !release("alice", "u"));
}

#[test]
fn only_its_holder_beats_for_a_lease_and_no_more_often_than_wanted() {
    let lanes = held_for(2);
    let beat = |owner: &str, coalesce_within_s| {
        let request = BeatLane {
            lane: text("a"),
            owner: text(owner),
            coalesce_within_s,
            ..BeatLane::default()
        };
        let ruling = rule_alive(&lanes, request);
        (ruling.answer.beat, ruling.rows.len())
    };
    assert_eq!(beat("alice", 0.0), (true, 1));
    assert_eq!(beat("alice", 119.0), (true, 1));
    assert_eq!(beat("alice", 121.0), (true, 0));
    assert_eq!(beat("bob", 0.0), (false, 0));
    assert_eq!(beat("", 0.0), (false, 0));
    assert_eq!(rule_alive(&LaneFold::default(), BeatLane::default()).rows.len(), 0);
}

#[test]
fn a_start_says_who_comes() {
    let asker = Asker { owner: String::new(), host_id: text("h"), pid: Some(7) };
    let request = NoteSpawn { asker, lane: text("a"), ..NoteSpawn::default() };
    let ruling = rule_alive(&LaneFold::default(), request.clone());
    assert_eq!(ruling.answer.holder, "h:7");
    assert_eq!(ruling.rows[0].fields()["reason"], "spawn");
    assert!(!ruling.rows[0].fields().contains_key("run_id"));
    let owner = Asker { owner: text("o"), ..request.asker.clone() };
    let named = rule_alive(&LaneFold::default(), NoteSpawn { asker: owner, ..request });
    assert_eq!(named.rows[0].fields()["reason"], "spawn:o");
}

#[test]
fn a_stop_is_joined_with_the_lease_that_it_is_about() {
    let lanes = held_for(1);
    let halt = |handle: &str, lane: &str, loop_ts: &str| {
        let request = NoteHalt {
            handle: text(handle),
            lane: text(lane),
            loop_ts: text(loop_ts),
            ..NoteHalt::default()
        };
        let ruling = rule_alive(&lanes, request);
        assert_eq!(ruling.rows.len(), 1);
        let host = ruling.rows[0].fields()["host_id"].clone();
        (ruling.answer.lane, ruling.answer.loop_ts, host)
    };
    assert_eq!(halt("5", "", ""), (text("a"), text("t"), json!("h")));
    assert_eq!(halt("x", "a", ""), (text("a"), text("t"), json!("h")));
    assert_eq!(halt("5", "b", ""), (text("b"), text(""), Value::Null));
    assert_eq!(halt("6", "", ""), (text(""), text(""), Value::Null));
}

#[test]
fn requests_and_replies_survive_the_socket() {
    let requests = [
        LaneRequest::Acquire(acquire("a", "bob")),
        LaneRequest::Release(ReleaseLane { lane: text("a"), ..ReleaseLane::default() }),
        LaneRequest::Heartbeat(BeatLane::default()),
        LaneRequest::Spawn(NoteSpawn::default()),
        LaneRequest::Halt(NoteHalt::default()),
    ];
    for request in requests {
        let line = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<LaneRequest>(&line).unwrap(), request);
        let reply = rule_alive(&held_for(1), request).answer;
        let line = serde_json::to_string(&reply).unwrap();
        assert_eq!(serde_json::from_str::<LaneReply>(&line).unwrap(), reply);
    }
}

#[test]
fn a_fence_is_higher_with_every_grant_and_an_older_one_does_nothing() {
    let mut lanes = LaneFold::default();
    let write = |lanes: &mut LaneFold, rows: &[Draft]| {
        for row in rows {
            lanes.apply_draft(row, lanes.highest_seq() + 1);
        }
    };
    let fenced = || AcquireLane { fenced: true, ..acquire("a", "alice") };
    let first = rule_alive(&lanes, fenced());
    write(&mut lanes, &first.rows);
    let first = first.answer.fence.unwrap();
    let held = lanes.leases().next().unwrap();
    assert_eq!((held.fence(), first), (Some(first), lanes.highest_seq()));

    let release = ReleaseLane {
        lane: text("a"),
        owner: text("alice"),
        fence: Some(first),
        ..ReleaseLane::default()
    };
    let beat = BeatLane {
        lane: text("a"),
        owner: text("alice"),
        fence: Some(first),
        ..BeatLane::default()
    };
    assert!(rule_alive(&lanes, beat.clone()).answer.beat);
    let given_back = rule_alive(&lanes, release.clone());
    assert!(given_back.answer.released);
    write(&mut lanes, &given_back.rows);

    // The same name again, in another life.
    let second = rule_alive(&lanes, fenced());
    write(&mut lanes, &second.rows);
    let second = second.answer.fence.unwrap();
    assert!(second > first);
    let stale = rule_alive(&lanes, beat);
    assert_eq!((stale.answer.beat, stale.answer.fence, stale.rows.len()), (false, Some(second), 0));
    let stale = rule_alive(&lanes, release);
    assert_eq!((stale.answer.released, stale.answer.fence), (false, Some(second)));
    assert_eq!(lanes.leases().count(), 1);
}
