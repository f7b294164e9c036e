//! An operator at a daemon that may be gone at any moment: claims, leases, stops, compactions. It remembers what
//! was acknowledged, and never takes silence for an answer.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use dosd::control::{Answer, ClientError, Request, call};
use dosd_kernel::lane::{AcquireLane, Asker, BeatLane, LaneReply, LaneRequest, ReleaseLane};
use fastrand::Rng;
use serde_json::Value;

use crate::supervision::machine::poll;
use crate::support::workspace::Workspace;

/// Longer than any answer takes on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A lane of the operator's own, which the daemon fills with nobody.
const DESK: &str = "desk";

/// The operator, and what was said to it.
#[derive(Debug)]
pub(super) struct Operator {
    socket: PathBuf,
    journal: PathBuf,
    random: Rng,
    /// Every owner under which the desk was asked for.
    owners: u32,
    /// Verdicts that were given, by number.
    verdicts: BTreeMap<u64, String>,
    /// Owners to whom the desk was given.
    granted: Vec<String>,
    /// Owners whose lease was taken back when they asked for it.
    released: Vec<String>,
    /// Runs that were stopped, and of which it was said that it is recorded.
    halted: Vec<String>,
}

impl Operator {
    pub(super) fn new(workspace: &Workspace, random: Rng) -> Self {
        let state = workspace.root().canonicalize().expect("a workspace").join(".dos");
        Self {
            socket: state.join("dosd.sock"),
            journal: state.join("lane-journal.jsonl"),
            random,
            owners: 0,
            verdicts: BTreeMap::new(),
            granted: Vec::new(),
            released: Vec::new(),
            halted: Vec::new(),
        }
    }

    /// How much was acknowledged.
    pub(super) fn acknowledged(&self) -> usize {
        self.verdicts.len() + self.granted.len() + self.released.len() + self.halted.len()
    }

    /// Asks for one thing.
    pub(super) fn act(&mut self, lanes: &[&str]) {
        match self.random.u8(..10) {
            0..5 => drop(self.claim()),
            5..8 => self.use_the_desk(),
            8 => self.halt(lanes),
            _ => drop(self.ask(&Request::Compact)),
        }
    }

    /// Has a claim judged by a daemon that is well.
    pub(super) fn claim_and_be_answered(&mut self) {
        poll("a daemon at rest answers", || match self.claim() {
            // It may not be there yet, and a process that is being started may still hold the socket of the one
            // that was killed.
            Err(ClientError::NotRunning { source, .. } | ClientError::NoAnswer { source, .. }) => {
                Err(source.to_string())
            }
            Ok(answer) => {
                assert!(matches!(answer, Answer::Claim { .. }), "{answer:?}");
                Ok(())
            }
        });
    }

    /// Has a claim judged, if there is anybody.
    pub(super) fn claim(&mut self) -> Result<Answer, ClientError> {
        let key = format!("orders:{}", self.random.u32(..));
        let request = Request::Claim {
            run_id: String::new(),
            lane: DESK.to_owned(),
            key: key.clone(),
            narrated: "done".to_owned(),
            expect: None,
            wait: true,
        };
        let answer = call(&self.socket, &request, PATIENCE);
        if let Ok(Answer::Claim { seq, .. }) = &answer {
            let before = self.verdicts.insert(*seq, key);
            assert_eq!(before, None, "number {seq} was given twice");
        }
        answer
    }

    fn use_the_desk(&mut self) {
        if let Some(owner) = self.acquire() {
            let beat =
                BeatLane { lane: DESK.to_owned(), owner: owner.clone(), ..BeatLane::default() };
            self.lanes(LaneRequest::Heartbeat(beat));
            self.give_back(&owner);
        } else if self.owners > 1 {
            // Whoever was told nothing may have it.
            for owner in [self.owners - 1, self.owners] {
                self.give_back(&format!("op-{owner}"));
            }
        }
    }

