//! Servers that answer, and those that do not.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dosd_actors::witness::Limits;
use dosd_kernel::state_diff::Pointer;
use dosd_surfaces::{Http, HttpRequest, Secret};

use crate::http_server::{Server, hold, ok};
use crate::support::{identity, keys, see, unreadable, usual, within};

/// A server that always gives these bytes.
fn fixed(bytes: impl Into<Vec<u8>>) -> Server {
    let bytes = bytes.into();
    Server::start(move |_, stream| drop(stream.write_all(&bytes)))
}

fn surface(server: &Server) -> Http {
    surface_at(server, "/state", &[], None, None)
}

fn surface_at(
    server: &Server,
    path: &str,
    headers: &[(&str, &str)],
    items: Option<&str>,
    key: Option<&str>,
) -> Http {
    let url = format!("http://user:pass@{}{path}", server.address);
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
    let request = HttpRequest::new(&url, &headers).unwrap();
    let pointer = |text: Option<&str>| text.map(|text| Pointer::parse(text).unwrap());
    Http::new(identity(), request, pointer(items), pointer(key))
}

#[test]
fn tells_what_is_there_and_what_changed() {
    let state = Arc::new(Mutex::new(r#"{"a": 1, "b": {"x": 1}}"#));
    let held = Arc::clone(&state);
    let server = Server::start(move |_, stream| {
        stream.write_all(ok("", held.lock().unwrap().as_ref()).as_bytes()).unwrap();
    });
    let http = surface(&server);
    let before = see(&http).unwrap();
    assert_eq!(keys(&before), ["a", "b"]);
    *state.lock().unwrap() = r#"{"b": {"x": 1.0}, "a": 1}"#;
    assert_eq!(see(&http).unwrap(), before);
    *state.lock().unwrap() = r#"{"a": 2, "c": 1}"#;
    let after = see(&http).unwrap();
    assert_eq!(keys(&after), ["a", "c"]);
    assert_ne!(after["a"], before["a"]);
    *state.lock().unwrap() = "{}";
    assert!(see(&http).unwrap().is_empty());
}

#[test]
fn asks_with_its_headers_and_finds_the_entities_inside() {
    let server = fixed(ok("", r#"{"total": 2, "data": {"rows": [{"id": 1}, {"id": 2}]}}"#));
    let path = "/state?all=1";
    let headers = [("X-Api-Key", "k1"), ("accept", "application/vnd.x+json")];
    let http = surface_at(&server, path, &headers, Some("/data/rows"), Some("/id"));
    assert_eq!(keys(&see(&http).unwrap()), ["1", "2"]);
    let asked = server.asked().remove(0);
    for line in [
        "get /state?all=1 http/1.1\r\n",
        "x-api-key: k1\r\n",
        "accept: application/vnd.x+json\r\n",
        "cache-control: no-cache\r\n",
        "authorization: basic ",
    ] {
        assert!(asked.contains(line), "{asked}");
    }
    assert!(!asked.contains("accept-encoding"), "{asked}");
    assert_eq!(keys(&see(&surface(&server)).unwrap()), ["data", "total"]);
    let shown = format!("{http:?}");
    assert!(
        !shown.contains("k1") && !shown.contains("pass") && !shown.contains("all=1"),
        "{shown}"
    );
}

#[test]
fn a_document_with_the_same_tag_is_not_sent_again() {
    let state = Arc::new(Mutex::new(("\"1\"", r#"{"a": 1}"#)));
    let held = Arc::clone(&state);
    let server = Server::start(move |head, stream| {
        let (tag, body) = *held.lock().unwrap();
        let answer = if head.contains(&format!("if-none-match: {tag}")) {
            format!("HTTP/1.1 304 Not Modified\r\nconnection: close\r\netag: {tag}\r\n\r\n")
        } else {
            ok(&format!("etag: {tag}\r\n"), body)
        };
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let http = surface(&server);
    let first = see(&http).unwrap();
    assert_eq!(see(&http).unwrap(), first);
    assert_eq!(see(&http).unwrap(), first);
    let asked = server.asked();
    assert!(!asked[0].contains("if-none-match") && asked[2].contains("if-none-match: \"1\""));
    *state.lock().unwrap() = ("\"2\"", r#"{"a": 2}"#);
    let second = see(&http).unwrap();
    assert_ne!(second, first);
    // The limits are those of a full read.
    unreadable(&http, Limits { max_entities: 0, ..usual() }, "max_entities");
    // A tag that lies is believed, because nobody can tell.
    assert_eq!(see(&http).unwrap(), second);
    *state.lock().unwrap() = ("\"2\"", r#"{"a": 3}"#);
    assert_eq!(see(&http).unwrap(), second);
    // A weak one is not asked for.
    *state.lock().unwrap() = ("w/\"3\"", r#"{"a": 3}"#);
    let weak = see(&http).unwrap();
    *state.lock().unwrap() = ("w/\"3\"", r#"{"a": 4}"#);
    assert_ne!(see(&http).unwrap(), weak);
}

#[test]
fn a_304_that_answers_nothing_is_unreadable() {
    let unasked = fixed("HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n");
    unreadable(&surface(&unasked), usual(), "304");
    let server = Server::start(|head, stream| {
        let answer = if head.contains("if-none-match") {
            "HTTP/1.1 304 Not Modified\r\nconnection: close\r\netag: \"other\"\r\n\r\n".to_owned()
        } else {
            ok("etag: \"1\"\r\n", "{}")
        };
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let http = surface(&server);
    see(&http).unwrap();
    unreadable(&http, usual(), "a tag that nobody asked about");
    see(&http).unwrap();
}

#[test]
fn what_is_not_a_whole_answer_is_unreadable() {
    let part = "HTTP/1.1 206 Partial\r\ncontent-length: 2\r\n\r\n{}";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for (bytes, words) in [
        ("HTTP/1.1 500 Oops\r\ncontent-length: 2\r\n\r\n{}".to_owned(), "500"),
        ("HTTP/1.1 404 Gone\r\ncontent-length: 2\r\n\r\n{}".to_owned(), "404"),
        ("HTTP/1.1 204 None\r\n\r\n".to_owned(), "204"),
        (part.to_owned(), "206"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{}".to_owned(), "body"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"a\": 1".to_owned(), "body"),
        ("HTTP/1.1 200 OK\r\n\r\n{\"a\": 1".to_owned(), "EOF"),
        (format!("{chunked}2\r\n{{}}\r\n"), "body"),
        (format!("{chunked}8\r\n{{}}"), "body"),
        (ok("", ""), "EOF"),
        (ok("", "<html>"), "expected value"),
        (ok("", "{} {}"), "trailing"),
        (ok("content-encoding: gzip\r\n", "{}"), "compressed"),
        (ok("link: </s?page=1>; rel=\"first\", </s?page=2>; rel=\"next\"\r\n", "{}"), "one page"),
        (String::new(), "connection"),
        ("nonsense\r\n\r\n".to_owned(), "sending request"),
    ] {
        unreadable(&surface(&fixed(bytes.clone())), usual(), words);
    }
    let whole = fixed(format!("{chunked}2\r\n{{}}\r\n0\r\n\r\n"));
    assert!(see(&surface(&whole)).unwrap().is_empty());
    let last = fixed(ok("link: </s?page=1>; rel=\"prev\"\r\n", "{}"));
    assert!(see(&surface(&last)).unwrap().is_empty());
}

#[test]
fn a_connection_that_fails_is_unreadable_and_its_secrets_stay_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let request = format!("http://{}/", listener.local_addr().unwrap());
    let reset = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.peek(&mut [0]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").unwrap();
        // The request was never read, so the connection is reset.
    });
    let http = Http::new(identity(), HttpRequest::new(&request, &[]).unwrap(), None, None);
    unreadable(&http, usual(), "reset");
    reset.join().unwrap();
    let closed = fixed("");
    let http = surface_at(&closed, "/state?token=hidden", &[], None, None);
    drop(closed);
    let error = see(&http).unwrap_err();
    assert!(error.contains("/state?…") && error.contains("refused"), "{error}");
    assert!(!error.contains("hidden") && !error.contains("pass"), "{error}");
}

#[test]
fn redirects_stay_with_the_server_that_was_named() {
    let other = fixed(ok("", "{}"));
    let elsewhere = format!("http://{}/", other.address);
    let server = Server::start(move |head, stream| {
        let to = match head.split(' ').nth(1).unwrap() {
            "/away" => elsewhere.as_str(),
            "/near" => "/there",
            "/loop" => "/loop",
            _ => return stream.write_all(ok("", r#"{"a": 1}"#).as_bytes()).unwrap(),
        };
        let answer = format!(
            "HTTP/1.1 302 Found\r\nconnection: close\r\nlocation: {to}\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let at = |path| surface_at(&server, path, &[("x-api-key", "k")], None, None);
    assert_eq!(keys(&see(&at("/near")).unwrap()), ["a"]);
    unreadable(&at("/away"), usual(), "redirects to another place");
    unreadable(&at("/loop"), usual(), "redirects more than 5 times");
    assert!(other.asked().is_empty());
}

#[test]
fn limits_hold() {
    let short = within(Duration::from_millis(200));
    for begin in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"] {
        let stalls = Server::start(move |_, stream| {
            stream.write_all(begin.as_bytes()).unwrap();
            hold(stream);
        });
        unreadable(&surface(&stalls), short, "raise `timeout`");
    }
    // Each byte comes in time, but not all of them.
    let drips = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{").unwrap();
        while stream.write_all(b" ").is_ok() {
            std::thread::yield_now();
        }
    });
    unreadable(&surface(&drips), short, "raise `timeout`");
    unreadable(&surface(&drips), Limits { max_bytes: 1000, ..usual() }, "raise `max_bytes`");
    let large = fixed("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{");
    unreadable(&surface(&large), usual(), "raise `max_bytes`");
}

#[test]
fn can_be_read_where_a_runtime_lets_block() {
    let server = fixed(ok("", r#"{"a": 1}"#));
    let http = surface(&server);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let read = runtime.block_on(async { tokio::task::spawn_blocking(move || see(&http)).await });
    assert_eq!(keys(&read.unwrap().unwrap()), ["a"]);
}

#[test]
fn an_unknown_authority_is_nobody() {
    let plain = fixed("nonsense");
    let request = HttpRequest::new(&format!("https://{}/", plain.address), &[]).unwrap();
    unreadable(&Http::new(identity(), request, None, None), usual(), "error sending request");
}
