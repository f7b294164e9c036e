//! What can be asked of a daemon, each with what it answers.

use super::answer::Answer;
use super::daemon::{Ask, PATIENCE};
use super::{Daemon, RemoteError, Why};
use crate::fleet::{Overview, VerdictView, Worker};
use dosd_kernel::Map;
use dosd_kernel::effect_witness::EffectReport;
use dosd_kernel::lane::Acquired;
use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// Verdicts on one page, and how many of the newest are asked for: as many as a daemon gives.
const PAGE: &str = "1000";
const NEWEST: &str = "500";

/// Whether a daemon does what it is there for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// Whether all that follows is well.
    pub ready: bool,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// One part of a daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Which.
    pub name: String,
    /// Whether it works.
    pub ok: bool,
    /// What there is to say about it.
    pub note: Option<String>,
}

/// A lease that somebody wants; what is empty is left to the daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WantedLease {
    /// Who will hold it.
    pub owner: String,
    /// The lane.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub lane: String,
    /// The kind of lane.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The paths to work on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tree: Vec<String>,
    /// The run that will hold it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub run_id: String,
    /// The stamp of its identity.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub loop_ts: String,
    /// The host of the holder, for the record.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host_id: String,
}

/// A worker that somebody wants stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Halt {
    /// A run id, a lane, or a pid.
    pub handle: String,
    /// Why.
    pub reason: String,
    /// The operator's own command, for the record.
    pub command: String,
    /// Whether to stop it, or only to put the wish on record.
    pub enact: bool,
}

/// Verdicts in the order of the journal.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct VerdictPage {
    /// The verdicts, oldest first.
    pub verdicts: Vec<VerdictView>,
    /// Behind which event to go on.
    pub next: Option<String>,
    /// How much of the journal is behind them, bytes.
    #[serde(default)]
    pub behind_bytes: u64,
    /// Whether the place that was asked for is gone, and these are from the beginning.
    #[serde(default)]
    pub rewritten: bool,
}

#[derive(Deserialize)]
struct Workers {
    workers: Vec<Worker>,
}

#[derive(Deserialize)]
struct Leases {
    leases: Vec<Held>,
}

#[derive(Deserialize)]
struct Held {
    lease: Map,
}

impl Daemon {
    /// Whether it is ready. That it is not is an answer.
    ///
    /// # Errors
    ///
    /// [`RemoteError`].
    pub fn readiness(&self, patience: Duration) -> Result<Readiness, RemoteError> {
        let ask = Ask { path: &["readyz"], query: &[], order: None, patience };
        let answer = self.ask(&ask)?;
        if answer.is(StatusCode::SERVICE_UNAVAILABLE)
            && let Ok(readiness) = answer.read()
        {
            return Ok(readiness);
        }
        self.accept(answer)
    }

    /// Has a claim judged: the verdict, or none when nobody waits for it. `patience` is for all
    /// of it.
    ///
    /// # Errors
    ///
    /// [`RemoteError`].
    pub fn claim(
        &self,
        claim: &dosd_actors::witness::Claim,
        wait: bool,
        patience: Duration,
    ) -> Result<Option<EffectReport>, RemoteError> {
        let mut order = json!({
            "key": claim.key,
            "narrated": claim.narrated,
            "run_id": claim.run_id,
            "lane": claim.lane,
            "wait": wait,
        });
        // Null is a value, too.
        if let Some(expect) = &claim.expect {
            order["expect"] = expect.clone();
        }
        let ask = Ask { path: &["v1", "claims"], query: &[], order: Some(order), patience };
        let answer = self.ask(&ask)?;
        if answer.is(StatusCode::ACCEPTED) {
            return Ok(None);
        }
        self.accept(answer).map(Some)
    }

    /// Asks for a lane. A refusal is an answer.
    ///
    /// # Errors
    ///
    /// [`RemoteError`].
    pub fn acquire(&self, wanted: &WantedLease) -> Result<Acquired, RemoteError> {
        let answer = self.order(&["v1", "leases"], json!(wanted), PATIENCE)?;
        if answer.is(StatusCode::CONFLICT)
            && let Ok(refused) = answer.read()
        {
            return Ok(refused);
        }
        self.accept(answer)
    }

