//! A journal of any bytes, whoever wrote them. The laws:
//!
//! - It opens, and what was there stays there, byte for byte: at the most a newline comes after it.
//! - The fold that is kept while the file grows is that of its lines, read one by one by a reader
//!   of its own; a line that does not parse, or whose check sum is wrong, is told of once.
//! - A row of ours goes to the end, whole, under the next number, and stands after a restart.
//! - Damage to a row of ours, of the kinds that its check sum is sure to notice, is never folded as
//!   a row that says something else.
//! - Pages of any size give the same rows, in order, and a place that begins no line is refused.

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use dosd_actors::journal::{Cursor, Log, Report, Start, scan};
use dosd_actors::port::testing::MemoryStorage;
use dosd_kernel::checksum::{self, Checked};
use dosd_kernel::draft::Draft;
use dosd_kernel::fold::Fold;
use dosd_kernel::lines;
use fastrand::Rng;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::world::chance;

/// How often a row of ours is damaged in a run.
const DAMAGES: usize = 8;

/// The fold of one kind of journal, as far as it is compared.
pub(crate) trait Judged: Fold {
    /// What can be seen of it.
    type State: PartialEq + Debug;

    /// What can be seen of this fold.
    fn state(&mut self) -> Self::State;

    /// What the rows of a journal and its damaged lines should add up to.
    fn expected(rows: &[Map<String, Value>], damaged: u64) -> Self::State;

    /// The fields of a row of ours, when the journal has none to take them from.
    fn example() -> Value;
}

/// What one line is.
enum Read {
    Row(Map<String, Value>),
    Damage,
    Nothing,
    /// JSON by its grammar, and no value that we can hold: a number beyond all range, half of a
    /// surrogate pair, brackets a hundred deep. Readers that pass over such a field take the row,
    /// those that need it do not.
    Odd,
}

/// A journal's lines, read without the code under test.
pub(crate) struct Lines {
    /// Each row, and where it begins.
    pub(crate) rows: Vec<(u64, Map<String, Value>)>,
    /// Where damaged lines begin.
    damaged: Vec<u64>,
    /// Whether there is a line that not all readers have to read alike.
    pub(crate) is_odd: bool,
}

impl Lines {
    /// The complete lines of a journal.
    pub(crate) fn of(journal: &[u8]) -> Self {
        let mut found = Self { rows: Vec::new(), damaged: Vec::new(), is_odd: false };
        let mut offset = 0;
        for line in journal.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_suffix(b"\n").map(read) {
                Some(Read::Row(row)) => found.rows.push((offset, row)),
                Some(Read::Damage) => found.damaged.push(offset),
                Some(Read::Odd) => found.is_odd = true,
                Some(Read::Nothing) | None => {}
            }
            offset += line.len() as u64;
        }
        found
    }

    /// The rows alone.
    pub(crate) fn fields(&self) -> Vec<Map<String, Value>> {
        self.rows.iter().map(|(_, row)| row.clone()).collect()
    }

    fn state<F: Judged>(&self) -> F::State {
        F::expected(&self.fields(), self.damaged.len() as u64)
    }
}

fn read(line: &[u8]) -> Read {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    if text.is_empty() {
        return Read::Nothing;
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(_)) if checksum::check(text) == Checked::Wrong => Read::Damage,
        Ok(Value::Object(row)) => Read::Row(row),
        Ok(_) => Read::Nothing,
        Err(_) if serde_json::from_str::<&RawValue>(text).is_ok() => Read::Odd,
        Err(_) => Read::Damage,
    }
}

/// A journal on a disk in memory, with its writer.
pub(crate) struct Journal<F: Judged> {
    pub(crate) disk: MemoryStorage,
    pub(crate) log: Log<F>,
    /// Where lines begin that were told to be damaged.
    told: Vec<u64>,
}

