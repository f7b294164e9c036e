//! Whatever happened to a journal, its copy is whole, folds to the same state, and is its own copy.

use dosd_kernel::checksum::seal;
use dosd_kernel::invariant::Shown;
use dosd_kernel::lane::LaneFold;
use dosd_kernel::verdict::VerdictFold;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::journal::read::scan;

fn salvaged<F: Fold>(journal: &[u8]) -> (Salvaged, F, Vec<u8>, Vec<u8>) {
    let (mut fold, mut copy, mut left) = (F::default(), Vec::new(), Vec::new());
    let done = salvage(journal, &mut fold, &mut copy, &mut left).unwrap();
    (done, fold, copy, left)
}

#[test]
fn what_counts_is_kept_and_the_rest_is_listed() {
    let journal = b"{\"op\":\"A\"}\r\n\nrubbish\n[1]\n{\"op\":\"B\",\"x\":\"\xff\"}\n{\"op\":";
    let (done, _, copy, left) = salvaged::<LaneFold>(journal);
    assert_eq!(copy, b"{\"op\":\"A\"}\r\n{\"op\":\"B\",\"x\":\"\xff\"}\n");
    assert_eq!(left, b"\nrubbish\n[1]\n{\"op\":");
    assert_eq!((done.rows, done.bytes, done.read), (2, copy.len() as u64, journal.len() as u64));
    let found: Vec<_> =
        done.left_out.iter().map(|it| (it.line, it.offset, it.length, it.reason.name())).collect();
    assert_eq!(
        found,
        [(1, 12, 0, "blank"), (2, 13, 7, "not-json"), (3, 21, 3, "no-object"), (5, 44, 6, "torn"),]
    );
    assert!(!done.newline_added);
}

#[test]
fn a_whole_row_that_lacks_its_newline_gets_one() {
    let (done, fold, copy, _) = salvaged::<LaneFold>(b"{\"op\":\"A\",\"seq\":4}");
    assert_eq!(copy, b"{\"op\":\"A\",\"seq\":4}\n");
    assert!(done.newline_added && done.left_out.is_empty());
    assert_eq!(fold.highest_seq(), 4);
}

#[test]
fn a_disk_that_is_full_is_an_error() {
    let journal: &[u8] = b"{\"op\":\"A\",\"seq\":4}\n";
    let mut small = [0; 5];
    let mut fold = LaneFold::default();
    salvage(journal, &mut fold, &mut small[..], io::sink()).unwrap_err();
}

/// A row of either kind of writer, one that means something or one that means nothing.
fn row() -> impl Strategy<Value = Vec<u8>> {
    let ops = prop::sample::select(vec![
        "ACQUIRE",
        "RELEASE",
        "HEARTBEAT",
        "SCAVENGE",
        "SPAWN",
        "WORKER_STARTED",
        "WORKER_EXITED",
        "WORKER_GAVE_UP",
        "WORKER_RESET",
        "CHECKPOINT",
        "ADOPT",
        "_CORRUPT",
        "NOTE",
    ]);
    (ops, 0..3_u8, 0..3_u8, 0..50_u64, any::<bool>()).prop_map(|(op, lane, run, seq, ours)| {
        let fields = json!({
            "op": op, "lane": format!("l\u{e4}ne-{lane}"), "loop_ts": format!("L{run}"), "seq": seq,
            "run_id": format!("R{run}"), "holder": "dosd", "ts": "2026-11-22T12:00:00Z", "code": 1,
            "pid": 7, "start_ticks": 9, "pgid": 7, "seq_watermark": seq,
            "leases": [{"lane": format!("l\u{e4}ne-{lane}"), "loop_ts": "C"}],
        });
        let fields: Map<String, Value> = fields.as_object().cloned().unwrap();
        let text = if ours { seal(fields) } else { Value::Object(fields).to_string() };
        text.into_bytes()
    })
}

/// A line as it may stand in a journal.
fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => row(),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => prop::sample::select(vec![&b""[..], b"[1]", b"7", b"null", b"}{", b"  ", b"{\"op\":1e999}"])
            .prop_map(<[u8]>::to_vec),
    ]
}