    fn acquire(&mut self) -> Option<String> {
        self.owners += 1;
        let owner = format!("op-{}", self.owners);
        let asker = Asker {
            owner: owner.clone(),
            host_id: "desk".to_owned(),
            pid: Some(std::process::id()),
        };
        let request = LaneRequest::Acquire(AcquireLane {
            asker,
            lane: DESK.to_owned(),
            kind: "keyword".to_owned(),
            tree: vec!["desk/**".to_owned()],
            loop_ts: String::new(),
            run_id: String::new(),
            fenced: false,
            leases: Vec::new(),
            lanes: dosd_kernel::population::Lanes {
                concurrent: Vec::new(),
                exclusive: Vec::new(),
                autopick: Vec::new(),
                trees: BTreeMap::new(),
                aliases: BTreeMap::new(),
            },
            overlap: dosd_kernel::arbiter::Overlap::default(),
            budgets: BTreeMap::new(),
        });
        let reply = self.lanes(request)?;
        matches!(reply, LaneReply::Acquire(answer) if answer.journaled).then(|| {
            self.granted.push(owner.clone());
            owner
        })
    }

    fn give_back(&mut self, owner: &str) {
        let request = ReleaseLane {
            lane: DESK.to_owned(),
            owner: owner.to_owned(),
            ..ReleaseLane::default()
        };
        if let Some(LaneReply::Release(answer)) = self.lanes(LaneRequest::Release(request))
            && answer.released
        {
            self.released.push(owner.to_owned());
        }
    }

    fn halt(&mut self, lanes: &[&str]) {
        let lane = lanes[self.random.usize(..lanes.len())];
        let request = Request::HaltWorker {
            journal: self.journal.clone(),
            handle: lane.to_owned(),
            command: None,
            reason: "the operator wants it".to_owned(),
        };
        if let Some(Answer::HaltWorker(halted)) = self.ask(&request)
            && halted.recorded
        {
            self.halted.extend(halted.run_id);
        }
    }

    fn lanes(&mut self, request: LaneRequest) -> Option<LaneReply> {
        let journal = self.journal.clone();
        let request = Request::Lanes { journal, request: Box::new(request), patience_ms: 1_000 };
        match self.ask(&request) {
            Some(Answer::Lanes(reply)) => Some(*reply),
            _ => None,
        }
    }

    /// The answer, if there is one.
    fn ask(&self, request: &Request) -> Option<Answer> {
        call(&self.socket, request, PATIENCE).ok()
    }

    /// Everything that was acknowledged stands in the journals.
    pub(super) fn check(&self, lanes: &[Value], verdicts: &[Value]) {
        for (seq, key) in &self.verdicts {
            let entity = key.rsplit(':').next().expect("a key");
            let is_there = verdicts.iter().any(|row| {
                row["seq"].as_u64() == Some(*seq)
                    && row["subject"].as_str().is_some_and(|subject| subject.ends_with(entity))
            });
            assert!(is_there, "the verdict {seq} on {key} was given and is lost");
        }
        let has = |op: &str, owner: &str| {
            lanes.iter().any(|row| {
                let holder = if op == "ACQUIRE" { &row["lease"]["holder"] } else { &row["holder"] };
                row["op"] == op && row["lane"] == DESK && holder.as_str() == Some(owner)
            })
        };
        for owner in &self.granted {
            assert!(has("ACQUIRE", owner), "the lease of {owner} was given and is lost");
        }
        let count =
            |op: &str| lanes.iter().filter(|row| row["op"] == op && row["lane"] == DESK).count();
        assert!(count("RELEASE") >= self.released.len(), "a lease that was taken back is lost");
        for run_id in &self.halted {
            let is_there =
                lanes.iter().any(|row| row["op"] == "HALT" && row["run_id"] == run_id.as_str());
            assert!(is_there, "the order to stop {run_id} was recorded and is lost");
        }
    }
}
