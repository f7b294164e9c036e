//! `dos.toml` as the peer reads it and as `dosd doctor` shows it, over generated files: the same values
//! from the same text, and a section that the peer drops is an error here.

use crate::support::peer;
use crate::support::workspace::Workspace;
use fastrand::Rng;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CASES: u64 = 150;

/// What a text is to us, beside what it is to the peer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ours {
    /// Used or refused as there.
    Alike,
    /// Refused, although the peer takes it.
    Refused,
    /// Used with a warning, although the peer drops the section.
    Warned,
}
use Ours::{Alike, Refused, Warned};

/// Sections, and the texts of each. The first half of each list is usual, the rest is there to be
/// refused by somebody.
const SECTIONS: [(&str, &[(&str, Ours)]); 12] = [
    (
        "lanes",
        &[
            (
                "[lanes]\nconcurrent = [\"a\", \"b\"]\nexclusive = [\"x\"]\nautopick = [\"a\"]\n[lanes.trees]\na = [\"a/**\"]\nb = []\n[lanes.aliases]\nz = \"a\"\n",
                Alike,
            ),
            ("[lanes]\nexclusive = [\"x\"]\n", Alike),
            ("[lanes]\n", Alike),
            ("[lanes]\nconcurrent = \"a\"\n", Alike),
            ("[lanes]\n[lanes.trees]\na = [1]\n", Alike),
            ("[lanes]\nconcurent = [\"a\"]\n", Refused),
        ],
    ),
    (
        "supervise",
        &[
            (
                "[supervise]\ntarget = 3\nreap_stalled = false\nspin_halt_after_minutes = 0.5\n",
                Alike,
            ),
            ("[supervise]\nmax_concurrency = 9\nworker_launch_template = \"run {lane}\"\n", Alike),
            ("[supervise]\ntarget = -1\n", Alike),
            ("[supervise]\ntarget = true\n", Alike),
        ],
    ),
    (
        "paths",
        &[
            (
                "[paths]\nlane_journal = \"l.jsonl\"\nleases_dir = \"/var/leases\"\nplans_glob = \"p/*.md\"\n",
                Alike,
            ),
            (
                "[paths]\nfanout_runs = \"state/runs\"\nexecution_state = \"e.yaml\"\nnext_packets = \"np\"\n",
                Alike,
            ),
            ("[paths]\nplnas_glob = \"x\"\n", Alike),
            ("[paths]\nleases_dir = 3\n", Alike),
        ],
    ),
    (
        "overlap",
        &[
            ("[overlap]\nratio_max = 0.25\n", Alike),
            ("[overlap]\npolicy = \"prefix\"\nratio_max = 1\n", Alike),
            ("[overlap]\nratio_max = 0\n", Alike),
            ("[overlap]\nratio = 0.5\n", Alike),
            ("[overlap]\npolicy = \"import-graph\"\n", Refused),
            ("[overlap]\nratio_max = \"0.5\"\n", Refused),
        ],
    ),
    (
        "retention",
        &[
            ("[retention]\njournal_max_entries = 10\njournal_max_age_days = 0.5\n", Alike),
            (
                "[retention]\nruns_keep_last = -1\nverdicts_keep_last = \" None \"\naudits_keep_last = 0\n",
                Alike,
            ),
            (
                "[retention]\nprojections_compact = false\njournal_max_entries = 2.9\njournal_max_age_days = 7\n",
                Alike,
            ),
            ("[retention]\nruns_keep_last = -2\n", Alike),
            ("[retention]\nruns_keep_last = true\n", Alike),
            ("[retention]\nruns_keep_lsat = 2\n", Alike),
            ("[retention]\njournal_max_entries = inf\n", Alike),
        ],
    ),
    (
        "cooldown",
        &[
            ("[cooldown]\nwindow_ms = 5\nerror_window_ms = 7.9\n", Alike),
            ("[cooldown]\nwindow_hours = 2.9\nerror_window_minutes = 3\n", Alike),
            ("[cooldown]\nwindow_ms = 5\nwindow_hours = 2\n", Alike),
            ("[cooldown]\nwindow_ms = \"5\"\n", Alike),
            ("[cooldown]\nwindow = 5\n", Alike),
            ("[cooldown]\nwindow_ms = -5\n", Refused),
        ],
    ),
    (
        "stamp",
        &[
            (
                "[stamp]\nstyle = \"grep\"\nsubject_dirs = [\"src\", \"lib\"]\ntrailer_stamp = true\n",
                Alike,
            ),
            (
                "[stamp]\nstyle = \"tag\"\ncode_dirs = \"src\"\nprogress_markers = [\"audit\"]\nsub_phase_parent_fallback = true\n",
                Alike,
            ),
            (
                "[stamp]\nsummary_bundle_prefixes = \"docs/HYG:\"\nbookkeeping_prefixes = []\ninfra_basenames = [\"x.py\"]\n",
                Alike,
            ),
            ("[stamp]\nsubject_dirs = [1]\n", Alike),
            ("[stamp]\ntrailer_stamp = 1\n", Alike),
            ("[stamp]\nsubject_dir = \"x\"\n", Alike),
        ],
    ),
    (
        "reasons",
        &[
            (
                "[reasons.LANE_PARKED]\ncategory = \"OPERATOR_GATE\"\nrefusal = false\nsee_also = [\"lane a\", \"x\"]\n",
                Alike,
            ),
            (
                "[reasons.one]\ncategory = \"MISROUTE\"\nsummary = \"s\"\nsee_also = \"lane z\"\n[reasons.two]\ncategory = \"TRUE_DRAIN\"\n",
                Alike,
            ),
            ("[reasons.X]\ncategory = \"GATE\"\n", Alike),
            ("[reasons.X]\nrefusal = true\n", Alike),
            ("[reasons.self_modify]\ncategory = \"MISROUTE\"\n", Alike),
            ("[reasons]\nX = 3\n", Alike),
            ("[reasons.X]\ncategory = \"MISROUTE\"\nfixx = \"f\"\n", Refused),
            // The peer's own loader of reasons trips over the list that another of its loaders reads.
            ("[[reasons.morphology]]\nsubstring = \"X\"\ncategory = \"MISROUTE\"\n", Warned),
        ],
    ),
    (
        "concurrency_class",
        &[
            (
                "[[concurrency_class]]\nname = \"cluster\"\nmax_concurrent = 2\n[[concurrency_class]]\nname = \"keyword\"\nmax_concurrent = 0\n",
                Alike,
            ),
            (
                "[[concurrency_class]]\nname = \"c\"\nmax_concurrent = 2\n[[concurrency_class]]\nname = \"c\"\nmax_concurrent = 4\n",
                Alike,
            ),
            ("[[concurrency_class]]\nname = \"c\"\n", Alike),
            ("[[concurrency_class]]\nname = \"c\"\nmax_concurrent = -1\n", Alike),
            ("[[concurrency_class]]\nname = \"\"\nmax_concurrent = 1\n", Alike),
        ],
    ),
    (
        "data_class",
        &[
            (
                "[data_class]\ntrajectory_patterns = [\"docs/_runs\"]\ndefault_class = \"AUDIT\"\n",
                Alike,
            ),
            ("[data_class]\nproduct_patterns = \"keep\"\naudit_patterns = []\n", Alike),
            ("[data_class]\ndefault_class = \"audit\"\n", Alike),
            ("[data_class]\ntrajctory_patterns = []\n", Alike),
        ],
    ),
    (
        "lifecycle",
        &[
            (
                "[lifecycle]\nclasses = [\"a\", \"b\"]\nveto_class = \"b\"\ntransitions = [{ from = \"a\", to = \"b\", trigger = \"t\" }]\n",
                Alike,
            ),
            ("[lifecycle]\nmax_transitions_per_cycle = 3\n", Alike),
            ("[lifecycle]\nveto_class = \"c\"\n", Alike),
            ("[lifecycle]\nper_plan_cooldown_hours = 1.5\n", Alike),
            ("[lifecycle]\nclases = [\"a\"]\n", Warned),
        ],
    ),
    (
        "enumerate",
        &[
            ("[enumerate]\nheading_levels = [2, 3]\nscan_tables = false\n", Alike),
            ("[enumerate]\nstyle = \"s\"\n", Alike),
            ("[enumerate]\nheading_levels = [\"2\"]\n", Alike),
            ("[enumerate]\nrollup_parents = 1\n", Alike),
            ("[enumerate]\nseries = \"X\"\n", Warned),
        ],
    ),
];

