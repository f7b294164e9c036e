//! The disk that the other tests trust to fail as a disk fails.

use rustix::io::Errno;

use super::*;
use crate::port::Storage as _;

fn path() -> &'static Path {
    Path::new("/d/f")
}

#[test]
fn an_interrupted_call_is_made_again_and_nobody_sees_it() {
    let work = |storage: &MemoryStorage| -> io::Result<Vec<u8>> {
        let mut file = storage.open_append(path())?;
        file.append(b"row\n")?;
        file.sync()?;
        storage.sync_parent(path())?;
        storage.replace(Path::new("/d/g"), b"new")?;
        storage.read(path())
    };
    let mut calls = 0;
    loop {
        let storage = MemoryStorage::default();
        storage.fail_call(calls, Fault::Os(Errno::INTR), Lasting::Once);
        assert_eq!(work(&storage).unwrap(), b"row\n");
        if storage.tripped().is_none() {
            break;
        }
        calls += 1;
    }
    assert_eq!(calls, 10);
}

#[test]
fn a_replaced_file_is_the_old_or_the_new_one_after_every_step_and_crash() {
    for call in 0.. {
        let storage = MemoryStorage::default();
        storage.put(path(), b"old");
        storage.fail_call(call, Fault::Stop, Lasting::Once);
        let done = storage.replace(path(), b"new");
        for survival in survivals() {
            let after = storage.fork();
            after.crash(survival);
            let held = after.bytes(path());
            assert!(held == b"new" || (held == b"old" && done.is_err()), "{call} {survival:?}");
        }
        if done.is_ok() {
            assert_eq!(call, 5, "five steps can fail");
            break;
        }
    }
}

fn survivals() -> Vec<Survival> {
    let sectors = |size| (0..20).map(move |seed| Survival::Sectors { size, seed });
    [Survival::Everything, Survival::Nothing]
        .into_iter()
        .chain(sectors(512))
        .chain(sectors(4096))
        .collect()
}

#[test]
fn a_new_name_is_gone_without_a_sync_of_its_directory() {
    let storage = MemoryStorage::default();
    let mut file = storage.open_append(path()).unwrap();
    file.append(b"x").unwrap();
    file.sync().unwrap();
    let forgotten = storage.fork();
    forgotten.crash(Survival::Nothing);
    assert_eq!(forgotten.paths(), [] as [PathBuf; 0]);
    storage.sync_parent(path()).unwrap();
    storage.crash(Survival::Nothing);
    assert_eq!(storage.bytes(path()), b"x");
}

#[test]
fn a_fault_for_ever_stays_and_others_work_on() {
    let storage = MemoryStorage::default();
    let mut file = storage.open_append(path()).unwrap();
    storage.fail_for_ever(Operation::Append, Fault::Os(Errno::NOSPC));
    for _ in 0..3 {
        assert_eq!(file.append(b"x").unwrap_err().kind(), io::ErrorKind::StorageFull);
        file.sync().unwrap();
    }
}
