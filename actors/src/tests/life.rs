//! The spawner under seeded orders of starts, ends, stops and its own death, while the
//! wall clock jumps.

use std::collections::BTreeMap;
use std::time::Duration;

use dosd_kernel::Map;
use fastrand::Rng;

use super::spawn::{DISK, Scene, run};
use super::stage::code;
use crate::port::{Clock as _, Exit, Launcher as _, ProcessIdentity};
use crate::spawn::{HaltRun, ReadoptRuns};

const SEEDS: u64 = 40;
const STEPS: usize = 60;
/// The longest time that passes at once.
const STEP: Duration = Duration::from_millis(350);
const HOUR_MS: i64 = 3_600_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WallClock {
    Steady,
    Jumping,
}

#[test]
fn the_story_of_every_run_is_right_in_every_order_and_the_wall_clock_has_no_say() {
    for seed in 0..SEEDS {
        let told = [WallClock::Steady, WallClock::Jumping].map(|wall| {
            actix::System::new().block_on(async {
                let mut play = Play::new(seed, wall);
                for _ in 0..STEPS {
                    play.step().await;
                }
                play.make_peace().await;
                play.story()
            })
        });
        assert_eq!(told[0], told[1], "seed {seed}: a jump of the wall clock changed the story");
    }
}

/// One order of events.
struct Play {
    seed: u64,
    random: Rng,
    scene: Scene,
    wall: WallClock,
    runs: usize,
    lives: BTreeMap<u32, Life>,
    stops: Vec<tokio::task::JoinHandle<()>>,
}

/// When a process was seen, by the monotonic clock, ms.
struct Life {
    began: i64,
    last_seen: i64,
    /// When nobody of its group was left.
    group_gone: i64,
}

impl Play {
    fn new(seed: u64, wall: WallClock) -> Self {
        Self {
            seed,
            random: Rng::with_seed(seed),
            scene: Scene::new(),
            wall,
            runs: 0,
            lives: BTreeMap::new(),
            stops: Vec::new(),
        }
    }

    async fn step(&mut self) {
        match self.random.u8(0..100) {
            0..18 if self.runs < 12 => {
                self.runs += 1;
                self.scene.spawn(&format!("RID-{:02}", self.runs)).await;
            }
            18..34 => self.scene.let_in(1).await,
            34..46 => {
                if let Some(pid) = self.any_pid() {
                    self.end(pid);
                }
            }
            46..52 => {
                if let Some(pid) = self.any_pid() {
                    self.scene.launcher.bear_child(pid);
                }
            }
            52..62 => {
                let launched = self.scene.launcher.launched();
                if let Some((pid, _)) = self.random.choice(launched) {
                    self.scene.launcher.end_child(pid);
                }
            }
            62..68 => self.halt_any(),
            68..71 => self.die_and_come_back().await,
            71..75 => {
                let by = self.random.choice([-HOUR_MS, 24 * HOUR_MS, 7]).unwrap_or_default();
                if self.wall == WallClock::Jumping {
                    self.scene.clock.jump_ms(by);
                }
            }
            75..77 => self.scene.launcher.ignore_terminate(),
            _ => {
                let ms = self.random.choice([1, 90, 700, 3_000, 40_000]).unwrap_or(1);
                self.pass(Duration::from_millis(ms)).await;
            }
        }
        self.pass(Duration::ZERO).await;
        let wasted = self.scene.launcher.wasted_signals();
        assert!(wasted.is_empty(), "seed {}: {wasted:?} were empty when signalled", self.seed);
    }

    fn any_pid(&mut self) -> Option<u32> {
        self.random.choice(self.scene.launcher.living())
    }

    fn end(&mut self, pid: u32) {
        let exit = self.random.choice([code(0), code(1), Exit { code: None, signal: Some(9) }]);
        self.scene.launcher.end(pid, exit.unwrap_or_default());
    }

    fn halt_any(&mut self) {
        if self.runs == 0 {
            return;
        }
        let handle = format!("RID-{:02}", self.random.usize(1..=self.runs));
        let order = HaltRun { handle, command: None, reason: "stuck".to_owned() };
        let answer = self.scene.spawner.send(order);
        self.stops.push(actix_rt::spawn(async move {
            // A spawner that dies answers nobody.
            let _ = answer.await;
        }));
    }

    /// The spawner dies, and the next one is told what the journal knows.
    async fn die_and_come_back(&mut self) {
        self.scene.die().await;
        // What is on its way to the disk gets there.
        self.pass(DISK * 3).await;
        self.scene.make_again();
        let open = self.open();
        self.scene.spawner.send(ReadoptRuns { open }).await.unwrap();
    }

