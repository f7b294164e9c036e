//! What a witness does beyond one look: it waits, compares values, remembers, and counts
//! what nobody claimed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::{Actor, Addr};
use dosd_kernel::effect_witness::{EffectReport, EffectVerdict};
use dosd_kernel::evidence::Accountability;
use dosd_kernel::population::ByLane;
use dosd_kernel::state_diff::Pointer;
use serde_json::{Value, json};

use super::probe::{Gated, Notes, SlowJournal};
use crate::port::testing::{MemoryStorage, TestClock};
use crate::port::{Clock as _, SharedStorage};
use crate::reach::Reach;
use crate::witness::{
    Claim, ClaimCounts, EndRun, Limits, Probe, Reconfigure, RunAccount, Source, TakeBaseline,
    Unclaimed, Unreadable, WitnessActor, WitnessPorts, WitnessSettings, Witnessed,
};

use EffectVerdict::{Confirmed, Refuted, Unwitnessed};

/// A world with surfaces, and whoever looks at it.
struct World {
    clock: TestClock,
    storage: SharedStorage,
    settings: WitnessSettings,
    witness: Addr<WitnessActor>,
}

impl World {
    fn of(surfaces: Vec<Witnessed>) -> Self {
        let settings = WitnessSettings {
            surfaces,
            lanes: ByLane::default(),
            runs: PathBuf::from("/w/runs"),
            scratch: PathBuf::from("/w/scratch"),
        };
        Self::with(settings)
    }

    fn with(settings: WitnessSettings) -> Self {
        let (clock, storage) = (TestClock::at(0), Arc::new(MemoryStorage::default()));
        let witness = start(&settings, &clock, storage.clone());
        Self { clock, storage, settings, witness }
    }

    /// Another daemon, of which `bend` changes the settings.
    fn restart(&mut self, bend: impl FnOnce(&mut WitnessSettings)) {
        bend(&mut self.settings);
        self.witness = start(&self.settings, &self.clock, Arc::clone(&self.storage));
    }

    async fn begin(&self, run_id: &str, lane: &str) {
        let take = TakeBaseline {
            run_id: run_id.to_owned(),
            root_id: Some("RID-0".to_owned()),
            lane: lane.to_owned(),
        };
        self.witness.send(take).await.unwrap();
    }

    async fn end(&self, run_id: &str) -> Unclaimed {
        self.account(run_id).await.unclaimed
    }

    async fn account(&self, run_id: &str) -> RunAccount {
        let patience = Duration::from_mins(1);
        self.witness.send(EndRun { run_id: run_id.to_owned(), patience }).await.unwrap()
    }

    async fn expect(&self, run_id: &str, key: &str, expect: Option<Value>) -> EffectReport {
        let claim = Claim {
            run_id: run_id.to_owned(),
            lane: "a".to_owned(),
            key: key.to_owned(),
            narrated: String::new(),
            expect,
        };
        self.witness.send(claim).await.unwrap().unwrap().report
    }

    async fn claim(&self, run_id: &str, key: &str) -> EffectVerdict {
        self.expect(run_id, key, None).await.verdict
    }
}

fn start(
    settings: &WitnessSettings,
    clock: &TestClock,
    storage: SharedStorage,
) -> Addr<WitnessActor> {
    let journal = SlowJournal { name: "verdict", takes: Duration::ZERO, notes: Notes::default() };
    let ports = WitnessPorts {
        clock: Arc::new(clock.clone()),
        storage,
        verdicts: Reach::to("verdict", journal.start().recipient()),
    };
    WitnessActor::new(settings.clone(), ports, None).start()
}

fn plain(surface: &Gated) -> Witnessed {
    Witnessed::plain(Source::State(Arc::new(surface.clone())))
}

/// A program that says yes or no, or cannot be started.
struct Program {
    says: AtomicBool,
    is_missing: AtomicBool,
}

impl Program {
    fn that_says(yes: bool) -> Arc<Self> {
        Arc::new(Self { says: AtomicBool::new(yes), is_missing: AtomicBool::new(false) })
    }
}

