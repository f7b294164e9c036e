//! One claim against a surface of the workspace: the baseline of an open run, and a read made here and
//! now. It needs no daemon and writes no verdict.

use super::super::{Context, Failure};
use crate::surfaces;
use crate::workspace::Workspace;
use dosd_actors::port::{Children, Disk};
use dosd_actors::witness::{Baseline, Sight, Source, Witnessed};
use dosd_kernel::effect_witness::{self, Claim, EffectReport, EffectVerdict};
use dosd_kernel::state_diff::{Tally, tally};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// The JSON answer; no tally when a read could not be made.
#[derive(Serialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    report: EffectReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    tally: Option<Counts>,
}

/// How much of the surface has changed.
#[derive(Serialize)]
struct Counts {
    entities: u64,
    inserted: u64,
    updated: u64,
    deleted: u64,
}

impl Answer {
    pub(super) fn of(report: EffectReport, tally: Option<&Tally>) -> Self {
        let tally = tally.map(|tally| Counts {
            entities: tally.entities,
            inserted: tally.inserted,
            updated: tally.updated,
            deleted: tally.deleted,
        });
        Self { report, tally }
    }
}

/// Judges a claim as the daemon would, at one look.
pub(super) fn witness(
    context: &Context,
    claim: &Claim,
    surface: &str,
    run: &str,
) -> Result<(EffectReport, Option<Tally>), Failure> {
    let workspace = context.workspace()?;
    let config = context.config()?;
    let witness = config.witnesses.iter().find(|it| it.name == surface).ok_or_else(|| {
        let known: Vec<&str> = config.witnesses.iter().map(|it| it.name.as_str()).collect();
        Failure::Usage(format!(
            "`{surface}` is not a surface of this workspace\n  help: the surfaces are: {}",
            known.join(", ")
        ))
    })?;
    if run.contains('/') || run.starts_with('.') {
        return Err(Failure::Usage(format!("`{run}` is not a run id\n  help: see `dosd ps`")));
    }
    let witnessed = surfaces::witnessed(&workspace, witness, &Children::default());
    let entity = claim.key.trim();
    if entity.is_empty() {
        return Ok((EffectReport::no_claim(), None));
    }
    let directory = workspace.runs_dir().join(run);
    let (sight, tally) = match &witnessed.source {
        Source::Probe(probe) => {
            (Sight::of_answer(&witnessed.source, entity, probe.ask(entity)), None)
        }
        Source::State(_) => match compare(&workspace, &witnessed, &directory, entity) {
            Ok((tally, unfinished)) => {
                let unfinished = unfinished.as_deref();
                let sight = Sight::of_tally(&witnessed.source, entity, &tally, None, unfinished);
                (sight, Some(tally))
            }
            Err(why) => (Sight::nothing(&witnessed.source, entity, why), None),
        },
    };
    let mut report = effect_witness::join(claim, std::slice::from_ref(&sight.fact));
    if report.verdict == EffectVerdict::Unwitnessed {
        report.reason = sight.fact.detail;
    }
    Ok((report, tally))
}

/// The difference between the baseline and now, and what now ends with if it is not whole; why there is none, in words.
fn compare(
    workspace: &Workspace,
    witnessed: &Witnessed,
    run_directory: &Path,
    entity: &str,
) -> Result<(Tally, Option<String>), String> {
    let folder = Baseline::folder(run_directory);
    let baseline = Baseline::load(&Disk, &folder).map_err(|why| why.to_string())?;
    let baseline = baseline.ok_or("no baseline: there is no open run of this id")?;
    let mut before = baseline
        .walk(&Disk, &folder, witnessed.source.name(), &witnessed.definition)
        .map_err(|why| why.to_string())?;
    let after = surfaces::read(workspace, witnessed).ok_or("it has no state")?;
    let after = after.map_err(|failed| failed.to_string())?;
    let mut fresh = after.walk().map_err(|why| why.to_string())?;
    let tally = tally(&mut before, &mut fresh, entity, &BTreeSet::new());
    Ok((tally.map_err(|why| why.to_string())?, after.unfinished().map(str::to_owned)))
}
