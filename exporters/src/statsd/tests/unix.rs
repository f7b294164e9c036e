//! Real Unix sockets: agents that come and go under one path, and one that reads nothing.

use std::os::unix::net::UnixDatagram;
use std::path::Path;

use super::{Address, counted, different, once, reason, send, sink};
use crate::sink::{Assurance, Delivery, Sink};

fn agent(path: &Path) -> UnixDatagram {
    let _ = std::fs::remove_file(path);
    let agent = UnixDatagram::bind(path).unwrap();
    agent.set_nonblocking(true).unwrap();
    agent
}

fn next(agent: &UnixDatagram) -> Option<String> {
    let mut bytes = vec![0; 65_536];
    let length = agent.recv(&mut bytes).ok()?;
    Some(String::from_utf8(bytes[..length].to_vec()).unwrap())
}

fn all(agent: &UnixDatagram) -> Vec<String> {
    std::iter::from_fn(|| next(agent)).collect()
}

#[tokio::test]
async fn an_agent_may_come_and_go_under_its_path() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sock");
    let mut sink = sink(Address::Unix(path.clone()));
    assert_eq!(sink.assurance(), Assurance::Queued);
    let events = different(0, 300);
    let unhealthy = sink.check().await.unwrap_err().to_string();
    assert!(unhealthy.contains("agent.sock"), "{unhealthy}");
    reason(&send(&mut sink, &events).await);

    let first = agent(&path);
    sink.check().await.unwrap();
    assert_eq!(send(&mut sink, &events).await, Delivery::Accepted);
    let datagrams = all(&first);
    assert!(datagrams.len() > 1);
    assert!(datagrams.iter().all(|datagram| datagram.len() <= 8192));
    assert_eq!(counted(datagrams.iter().map(String::as_str)), once(&sink, &events));

    drop(first);
    let second = agent(&path);
    assert_eq!(send(&mut sink, &events).await, Delivery::Accepted, "it is found at once");
    assert_eq!(counted(all(&second).iter().map(String::as_str)), once(&sink, &events));

    drop(second);
    reason(&send(&mut sink, &events).await);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_waited_for_and_no_line_is_counted_twice() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sock");
    let agent = agent(&path);
    let crowd = UnixDatagram::unbound().unwrap();
    crowd.set_nonblocking(true).unwrap();
    while crowd.send_to(b"x", &path).is_ok() {}
    for _ in 0..3 {
        next(&agent).unwrap();
    }

    let mut sink = sink(Address::Unix(path));
    sink.set_datagram_bytes(1);
    let events = different(0, 8);
    let refused = send(&mut sink, &events).await;
    assert!(reason(&refused).contains("full"), "{refused:?}");
    let mut datagrams = all(&agent);
    datagrams.retain(|datagram| datagram != "x");
    assert!((1..8).contains(&datagrams.len()), "{datagrams:?}");

    assert_eq!(send(&mut sink, &events).await, Delivery::Accepted);
    datagrams.extend(all(&agent));
    assert_eq!(counted(datagrams.iter().map(String::as_str)), once(&sink, &events));
}
