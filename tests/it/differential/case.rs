//! What is compared: the table of verbs, and a case out of a seed and a number.

use super::lines::{self, Line};
use super::workspace::{Age, Scene};
use fastrand::Rng;
use std::fmt::{self, Display, Formatter};

/// Which of the peer's command lines a verb stands beside.
#[derive(Debug, Clone, Copy)]
pub(super) enum PeerEntry {
    /// The same words after `dos`.
    Dos,
    /// The words after the verb, given to a module of its own.
    Module(&'static str),
}

/// What becomes of the journals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// The same rows are added on both sides, or none; what was there stays.
    Same,
    /// Each side rewrites the file as it likes; the lines of a case look at what it folds to.
    Rewritten,
}

/// What a verb asks of its workspaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// It reads the clock, so the journals were written minutes before now.
    Clock,
    /// It reads the history of a git repository.
    Git,
    /// It appends, so the journals have a whole last line: what the peer appends to a torn one is lost.
    WholeJournals,
    /// It compares regions; see [`Scene::share_regions_softly`].
    Regions,
}
use Need::{Clock, Git, Regions, WholeJournals};

#[derive(Debug)]
pub(super) struct Verb {
    pub(super) name: &'static str,
    /// How many cases of it there are for each case of a verb with 1.
    weight: u64,
    pub(super) peer: PeerEntry,
    pub(super) rows: Rows,
    needs: &'static [Need],
    /// Keys whose texts are worded by each side, beside `reason`.
    pub(super) worded: &'static [&'static str],
    /// Keys that count from the moment of the run.
    pub(super) timed: &'static [&'static str],
    lines: fn(&mut Rng, &mut Scene) -> Vec<Line>,
}

impl Verb {
    const fn new(name: &'static str, lines: fn(&mut Rng, &mut Scene) -> Vec<Line>) -> Self {
        Self {
            name,
            weight: 1,
            peer: PeerEntry::Dos,
            rows: Rows::Same,
            needs: &[],
            worded: &[],
            timed: &[],
            lines,
        }
    }

    const fn weight(self, weight: u64) -> Self {
        Self { weight, ..self }
    }

    const fn at_module(self, module: &'static str) -> Self {
        Self { peer: PeerEntry::Module(module), ..self }
    }

    const fn rewriting(self) -> Self {
        Self { rows: Rows::Rewritten, ..self }
    }

    const fn needs(self, needs: &'static [Need]) -> Self {
        Self { needs, ..self }
    }

    const fn worded(self, worded: &'static [&'static str]) -> Self {
        Self { worded, ..self }
    }

    const fn timed(self, timed: &'static [&'static str]) -> Self {
        Self { timed, ..self }
    }
}

/// Every verb that both sides have. A verb that is not here is not compared.
pub(super) const VERBS: &[Verb] = &[
    Verb::new("journal tail", lines::journal_tail).weight(3),
    Verb::new("journal replay", lines::journal_replay).weight(4),
    Verb::new("journal seq", lines::journal_seq),
    Verb::new("journal compact", lines::journal_compact).weight(2).rewriting(),
    Verb::new("lease-lane live", lines::lease_lane_live).weight(2),
    Verb::new("loop", lines::plan).weight(8),
    Verb::new("observe", lines::observe).weight(6),
    Verb::new("witness", lines::witness).weight(3).at_module("dos.drivers.state_diff"),
    Verb::new("run-id mint", lines::run_id_mint),
    Verb::new("usage", lines::usage),
    Verb::new("liveness", lines::liveness).weight(4).needs(&[Git]),
    Verb::new("arbitrate", lines::arbitrate).weight(4).needs(&[Clock, Regions]),
    Verb::new("status", lines::status).weight(2).needs(&[Git]),
    Verb::new("decisions", lines::decisions).needs(&[Clock]).timed(&["age_seconds"]),
    Verb::new("top", lines::top)
        .needs(&[Clock])
        .timed(&["heartbeat_age_ms", "age_seconds"])
        .worded(&["liveness_reason"]),
    Verb::new("trace", lines::trace).needs(&[Git]),
    Verb::new("cooldown", lines::cooldown).weight(2),
    Verb::new("lint", lines::lint).worded(&["message", "fix", "detail"]),
    Verb::new("verify", lines::verify).weight(2).needs(&[Git]),
    Verb::new("commit-audit", lines::commit_audit).weight(2).needs(&[Git]),
    Verb::new("exit-codes", lines::exit_codes).worded(&["summary", "help"]),
    Verb::new("watch", lines::watch).weight(2).needs(&[WholeJournals]).worded(&["reason"]),
    Verb::new("reap", lines::reap),
    Verb::new("lease-lane acquire", lines::lease_lane).weight(6).needs(&[
        Clock,
        WholeJournals,
        Regions,
    ]),
    Verb::new("halt", lines::halt).needs(&[Clock, WholeJournals]).worded(&["suspend_note"]),
    Verb::new("lease", lines::lease),
    Verb::new("id-alloc", lines::id_alloc),
    Verb::new("export", lines::export).worded(&["detail"]),
];