impl Probe for Program {
    fn name(&self) -> &'static str {
        "tests"
    }

    fn kind(&self) -> &'static str {
        "exit"
    }

    fn accountability(&self) -> Accountability {
        Accountability::OsRecorded
    }

    fn ask(&self, _: &str) -> Result<bool, Unreadable> {
        if self.is_missing.load(Ordering::Relaxed) {
            return Err(Unreadable::new("no such program"));
        }
        Ok(self.says.load(Ordering::Relaxed))
    }
}

#[actix::test]
async fn an_effect_that_settles_in_time_is_confirmed() {
    tokio::time::pause();
    let orders = Gated::named("orders");
    let settling = Witnessed { settle: Duration::from_secs(5), ..plain(&orders) };
    let world = World::of(vec![settling]);
    world.begin("RID-1", "a").await;
    let began = world.clock.monotonic();
    let later = orders.clone();
    actix::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        later.put("42");
    });
    assert_eq!(world.claim("RID-1", "42").await, Confirmed);
    assert!(orders.reads() > 3, "it was looked at again");
    assert_eq!(world.claim("RID-1", "43").await, Refuted);
    let took = world.clock.monotonic().saturating_sub(began);
    assert!(took >= Duration::from_secs(7), "refuted only when its time is out: {took:?}");
}

#[actix::test]
async fn a_value_that_is_expected_is_compared_without_what_is_no_state() {
    let orders = Gated::named("orders");
    let ignore = vec![Pointer::parse("/updated_at").unwrap()];
    let world = World::of(vec![Witnessed { ignore, ..plain(&orders) }]);
    orders.put_value("41", json!({"sum": 1, "updated_at": "monday"}));
    world.begin("RID-1", "a").await;
    orders.put_value("41", json!({"sum": 1, "updated_at": "tuesday"}));
    orders.put_value("42", json!({"sum": 7, "updated_at": "tuesday"}));
    assert_eq!(world.claim("RID-1", "41").await, Refuted, "only what is ignored has changed");
    let seven = world.expect("RID-1", "42", Some(json!({"sum": 7.0}))).await;
    assert_eq!(seven.verdict, Confirmed);
    let eight = world.expect("RID-1", "42", Some(json!({"sum": 8}))).await;
    assert_eq!(eight.verdict, Refuted);
    assert!(eight.reason.contains("not with the expected value"), "{}", eight.reason);
}

#[actix::test]
async fn a_baseline_outlives_the_daemon_that_took_it() {
    let orders = Gated::named("orders");
    let mut world = World::of(vec![plain(&orders)]);
    orders.put("41");
    world.begin("RID-1", "a").await;
    world.claim("RID-1", "44").await;
    orders.put("42");
    world.restart(|_| ());
    assert_eq!(world.claim("RID-1", "41").await, Refuted, "it was there before");
    assert_eq!(world.claim("RID-1", "42").await, Confirmed);
    orders.put("43");
    orders.put("44");
    let account = world.account("RID-1").await;
    let unclaimed = Unclaimed { count: Some(1), keys: vec!["orders:43".to_owned()] };
    // The key 44 was claimed before the restart.
    let claims = ClaimCounts { confirmed: 1, refuted: 2, unwitnessed: 0 };
    assert_eq!(account, RunAccount { unclaimed, claims });
}

#[actix::test]
#[expect(clippy::await_holding_lock, reason = "a reader in another thread waits for it")]
async fn claims_are_counted_even_if_the_surfaces_take_too_long() {
    let orders = Gated::named("orders");
    let world = World::of(vec![plain(&orders)]);
    world.begin("RID-1", "a").await;
    world.claim("RID-1", "44").await;
    let reading = orders.hold();
    let end = EndRun { run_id: "RID-1".to_owned(), patience: Duration::from_millis(5) };
    let account = world.witness.send(end).await.unwrap();
    drop(reading);
    let claims = ClaimCounts { refuted: 1, ..ClaimCounts::default() };
    assert_eq!(account, RunAccount { unclaimed: Unclaimed::default(), claims });
}

