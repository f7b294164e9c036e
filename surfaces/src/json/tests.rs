//! JSON files: right ones, wrong ones, and ones that change under the reader.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use dosd_actors::witness::Limits;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Json;
use crate::testing::{
    Ending, assert_holds, cause, changes, entities, identity, pointer, read, read_with, within,
};

fn object(path: &Path) -> Json {
    Json { identity: identity(), path: path.to_owned(), key: None }
}

fn array(path: &Path, key: &str) -> Json {
    Json { key: Some(pointer(key)), ..object(path) }
}

fn with(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn an_object_holds_its_fields() {
    let (_folder, path) = with(
        " {\n\"a\" : {\"x\": [1, {\"}\": \"]\"}]},\"b\\\"\\u00e9\":\"tex\\\\t\",\"\":null , \"n\":-1.5e3}\n",
    );
    assert_holds(
        &object(&path),
        &[
            ("a", json!({"x": [1, {"}": "]"}]})),
            ("b\"é", json!("tex\\t")),
            ("", json!(null)),
            ("n", json!(-1500)),
        ],
    );
    let (_folder, path) = with(" { } ");
    assert_holds(&object(&path), &[]);
}

#[test]
fn an_array_holds_values_by_their_key() {
    let (_folder, path) =
        with(r#"[{"id":"a","v":1},{"v":2,"id":7} , {"id":true},{"id":"x/y ","id2":0}]"#);
    assert_holds(
        &array(&path, "/id"),
        &[
            ("a", json!({"id": "a", "v": 1})),
            ("7", json!({"id": 7, "v": 2})),
            ("true", json!({"id": true})),
            ("x/y ", json!({"id": "x/y ", "id2": 0})),
        ],
    );
    let (_folder, path) = with(r#"[{"meta":{"keys":["no","yes"]}}]"#);
    assert_holds(
        &array(&path, "/meta/keys/1"),
        &[("yes", json!({"meta": {"keys": ["no", "yes"]}}))],
    );
    let (_folder, path) = with("[]");
    assert_holds(&array(&path, "/id"), &[]);
}

#[test]
fn an_element_without_a_key_is_named() {
    for (text, part) in [
        (r#"[{"id":1},{"di":2}]"#, "element 1 (the first is 0) has no key: nothing is at `/id`"),
        (r#"[{"id":null}]"#, "element 0 (the first is 0) has no key: what is at `/id` is no text"),
        (r#"[{"id":{}}]"#, "no text, number or boolean"),
        ("[3]", "element 0"),
        (r#"[{"id":1},]"#, "element 1"),
        (r#"[{"id":1}{"id":2}]"#, "goes on wrongly after element 0"),
        (r#"[{"id":1},{"id":1.0},{"id":1}]"#, "the key `1` is there twice"),
        (r#"{"id":1}"#, "holds no JSON array"),
    ] {
        let (_folder, path) = with(text);
        let cause = cause(&array(&path, "/id"));
        assert!(cause.contains(part), "{text}: {cause}");
    }
}

#[test]
fn what_is_no_json_object_is_unreadable_at_its_place() {
    for (text, part) in [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("[1]", "say with `key`"),
        ("7", "holds no JSON object"),
        (r#"{"a":1"#, "goes on wrongly after `a` (at byte 6)"),
        (r#"{"a":1,}"#, "a key is wanted (at byte 7)"),
        (r#"{"a" 1}"#, "a colon is wanted"),
        (r#"{"a":}"#, "the value of `a` is no JSON"),
        (r#"{"a":1 2}"#, "goes on wrongly after `a`"),
        (r#"{"a":"x"y}"#, "goes on wrongly after `a`"),
        (r#"{"a":{"b":1]}"#, "the value of `a` is no JSON"),
        (r#"{"a":nul}"#, "the value of `a` is no JSON"),
        (r"{a:1}", "a key is wanted"),
        (r#"{"a":1}{"b":2}"#, "something follows where the JSON ends"),
        (r#"{"a":1,"b":{"x":2},"a":1}"#, "the key `a` is there twice"),
        ("{\"a\":\"\u{1}\"}", "the value of `a` is no JSON"),
    ] {
        let (_folder, path) = with(text);
        let cause = cause(&object(&path));
        assert!(cause.contains(part), "{text}: {cause}");
        if !part.contains("twice") {
            assert!(cause.starts_with(&format!("`{}`: ", path.display())), "{cause}");
        }
    }
    let (_folder, path) = with("");
    fs::write(&path, b"{\"a\":\"\xff\"}").unwrap();
    assert!(cause(&object(&path)).contains("the value of `a` is no JSON"));
}

#[test]
fn a_file_that_was_cut_off_is_unreadable_at_every_cut() {
    let text = r#"{"a":{"x":[1,"\"}"]},"b":[{"c":2}],"d":"é"}"#;
    let (_folder, path) = with(text);
    assert_eq!(entities(&read(&object(&path)).unwrap()).len(), 3);
    for cut in 0..text.len() {
        fs::write(&path, &text.as_bytes()[..cut]).unwrap();
        assert!(read(&object(&path)).is_err(), "cut at {cut}");
    }
}

#[test]
fn each_change_is_seen_as_what_it_is() {
    let (_folder, path) = with(r#"{"same":{"a":1,"b":2},"new":0,"gone":1}"#);
    let before = read(&object(&path)).unwrap();
    fs::write(&path, r#"{"more":1,"new":1,"same":{"b":2.0,"a":1}}"#).unwrap();
    let after = read(&object(&path)).unwrap();
    for (key, change) in [
        ("same", "unchanged"),
        ("new", "updated"),
        ("more", "inserted"),
        ("gone", "deleted"),
        ("never", "absent"),
    ] {
        assert_eq!(changes(&before, &after, key).asked.as_str(), change, "{key}");
    }
}

#[test]
fn what_is_not_a_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    for path in [folder.path(), &pipe, Path::new("/dev/zero")] {
        assert!(cause(&object(path)).ends_with("it is no regular file"));
    }
    let missing = cause(&object(&folder.path().join("none.json")));
    assert!(missing.contains("none.json") && missing.contains("No such file"), "{missing}");
}

#[test]
fn a_file_larger_than_allowed_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.json");
    // It has a length and no blocks: reading it would find no JSON.
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let limits = Limits { max_bytes: 1000, ..Limits::default() };
    let failed = read_with(&object(&path), limits, &[]).unwrap_err();
    assert!(failed.contains("more than 1000 bytes"), "{failed}");
    let (_folder, path) = with(r#"{"a":1,"b":2}"#);
    let limits = Limits { max_entities: 1, ..Limits::default() };
    let failed = read_with(&object(&path), limits, &[]).unwrap_err();
    assert!(failed.contains("more than 1 entities"), "{failed}");
    let failed = read_with(&object(&path), within(Duration::ZERO), &[]).unwrap_err();
    assert!(failed.contains("not read within 0 ms"), "{failed}");
}

/// Every state of the file has two entities whose values are the same.
fn state(number: u32) -> String {
    let filler = "x".repeat(300_000);
    format!(r#"{{"first":{number},"filler":"{filler}","second":{number}}}"#)
}

/// Reads while a writer writes, and checks that every read is of one state.
fn reads_are_whole(write: impl Fn(&Path, u32) + Send + Sync) -> (u32, Vec<String>) {
    let (_folder, path) = with(&state(0));
    let ending = Ending::default();
    let mut whole = 0;
    let mut causes = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1.. {
                if ending.has_come() {
                    break;
                }
                write(&path, number);
            }
        });
        let _end = ending.with_this();
        for _ in 0..40 {
            match read_with(&object(&path), within(Duration::from_secs(5)), &[]) {
                Ok(digests) => {
                    let entities = entities(&digests);
                    let value = |key: &str| entities.iter().find(|it| it.0 == key).map(|it| it.1);
                    assert_eq!(entities.len(), 3);
                    assert_eq!(value("first"), value("second"));
                    whole += 1;
                }
                Err(cause) => causes.push(cause),
            }
        }
    });
    (whole, causes)
}

#[test]
fn a_file_that_is_replaced_is_always_read_whole() {
    let (whole, causes) = reads_are_whole(|path, number| {
        let temporary = path.with_extension("tmp");
        fs::write(&temporary, state(number)).unwrap();
        fs::rename(&temporary, path).unwrap();
    });
    assert_eq!((whole, causes), (40, Vec::new()));
}

#[test]
fn a_file_that_is_written_in_place_is_read_whole_or_not_at_all() {
    let (_, causes) = reads_are_whole(|path, number| {
        let mut file = fs::OpenOptions::new().write(true).truncate(true).open(path).unwrap();
        for piece in state(number).as_bytes().chunks(100_000) {
            file.write_all(piece).unwrap();
        }
    });
    for cause in causes {
        assert!(cause.contains("state.json"), "{cause}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_object_is_read_as_a_parser_reads_it(
        fields in proptest::collection::btree_map("[ab\"\\\\{}é]{0,4}", text(), 0..6),
        pretty in any::<bool>(),
    ) {
        let fields: Vec<(String, Value)> = fields.into_iter().collect();
        let value = Value::Object(fields.iter().cloned().collect());
        let text =
            if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let (_folder, path) = with(&text.unwrap());
        let expected: Vec<(&str, Value)> =
            fields.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        assert_holds(&object(&path), &expected);
    }
}

fn text() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        "[a\\]\\[\",:{}\\\\ ]{0,8}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec(("[a\"}]{0,2}", inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

#[test]
fn values_larger_than_what_is_read_at_once_are_whole() {
    let long = "\\\"}]é".repeat(100_000);
    let value = json!({"a": {"long": long, "n": 1}, "b": [long, long], "c": 3});
    let (_folder, path) = with(&value.to_string());
    let fields = value.as_object().unwrap();
    let expected: Vec<(&str, Value)> =
        fields.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    assert_holds(&object(&path), &expected);
}
