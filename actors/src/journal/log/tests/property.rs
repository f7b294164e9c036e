//! Whatever happens to the file, the fold is what the file says.

use proptest::prelude::*;

use super::*;
use crate::port::testing::{Fault, Operation};

/// Something that happens to a journal.
#[derive(Debug, Clone)]
enum Step {
    Own(Vec<usize>),
    OwnRelease(usize),
    OwnShort(usize, usize),
    OwnBeside(usize, Vec<u8>),
    Foreign(usize),
    Torn(usize, usize),
    Damage,
    Follow,
    Reopen,
    PowerLoss,
}

fn step() -> impl Strategy<Value = Step> {
    let lane = 0..4_usize;
    prop_oneof![
        prop::collection::vec(lane.clone(), 0..4).prop_map(Step::Own),
        lane.clone().prop_map(Step::OwnRelease),
        (lane.clone(), 0..200_usize).prop_map(|(lane, taken)| Step::OwnShort(lane, taken)),
        (lane.clone(), lane.clone(), 0..200_usize).prop_map(|(ours, theirs, cut)| {
            let row = foreign(acquire(theirs), 3);
            Step::OwnBeside(ours, row[..cut.min(row.len())].to_vec())
        }),
        lane.clone().prop_map(Step::Foreign),
        (lane, 0..200_usize).prop_map(|(lane, cut)| Step::Torn(lane, cut)),
        Just(Step::Damage),
        Just(Step::Follow),
        Just(Step::Reopen),
        Just(Step::PowerLoss),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_fold_is_what_the_file_says(steps in prop::collection::vec(step(), 1..24)) {
        let storage = MemoryStorage::default();
        let mut log = open(&storage).unwrap();
        let mut acknowledged: Vec<u64> = Vec::new();
        for step in steps {
            let rows: Vec<Value> = match step {
                Step::Own(lanes) => lanes.into_iter().map(acquire).collect(),
                Step::OwnRelease(lane) => vec![release(lane)],
                Step::OwnShort(lane, taken) => {
                    storage.fail(Operation::Append, 0, Fault::Short(taken));
                    vec![acquire(lane)]
                }
                Step::OwnBeside(lane, bytes) => {
                    storage.interrupt(Operation::Append, 0, move |disk| {
                        disk.append_foreign(journal(), &bytes);
                    });
                    vec![acquire(lane)]
                }
                Step::Foreign(lane) => {
                    storage.append_foreign(journal(), &foreign(acquire(lane), 5));
                    continue;
                }
                Step::Torn(lane, cut) => {
                    let row = foreign(acquire(lane), 6);
                    storage.append_foreign(journal(), &row[..cut.min(row.len())]);
                    continue;
                }
                Step::Damage => {
                    storage.append_foreign(journal(), b"}{\n");
                    continue;
                }
                Step::Follow => {
                    log.follow().unwrap();
                    continue;
                }
                Step::Reopen => {
                    drop(log);
                    log = open(&storage).unwrap();
                    continue;
                }
                Step::PowerLoss => {
                    drop(log);
                    storage.lose_power();
                    log = open(&storage).unwrap();
                    let standing = seqs(&storage);
                    prop_assert!(acknowledged.iter().all(|seq| standing.contains(seq)));
                    continue;
                }
            };
            let committed = append(&mut log, &rows).unwrap();
            prop_assert!(acknowledged.last().is_none_or(|last| *last < committed.first_seq));
            acknowledged.extend(committed.first_seq..=committed.last_seq);
        }
        log.follow().unwrap();
        assert_in_step(&log, &storage);
        let standing = seqs(&storage);
        prop_assert!(acknowledged.iter().all(|seq| standing.contains(seq)));
    }
}
