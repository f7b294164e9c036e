//! From the death of a worker to its end in the journal: a hundred workers live behind
//! their helpers, one after the other is killed, and the time is taken from the kill until
//! its end is acknowledged, which means synced. Beside it what the disk alone takes at that
//! moment: a lock file and a row, each with its sync.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, Arbiter, Context, Handler, MessageResult, ResponseFuture};
use dosd_actors::exec;
use dosd_actors::journal::{Append, Decide, JournalActor, JournalError, Log};
use dosd_actors::port::{Clock as _, Disk, NoRepository, SystemClock, SystemLauncher};
use dosd_actors::reach::Reach;
use dosd_actors::rotated_log::Rotation;
use dosd_actors::spawn::{
    EndRows, ProcessEvent, Run, Spawn, SpawnActor, SpawnPorts, SpawnSettings, StopAll, WorkerPolicy,
};
use dosd_actors::witness::{EndRun, RunAccount, TakeBaseline};
use dosd_kernel::fold::Fold;
use dosd_kernel::lane::LaneFold;
use dosd_kernel::verdict::VerdictFold;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Workers that live at any time.
const WORKERS: usize = 100;
const KILLS: usize = 500;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    if arguments.by_ref().nth(1).is_some_and(|verb| verb == exec::VERB) {
        return exec::run(arguments);
    }
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let [mut exits, mut disk] = actix::System::new().block_on(measure(directory.path()));
    exits.sort_unstable();
    disk.sort_unstable();
    print(&exits, &disk);
    ExitCode::SUCCESS
}

#[expect(clippy::print_stdout, reason = "this is what the benchmark is run for")]
fn print(exits: &[Duration], disk: &[Duration]) {
    println!("from a kill to WORKER_EXITED on disk, {WORKERS} workers alive, {KILLS} kills");
    println!("     |   exit, ms | disk alone");
    for (name, per_mille) in [("p50", 500), ("p90", 900), ("p99", 990), ("most", 1000)] {
        let at = (KILLS * per_mille / 1000).min(KILLS - 1);
        let [exit, disk] = [exits, disk].map(|times| times[at].as_secs_f64() * 1000.0);
        println!("{name:>4} | {exit:>10.2} | {disk:>10.2}");
    }
}

/// What the peers of the spawner see.
enum News {
    Started(u32),
    EndOnDisk,
    EndTold,
}

async fn measure(directory: &Path) -> [Vec<Duration>; 2] {
    let clock = SystemClock::new();
    let (sender, mut news) = unbounded_channel();
    let spawner = spawner(directory, sender);
    let mut living = Vec::new();
    for number in 0..WORKERS {
        living.push(start(&spawner, &mut news, number).await);
    }
    let (mut exits, mut disk) = (Vec::with_capacity(KILLS), Vec::with_capacity(KILLS));
    for number in WORKERS..WORKERS + KILLS {
        let killed = living.swap_remove(fastrand::usize(0..living.len()));
        let since = clock.monotonic();
        kill_process(killed, Signal::KILL).expect("it lives");
        wait_for(&mut news, |news| matches!(news, News::EndOnDisk).then_some(())).await;
        exits.push(clock.monotonic().saturating_sub(since));
        wait_for(&mut news, |news| matches!(news, News::EndTold).then_some(())).await;
        living.push(start(&spawner, &mut news, number).await);
        let since = clock.monotonic();
        sync_alone(directory).expect("the disk takes it");
        disk.push(clock.monotonic().saturating_sub(since));
    }
    let survivors = spawner.send(StopAll).await.expect("the spawner answers");
    assert!(survivors.is_empty(), "{survivors:?}");
    [exits, disk]
}

/// What a decision costs on the disk, without anything around it.
fn sync_alone(directory: &Path) -> io::Result<()> {
    let lock = directory.join("bare.lock");
    let mut file = File::create_new(&lock)?;
    file.write_all(&[b'x'; 80])?;
    file.sync_all()?;
    let mut journal =
        File::options().create(true).append(true).open(directory.join("bare.jsonl"))?;
    journal.write_all(&[b'x'; 400])?;
    journal.sync_data()?;
    std::fs::remove_file(&lock)
}

async fn start(
    spawner: &Addr<SpawnActor>,
    news: &mut UnboundedReceiver<News>,
    number: usize,
) -> Pid {
    let run = Run {
        run_id: format!("RID-{number}"),
        lane: format!("lane-{}", number % WORKERS),
        loop_ts: format!("stamp-{number}"),
        lineage: Vec::new(),
        leased: true,
    };
    spawner.send(Spawn { run }).await.expect("the spawner lives");
    let pid = wait_for(news, |news| match news {
        News::Started(pid) => Some(pid),
        News::EndOnDisk | News::EndTold => None,
    });
    Pid::from_raw(i32::try_from(pid.await).expect("a pid")).expect("no zero")
}

