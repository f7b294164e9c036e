//! `[lanes]`.

use super::{good, the_error, the_warning};

#[test]
fn a_roster_replaces_the_default_as_a_whole() {
    let lanes = good("[lanes]\nexclusive = [\"solo\"]\n").lanes;
    assert!(lanes.concurrent.is_empty() && lanes.autopick.is_empty() && lanes.trees.is_empty());
    assert_eq!(lanes.exclusive, ["solo"]);
}

#[test]
fn everything_of_a_roster_is_read() {
    let lanes = good(
        "[lanes]\nconcurrent = [\"api\", \"my web\"]\nexclusive = [\"infra\"]\nautopick = [\"api\"]\n\
         [lanes.trees]\napi = [\"src/api/**\", \"docs/api.md\"]\n\"my web\" = [\"web/**\"]\n\
         [lanes.aliases]\nff = \"infra\"\n",
    )
    .lanes;
    assert_eq!(lanes.concurrent, ["api", "my web"]);
    assert_eq!(lanes.exclusive, ["infra"]);
    assert_eq!(lanes.autopick, ["api"]);
    assert_eq!(lanes.trees["api"], ["src/api/**", "docs/api.md"]);
    assert_eq!(lanes.trees["my web"], ["web/**"]);
    assert_eq!(lanes.aliases["ff"], "infra");
}

#[test]
fn wrong_types_are_errors_at_their_place() {
    for (text, expected) in [
        ("lanes = 3", "1:9: key `lanes`: must be a table, found a whole number"),
        (
            "[lanes]\nconcurrent = \"api\"",
            "2:14: key `lanes.concurrent`: must be a list of texts, found a text",
        ),
        (
            "[lanes]\nexclusive = [\n  \"a\",\n  7,\n]",
            "4:3: key `lanes.exclusive[1]`: must be a text in quotes, found a whole number",
        ),
        (
            "[lanes]\nexclusive = [\"a\"]\ntrees = []",
            "3:9: key `lanes.trees`: must be a table, found a list",
        ),
        (
            "[lanes]\nexclusive = [\"a\"]\n[lanes.trees]\na = \"src\"",
            "4:5: key `lanes.trees.a`: must be a list of texts",
        ),
        (
            "[lanes]\nexclusive = [\"a\"]\n[lanes.aliases]\nb = [\"a\"]",
            "4:5: key `lanes.aliases.b`: must be a text in quotes",
        ),
    ] {
        let error = the_error(text);
        assert!(error.starts_with(expected), "{error}");
        assert!(error.contains("\n  help: "), "{error}");
    }
}

#[test]
fn a_lane_is_concurrent_or_exclusive() {
    let error = the_error(
        "[lanes]\nconcurrent = [\"a\"]\nexclusive = [\"b\", \"a\"]\n[lanes.trees]\na = [\"a/**\"]",
    );
    assert!(error.starts_with("3:19: key `lanes.exclusive[1]`: lane `a` is declared concurrent"));
}

#[test]
fn a_lane_name_must_be_able_to_name_a_directory() {
    for (name, reason) in [
        ("", "is an empty lane name"),
        ("  ", "is an empty lane name"),
        ("a/b", "holds a `/`"),
        ("a\\nb", "holds a control character"),
        ("..", "every directory already has"),
    ] {
        let error = the_error(&format!("[lanes]\nexclusive = [\"{name}\"]"));
        assert!(error.contains(reason), "{error}");
    }
    let long = "x".repeat(256);
    assert!(the_error(&format!("[lanes]\nexclusive = [\"{long}\"]")).contains("longer than 255"));
    assert_eq!(
        good(&format!("[lanes]\nexclusive = [\"{}\"]", &long[1..])).lanes.exclusive.len(),
        1
    );
}

#[test]
fn what_leads_nowhere_is_a_warning() {
    for (text, expected) in [
        (
            "autopick = [\"inra\"]",
            "3:13: warning: key `lanes.autopick[0]`: lane `inra` is not declared, so it is never picked\n  help: did you mean `infra`?",
        ),
        (
            "trees = { other = [\"o/**\"] }",
            "3:11: warning: key `lanes.trees.other`: lane `other` is not declared",
        ),
        (
            "aliases = { x = \"other\" }",
            "3:17: warning: key `lanes.aliases.x`: lane `other` is not declared",
        ),
        ("trees = { infra = [\" \"] }", "3:19: warning: key `lanes.trees.infra`: is empty"),
        (
            "concurrent = [\"api\"]",
            "3:15: warning: key `lanes.concurrent[0]`: lane `api` has no tree",
        ),
        (
            "autopick = [\"infra\", \"infra\"]",
            "3:22: warning: key `lanes.autopick[1]`: lane `infra` is listed twice",
        ),
        (
            "concurrent = [\"Api\", \"api\"]\ntrees = { Api = [\"a\"], api = [\"b\"] }",
            "3:22: warning: key `lanes.concurrent[1]`: lane `api` differs from `Api` in case only",
        ),
    ] {
        let warning = the_warning(&format!("[lanes]\nexclusive = [\"infra\"]\n{text}"));
        assert!(warning.starts_with(expected), "{warning}");
    }
}

#[test]
fn a_lane_that_is_listed_twice_counts_once() {
    let text = "[lanes]\nexclusive = [\"a\", \"a\"]";
    let (config, _) = crate::config::parse(text, std::path::Path::new("f")).unwrap();
    assert_eq!(config.lanes.exclusive, ["a"]);
}
