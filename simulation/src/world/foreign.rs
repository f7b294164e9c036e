//! What other processes do to the journals: programs that share the workspace and keep to the
//! same rules, as far as they live to.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dosd_actors::port::{Clock as _, Storage as _};
use dosd_kernel::draft::Draft;
use dosd_kernel::fold::Fold as _;
use dosd_kernel::lane::{Acquire, Heartbeat, LaneFold, LaneRow, Release};
use dosd_kernel::{lines, stamp};
use serde_json::json;
use tokio::time::sleep;

use super::{LANES, LOCK, World};
use crate::fault::Fault;

/// After so long a lock is anybody's.
const STALE_AFTER_MS: i64 = 300_000;

/// A pause between two tries for the lock, and how many there are.
const TRY: (Duration, u32) = (Duration::from_millis(200), 5);

/// Appends a row that says nothing about leases, made durable or not.
pub(crate) fn row(world: &World, journal: &str, is_synced: bool) {
    world.trace.fault(Fault::ForeignRow, format_args!("{journal}, synced: {is_synced}"));
    let ts = stamp::format_ms(world.clock.now_ms());
    let number = world.next_number();
    let row = if journal == LANES {
        json!({"op": "ATTEMPT", "seq": number, "ts": ts, "lane": "elsewhere", "n": number})
    } else {
        json!({"syscall": "verify", "verdict": "OPEN", "seq": number, "ts": ts,
            "subject": format!("foreign {number}")})
    };
    append(world, journal, format!("{row}\n").as_bytes(), is_synced);
}

/// Leaves the beginning of a line, and perhaps its rest a moment later.
pub(crate) fn tear(world: &World, journal: &'static str, rest_after: Option<Duration>) {
    world.trace.fault(Fault::ForeignTear, format_args!("{journal}, its rest: {rest_after:?}"));
    append(world, journal, b"{\"op\":\"ATTEMPT\",\"la", false);
    if let Some(after) = rest_after {
        let (world, boot) = (world.clone(), world.machine.boot());
        tokio::spawn(async move {
            sleep(after).await;
            if world.machine.boot() == boot {
                append(&world, journal, b"ne\":\"elsewhere\"}\n", false);
            }
        });
    }
}

/// Keeps the mutex for a while; for ever when it ends meanwhile.
pub(crate) fn keep_lock(world: &World, long: Duration, gives_back: bool) {
    let (world, boot) = (world.clone(), world.machine.boot());
    tokio::spawn(async move {
        let Some(lock) = Lock::take(&world).await else { return };
        let how = format_args!("for {long:?}, back: {gives_back}").to_string();
        world.trace.fault(Fault::ForeignLock, how);
        sleep(long).await;
        if world.machine.boot() == boot && gives_back {
            lock.give_back(&world);
        }
    });
}

/// What becomes of a foreign lease.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tenancy {
    /// How long its holder thinks before it writes, with the mutex.
    pub(crate) thinks: Duration,
    /// Between two beats.
    pub(crate) pause: Duration,
    /// How many beats.
    pub(crate) beats: u32,
    /// Whether it gives the lane back, or is never heard of again.
    pub(crate) gives_back: bool,
}

