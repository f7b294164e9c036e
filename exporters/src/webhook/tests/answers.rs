//! Answers and the lack of them.

use super::*;

/// Sends two events, of which the second is answered so.
async fn second(reply: Reply) -> Delivery {
    let (server, mut sink) = pair().await;
    server.then([Reply::status(202), reply]);
    let (taken, next) = stopped(send(&mut sink, 3).await);
    assert_eq!(taken, 1);
    assert!(server.requests().len() <= 2, "what is behind it was not sent");
    for secret in ["T0000AAAA", "0123456789abcdef", TOKEN, SECRET] {
        assert!(!reason(&next).contains(secret), "{next:?}");
    }
    assert!(!reason(&next).contains('\n'));
    next
}

#[actix::test]
async fn what_works_later_is_tried_again() {
    for status in [408, 425, 500, 501, 505, 507, 599] {
        let next = second(Reply::say(status, &[], b"oops")).await;
        assert!(matches!(next, Delivery::Retry { .. }), "{next:?}");
        assert!(reason(&next).contains(&status.to_string()) && reason(&next).contains("oops"));
    }
}

#[actix::test]
async fn a_server_that_wants_rest_says_for_how_long() {
    for status in [429, 502, 503, 504] {
        let next = second(Reply::say(status, &[("retry-after", "7")], b"")).await;
        assert!(
            matches!(next, Delivery::Throttled { delay: Some(delay), .. } if delay.as_secs() == 7),
            "{next:?}"
        );
        let next = second(Reply::status(status)).await;
        assert!(matches!(next, Delivery::Throttled { delay: None, .. }), "{next:?}");
    }
}

#[actix::test]
async fn what_is_refused_is_told_in_the_servers_words_without_ours() {
    for status in [400, 401, 403, 404, 405, 413, 422, 499] {
        // As some frameworks do, it repeats what it was asked.
        let said = format!("cannot POST {PATH}\nwith {TOKEN}");
        let next = second(Reply::say(status, &[], said.as_bytes())).await;
        assert!(matches!(next, Delivery::Refused { .. }), "{next:?}");
        assert!(reason(&next).contains("cannot POST *** with ***"), "{next:?}");
    }
}

#[actix::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::start(Reply::status(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let next = second(Reply::say(status, &[("location", &elsewhere.url("/"))], b"")).await;
        assert!(matches!(next, Delivery::Refused { .. }), "{next:?}");
        assert!(reason(&next).contains("give this exporter the URL that it leads to"));
    }
    assert_eq!(elsewhere.requests(), []);
}

#[actix::test]
async fn gone_is_gone() {
    let next = second(Reply::say(410, &[], b"unsubscribed")).await;
    let reason = "the server answers 410 Gone: unsubscribed".to_owned();
    assert_eq!(next, Delivery::Disabled { reason });
}

#[actix::test]
async fn broken_connections_are_tried_again() {
    for reply in [Reply::Reset, Reply::BreakOff] {
        let next = second(reply).await;
        assert!(matches!(next, Delivery::Retry { .. }), "{next:?}");
    }
}

#[actix::test]
async fn a_request_has_its_own_time() {
    let (server, _) = pair().await;
    let mut sink = sink(&WebhookConfig { timeout: SHORT, ..config(&server) });
    server.then([Reply::status(200), Reply::Hang]);
    let (taken, next) = stopped(send(&mut sink, 3).await);
    assert_eq!(taken, 1);
    assert!(matches!(next, Delivery::Retry { .. }), "{next:?}");
    assert!(reason(&next).contains("timed out"), "{next:?}");
    // The next try is a new connection.
    assert_eq!(send(&mut sink, 3).await, Delivery::Accepted);
}

#[actix::test]
async fn nobody_there_is_said_so() {
    let (server, mut sink) = pair().await;
    let port = server.port;
    server.stop().await;
    let (taken, next) = stopped(send(&mut sink, 2).await);
    assert_eq!(taken, 0);
    assert!(
        matches!(next, Delivery::Retry { .. }) && reason(&next).contains("refused"),
        "{next:?}"
    );
    let why = sink.check().await.unwrap_err().to_string();
    assert!(why.starts_with(&format!("`http://127.0.0.1:{port}/`: ")), "{why}");
    assert!(why.contains("refused") && !why.contains("hooks") && !why.contains("key"), "{why}");
}

#[actix::test]
async fn any_answer_counts_as_reachable_and_no_event_is_sent() {
    for status in [200, 204, 301, 403, 404, 405, 410, 500, 503] {
        let (server, mut sink) = pair().await;
        server.otherwise(Reply::status(status));
        assert_eq!(sink.check().await, Ok(()), "{status}");
        let asked = server.requests();
        assert_eq!(asked.len(), 1);
        assert_eq!((asked[0].method.as_str(), asked[0].body.len()), ("HEAD", 0));
        assert_eq!((asked[0].header("authorization"), asked[0].header("webhook-id")), (None, None));
    }
}

#[actix::test]
async fn a_batch_ends_early_behind_a_slow_server() {
    let server = Server::start(Reply::status(200)).await;
    let clock = Jumping::default();
    let mut sink = WebhookSink::new(&config(&server), Arc::new(clock)).unwrap();
    let (taken, next) = stopped(send(&mut sink, 9).await);
    assert_eq!((taken, next), (1, Delivery::Accepted), "two of nine, a second each");
    assert_eq!(server.requests().len(), 2);
    assert_eq!(send(&mut sink, 2).await, Delivery::Accepted, "the last one ends it anyway");
}

/// A clock that shows a second more each time somebody looks.
#[derive(Default)]
struct Jumping(std::sync::atomic::AtomicU64);

impl dosd_actors::port::Clock for Jumping {
    fn now_ms(&self) -> i64 {
        NOW_MS
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}

#[actix::test]
async fn a_send_that_is_dropped_only_leads_to_sending_again() {
    let (server, mut sink) = pair().await;
    server.then([Reply::status(200), Reply::Hang]);
    tokio::select! {
        delivery = send(&mut sink, 3) => panic!("{delivery:?}"),
        () = server.asked(2) => {}
    }
    assert_eq!(send(&mut sink, 3).await, Delivery::Accepted);
    let requests = server.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!(ids[..2], ids[2..4]);
    assert_eq!(ids.len(), 5);
}
