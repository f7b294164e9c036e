//! The sink against a server on this machine that answers as a test says.

mod answers;
mod bodies;
mod requests;

use std::sync::Arc;
use std::time::Duration;

use dosd_actors::port::testing::TestClock;
use dosd_network::Secret;

use super::{WebhookConfig, WebhookSink};
use crate::event::Event;
use crate::sink::{Delivery, Sink};
use crate::testing::{NOW_MS, Reply, Server, event_id, numbered_row};

/// What must show nowhere.
const PATH: &str = "/hooks/T0000AAAA?key=0123456789abcdef";
const TOKEN: &str = "bearer-of-bad-news";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn config(server: &Server) -> WebhookConfig {
    WebhookConfig {
        secrets: vec![Secret::new(SECRET)],
        token: Some(Secret::new(TOKEN)),
        ..WebhookConfig::new(Secret::new(server.url(PATH)))
    }
}

fn sink(config: &WebhookConfig) -> WebhookSink {
    WebhookSink::new(config, Arc::new(TestClock::at(NOW_MS))).unwrap()
}

fn events(count: usize) -> Vec<Event> {
    let event = |number| Event::parse(event_id(1000 * number as u64), numbered_row(number));
    (0..count).map(|number| event(number).unwrap()).collect()
}

async fn send(sink: &mut WebhookSink, count: usize) -> Delivery {
    let batch = sink.encode(&events(count));
    sink.send(&batch).await
}

/// A server that answers everything with 200, and a sink for it.
async fn pair() -> (Server, WebhookSink) {
    let server = Server::start(Reply::status(200)).await;
    let sink = sink(&config(&server));
    (server, sink)
}

/// What became of the first event that was not taken.
fn stopped(delivery: Delivery) -> (usize, Delivery) {
    let Delivery::Stopped { taken, next } = delivery else { panic!("{delivery:?}") };
    (taken, *next)
}

fn reason(delivery: &Delivery) -> &str {
    match delivery {
        Delivery::Throttled { reason, .. }
        | Delivery::Retry { reason }
        | Delivery::Refused { reason }
        | Delivery::Disabled { reason } => reason,
        Delivery::Accepted | Delivery::PartlyAccepted { .. } | Delivery::Stopped { .. } => {
            panic!("{delivery:?}")
        }
    }
}

/// Short for a test that waits for its end, and long for an answer on a busy machine.
const SHORT: Duration = Duration::from_secs(1);
