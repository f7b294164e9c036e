//! Fills in what follows from a configuration that is used. It looks at the world through `checks` and
//! `worker`, and decides what of that is a finding.

use super::{
    Detail, Finding, LaneTable, Policies, SuperviseTable, checks, exporter, lanes, witness, worker,
};
use crate::config::Weight;
use crate::config::model::Config;
use crate::env::Environment;
use crate::workspace::Workspace;

impl Detail {
    pub(super) fn of(config: &Config, workspace: &Workspace, environment: &Environment) -> Self {
        let roster = lanes::roster(&config.lanes);
        let policy = &config.supervise;
        Self {
            lanes: LaneTable {
                concurrent: config.lanes.concurrent.clone(),
                exclusive: config.lanes.exclusive.clone(),
                autopick: config.lanes.autopick.clone(),
                trees: config.lanes.trees.clone(),
            },
            supervise: SuperviseTable {
                target: policy.target,
                count_spinning_as_alive: policy.count_spinning_as_alive,
                reap_stalled: policy.reap_stalled,
                spin_halt_after_ms: policy.spin_halt_after_ms,
                worker_launch_template: config.worker_launch_template.clone(),
                max_concurrency: policy.max_concurrency,
            },
            policies: Policies::of(config, workspace, environment),
            overlaps: lanes::overlaps(&roster),
            roster,
            files: checks::files(config, workspace, environment),
            worker: worker::check(&config.workers.usual, workspace, environment),
            lane_workers: config
                .workers
                .lanes
                .iter()
                .map(|(lane, it)| (lane.clone(), worker::check(it, workspace, environment)))
                .collect(),
            usual_worker_is_used: worker::usual_is_used(config),
            witnesses: witness::checks(config, workspace, environment),
            exporters: exporter::checks(config, workspace, environment),
        }
    }

    /// What is wrong in all of this, errors first.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let error = |subject: String, problem: &Option<String>, help: &str| {
            let (weight, help) = (Weight::Error, help.to_owned());
            problem.clone().map(|what| Finding { weight, subject, what, help })
        };
        let files = self.files.iter().filter_map(|file| {
            error(file.name.replace('_', " "), &file.problem, checks::file_help(file.name))
        });
        // Where nobody is started, no program is missed.
        let workers = if self.supervise.target > 0 {
            worker::findings(&self.worker, self.usual_worker_is_used, &self.lane_workers)
        } else {
            Vec::new()
        };
        let witness_help = "a claim on this surface stays UNWITNESSED until it can be read";
        let witnesses = self.witnesses.iter().filter_map(|witness| {
            error(format!("witness {}", witness.name), &witness.problem, witness_help)
        });
        let exporters = self.exporters.iter().filter_map(|exporter| {
            let help = exporter::help(exporter.kind);
            error(format!("exporter {}", exporter.name), &exporter.problem, help)
        });
        let overlaps = self.overlaps.iter().map(|overlap| {
            let ([one, two], [glob, other]) = (&overlap.lanes, &overlap.globs);
            Finding {
                weight: Weight::Warning,
                subject: format!("lanes {one} and {two}"),
                what: format!("`{glob}` and `{other}` overlap, so the two never run together"),
                help: "declare disjoint trees under `[lanes.trees]`, or make one lane exclusive"
                    .to_owned(),
            }
        });
        files.chain(workers).chain(witnesses).chain(exporters).chain(overlaps).collect()
    }
}
