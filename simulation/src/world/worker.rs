//! What a worker does with its life: it ends in some way, and claims what is and what is not.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dosd_actors::port::Exit;
use dosd_actors::reach::Reach;
use dosd_actors::witness::Claim;
use dosd_kernel::effect_witness::EffectVerdict;
use tokio::time::{sleep, timeout};

use super::machine::Machine;
use super::surface::Orders;
use crate::fault::Fault;
use crate::trace::Finding;

/// How long a worker waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a worker finds in the world.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(super) orders: Orders,
    /// The socket of the daemon that runs now.
    pub(super) door: Arc<Mutex<Option<Reach<Claim>>>>,
}

/// What a worker will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) fate: Fate,
    /// What it claims, each after a pause.
    pub(super) claims: Vec<(Duration, Truth)>,
    /// Its helper is killed with it.
    pub(super) is_unwatched: bool,
}

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// There is no such program.
    Missing,
    /// It exits.
    Exits(Duration, i32),
    /// Somebody kills it.
    Killed(Duration),
    /// It exits, and a child of its stays for so long.
    Forks(Duration, Duration),
    /// It stays until it is stopped.
    Stays,
    /// It stays, and does not hear when it is asked to end.
    Deaf,
}

/// Whether a claim is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    So,
    NotSo,
}

impl Script {
    pub(super) fn draw(random: &mut fastrand::Rng, is_calm: bool) -> Self {
        if is_calm {
            return Self { fate: Fate::Stays, claims: Vec::new(), is_unwatched: false };
        }
        let mut time = |up_to_ms| Duration::from_millis(random.u64(1..up_to_ms));
        let (soon, later) = (time(20_000), time(60_000));
        let fate = match random.u32(0..100) {
            0..5 => Fate::Missing,
            5..40 => Fate::Exits(soon, if random.bool() { 0 } else { random.i32(1..4) }),
            40..55 => Fate::Killed(soon),
            55..65 => Fate::Forks(soon, later),
            65..75 => Fate::Deaf,
            _ => Fate::Stays,
        };
        let claims = (0..random.usize(0..3)).map(|_| {
            let truth = if random.u8(0..3) == 0 { Truth::NotSo } else { Truth::So };
            (Duration::from_millis(random.u64(0..5_000)), truth)
        });
        let claims = claims.collect();
        Self { fate, claims, is_unwatched: random.u8(0..20) == 0 }
    }

    pub(super) fn is_deaf(&self) -> bool {
        self.fate == Fate::Deaf
    }
}

/// Lives the life of a worker: its group, its run and its lane.
pub(super) async fn live(
    machine: Machine,
    ground: Ground,
    script: Script,
    (pgid, run_id, lane): (u32, String, String),
) {
    if !script.claims.is_empty() {
        let (machine, claims) = (machine.clone(), script.claims.clone());
        tokio::spawn(claim_all(machine, ground, claims, (pgid, run_id, lane)));
    }
    let boot = machine.boot();
    let goes_on = || machine.boot() == boot && !machine.is_still();
    match script.fate {
        Fate::Missing | Fate::Stays => {}
        Fate::Deaf => machine.trace.fault(Fault::Lingering, format_args!("{pgid} is deaf")),
        Fate::Exits(after, code) => {
            sleep(after).await;
            if goes_on() && machine.lives(pgid) {
                if code != 0 {
                    machine.trace.fault(Fault::Worker, format_args!("{pgid} fails"));
                }
                machine.end_leader(pgid, Exit { code: Some(code), signal: None });
            }
        }
        Fate::Killed(after) => {
            sleep(after).await;
            if goes_on() && machine.lives(pgid) {
                machine.trace.fault(Fault::Worker, format_args!("{pgid} is killed"));
                machine.end_leader(pgid, Exit { code: None, signal: Some(9) });
            }
        }
        Fate::Forks(after, more) => {
            sleep(after).await;
            if goes_on() && machine.lives(pgid) {
                machine.trace.fault(Fault::Lingering, format_args!("{pgid} leaves a child"));
                machine.bear_child(pgid);
                machine.end_leader(pgid, Exit { code: Some(0), signal: None });
                sleep(more).await;
                if goes_on() {
                    machine.end_child(pgid);
                }
            }
        }
    }
}

async fn claim_all(
    machine: Machine,
    ground: Ground,
    claims: Vec<(Duration, Truth)>,
    (pgid, run_id, lane): (u32, String, String),
) {
    let boot = machine.boot();
    for (number, (after, truth)) in claims.into_iter().enumerate() {
        sleep(after).await;
        if machine.boot() != boot || !machine.lives(pgid) {
            return;
        }
        let entity = format!("{run_id}-{number}");
        match truth {
            Truth::So => ground.orders.place(&entity),
            Truth::NotSo => machine.trace.fault(Fault::FalseClaim, format_args!("by {pgid}")),
        }
        let claim = Claim {
            run_id: run_id.clone(),
            lane: lane.clone(),
            key: format!("orders:{entity}"),
            narrated: "placed an order".to_owned(),
            expect: None,
        };
        let door = ground.door.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // No daemon, or one that dies over it: nobody has judged.
        let Some(door) = door else { continue };
        let Ok(Ok(Ok(judged))) = timeout(PATIENCE, door.ask(claim)).await else { continue };
        let verdict = judged.report.verdict;
        machine.trace.note(format_args!("claim of {entity}: {verdict:?}"));
        let is_wrong = match truth {
            Truth::So => verdict == EffectVerdict::Refuted,
            Truth::NotSo => verdict == EffectVerdict::Confirmed,
        };
        if is_wrong {
            let what =
                format!("{entity} is {truth:?} and was {verdict:?}: {}", judged.report.reason);
            machine.trace.find(Finding::Misjudged(what));
        }
    }
}