impl<F: Judged> Journal<F> {
    /// The journal's place.
    pub(crate) fn path() -> &'static Path {
        Path::new("/w/.dos/journal.jsonl")
    }

    fn open(disk: MemoryStorage) -> Self {
        let log = Log::open(Arc::new(disk.clone()), Self::path()).expect("the disk is well");
        let mut journal = Self { disk, log, told: Vec::new() };
        journal.compare();
        journal
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.disk.bytes(Self::path())
    }

    /// Somebody else appends, and the writer follows.
    fn grow(&mut self, bytes: &[u8]) {
        let before = self.bytes();
        self.disk.append_foreign(Self::path(), bytes);
        self.log.follow().expect("the disk is well");
        self.kept(&[&before, bytes].concat());
        self.compare();
    }

    /// What was in the file is there, and at the most a newline after it.
    fn kept(&self, before: &[u8]) {
        let now = self.bytes();
        let added = now.strip_prefix(before).expect("what was there stays there");
        assert!(added.is_empty() || added == b"\n", "added {added:?}");
    }

    /// The kept fold is that of the complete lines, and each damaged one was told of once.
    fn compare(&mut self) {
        let bytes = self.bytes();
        let lines = Lines::of(&bytes);
        let complete = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        assert_eq!(self.log.end().offset, complete as u64, "the end of the last complete line");
        for report in self.log.take_reports() {
            match report {
                Report::Damaged { offset, .. } => self.told.push(offset),
                Report::TornTail { offset, .. } => assert_eq!(offset, complete as u64),
                Report::Rewritten { .. }
                | Report::SavedLateRows { .. }
                | Report::ShortWrite { .. } => panic!("nothing of the kind happened: {report}"),
            }
        }
        if lines.is_odd {
            let mut fold = F::default();
            scan(&bytes[..complete], &mut fold);
            assert_eq!(self.log.fold_mut().state(), fold.state(), "kept and read at once");
        } else {
            assert_eq!(self.told, lines.damaged, "the damage that was told of");
            assert_eq!(self.log.fold_mut().state(), lines.state::<F>(), "kept and read by others");
        }
    }

    /// A row of ours; gives where it stands.
    fn append(&mut self) -> (u64, Map<String, Value>) {
        let before = self.bytes();
        let lines = Lines::of(&before);
        let highest = self.log.fold().highest_seq();
        let example = || F::example().as_object().cloned().unwrap_or_default();
        let fields = lines.rows.last().map_or_else(example, |(_, row)| row.clone());
        let committed = self.log.append(&[Draft::new(fields)]).expect("the disk is well");
        assert!(committed.first_seq > highest, "a number is never used twice");
        let now = self.bytes();
        let own = now.strip_prefix(before.as_slice()).expect("what was there stays there");
        let glued = before.last().is_some_and(|last| *last != b'\n');
        let own =
            if glued { own.strip_prefix(b"\n").expect("a torn line ends first") } else { own };
        assert_eq!(committed.end.offset, now.len() as u64);
        self.compare();
        let at = (now.len() - own.len()) as u64;
        let lines = Lines::of(&now);
        let (offset, row) = lines.rows.last().expect("the row is there").clone();
        assert_eq!(offset, at, "the row is the last one");
        assert_eq!(row.get("seq"), Some(&committed.first_seq.into()));
        (at, row)
    }

    /// Reads everything in pages of all sizes.
    fn page(&mut self, random: &mut Rng) {
        let lines = Lines::of(&self.bytes());
        let (mut at, mut ids, mut corrupt) = (Start::Beginning, Vec::new(), 0);
        loop {
            let page = self.log.page(at, random.usize(1..4), random.usize(..200));
            let page = page.expect("the disk is well");
            assert!(!page.rewritten, "a place that a page gave is one");
            ids.extend(page.rows.iter().map(|(id, _)| id.offset()));
            corrupt += page.corrupt;
            at = Start::At(page.next);
            if page.next == self.log.end() {
                assert_eq!(page.behind_bytes, 0);
                break;
            }
        }
        if !lines.is_odd {
            let rows: Vec<u64> = lines.rows.iter().map(|(offset, _)| *offset).collect();
            assert_eq!(ids, rows, "the rows of all pages");
            assert_eq!(corrupt, lines.damaged.len() as u64, "the damage of all pages");
        }
        self.seek(random);
    }

    /// A place that begins no line is refused.
    fn seek(&mut self, random: &mut Rng) {
        let bytes = self.bytes();
        let end = self.log.end();
        let offset = random.u64(..=end.offset + 1);
        let before = usize::try_from(offset).ok().and_then(|offset| offset.checked_sub(1));
        let begins_a_line = before.is_none_or(|before| bytes.get(before) == Some(&b'\n'));
        let start = Start::At(Cursor { file: end.file, offset });
        let page = self.log.page(start, 1, 1).expect("the disk is well");
        assert_eq!(page.rewritten, !begins_a_line, "at byte {offset}");
    }
}