/// Which verbs a run is about.
#[derive(Debug)]
pub(super) struct Selection(Vec<&'static Verb>);

impl Selection {
    /// Every verb of the table.
    pub(super) fn all() -> Self {
        Self(VERBS.iter().collect())
    }

    /// Only verbs of these names, separated by commas.
    pub(super) fn named(names: &str) -> Self {
        let find = |name: &str| VERBS.iter().find(|verb| verb.name == name);
        let verbs = names.split(',').map(|name| {
            find(name.trim()).unwrap_or_else(|| panic!("`{name}` is not in the table of verbs"))
        });
        Self(verbs.collect())
    }

    /// The verbs take turns, each as often in a round as its weight says.
    fn verb_of(&self, number: u64) -> &'static Verb {
        let round: u64 = self.0.iter().map(|verb| verb.weight).sum();
        let mut place = number % round;
        for verb in &self.0 {
            if place < verb.weight {
                return verb;
            }
            place -= verb.weight;
        }
        unreachable!("the place is below the sum of the weights")
    }
}

#[derive(Debug)]
pub(super) struct Case {
    seed: u64,
    number: u64,
    pub(super) verb: &'static Verb,
    pub(super) scene: Scene,
    pub(super) lines: Vec<Line>,
}

/// What a case is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) seed: u64,
    pub(super) verbs: &'a Selection,
    /// When the rows of fresh journals end.
    pub(super) now_ms: i64,
}

impl Case {
    /// The case with a number.
    pub(super) fn generate(source: Source, number: u64) -> Self {
        let Source { seed, verbs, now_ms } = source;
        // Neighbouring seeds give unlike streams only after a mixing step.
        let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let verb = verbs.verb_of(number);
        let needs = |need| verb.needs.contains(&need);
        let age = if needs(Clock) { Age::Fresh { now_ms } } else { Age::Fixed };
        let mut scene = Scene::generate(&mut rng, age, needs(Git));
        if needs(WholeJournals) {
            scene.end_journals();
        }
        if needs(Regions) {
            scene.share_regions_softly(&mut rng);
        }
        let lines = (verb.lines)(&mut rng, &mut scene);
        Self { seed, number, verb, scene, lines }
    }

    /// Whether a piece of text stands on a command line.
    pub(super) fn knows(&self, text: &str) -> bool {
        self.lines.iter().flat_map(|line| &line.words).any(|word| word.contains(text))
    }
}

impl Display for Case {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { seed, number, verb, .. } = self;
        writeln!(formatter, "case {number} of seed {seed}: {}", verb.name)?;
        write!(
            formatter,
            "again with the same variables and DOSD_DIFFERENTIAL_SEED={seed} \
             DOSD_DIFFERENTIAL_CASES={number}..{}",
            number + 1
        )
    }
}
