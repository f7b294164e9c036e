//! The sink inside of a real exporter, under paused time.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, Context, Handler, MessageResult};
use dosd_actors::reach::Reach;
use dosd_actors::supervisor::{FleetView, GetFleet};

use super::{FakeWire, about, fake_sink};
use crate::slack::SlackSink;
use crate::testing::{World, pass};
use crate::{Drain, DrainEnd, ExporterActor, GetStatus, Resume};

const SECOND: Duration = Duration::from_secs(1);

/// A supervisor of nobody.
struct Nobody;

impl Actor for Nobody {
    type Context = Context<Self>;
}

impl Handler<GetFleet> for Nobody {
    type Result = MessageResult<GetFleet>;

    fn handle(&mut self, _: GetFleet, _: &mut Self::Context) -> Self::Result {
        MessageResult(FleetView::default())
    }
}

struct Room {
    world: World,
    wire: FakeWire,
    fleet: Reach<GetFleet>,
    _nobody: Addr<Nobody>,
}

impl Room {
    fn new() -> Self {
        let world = World::new();
        let (nobody, fleet) = (Nobody.start(), Reach::unset("supervisor"));
        fleet.point_at(&nobody);
        Self { world, wire: FakeWire::new(), fleet, _nobody: nobody }
    }

    fn start(&self) -> Addr<ExporterActor<SlackSink>> {
        let clock = Arc::new(self.world.clock.clone());
        let sink = fake_sink(&self.wire, clock, &self.world.storage, |_| {});
        self.world.start_sink(sink, self.fleet.clone())
    }
}

async fn drain(exporter: &Addr<ExporterActor<SlackSink>>) {
    let drained = exporter.send(Drain { within: 60 * SECOND }).await.unwrap();
    assert_eq!(drained.end, DrainEnd::CaughtUp);
}

#[actix::test]
async fn a_burst_is_one_message_and_the_next_comes_after_the_interval() {
    let room = Room::new();
    let exporter = room.start();
    pass(SECOND).await;
    for lane in 0..5 {
        room.world.journal.append([about(&format!("lane-{lane}"), "STALLED")]);
        pass(SECOND / 2).await;
    }
    pass(20 * SECOND).await;
    assert_eq!(room.wire.posts().len(), 1);
    assert!(room.wire.posts()[0].said().contains("5 events"));
    room.world.journal.append([about("lane-9", "STALLED")]);
    pass(90 * SECOND).await;
    let posts = room.wire.posts();
    assert_eq!(posts.len(), 2);
    assert!(room.wire.gaps()[0] >= 60 * SECOND);
    drain(&exporter).await;
}

#[actix::test]
async fn a_backlog_costs_few_messages_and_no_event() {
    let room = Room::new();
    let rows = (0..100_000).map(|n| about(&format!("lane-{}", n % 3_000), "STALLED"));
    room.world.journal.append(rows);
    let exporter = room.start();
    room.world.cursor_at(room.world.journal.after(100_000)).await;
    assert_eq!(exporter.send(GetStatus).await.unwrap().sent, 100_000);
    pass(5 * 3600 * SECOND).await;
    let posts = room.wire.posts();
    assert!(posts.len() <= 4, "{} messages", posts.len());
    let mut told = 0;
    for post in &posts {
        let said = post.said();
        let (_, rest) = said.split_once(": ").unwrap();
        told += rest.split(' ').next().unwrap().parse::<u64>().unwrap();
        let meanwhile = said.split_once("Meanwhile").map_or("", |(_, meanwhile)| meanwhile);
        for line in meanwhile.lines() {
            if let Some((_, times)) = line.split_once(" × ") {
                told += times.parse::<u64>().unwrap();
            } else if let Some((_, events)) = line.split_once(" more kinds, ") {
                told += events.split(' ').next().unwrap().parse::<u64>().unwrap();
                break;
            }
        }
    }
    assert_eq!(told, 100_000);
    drain(&exporter).await;
}

#[actix::test]
async fn an_outage_loses_nothing() {
    let room = Room::new();
    room.wire.then((0..20).map(|_| Err("no route".to_owned())));
    let exporter = room.start();
    room.world.journal.append([about("docs", "STALLED")]);
    pass(3600 * SECOND).await;
    let posts = room.wire.posts();
    assert_eq!(posts.len(), 21);
    assert!(room.wire.gaps().iter().all(|gap| *gap >= SECOND));
    assert!(posts[20].said().contains("docs"));
    drain(&exporter).await;
}

#[actix::test]
async fn a_revoked_token_waits_for_somebody() {
    let room = Room::new();
    room.wire.then([super::no("token_revoked")]);
    let exporter = room.start();
    room.world.journal.append([about("docs", "STALLED")]);
    pass(60 * SECOND).await;
    let status = exporter.send(GetStatus).await.unwrap();
    assert_eq!((status.failed.disabled, status.dead_lettered, status.sent), (1, 0, 0));
    exporter.send(Resume).await.unwrap();
    pass(60 * SECOND).await;
    assert_eq!(room.wire.posts().len(), 2);
    drain(&exporter).await;
}

#[actix::test]
async fn what_waits_at_the_end_is_told_after_the_next_start() {
    let room = Room::new();
    let exporter = room.start();
    room.world.journal.append([about("docs", "STALLED")]);
    pass(10 * SECOND).await;
    room.world.journal.append([about("api", "STALLED")]);
    drain(&exporter).await;
    assert_eq!(room.wire.posts().len(), 1);
    let exporter = room.start();
    pass(120 * SECOND).await;
    let posts = room.wire.posts();
    assert_eq!(posts.len(), 2);
    assert!(posts[1].said().contains("*`api`*"));
    drain(&exporter).await;
}