/// Damages a row of ours and looks that nobody takes it for another one.
fn damage<F: Judged>(line: &[u8], row: &Map<String, Value>, random: &mut Rng) {
    for _ in 0..DAMAGES {
        let mut damaged = line.to_vec();
        let flip = |damaged: &mut [u8], bit: usize| damaged[bit / 8] ^= 1 << (bit % 8);
        let bits = line.len() * 8;
        let first = random.usize(..bits);
        match random.u8(..3) {
            0 => flip(&mut damaged, first),
            1 => [first, random.usize(..bits)].into_iter().for_each(|bit| flip(&mut damaged, bit)),
            _ => {
                // Where the sum's name is hit, only one more hit is sure to be noticed.
                let name = format!("\"{}\"", checksum::KEY).into_bytes();
                let is_name = |at: usize| {
                    let from = at.saturating_sub(name.len() - 1);
                    (from..=at).any(|from| line[from..].starts_with(&name))
                };
                let burst = random.u32(1..);
                let hit = (0..32).filter(|bit| burst >> bit & 1 == 1).map(|bit| first + bit);
                let hit = hit.filter(|bit| *bit < bits && !is_name(bit / 8));
                hit.for_each(|bit| flip(&mut damaged, bit));
            }
        }
        let mut fold = F::default();
        let found = scan(&damaged, &mut fold);
        if found.rows == 0 {
            continue;
        }
        for (_, now) in Lines::of(&[&damaged, "\n".as_bytes()].concat()).rows {
            // The name of the check sum itself may be hit: then the row says what it said.
            let said = row.iter().filter(|(key, _)| *key != checksum::KEY);
            let is_same = said.clone().all(|(key, value)| now.get(key) == Some(value));
            let damaged = String::from_utf8_lossy(&damaged);
            assert!(is_same, "damage is taken for a row:\n{damaged}");
        }
    }
}

/// Runs a journal of these bytes through its life; gives it as it is then.
pub(crate) fn live<F: Judged>(bytes: &[u8]) -> Journal<F> {
    let mut random = chance(bytes);
    let disk = MemoryStorage::default();
    let (first, rest) = bytes.split_at(random.usize(..=bytes.len()));
    let (second, third) = rest.split_at(random.usize(..=rest.len()));
    disk.put(Journal::<F>::path(), first);
    let mut journal = Journal::<F>::open(disk);
    journal.kept(first);
    journal.grow(second);
    journal.grow(third);
    journal.page(&mut random);
    let (at, row) = journal.append();
    journal.page(&mut random);
    let now = journal.bytes();
    let own = usize::try_from(at).ok().and_then(|at| now.get(at..)).unwrap_or_default();
    damage::<F>(own, &row, &mut random);
    let Journal { disk, mut log, .. } = journal;
    let state = log.fold_mut().state();
    drop(log);
    let mut again = Journal::<F>::open(disk);
    assert_eq!(again.log.fold_mut().state(), state, "the state before and after a restart");
    assert_eq!(lines::split(&now).count(), lines::split(&again.bytes()).count());
    again
}
