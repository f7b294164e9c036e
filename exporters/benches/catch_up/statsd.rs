//! Statsd: counters over UDP to a receiver on loopback. It adds up what comes into one buffer
//! of its own, so that its memory is no part of what is measured.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use dosd_exporters::statsd::{Address, StatsdConfig, StatsdSink};

use crate::exporter;

const GOAL_PER_S: f64 = 300_000.0;

/// A datagram that has not come by then never will.
const LONG: Duration = Duration::from_secs(5);

/// Exports so many events, and prints how fast and how many the receiver counted.
pub(crate) fn run(events: usize) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    socket.set_read_timeout(Some(LONG)).expect("a socket with a timeout");
    let port = socket.local_addr().expect("the address of a socket").port();
    let receiver = std::thread::spawn(move || counted(&socket, events as u64));
    let address = Address::Udp { host: Ipv4Addr::LOCALHOST.to_string(), port };
    let config = StatsdConfig { address, ..StatsdConfig::default() };
    exporter::run("statsd", GOAL_PER_S, events, |_| StatsdSink::new(config).expect("a sink"));
    println!("statsd: {} of {events} events counted", receiver.join().expect("a receiver"));
}

/// Adds up counters until there are so many, or nothing comes any more.
fn counted(socket: &UdpSocket, events: u64) -> u64 {
    let mut datagram = vec![0; 65_536];
    let mut sum = 0;
    while sum < events
        && let Ok(length) = socket.recv(&mut datagram)
    {
        let text = String::from_utf8_lossy(&datagram[..length]);
        let counts = text.lines().filter_map(|line| line.split_once(':')?.1.split_once("|c"));
        sum += counts.filter_map(|(count, _)| count.parse::<u64>().ok()).sum::<u64>();
    }
    sum
}
