//! The sink against a server on this machine, in real time.

use std::sync::Arc;
use std::time::Duration;

use dosd_actors::port::SystemClock;

use super::{Destination, SlackConfig, SlackSink, about, bot, events};
use crate::sink::{Delivery, Sink};
use crate::testing::{Reply, Server};

fn sink(destination: Destination) -> SlackSink {
    let mut config = SlackConfig::new(destination, "garden").at_once();
    config.timeout = Duration::from_millis(300);
    SlackSink::new(config, Arc::new(SystemClock::new()), None).unwrap()
}

fn webhook(server: &Server) -> SlackSink {
    let url = server.url("/services/T0/B0/secret").parse().unwrap();
    sink(Destination::Webhook { url })
}

async fn send(sink: &mut SlackSink) -> Delivery {
    let batch = sink.encode(&events(&[about("docs", "STALLED")]));
    sink.send(&batch).await
}

#[actix::test]
async fn a_webhook_gets_the_message() {
    let server = Server::start(Reply::say(200, &[], b"ok")).await;
    assert_eq!(send(&mut webhook(&server)).await, Delivery::Accepted);
    let [request] = &server.requests()[..] else { panic!() };
    assert_eq!((&*request.method, &*request.target), ("POST", "/services/T0/B0/secret"));
    assert_eq!(request.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(request.header("authorization"), None);
    let body = request.json();
    assert_eq!(body["blocks"][0]["type"], "header");
    assert_eq!(body["channel"], serde_json::Value::Null);
}

#[actix::test]
async fn a_bot_shows_its_token_to_the_api_alone() {
    let server =
        Server::start(Reply::say(200, &[], br#"{"ok":true,"ts":"1.0","channel":"C"}"#)).await;
    let mut sink = sink(bot(&server.url("/api/")));
    assert_eq!(send(&mut sink).await, Delivery::Accepted);
    assert_eq!(sink.check().await, Ok(()));
    let requests = server.requests();
    let targets: Vec<&str> = requests.iter().map(|request| &*request.target).collect();
    assert_eq!(targets, ["/api/chat.postMessage", "/api/auth.test"]);
    for request in &requests {
        assert_eq!(request.header("authorization"), Some("Bearer xoxb-secret"));
    }
    let body = requests[0].json();
    assert_eq!((&body["channel"], &body["parse"]), (&"#garden".into(), &"none".into()));
    assert_eq!(body["link_names"], false);
}

#[actix::test]
async fn answers_have_their_classes() {
    for (reply, expected) in [
        (Reply::say(400, &[], b"user_not_found"), "Disabled"),
        (Reply::say(404, &[], b"no_service"), "Disabled"),
        (Reply::say(410, &[], b"channel_is_archived"), "Disabled"),
        (Reply::say(429, &[("retry-after", "7")], b""), "Throttled { delay: Some(7s)"),
        (Reply::status(503), "Retry"),
        (Reply::say(302, &[("location", "https://example.com/")], b""), "Retry"),
        (Reply::say(200, &[], b"<html>"), "Retry"),
        (Reply::Reset, "Retry"),
        (Reply::BreakOff, "Retry"),
        (Reply::Hang, "Retry"),
    ] {
        let server = Server::start(Reply::say(200, &[], b"ok")).await;
        server.then([reply.clone()]);
        let answer = format!("{:?}", send(&mut webhook(&server)).await);
        assert!(answer.starts_with(expected), "{reply:?}: {answer}");
        assert!(!answer.contains("secret"), "{answer}");
    }
}

#[actix::test]
async fn a_message_that_slack_will_not_take_is_refused() {
    let server = Server::start(Reply::say(400, &[], b"invalid_payload")).await;
    let reason = "Slack answers `invalid_payload`".to_owned();
    assert_eq!(send(&mut webhook(&server)).await, Delivery::Refused { reason });
    assert_eq!(server.requests().len(), 2, "the numbers alone were tried too");
}

#[actix::test]
async fn a_check_says_what_is_wrong_and_posts_nothing() {
    let server =
        Server::start(Reply::say(200, &[], br#"{"ok":false,"error":"invalid_auth"}"#)).await;
    let why = sink(bot(&server.url("/api/"))).check().await.unwrap_err().0;
    assert!(why.ends_with("Slack answers `invalid_auth`: look at the token"), "{why}");

    server.otherwise(Reply::say(404, &[], b""));
    assert_eq!(webhook(&server).check().await, Ok(()));
    let last = server.requests().pop().unwrap();
    assert_eq!((&*last.method, &*last.target), ("HEAD", "/"));
    let mut gone = webhook(&server);
    drop(server);
    // The listener ends with its task.
    let mut why = Ok(());
    for _ in 0..1_000 {
        why = gone.check().await;
        if why.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let why = why.unwrap_err().0;
    assert!(why.starts_with("127.0.0.1:") && !why.contains("secret"), "{why}");
}

#[test]
fn a_token_that_is_none_is_named() {
    let token = dosd_network::Secret::new("xoxb-\u{1}");
    let (channel, api) = ("#garden".to_owned(), super::super::API.parse().unwrap());
    let config = SlackConfig::new(Destination::Bot { token, channel, api }, "garden");
    let Err(why) = SlackSink::new(config, Arc::new(SystemClock::new()), None) else { panic!() };
    assert!(why.starts_with("the token holds characters"), "{why}");
}
