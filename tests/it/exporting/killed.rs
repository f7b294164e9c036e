//! A daemon that is killed while it exports loses nothing, and its cursor is never ahead of the sink.

use super::receiver::{Received, Receiver};
use super::{JOURNAL, append, workspace};
use crate::support::daemon::Daemon;
use crate::support::workspace::Workspace;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const MOMENTS: usize = 50;

#[test]
fn a_daemon_that_is_killed_in_mid_export_loses_nothing() {
    let seed = seed();
    println!("the seed is {seed}; DOSD_EXPORT_SEED={seed} gives the same moments again");
    let mut random = fastrand::Rng::with_seed(seed);
    let receiver = Receiver::start();
    let workspace = workspace(&format!(
        "[[dosd.exporter]]\nkind = \"webhook\"\nname = \"hook\"\nurl = \"{}\"\nfrom = \"start\"\n\
         syscalls = [\"verify\"]\n\
         [[dosd.exporter]]\nkind = \"file\"\nname = \"copy\"\npath = \"copy.jsonl\"\nfrom = \"start\"\n\
         syscalls = [\"verify\"]\n",
        receiver.url
    ));
    let (mut written, mut in_the_middle) = (0, 0);
    for moment in 0..MOMENTS {
        let more = random.usize(20..120);
        append(&workspace, written..written + more / 2);
        let daemon = Daemon::start(&workspace);
        // The other half comes while it sends.
        append(&workspace, written + more / 2..written + more);
        written += more;
        receiver.wait_for(receiver.taken().len() + random.usize(1..=more / 2));
        // Between two requests, within one, or while the cursor is saved.
        std::thread::park_timeout(Duration::from_micros(random.u64(..3_000)));
        daemon.kill();
        let at = format!("moment {moment} of seed {seed}");
        in_the_middle += usize::from(distinct(&receiver.taken()).len() < written);
        assert_not_ahead(&workspace, &receiver.taken(), &at);
    }
    println!("{in_the_middle} of {MOMENTS} moments were in the middle of an export");
    assert!(in_the_middle * 2 > MOMENTS, "the daemon was killed too late to show anything");

    let last = Daemon::start(&workspace);
    wait_for_all(&workspace, &receiver, written, seed);
    drop(last);
    let first = distinct(&receiver.taken());
    let numbers: Vec<usize> = first.iter().map(number).collect();
    assert_eq!(numbers, (0..written).collect::<Vec<_>>(), "each one, in order, seed {seed}");
    assert_same_bodies(&receiver.taken());
    let copy = std::fs::read_to_string(workspace.root().join("copy.jsonl")).expect("the copy");
    for number in 0..written {
        let row = super::row(number);
        assert!(copy.contains(row.trim_end()), "row {number} is not in the file, seed {seed}");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the seed of a failure is given by who looks into it"
)]
fn seed() -> u64 {
    let given = std::env::var("DOSD_EXPORT_SEED").ok();
    given.map_or_else(|| fastrand::u64(..), |text| text.parse().expect("a number as seed"))
}

/// Waits until each event was taken once, or the exporter says that it has nothing left.
fn wait_for_all(workspace: &Workspace, receiver: &Receiver, written: usize, seed: u64) {
    super::status_when(workspace, "resting", |it| {
        it["state"] == "resting" && it["behind_bytes"] == 0
    });
    let known: BTreeSet<usize> = receiver.taken().iter().map(number).collect();
    let lost: Vec<usize> = (0..written).filter(|number| !known.contains(number)).collect();
    let whole = workspace.dosd(&["journal", "verify"]).stdout;
    assert!(lost.is_empty(), "{lost:?} are lost, seed {seed}; the journals: {whole}");
}

/// Every event before the cursor was taken.
fn assert_not_ahead(workspace: &Workspace, taken: &[Received], at: &str) {
    let Ok(text) = std::fs::read_to_string(workspace.root().join(".dos/exporters/hook.json"))
    else {
        return;
    };
    let cursor: serde_json::Value = serde_json::from_str(&text).expect("a cursor is never torn");
    let offset =
        cursor["cursor"]["offset"].as_u64().unwrap_or_else(|| panic!("{at}: no offset in {text}"));
    let journal = std::fs::read(workspace.root().join(JOURNAL)).expect("the journal");
    let settled = usize::try_from(offset).expect("an offset");
    let before = journal.get(..settled).unwrap_or(&journal);
    let rows = String::from_utf8_lossy(before);
    let rows = rows.lines().filter(|line| line.contains("\"syscall\":\"verify\"")).count();
    let known = distinct(taken).len();
    assert!(rows <= known, "{at}: the cursor is behind {rows} events, and {known} were taken");
}

/// Each event at the place where it came first.
fn distinct(taken: &[Received]) -> Vec<Received> {
    let mut seen = BTreeSet::new();
    taken.iter().filter(|it| seen.insert(it.id.clone())).cloned().collect()
}

/// An event that came again is the same, to the last byte.
fn assert_same_bodies(taken: &[Received]) {
    let mut bodies = BTreeMap::new();
    for it in taken {
        let first = bodies.entry(&it.id).or_insert(&it.body);
        assert_eq!(*first, &it.body, "{} came again and was another", it.id);
    }
}

fn number(event: &Received) -> usize {
    let subject = event.body["data"]["subject"].as_str().expect("a subject");
    subject.parse().expect("a number")
}
