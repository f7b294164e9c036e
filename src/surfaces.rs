//! From the checked configuration to what claims are checked against. The one place that
//! knows every kind of surface.

use std::ffi::OsString;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use dosd_actors::port::{Children, Disk, SystemClock};
use dosd_actors::witness::{
    Digests, Entities, Limits, Probe, Reading, Scratch, Source, Surface as Read, SurfaceError,
    Unreadable, WitnessSettings, Witnessed,
};
use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::Pointer;
use dosd_surfaces as surfaces;
use dosd_surfaces::{HttpRequest, Identity, Rows};

use crate::config::{Config, SqlSource, Surface, Witness};
use crate::secrets::reveal;
use crate::workspace::Workspace;

/// All of a workspace, for those who ask about its runs.
#[must_use]
pub fn settings(config: &Config, workspace: &Workspace, children: &Children) -> WitnessSettings {
    let surfaces = config.witnesses.iter().map(|it| witnessed(workspace, it, children));
    WitnessSettings {
        surfaces: surfaces.collect(),
        lanes: config.workers.map(|worker| worker.witness.clone()),
        runs: workspace.runs_dir(),
        scratch: workspace.state_dir().join("scratch"),
    }
}

/// One surface, and how it is asked; programs that it starts are among `children`.
#[must_use]
pub fn witnessed(workspace: &Workspace, witness: &Witness, children: &Children) -> Witnessed {
    let Witness { max_entities, max_bytes, timeout, settle, .. } = *witness;
    Witnessed {
        source: source(workspace, witness, children),
        limits: Limits { max_entities, max_bytes, timeout },
        settle,
        ignore: witness.ignore.iter().filter_map(|text| Pointer::parse(text)).collect(),
        // Its name and its patience do not change what is read.
        definition: format!("{:?} without {:?}", witness.surface, witness.ignore),
    }
}

/// A read that was made here.
pub struct Fresh {
    digests: Digests,
    /// After the digests: their files are in it.
    _folder: Folder,
}

/// A folder that is gone with this value.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // Most reads fit in memory and never make it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Deref for Fresh {
    type Target = Digests;

    fn deref(&self) -> &Digests {
        &self.digests
    }
}

/// Reads a surface once, here and now; none for a probe, which has no state.
#[must_use]
pub fn read(workspace: &Workspace, witnessed: &Witnessed) -> Option<Result<Fresh, SurfaceError>> {
    /// Several may be read at the same time.
    static READS: AtomicU32 = AtomicU32::new(0);
    let Source::State(surface) = &witnessed.source else { return None };
    let (process, at) = (std::process::id(), READS.fetch_add(1, Ordering::Relaxed));
    let folder = Folder(workspace.state_dir().join(format!("scratch-{process}-{at}")));
    let reading = Reading {
        limits: witnessed.limits,
        ignore: &witnessed.ignore,
        clock: Arc::new(SystemClock::new()),
        scratch: Scratch::new(Arc::new(Disk), folder.0.clone()),
    };
    Some(reading.of(&**surface).map(|digests| Fresh { digests, _folder: folder }))
}

fn source(workspace: &Workspace, witness: &Witness, children: &Children) -> Source {
    let identity = Identity { name: witness.name.clone(), accountability: witness.rung };
    let at = |path: &Path| workspace.resolve_path(path);
    let directory = workspace.root().to_owned();
    let children = children.clone();
    match witness.surface.clone() {
        Surface::Json { path, key } => {
            state(surfaces::Json { identity, path: at(&path), key: pointer(key) })
        }
        Surface::JsonLines { path, key } => match Pointer::parse(&key) {
            Some(key) => state(surfaces::JsonLines { identity, path: at(&path), key }),
            None => unusable(witness, format!("`{key}` is not a JSON pointer")),
        },
        Surface::Dir { path, include, exclude } => {
            match surfaces::Dir::new(identity, at(&path), &include, &exclude) {
                Ok(surface) => state(surface),
                Err(wrong) => unusable(witness, wrong.to_string()),
            }
        }
        Surface::Sqlite { path, source, key } => {
            let rows = match source {
                SqlSource::Table(table) => Rows::Table(table),
                SqlSource::Query(query) => Rows::Query(query),
            };
            state(surfaces::Sqlite { identity, path: at(&path), rows, key })
        }
        Surface::Postgres { url, query, key } => {
            let surface = reveal(&url, workspace).and_then(|url| {
                surfaces::Postgres::new(identity, &url, &query, key).map_err(|it| it.to_string())
            });
            match surface {
                Ok(surface) => state(surface),
                Err(wrong) => unusable(witness, wrong),
            }
        }
        Surface::Http { url, headers, items, key } => {
            let headers =
                headers.into_iter().map(|(name, value)| Ok((name, reveal(&value, workspace)?)));
            let request = headers.collect::<Result<Vec<_>, String>>().and_then(|headers| {
                HttpRequest::new(&url, &headers).map_err(|wrong| wrong.to_string())
            });
            match request {
                Ok(request) => {
                    state(surfaces::Http::new(identity, request, pointer(items), pointer(key)))
                }
                Err(wrong) => unusable(witness, wrong),
            }
        }
        Surface::Git { path, refs, files } => {
            state(surfaces::Git { identity, path: at(&path), refs, files, children })
        }
        Surface::Command { argv, items, key } => {
            let (argv, environment) = (words(argv), Vec::new());
            let (items, key) = (pointer(items), pointer(key));
            state(surfaces::Command {
                identity,
                argv,
                directory,
                environment,
                items,
                key,
                children,
            })
        }
        Surface::Exit { argv } => {
            let (argv, timeout) = (words(argv), witness.timeout);
            probe(surfaces::Exit { identity, argv, directory, timeout, children })
        }
    }
}

/// The check of the configuration has seen that it is one.
fn pointer(text: Option<String>) -> Option<Pointer> {
    text.and_then(|text| Pointer::parse(&text))
}

fn words(argv: Vec<String>) -> Vec<OsString> {
    argv.into_iter().map(OsString::from).collect()
}

/// A surface that cannot be asked as it is configured; why, is what it answers.
fn unusable(witness: &Witness, cause: String) -> Source {
    let (name, kind) = (witness.name.clone(), witness.surface.kind());
    state(Unusable { name, kind, accountability: witness.rung, cause })
}

struct Unusable {
    name: String,
    kind: &'static str,
    accountability: Accountability,
    cause: String,
}

impl Read for Unusable {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &'static str {
        self.kind
    }

    fn accountability(&self) -> Accountability {
        self.accountability
    }

    fn read(&self, _: &mut dyn Entities) -> Result<(), Unreadable> {
        Err(Unreadable::new(self.cause.clone()))
    }
}

fn state(surface: impl Read) -> Source {
    Source::State(Arc::new(surface))
}

fn probe(probe: impl Probe) -> Source {
    Source::Probe(Arc::new(probe))
}
