//! The first part of a run: faults, as the seed says.

use std::io::ErrorKind;
use std::time::Duration;

use crate::daemon::Order;
use crate::daemon::cast::{LANE, SPAWN, SUPERVISOR, VERDICT, WITNESS};
use crate::fault::Fault;
use crate::run::Run;
use crate::world::disk::{Call, Plan, Trouble};
use crate::world::foreign::{self, Tenancy};
use crate::world::sink::Mood;
use crate::world::{LANES, VERDICTS};

const ACTORS: [&str; 5] = [LANE, VERDICT, WITNESS, SPAWN, SUPERVISOR];

impl Run {
    /// Injects faults until there were enough.
    pub(crate) async fn chaos(&mut self) {
        let mut steps = self.random.usize(10..26);
        while steps > 0 || self.has_seen_little() {
            steps = steps.saturating_sub(1);
            let long = self.some_while();
            self.pass(long).await;
            self.do_something().await;
            self.world.check();
            if self.world.trace.has_findings() {
                return;
            }
        }
        let long = self.some_while();
        self.pass(long).await;
    }

    /// Most things happen close together.
    fn some_while(&mut self) -> Duration {
        let at_most_ms = match self.random.u32(0..100) {
            0..20 => 20,
            20..60 => 1_000,
            60..93 => 10_000,
            _ => 90_000,
        };
        Duration::from_millis(self.random.u64(0..at_most_ms))
    }

    async fn do_something(&mut self) {
        match self.random.u32(0..100) {
            0..6 => {
                self.world.trace.fault(Fault::Kill, "the daemon");
                self.kill().await;
                let pause = Duration::from_millis(self.random.u64(5..5_000));
                self.start_at = Some(tokio::time::Instant::now() + pause);
            }
            6..14 => {
                if let Some(process) = &self.process {
                    process.life.die_after(self.random.u64(0..40));
                }
            }
            14..20 => self.lose_power().await,
            20..24 => {
                self.world.trace.fault(Fault::Stop, "the daemon");
                self.is_stopping = true;
                self.order(Order::Stop);
            }
            24..36 => {
                let actor = ACTORS[self.random.usize(0..ACTORS.len())];
                self.world.trace.fault(Fault::Panic, actor);
                self.order(Order::Panic(actor));
            }
            36..46 => self.disk_trouble(),
            46..52 => {
                let journal = if self.random.bool() { LANES } else { VERDICTS };
                foreign::row(&self.world, journal, self.random.bool());
            }
            52..56 => {
                let rest = self.random.bool().then(|| self.random.u64(1..2_000));
                let journal = if self.random.u8(0..3) > 0 { LANES } else { VERDICTS };
                foreign::tear(&self.world, journal, rest.map(Duration::from_millis));
            }
            56..62 => self.foreign_lease(),
            62..65 => {
                let long = Duration::from_millis(self.random.u64(1..5_000));
                foreign::keep_lock(&self.world, long, self.random.u8(0..4) > 0);
            }
            65..80 => self.sink_mood(),
            80..84 => {
                let is_broken = self.random.bool();
                self.world.trace.fault(Fault::Surface, format_args!("broken: {is_broken}"));
                self.world.set_surface_broken(is_broken);
            }
            84..87 => {
                let by_ms = match self.random.u8(0..4) {
                    0 => -3_600_000,
                    1 => 86_400_000,
                    _ => self.random.i64(-20_000..20_000),
                };
                let now_ms = self.now_ms();
                self.world.trace.fault(Fault::ClockJump, format_args!("{by_ms} ms at {now_ms}"));
                self.world.clock.jump_ms(by_ms);
            }
            87..91 => {
                let target = self.random.i64(0..=self.plan.target);
                self.world.trace.fault(Fault::Reconfigure, format_args!("target {target}"));
                self.order(Order::Target(target));
            }
            91..97 => {
                let lane = self.some_lane();
                self.world.trace.fault(Fault::Halt, &lane);
                self.order(Order::Halt(lane));
            }
            _ => self.world.repository.commit(&["src/a"]),
        }
    }

    fn some_lane(&mut self) -> String {
        self.plan.lanes[self.random.usize(0..self.plan.lanes.len())].clone()
    }

    fn disk_trouble(&mut self) {
        let call = [Call::Append, Call::Append, Call::Sync, Call::Sync, Call::Replace, Call::Open]
            [self.random.usize(0..6)];
        let what = match self.random.u32(0..10) {
            0..2 => Trouble::Error(ErrorKind::StorageFull),
            2..4 => Trouble::Error(ErrorKind::Other),
            4..7 => Trouble::Short(self.random.usize(0..60)),
            _ => Trouble::Stall(Duration::from_millis(self.random.u64(1..3_000))),
        };
        // Only a write can be short.
        let call = if matches!(what, Trouble::Short(_)) { Call::Append } else { call };
        let after = self.random.u64(0..12);
        self.world.disk_faults.plan(Plan { call, after, what });
    }

    fn foreign_lease(&mut self) {
        let lane = self.some_lane();
        let tenancy = Tenancy {
            thinks: Duration::from_millis(self.random.u64(0..200)),
            pause: Duration::from_millis(self.random.u64(100..30_000)),
            beats: self.random.u32(0..6),
            gives_back: self.random.u8(0..3) > 0,
        };
        foreign::take_lane(&self.world, lane, tenancy);
    }

    fn sink_mood(&mut self) {
        let at = self.random.usize(0..self.world.receivers.len());
        let some_ms = Duration::from_millis(self.random.u64(1..40_000));
        let mood = match self.random.u32(0..22) {
            0..5 => Mood::Good,
            5..8 => Mood::Slow(some_ms),
            8..10 => Mood::Failing,
            10..12 => Mood::Forgetful,
            12..14 => Mood::Throttling(self.random.bool().then_some(some_ms)),
            14..16 => Mood::Refusing,
            16 => Mood::Partly,
            17 => Mood::OneByOne,
            18 => Mood::Hanging,
            19 => Mood::Gone,
            _ => Mood::Panicking,
        };
        let receiver = &self.world.receivers[at];
        let kind = if mood == Mood::Panicking { Fault::SinkPanic } else { Fault::Sink };
        self.sink_panics += u64::from(mood == Mood::Panicking);
        self.world.trace.fault(kind, format_args!("{} is {mood:?}", receiver.name));
        receiver.be(mood);
    }
}
