//! An exporter's cursor file of any bytes, beside a journal that is well. The bytes are tried as
//! they are, and once more with the check sum that they should have. The laws:
//!
//! - A file that cannot be used is kept aside as it was, and the journal is sent from its first
//!   event on.
//! - A place that is in the journal is gone on from; any other one counts as a rewritten journal.
//! - An exporter that was disabled sends nothing, and keeps its place.
//! - Afterwards the cursor is a place in the journal, never one ahead of it, and the journal is as
//!   it was.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::Actor as _;
use dosd_actors::guard::{EndGuard, Ended};
use dosd_actors::journal::{Cursor, FileIdentity, JournalActor, Log};
use dosd_actors::port::SharedStorage;
use dosd_actors::port::testing::MemoryStorage;
use dosd_actors::reach::Reach;
use dosd_exporters::cursor::{CursorFile, Loaded, Saved};
use dosd_exporters::delivery::Policy;
use dosd_exporters::{
    Delivery, Drain, Event, ExporterActor, ExporterParts, Filter, Limits, Sink, StartFrom,
    Unhealthy,
};
use dosd_kernel::verdict::VerdictFold;
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

use crate::journal::Lines;
use crate::world::{NOW_MS, block_on, chance, clock};

const JOURNAL: &str = "/w/.dos/verdict-journal.jsonl";
const DIRECTORY: &str = "/w/.dos/exporters";
const NAME: &str = "oncall";

/// Any bytes as a cursor file.
pub(crate) fn run(bytes: &[u8]) {
    block_on(go_on(bytes));
    if let Some(saved) = spelled(bytes) {
        let sealed = block_on(sealed(&saved));
        block_on(go_on(&sealed));
    }
}

/// What the bytes say, whatever their check sum is.
fn spelled(bytes: &[u8]) -> Option<Saved> {
    let document: Value = serde_json::from_slice(bytes).ok()?;
    let cursor = &document["cursor"];
    let text = |key: &str| cursor[key].as_str().map(str::to_owned);
    let (inode, head) = (cursor["file"]["inode"].as_u64()?, cursor["file"]["head"].as_u64());
    let place = Cursor { file: FileIdentity { inode, head }, offset: cursor["offset"].as_u64()? };
    Some(Saved { cursor: place, event_id: text("event_id"), disabled: text("disabled") })
}

async fn sealed(saved: &Saved) -> Vec<u8> {
    let disk = MemoryStorage::default();
    let file = file(&disk);
    file.save(saved, NOW_MS).await.expect("the disk is well");
    let Ok(Loaded::Found(again)) = file.load().await else { panic!("what was saved is there") };
    assert_eq!(&again, saved, "saved and loaded");
    disk.bytes(file.path())
}

fn file(disk: &MemoryStorage) -> CursorFile {
    CursorFile::new(Arc::new(disk.clone()), Path::new(DIRECTORY), NAME)
}

/// A journal of a few events, with a damaged line among them and a torn one behind.
fn journal() -> Vec<u8> {
    let row = |seq: u64| json!({"seq": seq, "syscall": "liveness", "verdict": "STALLED"});
    let mut text: String = (1..4).flat_map(|seq| [row(seq).to_string(), "\n".to_owned()]).collect();
    text.push_str("{\"seq\": 4, \"sys\n\n");
    text.extend((5..7).map(|seq| format!("{}\n", row(seq))));
    text.push_str("{\"seq\":");
    text.into_bytes()
}

/// Starts an exporter on this cursor file, and has it deliver everything.
async fn go_on(bytes: &[u8]) {
    let disk = MemoryStorage::default();
    let (path, journal) = (Path::new(JOURNAL), journal());
    disk.put(path, &journal);
    let file = file(&disk);
    disk.put(file.path(), bytes);
    let found = file.load().await.expect("the disk is well");
    let storage: SharedStorage = Arc::new(disk.clone());
    let log = Log::<VerdictFold>::open(storage.clone(), path).expect("the disk is well");
    let end = log.end();
    let sent = deliver(log, storage, bytes).await;

    assert_eq!(disk.bytes(path), journal, "the journal is as it was");
    let rows = Lines::of(&journal).rows;
    let from = |start: u64| -> Vec<u64> {
        rows.iter().map(|(offset, _)| *offset).filter(|offset| *offset >= start).collect()
    };
    let saved = match found {
        Loaded::Found(saved) => saved,
        Loaded::Unreadable(_) => {
            let name = format!("{NAME}.json.unreadable-1");
            let aside = disk.bytes(&Path::new(DIRECTORY).join(name));
            assert_eq!(aside, bytes, "what cannot be used is kept");
            Saved::at(Cursor { offset: 0, ..end })
        }
        Loaded::Missing => panic!("the file is there"),
    };
    if saved.disabled.is_some() {
        assert!(sent.is_empty(), "a disabled exporter sends nothing");
        assert_eq!(disk.bytes(file.path()), bytes, "and keeps its place");
        return;
    }
    let place = saved.cursor;
    let begins_a_line = |offset: u64| {
        let before = usize::try_from(offset).ok().and_then(|offset| offset.checked_sub(1));
        before.is_none_or(|before| journal.get(before) == Some(&b'\n'))
    };
    let is_there = place.file.is_same_file(end.file)
        && place.offset <= end.offset
        && begins_a_line(place.offset);
    assert_eq!(sent, from(if is_there { place.offset } else { 0 }), "from {place:?}");
    let Ok(Loaded::Found(saved)) = file.load().await else { panic!("a cursor is there") };
    assert_eq!(saved.cursor, end, "the cursor is at the journal's end");
}

/// Gives the offsets of the events in the order in which they were sent.
async fn deliver(log: Log<VerdictFold>, storage: SharedStorage, bytes: &[u8]) -> Vec<u64> {
    let journal = JournalActor::new(log, clock(), None, None).start();
    let sink = Collector::default();
    let sent = Rc::clone(&sink.sent);
    let parts = ExporterParts {
        name: NAME.to_owned(),
        sink,
        filter: Filter::default(),
        from: StartFrom::End,
        policy: Policy::default(),
        directory: DIRECTORY.into(),
        clock: clock(),
        storage,
        rng: chance(bytes),
        read: Reach::to("journal", journal.clone().recipient()),
        subscribe: Reach::to("journal", journal.recipient()),
        fleet: Reach::unset("supervisor"),
    };
    let (report, mut ended) = unbounded_channel();
    let exporter = ExporterActor::new(parts, EndGuard::new("exporter", report)).start();
    // A mailbox that closes without an answer is explained by how the actor ended.
    let drained = exporter.send(Drain { within: Duration::from_secs(10) }).await;
    let how = ended.recv().await.map(|ended| ended.how);
    assert_eq!(how, Some(Ended::Stopped), "{drained:?}");
    sent.take()
}

/// A sink that takes everything, two events at a time.
#[derive(Default)]
struct Collector {
    sent: Rc<RefCell<Vec<u64>>>,
}

impl Sink for Collector {
    type Batch = Vec<u64>;

    fn kind(&self) -> &'static str {
        "collector"
    }

    fn limits(&self) -> Limits {
        Limits { events: 2, ..Limits::default() }
    }

    fn encode(&self, events: &[Event]) -> Vec<u64> {
        events.iter().map(|event| event.id().offset()).collect()
    }

    async fn send(&mut self, batch: &Vec<u64>) -> Delivery {
        self.sent.borrow_mut().extend(batch);
        Delivery::Accepted
    }

    async fn check(&mut self) -> Result<(), Unhealthy> {
        Ok(())
    }
}