/// Something that happens to a file, at a place in thousandths of it.
#[derive(Debug, Clone)]
enum Harm {
    Cut(usize),
    Flip(usize, u8),
    Zero(usize, usize),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let place = 0..1000_usize;
    prop_oneof![
        place.clone().prop_map(Harm::Cut),
        (place.clone(), 0..8_u8).prop_map(|(at, bit)| Harm::Flip(at, bit)),
        (place.clone(), 1..400_usize).prop_map(|(at, count)| Harm::Zero(at, count)),
        (place.clone(), prop::collection::vec(any::<u8>(), 1..30))
            .prop_map(|(at, bytes)| Harm::Insert(at, bytes)),
        (place, 1..200_usize).prop_map(|(at, count)| Harm::Remove(at, count)),
    ]
}

fn damage(bytes: &mut Vec<u8>, harm: Harm) {
    let place = |thousandths: usize| bytes.len() * thousandths / 1000;
    match harm {
        Harm::Cut(at) => bytes.truncate(place(at)),
        Harm::Flip(at, bit) => {
            let at = place(at);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        Harm::Zero(at, count) => {
            let at = place(at);
            let end = (at + count).min(bytes.len());
            bytes[at..end].fill(0);
        }
        Harm::Insert(at, with) => {
            let at = place(at);
            bytes.splice(at..at, with);
        }
        Harm::Remove(at, count) => {
            let at = place(at);
            let end = (at + count).min(bytes.len());
            bytes.drain(at..end);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn a_copy_is_whole_folds_alike_and_is_its_own_copy(
        lines in prop::collection::vec(line(), 0..24),
        ends_with_newline in any::<bool>(),
        harms in prop::collection::vec(harm(), 0..4),
    ) {
        let mut journal = lines.join(&b'\n');
        if ends_with_newline {
            journal.push(b'\n');
        }
        for harm in harms {
            damage(&mut journal, harm);
        }
        let mut original = LaneFold::default();
        let counted = scan(&journal, &mut original);
        let (done, fold, copy, left) = salvaged::<LaneFold>(&journal);
        prop_assert_eq!(Shown::of(&fold), Shown::of(&original));

        let mut again = LaneFold::default();
        let found = scan(&copy, &mut again);
        prop_assert!(found.damage.is_empty() && found.torn.is_none(), "{found:?}");
        prop_assert_eq!(found.rows, found.lines);
        prop_assert_eq!((found.rows, found.rows), (done.rows, counted.rows));
        prop_assert_eq!(Shown::of(&again), Shown::of(&original));

        let (twice, _, copy_of_copy, nothing) = salvaged::<LaneFold>(&copy);
        prop_assert_eq!(&copy_of_copy, &copy);
        prop_assert!(twice.left_out.is_empty() && nothing.is_empty() && !twice.newline_added);

        // Every byte is in the copy or was left out.
        let added = u64::from(done.newline_added);
        prop_assert_eq!(copy.len() as u64 + left.len() as u64, journal.len() as u64 + added);

        let (_, verdicts, copy, _) = salvaged::<VerdictFold>(&journal);
        let mut again = VerdictFold::default();
        let found = scan(&copy, &mut again);
        prop_assert!(found.damage.is_empty() && found.torn.is_none(), "{found:?}");
        prop_assert_eq!(again.rows(), verdicts.rows());
        prop_assert_eq!(again.highest_seq(), verdicts.highest_seq());
    }

    #[test]
    fn a_journal_that_is_walked_is_one_that_is_scanned(
        lines in prop::collection::vec(line(), 0..24),
        cut in 0..1000_usize,
    ) {
        let mut journal = lines.join(&b'\n');
        damage(&mut journal, Harm::Cut(cut));
        let (mut whole, mut walked) = (LaneFold::default(), LaneFold::default());
        let scanned = scan(&journal, &mut whole);
        let found = walk(&journal[..], &mut walked, |_| Ok(())).unwrap();
        prop_assert_eq!(found, scanned);
        prop_assert_eq!(Shown::of(&walked), Shown::of(&whole));
    }
}