#[actix::test]
async fn a_baseline_of_another_definition_is_none() {
    let orders = Gated::named("orders");
    let mut world = World::of(vec![plain(&orders)]);
    world.begin("RID-1", "a").await;
    orders.put("42");
    world.restart(|settings| settings.surfaces[0].definition.push_str(" of another table"));
    let report = world.expect("RID-1", "42", None).await;
    assert_eq!(report.verdict, Unwitnessed);
    assert!(report.reason.contains("definition of `orders` has changed"), "{}", report.reason);
}

#[actix::test]
async fn a_change_that_somebody_claimed_is_not_unclaimed() {
    let orders = Gated::named("orders");
    let world = World::of(vec![plain(&orders)]);
    world.begin("RID-1", "a").await;
    world.begin("RID-2", "b").await;
    for at in 0..30 {
        orders.put(&format!("{at:02}"));
    }
    world.claim("RID-1", "00").await;
    world.claim("RID-2", "orders:01").await;
    let left = world.end("RID-1").await;
    assert_eq!(left.count, Some(28));
    assert_eq!(left.keys.len(), 20);
    assert_eq!(left.keys[0], "orders:02");
    orders.break_down();
    assert_eq!(world.end("RID-2").await, Unclaimed::default(), "nothing can be said");
    assert_eq!(world.end("RID-2").await, Unclaimed::default(), "a run ends once");
}

#[actix::test]
async fn witnesses_of_a_bare_key_that_disagree_are_a_conflict() {
    let (orders, copy) = (Gated::named("orders"), Gated::named("copy"));
    let world = World::of(vec![plain(&orders), plain(&copy)]);
    copy.put("41");
    world.begin("RID-1", "a").await;
    orders.put("41");
    orders.put("42");
    assert_eq!(world.claim("RID-1", "42").await, Confirmed, "the copy never held it");
    let conflict = world.expect("RID-1", "41", None).await;
    assert_eq!(conflict.verdict, Refuted, "the copy holds it as it was");
    assert!(conflict.reason.contains("conflict"), "{}", conflict.reason);
}

#[actix::test]
async fn a_lane_that_names_its_surfaces_has_no_other() {
    let (orders, users) = (Gated::named("orders"), Gated::named("users"));
    let settings = WitnessSettings {
        surfaces: vec![plain(&orders), plain(&users)],
        lanes: ByLane {
            usual: None,
            lanes: BTreeMap::from([("a".to_owned(), Some(vec!["orders".to_owned()]))]),
        },
        runs: PathBuf::from("/w/runs"),
        scratch: PathBuf::from("/w/scratch"),
    };
    let world = World::with(settings);
    world.begin("RID-1", "a").await;
    assert_eq!(users.reads(), 0);
    users.put("42");
    assert_eq!(world.claim("RID-1", "42").await, Refuted);
    assert_eq!(world.claim("RID-1", "users:42").await, Unwitnessed);
    world.begin("RID-2", "b").await;
    users.put("43");
    assert_eq!(world.claim("RID-2", "43").await, Confirmed);
}

#[actix::test]
async fn a_probe_attests_refutes_or_says_nothing() {
    let program = Program::that_says(true);
    let world = World::of(vec![Witnessed::plain(Source::Probe(program.clone()))]);
    world.begin("RID-1", "a").await;
    assert_eq!(world.claim("RID-1", "tests:unit").await, Confirmed);
    let valued = world.expect("RID-1", "tests:unit", Some(json!(1))).await;
    assert_eq!(valued.verdict, Unwitnessed, "its yes is about no value");
    assert!(valued.reason.contains("no values to compare"), "{}", valued.reason);
    program.says.store(false, Ordering::Relaxed);
    assert_eq!(world.claim("RID-1", "tests:unit").await, Refuted);
    program.is_missing.store(true, Ordering::Relaxed);
    let report = world.expect("RID-1", "tests:unit", None).await;
    assert_eq!(report.verdict, Unwitnessed);
    assert!(report.reason.contains("no such program"), "{}", report.reason);
}

