//! What has to be done about a configuration that was read again. Pure: it compares two,
//! and says what of the new one can hold in a daemon that runs.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use crate::config::{Config, Exporter, Witness, Worker};

/// The difference between the configuration that holds and a newer one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Changes {
    /// What holds from now on: the newer one, but for what cannot change.
    pub(super) config: Config,
    /// Who has to hear of it.
    pub(super) concerned: BTreeSet<Concerned>,
    /// What changed, in the words of the file.
    changed: Vec<String>,
    /// What differs and stays until a restart, in the words of the file.
    stays: Vec<&'static str>,
}

/// A part of the daemon that works by the configuration; in the order in which they are
/// told, so that a worker of a new lane finds its command and its surfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Concerned {
    /// The lane journal: when it is compacted.
    Retention,
    /// The witness: the surfaces.
    Witnesses,
    /// The spawner: commands, logs, stops.
    Workers,
    /// The supervisor: the roster, the policies, restarts, leases, the tick.
    Fleet,
    /// The exporters.
    Exporters,
    /// The daemon's own end.
    Shutdown,
}

impl Changes {
    /// What differs and cannot hold before a restart.
    pub(super) fn stays(&self) -> Option<String> {
        (!self.stays.is_empty()).then(|| self.stays.join(", "))
    }
}

impl Display for Changes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changed.is_empty() {
            return formatter.write_str("nothing changed for the daemon");
        }
        formatter.write_str(&self.changed.join(", "))
    }
}

/// Compares the configuration that holds with a newer one.
pub(super) fn difference(old: &Config, new: &Config) -> Changes {
    let mut changes = Changes {
        config: new.clone(),
        concerned: BTreeSet::new(),
        changed: Vec::new(),
        stays: Vec::new(),
    };
    changes.keep_paths(old);
    changes.compare_fleet(old);
    changes.compare_workers(old);
    if old.retention != new.retention {
        changes.note(Concerned::Retention, "retention");
    }
    if old.on_shutdown != new.on_shutdown {
        changes.note(Concerned::Shutdown, "on_shutdown");
    }
    let witnesses = named(&old.witnesses, &changes.config.witnesses, |it: &Witness| &it.name);
    for name in witnesses {
        changes.note(Concerned::Witnesses, format!("witness {name}"));
    }
    // Their order decides nothing, but baselines and reports follow it.
    if old.witnesses != new.witnesses {
        changes.concerned.insert(Concerned::Witnesses);
    }
    for name in named(&old.exporters, &changes.config.exporters, |it: &Exporter| &it.name) {
        changes.note(Concerned::Exporters, format!("exporter {name}"));
    }
    changes
}

impl Changes {
    fn note(&mut self, concerned: Concerned, what: impl Into<String>) {
        self.concerned.insert(concerned);
        self.changed.push(what.into());
    }

    /// The journals are open, and stay where they are. Exporters wait with them: a file
    /// that the new configuration gives to one may be a journal's of this daemon still.
    fn keep_paths(&mut self, old: &Config) {
        let new = &mut self.config;
        let mut keep = |name, moved: bool| {
            if moved {
                self.stays.push(name);
            }
            moved
        };
        // Its connections are open, and whoever found it there looks for it there.
        keep("listen, http", old.http != new.http);
        new.http.clone_from(&old.http);
        let lanes = keep("paths.lane_journal", old.paths.lane_journal != new.paths.lane_journal);
        let verdicts =
            keep("paths.verdict_journal", old.paths.verdict_journal != new.paths.verdict_journal);
        if (lanes || verdicts) && old.exporters != new.exporters {
            self.stays.push("exporters");
            new.exporters.clone_from(&old.exporters);
        }
        new.paths.lane_journal.clone_from(&old.paths.lane_journal);
        new.paths.verdict_journal.clone_from(&old.paths.verdict_journal);
    }

    fn compare_fleet(&mut self, old: &Config) {
        let new = &self.config;
        let differs = [
            ("lanes", old.lanes != new.lanes),
            ("supervise", old.supervise != new.supervise),
            ("tick", old.tick != new.tick),
            ("liveness", old.liveness != new.liveness),
        ];
        for (name, _) in differs.into_iter().filter(|(_, differs)| *differs) {
            self.note(Concerned::Fleet, name);
        }
    }

    /// The keys of `[dosd.worker]`; then those that changed for a lane and not for all.
    fn compare_workers(&mut self, old: &Config) {
        let (old, new) = (&old.workers, &self.config.workers.clone());
        let usual = worker_keys(&old.usual, &new.usual);
        for (concerned, key) in &usual {
            self.note(*concerned, format!("worker.{key}"));
        }
        let lanes: BTreeSet<&String> = old.lanes.keys().chain(new.lanes.keys()).collect();
        for lane in lanes {
            let (before, after) = (old.of(lane), new.of(lane));
            let inherited = |key| {
                !worker_keys(&old.usual, before).iter().any(|(_, own)| *own == key)
                    && !worker_keys(&new.usual, after).iter().any(|(_, own)| *own == key)
            };
            for (concerned, key) in worker_keys(before, after) {
                if !inherited(key) {
                    self.note(concerned, format!("worker.lanes.{lane}.{key}"));
                }
            }
        }
    }
}

/// The keys in which two differ, and who goes by them.
fn worker_keys(old: &Worker, new: &Worker) -> Vec<(Concerned, &'static str)> {
    let keys = [
        (Concerned::Workers, "command", old.command != new.command),
        (Concerned::Fleet, "lease", old.lease != new.lease),
        (Concerned::Workers, "stop_timeout", old.stop_timeout != new.stop_timeout),
        (Concerned::Fleet, "restart", old.restart != new.restart),
        (Concerned::Workers, "log", old.log != new.log),
        (Concerned::Witnesses, "witness", old.witness != new.witness),
    ];
    let differing = keys.into_iter().filter(|(_, _, differs)| *differs);
    differing.map(|(concerned, key, _)| (concerned, key)).collect()
}

/// The names of entries that are new, gone, or others than before: those of the newer
/// list in its order, then those that are gone.
fn named<'a, T: PartialEq>(
    old: &'a [T],
    new: &'a [T],
    name: impl Fn(&T) -> &String,
) -> Vec<String> {
    let changed = new.iter().filter(|it| !old.contains(it));
    let gone = old.iter().filter(|it| !new.iter().any(|other| name(other) == name(it)));
    changed.chain(gone).map(|it| name(it).clone()).collect()
}

#[cfg(test)]
mod tests;
