//! Directories: what is in them, what is left out, and what changes under the reader.

use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use dosd_actors::witness::Limits;
use serde_json::{Value, json};

use super::{BadGlob, Dir};
use crate::testing::{
    Ending, assert_holds, cause, changes, entities, identity, read, read_with, within,
};

fn dir(path: &Path, include: &[&str], exclude: &[&str]) -> Dir {
    let owned =
        |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<String>>();
    Dir::new(identity(), path.to_owned(), &owned(include), &owned(exclude)).unwrap()
}

fn all(path: &Path) -> Dir {
    dir(path, &[], &[])
}

fn put(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn hash(content: &str) -> Value {
    Value::from(blake3::hash(content.as_bytes()).to_hex().to_string())
}

#[test]
fn a_directory_holds_the_content_of_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    assert_holds(&all(root), &[]);
    put(root, "a.txt", "one");
    put(root, "sub/deep/b", "");
    put(root, "sub/é c", &"large".repeat(200_000));
    fs::create_dir(root.join("empty")).unwrap();
    symlink("../nowhere", root.join("link")).unwrap();
    symlink("sub", root.join("linked")).unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff\\");
    fs::write(root.join(odd), "odd").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    assert_holds(
        &all(root),
        &[
            ("a.txt", hash("one")),
            ("sub/deep/b", hash("")),
            ("sub/é c", hash(&"large".repeat(200_000))),
            ("link", json!({"symlink": "../nowhere"})),
            ("linked", json!({"symlink": "sub"})),
            ("odd\\xff\\\\", hash("odd")),
        ],
    );
}

#[test]
fn patterns_choose() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for name in ["a.rs", "a.txt", "src/b.rs", "src/b.txt", "target/c.rs", "target/x/d.rs"] {
        put(root, name, name);
    }
    let keys = |include: &[&str], exclude: &[&str]| -> Vec<String> {
        let digests = read(&dir(root, include, exclude)).unwrap();
        entities(&digests).into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(keys(&["*.rs"], &[]), ["a.rs"]);
    assert_eq!(keys(&["**/*.rs"], &["target"]), ["a.rs", "src/b.rs"]);
    assert_eq!(keys(&["**/*.rs"], &["target/**"]), ["a.rs", "src/b.rs"]);
    assert_eq!(keys(&[], &["target/**", "**/*.txt"]), ["a.rs", "src/b.rs"]);
    assert_eq!(keys(&["src/**"], &[]), ["src/b.rs", "src/b.txt"]);
    assert_eq!(keys(&["{a,b}.*", "target/*/*"], &[]), ["a.rs", "a.txt", "target/x/d.rs"]);
    let bad = Dir::new(identity(), root.to_owned(), &["a".to_owned(), "[".to_owned()], &[]);
    let BadGlob { glob, cause } = bad.unwrap_err();
    assert!(glob == "[" && !cause.is_empty(), "{glob}: {cause}");
}

#[test]
fn each_change_is_seen_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for name in ["same", "touched", "new", "gone", "becomes-link", "d/moved"] {
        put(root, name, "content");
    }
    let before = read(&all(root)).unwrap();
    put(root, "touched", "content");
    put(root, "new", "CONTENT");
    put(root, "more", "");
    fs::remove_file(root.join("gone")).unwrap();
    fs::remove_file(root.join("becomes-link")).unwrap();
    symlink("same", root.join("becomes-link")).unwrap();
    fs::rename(root.join("d"), root.join("e")).unwrap();
    let after = read(&all(root)).unwrap();
    for (key, change) in [
        ("same", "unchanged"),
        ("touched", "unchanged"),
        ("new", "updated"),
        ("more", "inserted"),
        ("gone", "deleted"),
        ("becomes-link", "updated"),
        ("d/moved", "deleted"),
        ("e/moved", "inserted"),
        ("never", "absent"),
    ] {
        assert_eq!(changes(&before, &after, key).asked.as_str(), change, "{key}");
    }
}

#[test]
fn what_is_no_directory_is_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "file", "");
    assert!(cause(&all(&folder.path().join("none"))).contains("none`: No such file"));
    assert!(cause(&all(&folder.path().join("file"))).contains("file`: Not a directory"));
}

#[test]
fn what_may_not_be_read_makes_it_unreadable_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "open", "");
    put(folder.path(), "sub/closed/file", "");
    let closed = folder.path().join("sub/closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let read = read(&all(folder.path()));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    if rustix::process::geteuid().is_root() {
        assert_eq!(read.unwrap().entities(), 2);
    } else {
        assert!(read.unwrap_err().contains("sub/closed`: Permission denied"));
    }
}

