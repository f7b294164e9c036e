//! The dead letters of an exporter, sent once more because somebody says so. What is refused
//! again goes back, with the new reason; what cannot be sent now goes back as it was.
//!
//! The file is renamed first, so that the daemon's exporter goes on with a file of its own,
//! and removed last, so that a crash in between loses nothing: the next replay finds it.

use std::io;
use std::path::{Path, PathBuf};

use dosd_actors::port::{Clock, SharedStorage};

use crate::dead_letter::{self, DeadLetter, DeadLetterFile};
use crate::event::Event;
use crate::one_shot::send_once;
use crate::sink::Sink;

/// What became of the dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Events that the sink has taken.
    pub sent: usize,
    /// Events that it has refused again; they are dead letters still.
    pub refused: usize,
    /// Events that were not sent; they are dead letters still.
    pub left: usize,
    /// Lines that are no dead letters; they stay where they are.
    pub unreadable: usize,
    /// Why the sink takes no more for now, or has refused.
    pub problem: Option<String>,
}

/// Why dead letters could not be replayed. None is lost.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Somebody else replays them.
    #[error(
        "the dead letters of `{0}` are being replayed by somebody else\n  help: try again when that is over"
    )]
    Busy(String),
    /// The files cannot be read or written.
    #[error("cannot replay `{}`: {source}\n  help: free space there and make it writable", path.display())]
    Io {
        /// The dead letters.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Sends the dead letters of an exporter again.
///
/// # Errors
/// [`ReplayError`].
pub async fn replay<S: Sink>(
    sink: &mut S,
    storage: &SharedStorage,
    directory: &Path,
    exporter: &str,
    clock: &dyn Clock,
) -> Result<Replayed, ReplayError> {
    let file = DeadLetterFile::new(storage.clone(), directory, exporter);
    let fault = |source| ReplayError::Io { path: file.path().to_owned(), source };
    let lock = directory.join(format!("{exporter}.replay.lock"));
    let aside = directory.join(format!("{exporter}.replaying.jsonl"));
    if storage.stat(file.path()).map_err(fault)?.is_none()
        && storage.stat(&aside).map_err(fault)?.is_none()
    {
        return Ok(Replayed::default());
    }
    let lock = storage.try_lock(&lock).map_err(fault)?;
    let _lock = lock.ok_or_else(|| ReplayError::Busy(exporter.to_owned()))?;
    // One that a crash left comes first; the letters since then have their turn next time.
    if storage.stat(&aside).map_err(fault)?.is_none() {
        storage.rename(file.path(), &aside).map_err(fault)?;
    }
    let bytes = storage.read(&aside).map_err(fault)?;
    let letters = Letters::read(&bytes);
    let (replayed, back) = letters.send(sink, clock).await;
    if !back.is_empty() {
        file.append(back).await.map_err(fault)?;
    }
    finish(storage, &aside, bytes.len(), &file).await.map_err(fault)?;
    Ok(replayed)
}

/// Removes the file, but for what an exporter that had opened it before it was renamed has
/// put behind its end.
async fn finish(
    storage: &SharedStorage,
    aside: &Path,
    read: usize,
    file: &DeadLetterFile,
) -> io::Result<()> {
    let late = storage.read(aside)?.split_off(read);
    if !late.is_empty() {
        file.append(late).await?;
    }
    storage.remove(aside)?;
    storage.sync_parent(aside)
}

/// What stands in the file.
struct Letters {
    letters: Vec<(Event, String)>,
    /// Lines that are no dead letters.
    odd: Vec<String>,
}

impl Letters {
    fn read(bytes: &[u8]) -> Self {
        let mut found = Self { letters: Vec::new(), odd: Vec::new() };
        let text = String::from_utf8_lossy(bytes);
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match letter(line) {
                Some(event) => found.letters.push((event, line.to_owned())),
                None => found.odd.push(line.to_owned()),
            }
        }
        found
    }

    /// Sends the events; gives what became of them, and the lines that go back.
    async fn send<S: Sink>(self, sink: &mut S, clock: &dyn Clock) -> (Replayed, Vec<u8>) {
        let events: Vec<Event> = self.letters.iter().map(|(event, _)| event.clone()).collect();
        let sent = send_once(sink, &events).await;
        let mut back = dead_letter::encode(&events, &sent.refused, clock.now_ms());
        let left = self.letters.iter().skip(sent.settled).map(|(_, line)| line);
        for line in left.clone().chain(&self.odd) {
            back.extend_from_slice(line.as_bytes());
            back.push(b'\n');
        }
        let first = sent.refused.first().map(|refusal| refusal.reason.clone());
        let replayed = Replayed {
            sent: sent.settled - sent.refused.len(),
            refused: sent.refused.len(),
            left: left.count(),
            unreadable: self.odd.len(),
            problem: sent.problem.or(first),
        };
        (replayed, back)
    }
}

