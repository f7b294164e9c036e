//! The runs whose claims are judged, and what was claimed while each was open.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use dosd_kernel::effect_witness::EffectVerdict;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;

use super::baseline::{Baseline, CLAIMED, JUDGED};
use super::judge::Address;
use super::message::ClaimCounts;
use crate::port::SharedStorage;

/// One open run.
#[derive(Debug)]
pub(super) struct OpenRun {
    pub(super) baseline: Baseline,
    /// Where the baseline's files are.
    pub(super) folder: PathBuf,
    claimed: RefCell<BTreeSet<Claimed>>,
    claims: Cell<ClaimCounts>,
}

/// A key that somebody claimed, with the surface if it names one.
type Claimed = (Option<String>, String);

impl OpenRun {
    /// How its claims were judged so far.
    pub(super) fn claims(&self) -> ClaimCounts {
        self.claims.get()
    }

    fn count(&self, verdict: EffectVerdict) {
        let mut claims = self.claims.get();
        claims.add(verdict);
        self.claims.set(claims);
    }

    /// The keys of a surface that somebody claimed.
    pub(super) fn claimed(&self, surface: &str) -> BTreeSet<String> {
        let claimed = self.claimed.borrow();
        let meant =
            claimed.iter().filter(|(name, _)| name.as_deref().is_none_or(|it| it == surface));
        meant.map(|(_, key)| key.clone()).collect()
    }
}

/// All of them.
pub(super) struct OpenRuns {
    storage: SharedStorage,
    directory: PathBuf,
    open: RefCell<BTreeMap<String, Rc<OpenRun>>>,
}

impl OpenRuns {
    pub(super) fn new(storage: SharedStorage, directory: PathBuf) -> Self {
        Self { storage, directory, open: RefCell::default() }
    }

    /// Where the baseline of a run is.
    pub(super) fn folder(&self, run_id: &str) -> PathBuf {
        Baseline::folder(&self.directory.join(run_id))
    }

    pub(super) fn open(&self, run_id: &str, baseline: Baseline) {
        let folder = self.folder(run_id);
        let run =
            OpenRun { baseline, folder, claimed: RefCell::default(), claims: Cell::default() };
        self.open.borrow_mut().insert(run_id.to_owned(), Rc::new(run));
    }

    /// Takes over the runs that were open before, under an earlier daemon or before a
    /// panic: each has left its baseline in its directory.
    pub(super) fn resume(&self) {
        let directories = self.storage.folders(&self.directory).unwrap_or_else(|cause| {
            warn!("claims of runs that began earlier stay unwitnessed: {cause}");
            Vec::new()
        });
        for directory in directories {
            let folder = Baseline::folder(&directory);
            let run_id = directory.file_name().map(|name| name.to_string_lossy().into_owned());
            match (Baseline::load(&*self.storage, &folder), run_id) {
                (Ok(Some(baseline)), Some(run_id)) => {
                    let claimed = RefCell::new(self.read(&folder, CLAIMED).into_iter().collect());
                    let judged: Vec<EffectVerdict> = self.read(&folder, JUDGED);
                    let run = OpenRun { baseline, folder, claimed, claims: Cell::default() };
                    for verdict in judged {
                        run.count(verdict);
                    }
                    self.open.borrow_mut().insert(run_id, Rc::new(run));
                }
                (Err(failed), _) => warn!("claims of a run stay unwitnessed: {failed}"),
                (Ok(_), _) => {}
            }
        }
    }

    /// What was noted line by line about an open run.
    fn read<T: DeserializeOwned>(&self, folder: &Path, file: &str) -> Vec<T> {
        // None yet is the rule; one that is lost makes a change look unclaimed, or a claim
        // not made, no more.
        let bytes = self.storage.read(&folder.join(file)).unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n');
        lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }

    /// Notes a line about an open run, so that it outlives the daemon.
    fn note(&self, run: &OpenRun, file: &str, what: &impl Serialize) {
        let path = run.folder.join(file);
        let line = serde_json::to_vec(what).map(|mut line| {
            line.push(b'\n');
            line
        });
        let kept = line
            .map_err(std::io::Error::from)
            .and_then(|line| self.storage.open_append(&path)?.append(&line));
        if let Err(cause) = kept {
            warn!(path = %path.display(), "a note about a claim is not kept: {cause}");
        }
    }

    pub(super) fn get(&self, run_id: &str) -> Option<Rc<OpenRun>> {
        self.open.borrow().get(run_id).cloned()
    }

    pub(super) fn close(&self, run_id: &str) -> Option<Rc<OpenRun>> {
        self.open.borrow_mut().remove(run_id)
    }

    /// Notes a claimed key with every open run: a change is unclaimed only if nobody
    /// claimed it, and workers share surfaces.
    pub(super) fn claimed(&self, address: &Address<'_>) {
        let claimed = (address.surface.map(str::to_owned), address.entity.to_owned());
        for run in self.open.borrow().values() {
            if run.claimed.borrow_mut().insert(claimed.clone()) {
                self.note(run, CLAIMED, &claimed);
            }
        }
    }

    /// Notes the verdict of a claim, which is on disk, with the run that made it, if that is
    /// still open.
    pub(super) fn judged(&self, run_id: &str, verdict: EffectVerdict) {
        let Some(run) = self.get(run_id) else { return };
        if verdict != EffectVerdict::NoClaim {
            run.count(verdict);
            self.note(&run, JUDGED, &verdict);
        }
    }
}