    /// The runs that have begun and not ended, and their processes, by the journal.
    fn open(&self) -> Vec<(crate::spawn::Run, Option<ProcessIdentity>)> {
        let rows = self.scene.notes.rows();
        let mut open = Vec::new();
        for number in 1..=self.runs {
            let run_id = format!("RID-{number:02}");
            let is = |row: &Map, key: &str, value: &str| row.get(key) == Some(&value.into());
            let of = |op| rows.iter().find(|row| is(row, "op", op) && is(row, "run_id", &run_id));
            if of("WORKER_EXITED").is_none() {
                let pid = of("WORKER_STARTED").and_then(|row| row["pid"].as_u64());
                let pid = pid.and_then(|pid| u32::try_from(pid).ok());
                open.push((run(&run_id), pid.map(|pid| self.scene.launcher.identity_of(pid))));
            }
        }
        open
    }

    /// Time passes, and it is noted who lived when.
    async fn pass(&mut self, time: Duration) {
        // A timer that is due inside of a step fires at its end.
        let steps = u32::try_from(time.as_millis() / STEP.as_millis()).unwrap() + 1;
        for _ in 0..steps {
            tokio::time::advance(time / steps).await;
            for _ in 0..12 {
                tokio::task::yield_now().await;
            }
            let now_ms = self.scene.clock.monotonic_ms();
            for pid in self.scene.launcher.living() {
                let life = Life { began: now_ms, last_seen: 0, group_gone: 0 };
                self.lives.entry(pid).or_insert(life).last_seen = now_ms;
            }
            for (pid, life) in &mut self.lives {
                if life.group_gone == 0 && self.scene.launcher.group_members(*pid).is_empty() {
                    life.group_gone = now_ms;
                }
            }
        }
    }

    /// Everything ends, and all that waits gets its answer.
    async fn make_peace(&mut self) {
        self.scene.let_in(100).await;
        for _ in 0..20 {
            self.pass(Duration::from_secs(4)).await;
            while let Some(pid) = self.any_pid() {
                self.end(pid);
            }
            for (pid, _) in self.scene.launcher.launched() {
                self.scene.launcher.end_child(pid);
            }
        }
        let wasted = self.scene.launcher.wasted_signals();
        assert!(wasted.is_empty(), "seed {}: {wasted:?} were empty when signalled", self.seed);
        for stop in &self.stops {
            assert!(stop.is_finished(), "seed {}: a stop is never answered", self.seed);
        }
    }

    /// What the journal says, checked run by run.
    fn story(&self) -> Vec<String> {
        let rows = self.scene.notes.rows();
        for number in 1..=self.runs {
            self.check_run(&rows, &format!("RID-{number:02}"));
        }
        let told = |row: &Map| {
            ["op", "run_id", "loop_ts", "pid", "code", "signal", "ran_ms"]
                .map(|key| row.get(key).map(ToString::to_string).unwrap_or_default())
                .join(" ")
        };
        rows.iter().map(told).collect()
    }

    fn check_run(&self, rows: &[Map], run_id: &str) {
        let seed = self.seed;
        let of_run = |row: &&Map| row.get("run_id").or(row.get("loop_ts")) == Some(&run_id.into());
        let rows: Vec<&Map> =
            rows.iter().filter(of_run).filter(|row| row.contains_key("op")).collect();
        let ops: Vec<&str> = rows.iter().filter_map(|row| row["op"].as_str()).collect();
        let ops: Vec<&str> = ops.into_iter().filter(|op| *op != "HALT").collect();
        let launched = self.scene.launcher.launched();
        let launched: Vec<u32> = launched
            .iter()
            .filter(|(_, spec)| spec.environment.values().any(|value| value == run_id))
            .map(|(pid, _)| *pid)
            .collect();
        assert!(launched.len() <= 1, "seed {seed}: {run_id} is doubled: {launched:?}");
        let is_started = ops.first() == Some(&"WORKER_STARTED");
        let ends = ["WORKER_EXITED", "RELEASE"];
        assert_eq!(ops[usize::from(is_started)..], ends, "seed {seed}: {run_id}");
        let told = self.scene.notes.about(&format!("told end {run_id}")).len();
        assert!(told <= 1, "seed {seed}: the end of {run_id} is told {told} times");
        let ran_ms = rows.iter().find_map(|row| row.get("ran_ms")?.as_i64()).unwrap_or(-1);
        assert!(ran_ms >= 0, "seed {seed}: {run_id} ran {ran_ms} ms");
        if let Some(life) = launched.first().and_then(|pid| self.lives.get(pid)) {
            // An age is cut to whole milliseconds.
            let least = life.last_seen - life.began - 1;
            // The end is looked for once the start is on disk, by a spawner that lives.
            let late = i64::try_from((DISK * 3 + STEP * 6).as_millis()).unwrap();
            let most = life.group_gone - life.began + late;
            let is_right = (least..=most).contains(&ran_ms);
            // Nobody saw the end of one that ended while no spawner lived.
            assert!(
                is_right || ran_ms == 0,
                "seed {seed}: {run_id} ran {least} to {most}, not {ran_ms}"
            );
        }
    }
}