#[actix::test]
async fn claims_at_the_same_time_share_a_read() {
    let orders = Gated::named("orders");
    let world = World::of(vec![plain(&orders)]);
    world.begin("RID-1", "a").await;
    orders.put("42");
    let before = orders.reads();
    let held = orders.hold();
    let first = world.claim("RID-1", "42");
    let others = async {
        orders.wait_for_reader().await;
        let others = (0..50).map(|_| world.claim("RID-1", "42"));
        let others = futures_util::future::join_all(others);
        let release = async {
            tokio::task::yield_now().await;
            drop(held);
        };
        futures_util::future::join(others, release).await.0
    };
    let (first, others) = futures_util::future::join(first, others).await;
    assert!(first == Confirmed && others.iter().all(|verdict| *verdict == Confirmed));
    assert!(orders.reads() - before <= 3, "{} reads", orders.reads() - before);
}

#[actix::test]
#[expect(clippy::await_holding_lock, reason = "it is a reader on a thread of its own that waits")]
async fn a_surface_that_hangs_delays_no_other_and_refutes_nothing() {
    let (slow, quick) = (Gated::named("slow"), Gated::named("quick"));
    let limits = Limits { timeout: Duration::from_millis(50), ..Limits::default() };
    let world = World::of(vec![Witnessed { limits, ..plain(&slow) }, plain(&quick)]);
    world.begin("RID-1", "a").await;
    quick.put("42");
    let (hanging, other) = {
        let _held = slow.hold();
        let hanging = world.claim("RID-1", "slow:42");
        let other = async {
            slow.wait_for_reader().await;
            world.claim("RID-1", "quick:42").await
        };
        let both = futures_util::future::join(hanging, other).await;
        let again = world.expect("RID-1", "slow:42", None).await;
        assert!(again.reason.contains("still hangs"), "{}", again.reason);
        both
    };
    assert_eq!((hanging, other), (Unwitnessed, Confirmed));
}

#[actix::test]
async fn more_than_the_limit_is_unwitnessed_with_the_reason() {
    let orders = Gated::named("orders");
    let limits = Limits { max_entities: 2, ..Limits::default() };
    let world = World::of(vec![Witnessed { limits, ..plain(&orders) }]);
    orders.put("1");
    world.begin("RID-1", "a").await;
    orders.put("2");
    assert_eq!(world.claim("RID-1", "2").await, Confirmed);
    orders.put("3");
    let report = world.expect("RID-1", "3", None).await;
    assert_eq!(report.verdict, Unwitnessed);
    assert!(report.reason.contains("more than 2 entities"), "{}", report.reason);
}

#[actix::test]
async fn surfaces_that_stay_keep_their_baselines_and_new_ones_have_none() {
    let (orders, users) = (Gated::named("orders"), Gated::named("users"));
    let world = World::of(vec![plain(&orders), plain(&users)]);
    world.begin("RID-1", "a").await;
    let stock = Gated::named("stock");
    // Another place under the name of the old one, and one more.
    let elsewhere = Witnessed { definition: "elsewhere".to_owned(), ..plain(&users) };
    let surfaces = vec![plain(&orders), elsewhere, plain(&stock)];
    let settings = WitnessSettings { surfaces, ..world.settings.clone() };
    world.witness.send(Reconfigure { settings }).await.unwrap();
    orders.put("42");
    assert_eq!(world.claim("RID-1", "orders:42").await, Confirmed);
    for key in ["users:42", "stock:42"] {
        let report = world.expect("RID-1", key, None).await;
        assert_eq!(report.verdict, Unwitnessed, "{key}");
        assert!(report.reason.contains("no baseline"), "{}", report.reason);
    }
    world.begin("RID-2", "a").await;
    assert_eq!(world.claim("RID-2", "stock:42").await, Refuted);
}