async fn wait_for<T>(news: &mut UnboundedReceiver<News>, is: impl Fn(News) -> Option<T>) -> T {
    loop {
        if let Some(found) = is(news.recv().await.expect("the peers live")) {
            return found;
        }
    }
}

/// The spawner with its journals on threads of their own, as in the daemon.
fn spawner(directory: &Path, news: UnboundedSender<News>) -> Addr<SpawnActor> {
    let lanes = journal::<LaneFold>(&directory.join("lane-journal.jsonl"));
    let verdicts = journal::<VerdictFold>(&directory.join("verdict-journal.jsonl"));
    let peers = Peers { lanes: lanes.clone(), news }.start();
    let settings = SpawnSettings {
        workspace: directory.to_owned(),
        environment: BTreeMap::new(),
        logs: directory.join("logs"),
        runs: directory.join("runs"),
        host_id: "host".to_owned(),
    };
    let workers = WorkerPolicy {
        argv: Arc::new(|_| vec!["sleep".to_owned(), "600".to_owned()]),
        stop_timeout: Duration::from_secs(5).into(),
        rotation: Rotation { max_bytes: 1 << 20, keep: 3 }.into(),
    };
    let ports = SpawnPorts {
        clock: Arc::new(SystemClock::new()),
        storage: Arc::new(Disk),
        launcher: Arc::new(SystemLauncher::new().expect("/proc").with_helper()),
        repository: Arc::new(NoRepository),
        lanes: Reach::to("lane", lanes.recipient()),
        ends: Reach::to("peers", peers.clone().recipient()),
        verdicts: Reach::to("verdict", verdicts.recipient()),
        baseline: Reach::to("peers", peers.clone().recipient()),
        run_ended: Reach::to("peers", peers.clone().recipient()),
        supervisor: Reach::to("peers", peers.recipient()),
    };
    SpawnActor::new(settings, workers, ports, None).start()
}

fn journal<F: Fold>(path: &Path) -> Addr<JournalActor<F>>
where
    JournalActor<F>: Actor<Context = Context<JournalActor<F>>> + Handler<Append>,
{
    let (path, arbiter) = (path.to_owned(), Arbiter::new());
    let (sender, started) = std::sync::mpsc::channel();
    arbiter.spawn_fn(move || {
        let log = Log::open(Arc::new(Disk), &path).expect("the journal opens");
        let actor = JournalActor::<F>::new(log, Arc::new(SystemClock::new()), None, None);
        sender.send(actor.start()).expect("somebody waits");
    });
    started.recv().expect("the journal starts")
}

/// The witness, the supervisor, and the way to the lane journal.
struct Peers {
    lanes: Addr<JournalActor<LaneFold>>,
    news: UnboundedSender<News>,
}

impl Peers {
    fn say(&self, news: News) {
        // Nobody listens any more at the very end.
        let _ = self.news.send(news);
    }
}

impl Actor for Peers {
    type Context = Context<Self>;
}

impl Handler<Decide<EndRows>> for Peers {
    type Result = ResponseFuture<Result<(), JournalError>>;

    fn handle(&mut self, message: Decide<EndRows>, _: &mut Self::Context) -> Self::Result {
        let (recorded, news) = (self.lanes.send(message), self.news.clone());
        Box::pin(async move {
            let outcome = recorded.await.expect("the journal lives");
            outcome.as_ref().expect("the disk takes it");
            let _ = news.send(News::EndOnDisk);
            outcome
        })
    }
}

impl Handler<TakeBaseline> for Peers {
    type Result = ();

    fn handle(&mut self, _: TakeBaseline, _: &mut Self::Context) {}
}

impl Handler<EndRun> for Peers {
    type Result = MessageResult<EndRun>;

    fn handle(&mut self, _: EndRun, _: &mut Self::Context) -> Self::Result {
        MessageResult(RunAccount::default())
    }
}

impl Handler<ProcessEvent> for Peers {
    type Result = ();

    fn handle(&mut self, event: ProcessEvent, _: &mut Self::Context) {
        self.say(match event {
            ProcessEvent::Started { pid, .. } => News::Started(pid),
            ProcessEvent::Ended(_) => News::EndTold,
        });
    }
}
