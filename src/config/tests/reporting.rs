//! How problems are collected and printed.

use super::{problems, the_error, the_warning};
use crate::config::{Weight, parse};
use std::path::Path;

/// Ten mistakes of ten kinds, each on the line that its comment numbers.
const TEN_MISTAKES: &str = r#"[lanes]                             #  1
concurrent = ["api", ""]            #  2: empty name
exclusive = ["api"]                 #  3: both
[lanes.trees]                       #  4
api = "src/**"                      #  5: not a list
[supervise]                         #  6
target = true                       #  7: not a number
spin_halt_after_mss = 3             #  8: unknown key
[dosd]                              #  9
tick = "30"                         # 10: no unit
listen = "localhost"                # 11: not an address
[dosd.worker]                       # 12
command = ["run", "{lanes}"]        # 13: not a placeholder
restart = { burst = 0 }             # 14: zero
[[dosd.exporter]]                   # 15: path is missing
kind = "file"                       # 16
name = "a"                          # 17
"#;

#[test]
fn ten_mistakes_are_reported_at_once_each_on_its_line() {
    let problems = problems(TEN_MISTAKES);
    assert!(problems.iter().all(|problem| problem.weight == Weight::Error), "{problems:#?}");
    let lines: Vec<usize> = problems.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, [2, 3, 5, 7, 8, 10, 11, 13, 14, 15]);
}

#[test]
fn the_error_prints_every_problem_and_counts_them() {
    let error = parse(TEN_MISTAKES, Path::new("/w/dos.toml")).unwrap_err().to_string();
    assert_eq!(error.matches("/w/dos.toml:").count(), 10, "{error}");
    assert_eq!(error.matches("\n  help: ").count(), 10, "{error}");
    assert!(error.starts_with("/w/dos.toml:2:22: key `lanes.concurrent[1]`: "), "{error}");
    assert!(error.ends_with("\n10 errors in `/w/dos.toml`"), "{error}");
}

#[test]
fn warnings_are_told_apart_and_counted_apart() {
    let error = parse("nonsense = 1\n[supervise]\ntarget = -1\n", Path::new("f")).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("f:1:1: warning: key `nonsense`: "), "{text}");
    assert!(text.ends_with("\n1 error and 1 warning in `f`"), "{text}");
}

#[test]
fn unknown_sections_are_warnings_with_the_nearest_name() {
    assert_eq!(
        the_warning("[supervisor]\ntarget = 1"),
        "1:2: warning: key `supervisor`: is not a known section, nothing reads it\n  \
         help: did you mean `[supervise]`?"
    );
    assert!(the_warning("[tool.black]").contains("help: remove it"));
}

#[test]
fn unknown_keys_are_errors_everywhere() {
    for (text, expected) in [
        (
            "[lanes]\nexclusve = []",
            "2:1: key `lanes.exclusve`: is not a known key\n  help: did you mean `exclusive`?",
        ),
        (
            "[dosd]\nwitnesses = []",
            "2:1: key `dosd.witnesses`: is not a known key\n  help: did you mean `witness`?",
        ),
        (
            "[dosd.liveness]\nbeat = 1",
            "2:1: key `dosd.liveness.beat`: is not a known key\n  help: use `grace` or `spin`",
        ),
        (
            "[dosd.worker]\nstop-timeout = \"1s\"",
            "2:1: key `dosd.worker.stop-timeout`: is not a known key\n  help: did you mean `stop_timeout`?",
        ),
        (
            "[dosd.worker.restart]\n\"max delay\" = \"1s\"",
            "2:1: key `dosd.worker.restart.\"max delay\"`: is not a known key\n  help: did you mean `max_delay`?",
        ),
    ] {
        assert_eq!(the_error(text), expected);
    }
}

#[test]
fn several_syntax_errors_come_at_once() {
    let text =
        "[supervise]\ntarget = 1 2\n[lanes]\nconcurrent = \n[dosd]\ntick = 30s\nlisten\n[paths\n";
    let problems = problems(text);
    let lines: Vec<usize> = problems.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, [2, 4, 6, 7, 8], "{problems:#?}");
    assert!(problems.iter().all(|problem| problem.what.starts_with("invalid TOML: ")));
}

#[test]
fn a_syntax_error_does_not_hide_what_is_wrong_elsewhere() {
    let problems = problems("[supervise]\ntarget = 'x\n[dosd]\ntick = \"0s\"\n");
    let lines: Vec<usize> = problems.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, [2, 4], "{problems:#?}");
}

#[test]
fn a_syntax_error_calls_nothing_missing() {
    let problems = problems("[[dosd.exporter]]\nkind = \"file\"\nname = \"a\"\npath = \"x\n");
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert_eq!(problems[0].place.line, 4);
}

#[test]
fn a_doubled_key_is_a_syntax_error_at_the_second_one() {
    let error = the_error("[supervise]\ntarget = 1\ntarget = 2\n");
    assert!(error.starts_with("3:1: invalid TOML: duplicate key\n  help: keep one"), "{error}");
}
