//! The sections that each tool reads, as they stand after defaults. `paths`, `stamp` and `cooldown` have
//! the shape of the peer's report.

use crate::config::{Config, DEFAULT_PLANS_GLOB, OtherPath, Stamp};
use crate::env::Environment;
use crate::workspace::Workspace;
use dosd_kernel::arbiter::OverlapPolicy;
use dosd_kernel::reasons::Reason;
use dosd_kernel::{cooldown, data_class, retention};
use serde::Serialize;
use std::collections::BTreeMap;

/// What the sections beside lanes and the population say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Policies {
    /// `[paths]`, made absolute.
    pub paths: BTreeMap<&'static str, String>,
    /// `[overlap]`.
    pub overlap: OverlapTable,
    /// `[retention]`; null keeps everything.
    pub retention: RetentionTable,
    /// `[cooldown]`.
    pub cooldown: cooldown::Policy,
    /// `[stamp]`.
    pub stamp: Stamp,
    /// The built-in reasons and those of `[reasons]`.
    pub reasons: Vec<Reason>,
    /// `[[concurrency_class]]`.
    pub concurrency_class: BTreeMap<String, u64>,
    /// `[data_class]`.
    pub data_class: data_class::Policy,
}

/// `[overlap]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OverlapTable {
    policy: OverlapPolicy,
    ratio_max: f64,
}

/// `[retention]`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetentionTable {
    journal_max_entries: Option<u64>,
    journal_max_age_days: Option<f64>,
    runs_keep_last: Option<u64>,
    verdicts_keep_last: Option<u64>,
    audits_keep_last: Option<u64>,
    projections_compact: bool,
}

impl From<&retention::Policy> for RetentionTable {
    fn from(policy: &retention::Policy) -> Self {
        Self {
            journal_max_entries: policy.journal_max_entries,
            journal_max_age_days: policy.journal_max_age_days,
            runs_keep_last: policy.runs_keep_last,
            verdicts_keep_last: policy.verdicts_keep_last,
            audits_keep_last: policy.audits_keep_last,
            projections_compact: policy.projections_compact,
        }
    }
}

impl Policies {
    pub(super) fn of(config: &Config, workspace: &Workspace, environment: &Environment) -> Self {
        Self {
            paths: paths(config, workspace, environment),
            overlap: OverlapTable {
                policy: config.overlap.policy(),
                ratio_max: config.overlap.ratio_max(),
            },
            retention: (&config.retention).into(),
            cooldown: config.cooldown,
            stamp: config.stamp.clone(),
            reasons: config.reasons.clone(),
            concurrency_class: config.class_budgets.clone(),
            data_class: config.data_class.clone(),
        }
    }

    /// One line for people for each section that says something unusual, and for what bounds growth.
    pub(super) fn lines(&self) -> Vec<String> {
        let cap = |cap: Option<String>| cap.unwrap_or_else(|| "no limit".to_owned());
        let kept = &self.retention;
        let mut lines = vec![format!(
            "journal      compacted beyond {} rows or {} days",
            cap(kept.journal_max_entries.map(|most| most.to_string())),
            cap(kept.journal_max_age_days.map(|days| days.to_string()))
        )];
        lines.push(match self.overlap.policy {
            OverlapPolicy::Strict => "overlap      none beside live leases".to_owned(),
            OverlapPolicy::Soft => {
                let percent = self.overlap.ratio_max * 100.0;
                format!("overlap      up to {percent:.0} % of a request beside live leases")
            }
        });
        if !self.concurrency_class.is_empty() {
            let classes =
                self.concurrency_class.iter().map(|(kind, most)| format!("{kind} {most}"));
            lines.push(format!("at most      {}", classes.collect::<Vec<_>>().join(", ")));
        }
        lines
    }
}

fn paths(
    config: &Config,
    workspace: &Workspace,
    environment: &Environment,
) -> BTreeMap<&'static str, String> {
    let paths = &config.paths;
    let mut shown: BTreeMap<_, _> = OtherPath::ALL
        .into_iter()
        .map(|(key, which)| (key, super::shown(&workspace.other(paths, which))))
        .collect();
    let glob = paths.plans_glob.as_deref().unwrap_or(DEFAULT_PLANS_GLOB);
    shown.extend([
        ("root", super::shown(workspace.root())),
        ("plans_glob", glob.to_owned()),
        ("lane_journal", super::shown(&workspace.lane_journal(paths, environment))),
        ("verdict_journal", super::shown(&workspace.verdict_journal(paths, environment))),
        // Two names of the peer's report: one directory holds the runs of all kinds, and there is one
        // layout.
        ("runs", super::shown(&workspace.other(paths, OtherPath::FanoutRuns))),
        ("style", "dos".to_owned()),
    ]);
    shown
}