#[test]
fn more_depth_than_anybody_needs_is_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    let deep = (0..514).fold(folder.path().to_owned(), |path, _| path.join("d"));
    fs::create_dir_all(&deep).unwrap();
    assert!(cause(&all(folder.path())).contains("more than 512 directories deep"));
}

#[test]
fn limits_hold() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "a", "12345");
    put(folder.path(), "b", "12345");
    let with = |limits| read_with(&all(folder.path()), limits, &[]);
    assert!(with(Limits { max_bytes: 12, ..Limits::default() }).is_ok());
    let larger = with(Limits { max_bytes: 11, ..Limits::default() }).unwrap_err();
    assert!(larger.contains("more than 11 bytes"), "{larger}");
    let more = with(Limits { max_entities: 1, ..Limits::default() }).unwrap_err();
    assert!(more.contains("more than 1 entities"), "{more}");
    // It has a length and no blocks; reading it would take hours.
    fs::File::create(folder.path().join("huge")).unwrap().set_len(1 << 43).unwrap();
    let huge = with(Limits::default()).unwrap_err();
    assert!(huge.contains("more than 4000000000 bytes"), "{huge}");
    let slow = with(Limits { max_bytes: u64::MAX, ..within(Duration::from_millis(100)) });
    assert!(slow.unwrap_err().contains("not read within 100 ms"));
}

#[test]
fn files_that_are_replaced_are_there_all_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let names: Vec<String> = (0..20).map(|at| format!("sub/file{at}")).collect();
    for name in &names {
        put(root, name, "0");
    }
    let ending = Ending::default();
    let mut readable = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0_u64.. {
                for name in &names {
                    if ending.has_come() {
                        return;
                    }
                    put(root, "sub/new.tmp", &round.to_string());
                    fs::rename(root.join("sub/new.tmp"), root.join(name)).unwrap();
                }
                // Now and then it rests for longer than a list takes.
                std::thread::park_timeout(Duration::from_millis(10));
            }
        });
        let _end = ending.with_this();
        for _ in 0..30 {
            match read(&dir(root, &[], &["**/*.tmp"])) {
                Ok(digests) => {
                    assert_eq!(digests.entities(), 20);
                    readable += 1;
                }
                Err(cause) => assert!(cause.contains("changed while it was read"), "{cause}"),
            }
        }
    });
    assert!(readable > 0);
}

#[test]
fn directories_that_come_and_go_never_take_others_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for at in 0..5 {
        put(root, &format!("stays/{at}/file"), "here");
    }
    let ending = Ending::default();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ending.has_come() {
                put(root, "comes/and/goes", "x");
                // A file is a link, is a directory, is nothing.
                let odd = root.join("odd");
                fs::write(&odd, "odd").unwrap();
                fs::remove_file(&odd).unwrap();
                symlink("stays", &odd).unwrap();
                fs::remove_file(&odd).unwrap();
                fs::create_dir(&odd).unwrap();
                fs::remove_dir(&odd).unwrap();
                fs::remove_dir_all(root.join("comes")).unwrap();
                std::thread::park_timeout(Duration::from_millis(5));
            }
        });
        let _end = ending.with_this();
        for _ in 0..30 {
            match read(&all(root)) {
                Ok(digests) => {
                    let stay = entities(&digests);
                    let stay = stay.iter().filter(|(key, _)| key.starts_with("stays/"));
                    assert_eq!(stay.count(), 5);
                }
                Err(cause) => assert!(cause.contains("changed while it was read"), "{cause}"),
            }
        }
    });
}

#[test]
fn a_directory_that_is_exchanged_for_another_never_looks_empty() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("watched");
    let fill = |folder: &Path| {
        for at in 0..50 {
            put(folder, &at.to_string(), "here");
        }
    };
    fill(&root.join("current"));
    let other = folder.path().join("other");
    let ending = Ending::default();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ending.has_come() {
                fill(&other);
                renameat_with(CWD, &other, CWD, root.join("current"), RenameFlags::EXCHANGE)
                    .unwrap();
                fs::remove_dir_all(&other).unwrap();
            }
        });
        let _end = ending.with_this();
        for _ in 0..200 {
            match read(&all(&root)) {
                Ok(digests) => assert_eq!(digests.entities(), 50),
                Err(cause) => assert!(cause.contains("changed while it was read"), "{cause}"),
            }
        }
    });
}

#[test]
fn a_file_that_only_grows_is_read_as_it_was_at_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "log", &"line\n".repeat(100_000));
    let ending = Ending::default();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let path = folder.path().join("log");
            let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
            // It never grows beyond 10 MB.
            for _ in 0..2_000_000 {
                if ending.has_come() {
                    break;
                }
                file.write_all(b"line\n").unwrap();
            }
        });
        let _end = ending.with_this();
        for _ in 0..20 {
            assert_eq!(read(&all(folder.path())).unwrap().entities(), 1);
        }
    });
}
