//! The sections in which each key replaces one default, and the sections that only others read.

use super::{good, the_error, the_warning};
use crate::config::{OtherPath, parse};
use dosd_kernel::arbiter::OverlapPolicy;
use dosd_kernel::data_class::DataClass;
use std::path::Path;

#[test]
fn retention_takes_numbers_and_none() {
    let kept = good(
        "[retention]\njournal_max_entries = 7\njournal_max_age_days = 1.5\nruns_keep_last = \"none\"\n\
         verdicts_keep_last = -1\naudits_keep_last = 0\nprojections_compact = false\n",
    )
    .retention;
    assert_eq!((kept.journal_max_entries, kept.journal_max_age_days), (Some(7), Some(1.5)));
    assert_eq!(kept.journal_max_age_ms(), Some(129_600_000));
    assert_eq!((kept.runs_keep_last, kept.verdicts_keep_last), (None, None));
    assert_eq!((kept.audits_keep_last, kept.projections_compact), (Some(0), false));
}

#[test]
fn windows_have_two_spellings() {
    let rest = good("[cooldown]\nwindow_hours = 2\nerror_window_minutes = 3\n").cooldown;
    assert_eq!((rest.window_ms, rest.error_window_ms), (7_200_000, 180_000));
    let rest = good("[cooldown]\nwindow_ms = 5\nerror_window_ms = 0\n").cooldown;
    assert_eq!((rest.window_ms, rest.error_window_ms), (5, 0));
    let warning = the_warning("[cooldown]\nwindow_ms = 5\nwindow_hours = 2\n");
    assert!(warning.contains("`cooldown.window_hours`: is not used"), "{warning}");
    let warning = the_warning("[cooldown]\nwindow_hours = 1.5\n");
    assert!(warning.contains("a fraction, which is dropped"), "{warning}");
}

#[test]
fn overlap_knows_its_policies_and_its_range() {
    assert_eq!(good("").overlap.policy(), OverlapPolicy::Strict);
    for word in ["soft", "prefix"] {
        let overlap = good(&format!("[overlap]\npolicy = \"{word}\"\nratio_max = 1\n")).overlap;
        assert_eq!(
            (overlap.policy(), overlap.ratio_max().to_bits()),
            (OverlapPolicy::Soft, 1f64.to_bits())
        );
    }
}

#[test]
fn reasons_are_added_to_the_built_in_ones() {
    let before = good("").reasons.len();
    let config = good(
        "[reasons.LANE_PARKED]\ncategory = \"OPERATOR_GATE\"\nrefusal = false\nsummary = \"s\"\n\
         fix = \"f\"\nsee_also = \"lane x\"\n[[reasons.morphology]]\nsubstring = \"RESPAWN\"\n\
         category = \"TRUE_DRAIN\"\n",
    );
    assert_eq!(config.reasons.len(), before + 1);
    let added = config.reasons.last().unwrap();
    assert_eq!((added.token.as_str(), added.refusal), ("LANE_PARKED", false));
    assert_eq!(added.see_also, ["lane x"]);
}

#[test]
fn stamps_classes_budgets_and_paths_are_read() {
    let config = good(
        "[stamp]\nsubject_dirs = [\"src\", \"lib\"]\ncode_dirs = \"src\"\ntrailer_stamp = true\n\
         [[concurrency_class]]\nname = \"cluster\"\nmax_concurrent = 0\n\
         [data_class]\naudit_patterns = []\ndefault_class = \"BASELINE\"\n\
         [paths]\nleases_dir = \"state/leases/\"\nplans_glob = \"p/*.md\"\n",
    );
    assert_eq!(config.stamp.subject_dirs, ["src", "lib"]);
    assert_eq!(
        (config.stamp.code_dirs.as_slice(), config.stamp.trailer_stamp),
        (&["src".to_owned()][..], true)
    );
    assert_eq!(config.class_budgets, [("cluster".to_owned(), 0)].into());
    assert!(config.data_class.audit_patterns.is_empty());
    assert_eq!(config.data_class.default_class, DataClass::Baseline);
    assert_eq!(config.paths.others[&OtherPath::LeasesDir], Path::new("state/leases/"));
    assert_eq!(config.paths.plans_glob.as_deref(), Some("p/*.md"));
}