/// Takes a lane if it is free, and keeps it for a while.
pub(crate) fn take_lane(world: &World, lane: String, tenancy: Tenancy) {
    let (world, boot) = (world.clone(), world.machine.boot());
    tokio::spawn(async move {
        let is_same = |world: &World| world.machine.boot() == boot;
        let Some(lock) = Lock::take(&world).await else { return };
        let fold = fold(&world);
        let is_free = !fold.leases().any(|lease| lease.lane() == lane);
        sleep(tenancy.thinks).await;
        if !is_same(&world) || !lock.is_ours(&world) {
            return;
        }
        let number = world.next_number();
        let loop_ts = format!("foreign-{number}");
        if is_free {
            world.trace.fault(Fault::ForeignLease, format_args!("{lane}: {tenancy:?}"));
            let acquire = LaneRow::Acquire(Acquire {
                lane: lane.clone(),
                loop_ts: loop_ts.clone(),
                host_id: "elsewhere".to_owned(),
                holder: "somebody".to_owned(),
                pid: Some(77),
                ..Acquire::default()
            });
            write(&world, &acquire, fold.highest_seq() + 1);
        }
        lock.give_back(&world);
        if !is_free {
            return;
        }
        for _ in 0..tenancy.beats {
            sleep(tenancy.pause).await;
            if !is_same(&world) {
                return;
            }
            let beat = Heartbeat {
                lane: lane.clone(),
                loop_ts: loop_ts.clone(),
                host_id: "elsewhere".to_owned(),
            };
            write(&world, &LaneRow::Heartbeat(beat), fold_seq(&world) + 1);
        }
        sleep(tenancy.pause).await;
        if !tenancy.gives_back {
            return;
        }
        while is_same(&world) {
            if let Some(lock) = Lock::take(&world).await {
                let release = Release {
                    lane,
                    loop_ts,
                    host_id: "elsewhere".to_owned(),
                    reason: "done".to_owned(),
                };
                write(&world, &LaneRow::Release(release), fold_seq(&world) + 1);
                lock.give_back(&world);
                return;
            }
        }
    });
}

fn fold(world: &World) -> LaneFold {
    let mut fold = LaneFold::default();
    for line in lines::split(&world.disk.bytes(Path::new(LANES))) {
        fold.apply_line(&lines::text(line.bytes));
    }
    fold
}

fn fold_seq(world: &World) -> u64 {
    fold(world).highest_seq()
}

fn write(world: &World, row: &LaneRow, seq: u64) {
    let draft: Draft = row.draft(world.clock.now_ms());
    let mut line = Vec::new();
    draft.write_into(&mut line, seq);
    append(world, LANES, &line, true);
}

fn append(world: &World, journal: &str, bytes: &[u8], is_synced: bool) {
    let path = Path::new(journal);
    world.disk.append_foreign(path, bytes);
    if is_synced && let Ok(file) = world.disk.open_append(path) {
        // The disk's faults are planned for the daemon alone.
        let _ = file.sync();
        let _ = world.disk.sync_parent(path);
    }
}

/// The lock file of the lane leases, as others hold it.
struct Lock {
    content: Arc<str>,
}

impl Lock {
    async fn take(world: &World) -> Option<Self> {
        let number = world.next_number();
        let boot = world.machine.boot();
        let (pause, tries) = TRY;
        for _ in 0..tries {
            if world.machine.boot() != boot {
                return None;
            }
            let now_ms = world.clock.now_ms();
            let at = stamp::format_ms(now_ms);
            let content = format!("owner: py-{number}\nacquired_at: {at}\npid: 77\n");
            let path = Path::new(LOCK);
            if let Ok(seen) = world.disk.read(path) {
                if is_stale(&seen, now_ms) {
                    world.disk.put(path, content.as_bytes());
                    return Some(Self { content: content.into() });
                }
            } else if world.disk.create_new(path, content.as_bytes()).is_ok() {
                return Some(Self { content: content.into() });
            }
            sleep(pause).await;
        }
        None
    }

    fn is_ours(&self, world: &World) -> bool {
        world.disk.bytes(Path::new(LOCK)) == self.content.as_bytes()
    }

    fn give_back(&self, world: &World) {
        if self.is_ours(world) {
            let _ = world.disk.remove(Path::new(LOCK));
        }
    }
}

fn is_stale(lock: &[u8], now_ms: i64) -> bool {
    let text = String::from_utf8_lossy(lock);
    let at = text.lines().find_map(|line| line.strip_prefix("acquired_at:"));
    let acquired_ms = at.and_then(|at| stamp::parse_ms(at.trim()));
    acquired_ms.is_none_or(|acquired_ms| now_ms - acquired_ms >= STALE_AFTER_MS)
}