/// Prints what the peer makes of each directory named on its input.
const PROGRAM: &str = r#"
import json, sys
from dos import config
for line in sys.stdin:
    dropped = []
    try:
        c = config.load_workspace_config(
            json.loads(line), gather_env=False, warn=lambda label, message: dropped.append(label))
    except Exception:
        print(json.dumps({"crash": True}))
        continue
    p, r, o = c.paths, c.retention, c.data_class
    keys = sorted(p._OVERRIDABLE_PATH_FIELDS)
    print(json.dumps({
        "dropped": dropped,
        "lanes": {k: getattr(c.lanes, k) for k in ("concurrent", "exclusive", "autopick", "trees")},
        "supervise": c.supervise.to_dict(),
        "paths": {**{k: str(getattr(p, k)) for k in keys}, "plans_glob": p.plans_glob,
                  "root": str(p.root), "runs": str(p.fanout_runs), "style": p.style},
        "overlap": {"ratio_max": c.overlap_ratio_max},
        "retention": {k: getattr(r, k) for k in r.__dataclass_fields__},
        "cooldown": c.cooldown.to_dict(),
        "stamp": c.stamp.to_dict(),
        "reasons": [{"token": s.token, "category": s.category, "refusal": s.refusal,
                     "see_also": s.see_also} for s in c.reasons.specs],
        "concurrency_class": c.class_budgets.as_arbiter_budgets(),
        "data_class": {k: getattr(o, k) for k in o.__dataclass_fields__},
    }))