fn letter(line: &str) -> Option<Event> {
    let letter = DeadLetter::parse(line).ok()?;
    Event::parse(letter.event_id.parse().ok()?, letter.row.get().to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dosd_actors::port::testing::{Fault, MemoryStorage, Operation, TestClock};

    use super::*;
    use crate::sink::{Delivery, Refusal};
    use crate::testing::{Answer, NOW_MS, Script, event_id, numbered_row};

    const DEAD: &str = "exporters/oncall.dead.jsonl";

    fn events(count: usize) -> Vec<Event> {
        let ids = (0_u64..).map(|number| event_id(number * 1000));
        let rows = (0..count).map(numbered_row);
        rows.zip(ids).map(|(row, id)| Event::parse(id, row).unwrap()).collect()
    }

    fn lines(events: &[Event]) -> Vec<u8> {
        let refused = (0..events.len()).map(|index| Refusal { index, reason: "old".to_owned() });
        dead_letter::encode(events, &refused.collect::<Vec<_>>(), NOW_MS)
    }

    fn disk(bytes: &[u8]) -> MemoryStorage {
        let storage = MemoryStorage::default();
        storage.put(Path::new(DEAD), bytes);
        storage
    }

    async fn run(storage: &MemoryStorage, script: &Script) -> Result<Replayed, ReplayError> {
        let shared: SharedStorage = Arc::new(storage.clone());
        let clock = TestClock::at(NOW_MS);
        replay(&mut script.sink(), &shared, Path::new("exporters"), "oncall", &clock).await
    }

    fn dead(storage: &MemoryStorage) -> Vec<DeadLetter> {
        let bytes = storage.bytes(Path::new(DEAD));
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(|line| DeadLetter::parse(line).unwrap()).collect()
    }

    fn ids(events: &[Event]) -> Vec<String> {
        events.iter().map(|event| event.id().to_string()).collect()
    }

    #[actix::test]
    async fn all_are_sent_with_their_ids_and_the_file_is_gone() {
        let events = events(5);
        let (storage, script) = (disk(&lines(&events)), Script::new());
        let replayed = run(&storage, &script).await.unwrap();
        assert_eq!(replayed, Replayed { sent: 5, ..Replayed::default() });
        assert_eq!(script.ids(), ids(&events));
        assert_eq!(run(&storage, &script).await.unwrap(), Replayed::default(), "nothing is left");
    }

    #[actix::test]
    async fn what_is_refused_again_goes_back_with_the_new_reason() {
        let events = events(3);
        let (storage, script) = (disk(&lines(&events)), Script::new());
        script.poison(ids(&events)[1].clone());
        let replayed = run(&storage, &script).await.unwrap();
        assert_eq!((replayed.sent, replayed.refused, replayed.left), (2, 1, 0));
        let dead = dead(&storage);
        assert_eq!((dead.len(), dead[0].reason.as_str()), (1, "poison"));
        assert_eq!(dead[0].event_id, ids(&events)[1]);
    }

    #[actix::test]
    async fn what_cannot_be_sent_now_goes_back_as_it_was() {
        let events = events(3);
        let mut bytes = lines(&events);
        bytes.extend_from_slice(b"half a li");
        let (storage, script) = (disk(&bytes), Script::new());
        script.otherwise(Delivery::Retry { reason: "down".to_owned() });
        let replayed = run(&storage, &script).await.unwrap();
        assert_eq!((replayed.sent, replayed.left, replayed.unreadable), (0, 3, 1));
        assert_eq!(replayed.problem.as_deref(), Some("down"));
        let back = storage.bytes(Path::new(DEAD));
        assert_eq!(back, [lines(&events), b"half a li\n".to_vec()].concat());
    }

    #[actix::test]
    async fn a_replay_that_was_cut_short_at_any_step_loses_nothing() {
        let all = events(4);
        let mut steps = 0;
        loop {
            let (storage, script) = (disk(&lines(&all)), Script::new());
            script.poison(ids(&all)[2].clone());
            storage.stop_after(steps);
            let whole = run(&storage, &script).await.is_ok();
            storage.lose_power();
            let again = Script::new();
            while run(&storage, &again).await.unwrap() != Replayed::default() {}
            let told: Vec<String> = script.ids().into_iter().chain(again.ids()).collect();
            for id in ids(&all) {
                assert!(told.contains(&id), "after {steps} steps {id} is lost");
            }
            assert!(again.ids().contains(&ids(&all)[2]), "the refused one is lost");
            if whole {
                break;
            }
            steps += 1;
        }
        assert!(steps > 3, "the disk was never cut");
    }

    #[actix::test]
    async fn a_disk_that_fails_is_named() {
        let (storage, script) = (disk(&lines(&events(1))), Script::new());
        storage.fail(Operation::Rename, 0, Fault::Error(io::ErrorKind::StorageFull));
        let failed = run(&storage, &script).await.unwrap_err().to_string();
        assert!(failed.contains(DEAD) && failed.contains("free space"), "{failed}");
        script.then([Answer::Say(Delivery::Accepted)]);
        assert_eq!(run(&storage, &script).await.unwrap().sent, 1);
    }
}
