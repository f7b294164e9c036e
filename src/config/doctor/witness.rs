//! The surfaces: those on this machine's disk are read; of the others it is checked that they could be.

use super::{WitnessCheck, program, shown};
use crate::config::Witness;
use crate::config::model::{Config, Secret, Surface};
use crate::env::Environment;
use crate::workspace::Workspace;
use crate::{secrets, surfaces};
use dosd_actors::port::Children;
use dosd_surfaces::HttpRequest;
use std::path::Path;

pub(super) fn checks(
    config: &Config,
    workspace: &Workspace,
    environment: &Environment,
) -> Vec<WitnessCheck> {
    config.witnesses.iter().map(|witness| check(witness, workspace, environment)).collect()
}

fn check(witness: &Witness, workspace: &Workspace, environment: &Environment) -> WitnessCheck {
    let missing = |it: &Secret| secrets::problem(it, workspace);
    let at = |path: &Path| shown(&workspace.resolve_path(path));
    let (place, entities, problem) = match &witness.surface {
        Surface::Json { path, .. }
        | Surface::JsonLines { path, .. }
        | Surface::Sqlite { path, .. }
        | Surface::Git { path, .. }
        | Surface::Dir { path, .. } => {
            let read = surfaces::read(
                workspace,
                &surfaces::witnessed(workspace, witness, &Children::default()),
            );
            let (entities, problem) = match read {
                Some(Ok(digests)) => (Some(digests.entities()), None),
                Some(Err(failed)) => (None, Some(failed.cause)),
                None => (None, None),
            };
            (at(path), entities, problem)
        }
        Surface::Command { argv, .. } | Surface::Exit { argv } => {
            let program = argv.first().map_or("", String::as_str);
            let search_path = environment.search_path.as_deref();
            let found = program::find(program, workspace.root(), search_path);
            (argv.join(" "), None, found.err())
        }
        Surface::Http { url, headers, .. } => {
            // Without what may be secret in it.
            let place = HttpRequest::new(url, &[]).map(|request| request.place());
            (place.unwrap_or_default(), None, headers.values().find_map(missing))
        }
        Surface::Postgres { url, .. } => {
            let place = match url {
                Secret::Plain(url) => url.clone(),
                Secret::Environment(name) => format!("${name}"),
                Secret::File(path) => at(path),
                Secret::Given(_) => "given".to_owned(),
            };
            (place, None, missing(url))
        }
    };
    WitnessCheck {
        name: witness.name.clone(),
        kind: witness.surface.kind(),
        place,
        rung: witness.rung.as_str(),
        entities,
        problem,
    }
}
