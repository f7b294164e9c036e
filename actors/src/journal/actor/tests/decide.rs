//! Decisions through the actor: turns, patience, and what goes on meanwhile.

use std::time::Duration;

use actix::MailboxError;
use actix::clock::timeout;
use dosd_kernel::lane::{Docket, Matter, Ruling};

use super::*;
use crate::journal::{Compact, Decide, JournalError, JournalErrorKind, scan};
use crate::port::testing::{Fault, Operation};

/// Takes a lane if nobody has it.
struct Take(usize);

impl Matter for Take {
    type Answer = bool;

    fn rule(self, docket: &Docket<'_>) -> Ruling<bool> {
        let lane = format!("lane-{}", self.0);
        if docket.lanes.leases().any(|lease| lease.lane() == lane) {
            Ruling::silent(false)
        } else {
            Ruling { rows: vec![row(self.0)], answer: true }
        }
    }
}

fn take(lane: usize, patience: Duration) -> Decide<Take> {
    Decide { matter: Take(lane), patience }
}

fn lock() -> std::path::PathBuf {
    journal().with_file_name(".lane-lease.lock")
}

/// Somebody else has the mutex, and will not lose it by age.
fn occupy(storage: &MemoryStorage) {
    storage.put(&lock(), b"owner: py\nacquired_at: 2030-01-01T00:00:00Z\npid: 7\n");
}

fn is_busy<T>(outcome: &Result<T, JournalError>) -> bool {
    matches!(outcome, Err(JournalError { kind: JournalErrorKind::Busy { .. }, .. }))
}

#[actix::test]
async fn of_many_that_ask_at_once_one_is_granted() {
    let storage = MemoryStorage::default();
    let address = start(&storage);
    let asked = (0..40).map(|_| address.send(take(1, Duration::from_secs(1))));
    let granted = futures_util::future::join_all(asked).await;
    let granted = granted.into_iter().filter(|it| it.as_ref().unwrap() == &Ok(true)).count();
    assert_eq!(granted, 1);
    assert!(!storage.paths().contains(&lock()), "the mutex is given back");
}

#[actix::test]
async fn rulings_that_come_together_share_a_sync() {
    let storage = MemoryStorage::default();
    let address = start(&storage);
    let asked = (0..200).map(|lane| address.send(take(lane, Duration::from_secs(1))));
    let granted = futures_util::future::join_all(asked).await;
    assert!(granted.into_iter().all(|it| it.unwrap() == Ok(true)));
    assert!(storage.syncs() <= 2, "{} syncs for 200 rulings", storage.syncs());
    storage.lose_power();
    let kept = String::from_utf8(storage.bytes(journal())).unwrap();
    assert_eq!(kept.lines().count(), 200, "what was granted is on disk");
}

#[actix::test]
async fn nobody_is_told_a_ruling_whose_sync_failed() {
    let storage = MemoryStorage::default();
    let address = start(&storage);
    storage.fail(Operation::Sync, 0, Fault::Error(std::io::ErrorKind::Other));
    let asked = (0..20).map(|lane| address.send(take(lane % 10, Duration::from_secs(1))));
    let told = futures_util::future::join_all(asked).await;
    for told in told {
        assert!(told.unwrap().unwrap_err().kind.is_fatal());
    }
    assert!(matches!(address.send(rows(1)).await, Err(MailboxError::Closed)), "it has ended");
}

#[actix::test]
async fn a_compaction_between_rulings_finds_those_before_it_on_disk() {
    let storage = MemoryStorage::default();
    let address = start(&storage);
    let first = address.send(take(1, Duration::from_secs(1)));
    let compacted = address.send(Compact);
    let second = address.send(take(2, Duration::from_secs(1)));
    let (first, compacted, second) = futures_util::future::join3(first, compacted, second).await;
    assert_eq!((first.unwrap(), second.unwrap()), (Ok(true), Ok(true)));
    assert_eq!(compacted.unwrap().unwrap().entries_before, 1);
    storage.lose_power();
    let mut fold = LaneFold::default();
    scan(&storage.bytes(journal()), &mut fold);
    let held: Vec<_> = fold.leases().map(|lease| lease.lane().to_owned()).collect();
    assert_eq!(held, ["lane-1", "lane-2"]);
}

#[actix::test]
async fn nobody_else_decides_meanwhile_and_everything_else_goes_on() {
    tokio::time::pause();
    let storage = MemoryStorage::default();
    occupy(&storage);
    let address = start(&storage);
    let waiting = actix_rt::spawn(address.send(take(1, Duration::from_mins(1))));
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(address.send(rows(1)).await.unwrap().unwrap().first_seq, 1, "plain rows pass");
    assert!(!waiting.is_finished());
    storage.remove(&lock()).unwrap();
    let granted = timeout(Duration::from_secs(1), waiting).await.unwrap().unwrap();
    assert_eq!(granted.unwrap(), Ok(true));
}

#[actix::test]
async fn w_12_everybody_is_told_that_it_is_busy_when_their_own_patience_ends() {
    tokio::time::pause();
    let storage = MemoryStorage::default();
    occupy(&storage);
    let address = start(&storage);
    let patient = actix_rt::spawn(address.send(take(1, Duration::from_secs(10))));
    assert!(is_busy(&address.send(take(2, Duration::ZERO)).await.unwrap()));
    assert!(is_busy(&address.send(Compact).await.unwrap()));
    assert!(!patient.is_finished());
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!(is_busy(&patient.await.unwrap().unwrap()));
    assert!(storage.bytes(journal()).is_empty(), "and nothing was written");
}