"#;

/// One generated file.
struct Case {
    seed: u64,
    text: String,
    stricter: BTreeSet<&'static str>,
    milder: BTreeSet<&'static str>,
    workspace: Workspace,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (mut text, mut stricter, mut milder) =
            (String::new(), BTreeSet::new(), BTreeSet::new());
        for (section, texts) in SECTIONS {
            if rng.u8(..3) == 0 {
                continue;
            }
            let most = if rng.u8(..8) == 0 { texts.len() } else { 2 };
            let (body, ours) = texts[rng.usize(..most)];
            text += body;
            match ours {
                Alike => {}
                Refused => drop(stricter.insert(section)),
                Warned => drop(milder.insert(section)),
            }
        }
        let workspace = Workspace::new();
        workspace.write("dos.toml", &text);
        Self { seed, text, stricter, milder, workspace }
    }

    fn compare(&self, theirs: &Value) {
        let what = format!("seed {}:\n{}", self.seed, self.text);
        let ours = self.workspace.dosd(&["doctor", "--json"]).values().remove(0);
        let problems = ours["config"]["problems"].as_array().expect("a list");
        let refused: BTreeSet<&str> = problems
            .iter()
            .filter(|problem| problem["weight"] == "error")
            .filter_map(|problem| problem["key"].as_str()?.split(['.', '[']).next())
            .collect();
        if theirs["crash"] == true {
            assert!(!refused.is_empty(), "the peer crashes, and nothing is refused: {what}");
            return;
        }
        let dropped = theirs["dropped"].as_array().into_iter().flatten();
        let dropped = dropped.filter_map(|label| label.as_str()?.split('.').next());
        let mut expected: BTreeSet<&str> = dropped.chain(self.stricter.iter().copied()).collect();
        expected.retain(|section| !self.milder.contains(section));
        assert_eq!(refused, expected, "sections refused here, and expected to be: {what}");
        for section in &self.milder {
            let warned = problems
                .iter()
                .any(|problem| problem["key"].as_str().is_some_and(|key| key.starts_with(section)));
            assert!(warned || *section == "reasons", "[{section}] passes in silence: {what}");
        }
        if !refused.is_empty() {
            return;
        }
        for (section, values) in theirs.as_object().expect("an object") {
            if section == "dropped" || self.milder.contains(section.as_str()) {
                continue;
            }
            let mut here = ours[section].clone();
            if section == "overlap" {
                // The names of the policies are ours, and so is the default.
                here = json!({"ratio_max": here["ratio_max"]});
            }
            assert_eq!(&here, values, "[{section}] here and there: {what}");
        }
    }
}

#[test]
fn the_same_text_gives_the_same_values() {
    let cases: Vec<Case> = (0..CASES).map(Case::new).collect();
    let directories = cases.iter().map(|case| json!(case.workspace.root()).to_string());
    let answers = peer::python(PROGRAM, &directories.collect::<Vec<_>>().join("\n"));
    let answers: Vec<Value> =
        answers.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(answers.len(), cases.len());
    let used = answers.iter().filter(|answer| answer["dropped"] == json!([])).count();
    assert!(
        used > 30 && used < cases.len() - 30,
        "{used} of {} files are well formed",
        cases.len()
    );
    for (case, theirs) in cases.iter().zip(&answers) {
        case.compare(theirs);
    }
}

#[test]
fn every_text_is_judged_as_the_table_says() {
    let mut cases = Vec::new();
    for (section, texts) in SECTIONS {
        for (text, ours) in texts {
            let workspace = Workspace::new();
            workspace.write("dos.toml", text);
            let only = |wanted| (*ours == wanted).then_some(section).into_iter().collect();
            let (stricter, milder) = (only(Refused), only(Warned));
            cases.push(Case { seed: 0, text: (*text).to_owned(), stricter, milder, workspace });
        }
    }
    let directories = cases.iter().map(|case| json!(case.workspace.root()).to_string());
    let answers = peer::python(PROGRAM, &directories.collect::<Vec<_>>().join("\n"));
    for (case, theirs) in cases.iter().zip(answers.lines()) {
        case.compare(&serde_json::from_str(theirs).expect("JSON"));
    }
}
