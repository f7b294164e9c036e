//! Real UDP: agents that are there, that die, and that come back.

use std::net::UdpSocket;
use std::time::Duration;

use dosd_actors::supervisor::FleetView;

use super::super::transport::StatsdSink;
use super::super::wire::Trouble;
use super::{Address, counted, different, event, once, reason, send, sink};
use crate::sink::{Assurance, Delivery, Sink};

/// A datagram on this host that has not come by then never will.
const LONG: Duration = Duration::from_secs(10);

struct Agent(UdpSocket);

impl Agent {
    fn start(port: u16) -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", port)).unwrap();
        socket.set_read_timeout(Some(LONG)).unwrap();
        Self(socket)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn next(&self) -> String {
        let mut bytes = vec![0; 65_536];
        let length = self.0.recv(&mut bytes).expect("a datagram");
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    /// Everything that has come: on this host a datagram is there when it is sent.
    fn all(&self) -> Vec<String> {
        self.0.set_nonblocking(true).unwrap();
        let mut bytes = vec![0; 65_536];
        let mut all = Vec::new();
        while let Ok(length) = self.0.recv(&mut bytes) {
            all.push(String::from_utf8(bytes[..length].to_vec()).unwrap());
        }
        all
    }
}

fn sink_at(port: u16) -> StatsdSink {
    sink(Address::Udp { host: "127.0.0.1".to_owned(), port })
}

#[tokio::test]
async fn an_agent_counts_every_event_once_in_short_datagrams() {
    let agent = Agent::start(0);
    let mut sink = sink_at(agent.port());
    assert_eq!(sink.assurance(), Assurance::LeftThisHost);
    let events = different(0, 512);
    assert_eq!(send(&mut sink, &events).await, Delivery::Accepted);
    let datagrams = agent.all();
    assert!(datagrams.len() > 1);
    assert!(datagrams.iter().all(|datagram| datagram.len() <= 1432));
    assert_eq!(counted(datagrams.iter().map(String::as_str)), once(&sink, &events));
}

#[tokio::test]
async fn a_dead_agent_is_noticed_and_gets_its_counts_once_when_it_is_back() {
    let agent = Agent::start(0);
    let port = agent.port();
    let mut sink = sink_at(port);
    let (first, second) = (different(0, 2), different(2, 2));
    assert_eq!(send(&mut sink, &first).await, Delivery::Accepted);
    assert_eq!(agent.next().lines().count(), 2);

    drop(agent);
    for _ in 0..2 {
        let refused = send(&mut sink, &second).await;
        assert!(reason(&refused).contains(&format!("`127.0.0.1:{port}`")), "{refused:?}");
    }
    let agent = Agent::start(port);
    assert_eq!(send(&mut sink, &second).await, Delivery::Accepted);
    assert_eq!(counted(agent.all().iter().map(String::as_str)), once(&sink, &second));
}

#[tokio::test]
async fn what_left_before_a_failure_is_not_counted_again() {
    let agent = Agent::start(0);
    let port = agent.port();
    let mut sink = sink_at(port);
    let events = different(0, 60);
    let batch = sink.encode(&events);
    assert_eq!(sink.send(&batch).await, Delivery::Accepted);
    let whole = agent.all();
    assert!(whole.len() > 1, "one datagram proves nothing");

    let mut sink = sink_at(port);
    sink.go_on_after(&batch, whole[0].lines().count());
    drop(agent);
    reason(&sink.send(&batch).await);
    let agent = Agent::start(port);
    assert_eq!(sink.send(&batch).await, Delivery::Accepted);
    assert_eq!(agent.all(), whole[1..]);
    // Another batch begins with its first line.
    let other = different(60, 1);
    assert_eq!(send(&mut sink, &other).await, Delivery::Accepted);
    assert_eq!(counted(agent.all().iter().map(String::as_str)), once(&sink, &other));
}

#[tokio::test]
async fn a_refusal_that_comes_late_has_the_last_counts_sent_again() {
    let agent = Agent::start(0);
    let mut sink = sink_at(agent.port());
    let (first, second) = (different(0, 1), different(1, 1));
    assert_eq!(send(&mut sink, &first).await, Delivery::Accepted);
    agent.next();
    sink.note(&Trouble::BeforeRefused("refused".to_owned()));
    assert_eq!(send(&mut sink, &second).await, Delivery::Accepted);
    assert_eq!(counted([agent.next().as_str()]), once(&sink, &first));
    assert_eq!(counted([agent.next().as_str()]), once(&sink, &second));
    assert_eq!(send(&mut sink, &different(2, 1)).await, Delivery::Accepted);
    assert_eq!(agent.all().len(), 1, "what was owed is paid once");
}

#[tokio::test]
async fn a_gauge_that_was_refused_is_not_taken_for_counts() {
    let agent = Agent::start(0);
    let mut sink = sink_at(agent.port());
    assert_eq!(send(&mut sink, &different(0, 1)).await, Delivery::Accepted);
    let fleet = FleetView {
        plan: None,
        runs: vec![("api".to_owned(), "r1".to_owned())],
        gave_up: Vec::new(),
        beats: Vec::new(),
    };
    sink.show(&fleet, 0).await.unwrap();
    assert_eq!(agent.all()[1], "dos.lane.workers:1|g|#lane:api\ndos.lane.gave_up:0|g|#lane:api");
    sink.note(&Trouble::BeforeRefused("refused".to_owned()));
    assert_eq!(send(&mut sink, &different(1, 1)).await, Delivery::Accepted);
    assert_eq!(agent.all().len(), 1);
    drop(agent);
    assert!(sink.show(&fleet, 0).await.is_err());
}

#[tokio::test]
async fn a_datagram_that_the_socket_finds_too_long_is_halved() {
    let agent = Agent::start(0);
    let mut sink = sink_at(agent.port());
    sink.set_datagram_bytes(100_000);
    let long = "x".repeat(150);
    let events: Vec<_> =
        (0..400).map(|place| event(place, &format!("{place}{long}"), "OPEN")).collect();
    assert!(sink.encode(&events).lines.iter().map(String::len).sum::<usize>() > 65_535);
    let counting = std::thread::spawn(move || {
        let mut datagrams = Vec::new();
        while datagrams.iter().map(|it: &String| it.lines().count()).sum::<usize>() < 400 {
            datagrams.push(agent.next());
        }
        datagrams
    });
    assert_eq!(send(&mut sink, &events).await, Delivery::Accepted);
    let datagrams = counting.join().unwrap();
    assert_eq!(counted(datagrams.iter().map(String::as_str)), once(&sink, &events));
}

#[tokio::test]
async fn a_look_finds_an_agent_without_counting_anything() {
    let agent = Agent::start(0);
    let port = agent.port();
    // The name may stand for an address of another family first.
    let mut sink = sink(Address::Udp { host: "localhost".to_owned(), port });
    sink.check().await.unwrap();
    assert_eq!(agent.all().concat(), "");
    drop(agent);
    let unhealthy = sink.check().await.unwrap_err().to_string();
    assert!(unhealthy.contains(&format!("`localhost:{port}`")), "{unhealthy}");
}

#[tokio::test]
async fn a_host_without_an_address_is_tried_again_later() {
    let mut sink = sink(Address::Udp { host: "agent.invalid".to_owned(), port: 8125 });
    let refused = send(&mut sink, &different(0, 1)).await;
    assert!(reason(&refused).contains("`agent.invalid:8125`"), "{refused:?}");
    assert!(sink.check().await.is_err());
}