    /// Says that the holder of a lease lives: the answer as it came.
    ///
    /// # Errors
    ///
    /// [`RemoteError`]; [`RemoteError::is_no_such_lease`] tells the one that is an answer.
    pub fn beat(
        &self,
        lane: &str,
        owner: &str,
        fence: u64,
        coalesce_within_s: f64,
    ) -> Result<Map, RemoteError> {
        let order = json!({"owner": owner, "fence": fence, "coalesce_within_s": coalesce_within_s});
        let answer = self.order(&["v1", "leases", lane, "heartbeat"], order, PATIENCE)?;
        self.accept(answer)
    }

    /// Gives a lease back: the answer as it came, with what became of the claims of its run.
    ///
    /// # Errors
    ///
    /// As [`Self::beat`].
    pub fn release(&self, lane: &str, owner: &str, fence: u64) -> Result<Map, RemoteError> {
        let order = json!({"owner": owner, "fence": fence});
        let answer = self.order(&["v1", "leases", lane, "release"], order, PATIENCE)?;
        self.accept(answer)
    }

    /// The leases that are held, each as the journal has it.
    ///
    /// # Errors
    ///
    /// [`RemoteError`].
    pub fn leases(&self) -> Result<Vec<Map>, RemoteError> {
        let Leases { leases } = self.get(&["v1", "leases"], &[])?;
        Ok(leases.into_iter().map(|held| held.lease).collect())
    }

    /// The workers.
    ///
    /// # Errors
    ///
    /// [`RemoteError`].
    pub fn workers(&self) -> Result<Vec<Worker>, RemoteError> {
        let Workers { workers } = self.get(&["v1", "workers"], &[])?;
        Ok(workers)
    }

    /// Has a worker stopped, or puts on record that somebody wants that: what became of it, with
    /// the keys of the command.
    ///
    /// # Errors
    ///
    /// [`RemoteError`]; with status 404 when nobody is meant.
    pub fn halt(&self, halt: &Halt, patience: Duration) -> Result<Map, RemoteError> {
        let answer = self.order(&["v1", "halt"], json!(halt), patience)?;
        self.accept(answer)
    }

    /// The whole picture.
    ///
    /// # Errors
    ///
    /// [`RemoteError`].
    pub fn fleet(&self) -> Result<Overview, RemoteError> {
        self.get(&["v1", "fleet"], &[])
    }

    /// Verdicts behind an event, or from the first one on.
    ///
    /// # Errors
    ///
    /// [`RemoteError`].
    pub fn verdicts(&self, since: Option<&str>) -> Result<VerdictPage, RemoteError> {
        let limit = ("limit", PAGE);
        match since {
            Some(id) => self.get(&["v1", "verdicts"], &[("since", id), limit]),
            None => self.get(&["v1", "verdicts"], &[limit]),
        }
    }

    /// The newest verdicts, as many as a screen can use.
    ///
    /// # Errors
    ///
    /// [`RemoteError`].
    pub fn newest_verdicts(&self) -> Result<VerdictPage, RemoteError> {
        self.get(&["v1", "verdicts"], &[("last", NEWEST)])
    }

    fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, RemoteError> {
        let answer = self.ask(&Ask { path, query, order: None, patience: PATIENCE })?;
        self.accept(answer)
    }

    fn order(
        &self,
        path: &[&str],
        order: Value,
        patience: Duration,
    ) -> Result<Answer, RemoteError> {
        self.ask(&Ask { path, query: &[], order: Some(order), patience })
    }

    fn accept<T: DeserializeOwned>(&self, answer: Answer) -> Result<T, RemoteError> {
        answer.accept(self.had_token()).map_err(|why| self.error(why))
    }
}

impl RemoteError {
    /// Whether the daemon has no lease as it was named: that is an answer, and a negative one.
    #[must_use]
    pub fn is_no_such_lease(&self) -> bool {
        matches!(&self.why, Why::Refused { kind, .. }
            if matches!(&**kind, "not_found" | "conflict" | "stale_fence"))
    }
}