#[test]
fn what_the_peer_refuses_is_an_error_with_its_place() {
    for (text, expected) in [
        ("[overlap]\nratio_max = 0", "2:13: key `overlap.ratio_max`: must be above 0"),
        ("[overlap]\nratio_max = nan", "2:13: key `overlap.ratio_max`: is out of range"),
        ("[overlap]\npolicy = \"sofd\"", "2:10: key `overlap.policy`: `sofd` is not one"),
        ("[overlap]\nratio = 0.1", "2:1: key `overlap.ratio`: is not a known key"),
        (
            "[retention]\nruns_keep_lsat = 3",
            "2:1: key `retention.runs_keep_lsat`: is not a known key\n  help: did you mean `runs_keep_last`?",
        ),
        (
            "[retention]\nruns_keep_last = -2",
            "2:18: key `retention.runs_keep_last`: must not be negative",
        ),
        (
            "[retention]\nruns_keep_last = true",
            "2:18: key `retention.runs_keep_last`: must be a number",
        ),
        (
            "[retention]\nruns_keep_last = \"all\"",
            "2:18: key `retention.runs_keep_last`: `all` is no cap",
        ),
        (
            "[retention]\nprojections_compact = 1",
            "2:23: key `retention.projections_compact`: must be",
        ),
        ("[cooldown]\nwindow = 1", "2:1: key `cooldown.window`: is not a known key"),
        ("[cooldown]\nwindow_ms = \"1\"", "2:13: key `cooldown.window_ms`: must be a number"),
        (
            "[cooldown]\nwindow_hours = -1",
            "2:16: key `cooldown.window_hours`: must not be negative",
        ),
        (
            "[cooldown]\nwindow_hours = 9000000000000000",
            "2:16: key `cooldown.window_hours`: is out of range",
        ),
        (
            "[stamp]\nsubject_dirs = 3",
            "2:16: key `stamp.subject_dirs`: must be a text in quotes or a list",
        ),
        ("[stamp]\nsubject_dirs = [3]", "2:17: key `stamp.subject_dirs[0]`: must be a text"),
        ("[stamp]\ntrailer_stamp = \"y\"", "2:17: key `stamp.trailer_stamp`: must be `true`"),
        ("[reasons.X]\nrefusal = true", "1:1: key `reasons.X.category`: is missing"),
        ("[reasons.X]\ncategory = \"GATE\"", "2:12: key `reasons.X.category`: `GATE` is not one"),
        (
            "[reasons.self_modify]\ncategory = \"MISROUTE\"",
            "1:10: key `reasons.self_modify`: is a reason that is there",
        ),
        (
            "[[reasons.morphology]]\nsubstring = \" \"\ncategory = \"MISROUTE\"",
            "2:13: key `reasons.morphology[0].substring`: is empty",
        ),
        (
            "[[concurrency_class]]\nname = \"k\"",
            "1:1: key `concurrency_class[0].max_concurrent`: is missing",
        ),
        (
            "[[concurrency_class]]\nname = \"k\"\nmax_concurrent = -1",
            "3:18: key `concurrency_class[0].max_concurrent`: must be 0",
        ),
        (
            "[data_class]\ndefault_class = \"product\"",
            "2:17: key `data_class.default_class`: `product` is not one",
        ),
        (
            "[enumerate]\nheading_levels = [2.5]",
            "2:19: key `enumerate.heading_levels[0]`: must be a whole number",
        ),
        (
            "[lifecycle]\nclasses = [\"a\"]\nveto_class = \"b\"",
            "3:14: key `lifecycle.veto_class`: `b` is not among",
        ),
        (
            "[lifecycle]\n[[lifecycle.transitions]]\nfrom = \"active\"\nto = \"done\"",
            "2:1: key `lifecycle.transitions[0].trigger`: is missing",
        ),
        ("[intervention.X]\nsummary = \"s\"", "1:1: key `intervention.X.rank`: is missing"),
        (
            "[tool_stream]\nstall_n = 2",
            "2:1: key `tool_stream.stall_n`: `stall_n` is 2 and `repeat_n` 3",
        ),
        ("[marker]\nmax_streak = -1", "2:14: key `marker.max_streak`: must be 0 or more"),
        ("[precursor.requires]\nedit = 3", "2:8: key `precursor.requires.edit`: must be a text"),
        ("[verify]\nnon_git_oracle = 3", "2:18: key `verify.non_git_oracle`: must be a text"),
    ] {
        let error = the_error(text);
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn w_18_no_key_of_another_tools_section_passes_in_silence() {
    for (text, expected) in [
        (
            "[tool_stream]\nrepat_n = 2",
            "2:1: warning: key `tool_stream.repat_n`: is not a known key\n  help: did you mean `repeat_n`?",
        ),
        ("[lifecycle]\nclases = []", "2:1: warning: key `lifecycle.clases`: is not a known key"),
        ("[intervention.X]\nrank = 5\nacts = 1", "3:1: warning: key `intervention.X.acts`: is not"),
        ("[marker]\narm_on_env = 3", "2:14: warning: key `marker.arm_on_env`: must be a list"),
        (
            "[marker]\nrespect_stop_hook_active = 1",
            "2:28: warning: key `marker.respect_stop_hook_active`",
        ),
        ("noop_streak = 3", "1:15: warning: key `noop_streak`: must be a table"),
        (
            "[liveness]\nspin_ms = 3",
            "1:2: warning: key `liveness`: is a section that nothing reads, `dos` 0.22 included\n  help: the windows of this daemon stand in `[dosd.liveness]`",
        ),
        (
            "[tool_strem]\n",
            "1:2: warning: key `tool_strem`: is not a known section, nothing reads it\n  help: did you mean `[tool_stream]`?",
        ),
    ] {
        let warning = the_warning(text);
        assert!(warning.starts_with(expected), "{text}: {warning}");
    }
}

#[test]
fn what_the_peer_takes_passes_in_silence() {
    let text = "workspace = \".\"\n[ci]\nanything = { goes = [1, \"x\"] }\n[verify]\nnon_git_oracle = \"ci_status\"\n\
        [enumerate]\nstyle = \"s\"\nheading_levels = [2, 3]\nscan_tables = true\n\
        [lifecycle]\nclasses = [\"a\", \"b\"]\nveto_class = \"\"\n\
        transitions = [{ from = \"a\", to = \"b\", trigger = \"t\", auto = true }]\n\
        [intervention.X]\nrank = 5\ndispatches = false\nsee_also = \"y\"\n\
        [marker]\nmax_streak = 0\narm_on_env = \"LOOP\"\n[noop_streak]\nmax_streak = 4\n\
        [precursor.requires]\nedit = \"read\"\n[precursor.aliases]\nread = [\"cat\", \"less\"]\n\
        [tool_stream]\nrepeat_n = 2\nstall_n = 2\nignore_tools = \"poll\"\n";
    let (_, problems) = parse(text, Path::new("f")).unwrap();
    assert_eq!(problems, []);
}
