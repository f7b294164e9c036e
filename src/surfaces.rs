//! From the checked configuration to what claims are checked against. The one place that
//! knows every kind of surface.

use std::path::Path;
use std::sync::Arc;

use dosd_actors::port::{Disk, SystemClock};
use dosd_actors::witness::{
    Digests, Limits, Probe, Reading, Scratch, Source, Surface as Read, SurfaceError,
    WitnessSettings, Witnessed,
};
use dosd_kernel::state_diff::Pointer;
use dosd_surfaces as surfaces;
use dosd_surfaces::Identity;

use crate::config::{Config, Secret, SqlSource, Surface, Witness};
use crate::workspace::Workspace;

/// All of a workspace, for those who ask about its runs.
#[must_use]
pub fn settings(config: &Config, workspace: &Workspace) -> WitnessSettings {
    WitnessSettings {
        surfaces: config.witnesses.iter().map(|it| witnessed(workspace, it)).collect(),
        lanes: config.workers.map(|worker| worker.witness.clone()),
        runs: workspace.runs_dir(),
        scratch: workspace.state_dir().join("scratch"),
    }
}

/// One surface, and how it is asked.
#[must_use]
pub fn witnessed(workspace: &Workspace, witness: &Witness) -> Witnessed {
    let Witness { max_entities, max_bytes, timeout, settle, .. } = *witness;
    Witnessed {
        source: source(workspace, witness),
        limits: Limits { max_entities, max_bytes, timeout },
        settle,
        ignore: witness.ignore.iter().filter_map(|text| Pointer::parse(text)).collect(),
        // Its name and its patience do not change what is read.
        definition: format!("{:?} without {:?}", witness.surface, witness.ignore),
    }
}

/// Reads a surface once, here and now; none for a probe, which has no state.
#[must_use]
pub fn read(workspace: &Workspace, witnessed: &Witnessed) -> Option<Result<Digests, SurfaceError>> {
    let Source::State(surface) = &witnessed.source else { return None };
    let directory = workspace.state_dir().join(format!("scratch-{}", std::process::id()));
    let reading = Reading {
        limits: witnessed.limits,
        ignore: &witnessed.ignore,
        clock: Arc::new(SystemClock::new()),
        scratch: Scratch::new(Arc::new(Disk), directory),
    };
    Some(reading.of(&**surface))
}

fn source(workspace: &Workspace, witness: &Witness) -> Source {
    let identity = Identity { name: witness.name.clone(), accountability: witness.rung };
    let at = |path: &Path| workspace.resolve_path(path);
    let directory = workspace.root().to_owned();
    match witness.surface.clone() {
        Surface::Json { path, key } => state(surfaces::Json { identity, path: at(&path), key }),
        Surface::JsonLines { path, key } => {
            state(surfaces::JsonLines { identity, path: at(&path), key })
        }
        Surface::Dir { path, include, exclude } => {
            state(surfaces::Dir { identity, path: at(&path), include, exclude })
        }
        Surface::Sqlite { path, source, key } => {
            let source = match source {
                SqlSource::Table(table) => surfaces::SqlSource::Table(table),
                SqlSource::Query(query) => surfaces::SqlSource::Query(query),
            };
            state(surfaces::Sqlite { identity, path: at(&path), source, key })
        }
        Surface::Postgres { url, query, key } => {
            state(surfaces::Postgres { identity, url: secret(url), query, key })
        }
        Surface::Http { url, headers, items, key } => {
            let headers = headers.into_iter().map(|(name, value)| (name, secret(value)));
            state(surfaces::Http::new(identity, url, headers.collect(), items, key))
        }
        Surface::Git { path, refs, files } => {
            state(surfaces::Git { identity, path: at(&path), refs, files })
        }
        Surface::Command { argv, key } => {
            state(surfaces::Command { identity, argv, directory, key })
        }
        Surface::Exit { argv } => {
            probe(surfaces::Exit { identity, argv, directory, timeout: witness.timeout })
        }
    }
}

fn state(surface: impl Read) -> Source {
    Source::State(Arc::new(surface))
}

fn probe(probe: impl Probe) -> Source {
    Source::Probe(Arc::new(probe))
}

fn secret(secret: Secret) -> surfaces::Secret {
    match secret {
        Secret::Plain(text) => surfaces::Secret::plain(text),
        Secret::Environment(name) => surfaces::Secret::environment(name),
    }
}
