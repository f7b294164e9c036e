//! Requests as they arrive, and configurations that make none.

use super::*;
use crate::testing::Request;

#[actix::test]
async fn each_event_is_a_request_in_order_with_its_headers() {
    let (server, mut sink) = pair().await;
    assert_eq!(send(&mut sink, 5).await, Delivery::Accepted);
    let requests = server.requests();
    assert_eq!(requests.len(), 5);
    for (event, request) in events(5).iter().zip(&requests) {
        let id = event.id().to_string();
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", PATH));
        assert_eq!(request.header("webhook-id"), Some(id.as_str()));
        assert_eq!(request.header("webhook-timestamp"), Some("1795375885"));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("authorization"), Some("Bearer bearer-of-bad-news"));
        let body = request.json();
        assert_eq!(
            (&body["type"], &body["data"]["event_id"]),
            (&"dos.verdict.verify".into(), &id.into())
        );
        assert_eq!(body["data"]["subject"], event.verdict().subject.as_str());
    }
    assert_eq!(server.connections(), 1, "one connection is kept");
}

#[actix::test]
async fn without_secrets_nothing_is_signed_and_with_several_each_signs() {
    let server = Server::start(Reply::status(200)).await;
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (secrets, expected) in [(vec![], 0), (vec![SECRET], 1), (vec![SECRET, other], 2)] {
        let secrets = secrets.into_iter().map(Secret::new).collect();
        let mut sink = sink(&WebhookConfig { secrets, token: None, ..config(&server) });
        send(&mut sink, 1).await;
        let request = server.requests().pop().unwrap();
        assert_eq!(request.header("authorization"), None);
        let signature = request.header("webhook-signature").unwrap_or_default();
        assert_eq!(signature.split(' ').filter(|one| one.starts_with("v1,")).count(), expected);
    }
}

#[actix::test]
async fn a_later_try_has_the_same_id_and_body_and_its_own_time() {
    let server = Server::start(Reply::status(500)).await;
    let clock = TestClock::at(NOW_MS);
    let mut sink = WebhookSink::new(&config(&server), Arc::new(clock.clone())).unwrap();
    send(&mut sink, 1).await;
    clock.jump_ms(90_000);
    send(&mut sink, 1).await;
    let [first, second] = &server.requests()[..] else { panic!() };
    let same =
        |request: &Request| (request.header("webhook-id").map(str::to_owned), request.body.clone());
    assert_eq!(same(first), same(second));
    assert_eq!(second.header("webhook-timestamp"), Some("1795375975"));
    assert_ne!(first.header("webhook-signature"), second.header("webhook-signature"));
}

#[actix::test]
async fn a_user_in_the_url_is_sent_as_one() {
    let server = Server::start(Reply::status(200)).await;
    let url = format!("http://me:hunter2@127.0.0.1:{}/", server.port);
    let mut sink = sink(&WebhookConfig::new(Secret::new(url)));
    assert_eq!(send(&mut sink, 1).await, Delivery::Accepted);
    let basic = "Basic bWU6aHVudGVyMg==";
    assert_eq!(server.requests()[0].header("authorization"), Some(basic));
}

#[test]
fn what_cannot_be_used_is_told_without_secrets() {
    let clock: dosd_actors::port::SharedClock = Arc::new(dosd_actors::port::SystemClock::new());
    let told = |url: &str, secret: &str, token: &str| {
        let config = WebhookConfig {
            secrets: vec![Secret::new(secret)],
            token: Some(Secret::new(token)),
            ..WebhookConfig::new(Secret::new(url))
        };
        assert!(!format!("{config:?}").contains("hunter2"));
        WebhookSink::new(&config, clock.clone()).err().unwrap()
    };
    for (url, secret, token, why) in [
        ("hunter2", SECRET, "t", "the webhook's URL is none"),
        ("https://hunter2:x", SECRET, "t", "the webhook's URL is none"),
        ("ftp://hunter2/", SECRET, "t", "not one of `https` or `http`"),
        ("data:hunter2", SECRET, "t", "not one of `https` or `http`"),
        ("http://me:hunter2@host/", SECRET, "t", "names a user"),
        ("http://host/", "hunter2", "t", "secret number 1 does not begin with `whsec_`"),
        ("http://host/", SECRET, "hunter2\n", "token has symbols"),
    ] {
        let told = told(url, secret, token);
        assert!(told.contains(why) && told.contains("help: "), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}
