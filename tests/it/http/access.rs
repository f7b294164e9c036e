//! Who is let in.

use super::{Client, client_of, start, workspace};
use crate::support::daemon::Daemon;
use serde_json::json;
use std::process::Command;

const TOKENS: &str = "token_env = \"TOKEN\"\nread_token_file = \"reader\"";

#[test]
fn a_token_opens_what_its_scope_allows() {
    let workspace = workspace(TOKENS, "");
    workspace.write("reader", "only-looks\n");
    let mut command = workspace.command(&["run", "--log-format", "json"]);
    let mut daemon = Daemon::watch(command.env("TOKEN", "does-all"));
    let open = client_of(&mut daemon);
    let claim = json!({"key": "orders:1"});
    for public in ["/", "/healthz", "/readyz", "/openapi.json"] {
        assert_eq!(open.get(public).status, 200, "{public}");
    }
    for closed in
        ["/v1/fleet", "/v1/workers", "/v1/leases", "/v1/verdicts", "/v1/events", "/metrics"]
    {
        let refused = open.get(closed);
        assert_eq!((refused.status, refused.kind()), (401, "unauthorized".to_owned()), "{closed}");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        assert_eq!(open.with("does-al").get(closed).status, 401, "{closed}");
    }
    assert_eq!(open.post("/v1/claims", &claim).status, 401);
    let (reader, writer) = (open.with("only-looks"), open.with("does-all"));
    assert_eq!((reader.get("/v1/fleet").status, writer.get("/v1/fleet").status), (200, 200));
    let refused = reader.post("/v1/claims", &claim);
    assert_eq!((refused.status, refused.kind()), (403, "forbidden".to_owned()));
    assert_eq!(writer.post("/v1/claims", &claim).status, 200);
    assert!(!daemon.log().contains("does-all"), "a token stands in the log");
}

#[test]
fn a_daemon_does_not_start_without_the_token_that_it_should_ask_for() {
    let workspace = workspace(TOKENS, "");
    workspace.write("reader", "only-looks\n");
    let answer = workspace.dosd(&["run"]);
    assert_eq!(answer.code, 70, "{}", answer.stderr);
    assert!(answer.stderr.contains("`TOKEN` is not set"), "{}", answer.stderr);
    let text = std::fs::read_to_string(workspace.root().join("dos.toml")).unwrap();
    workspace.write("dos.toml", text.replace("127.0.0.1:0", "0.0.0.0:0").replace(TOKENS, ""));
    let answer = workspace.dosd(&["run"]);
    assert_eq!(answer.code, 2, "{}", answer.stderr);
    assert!(answer.stderr.contains("can be reached by other machines"), "{}", answer.stderr);
}

#[test]
fn a_page_of_another_site_gets_no_further_than_the_door() {
    let workspace = workspace("", "");
    let (_daemon, client) = start(&workspace);
    let body = json!({"owner": "evil"}).to_string();
    let rebound = client.ask(
        "POST",
        "/v1/leases",
        &[("Host", "evil.example"), ("Content-Type", "application/json")],
        &body,
    );
    assert_eq!((rebound.status, rebound.kind()), (403, "forbidden".to_owned()));
    // What a form can send without being asked about it.
    let form = client.ask("POST", "/v1/leases", &[("Content-Type", "text/plain")], &body);
    assert_eq!((form.status, form.kind()), (415, "unsupported_media_type".to_owned()));
    let asked = client.ask("OPTIONS", "/v1/leases", &[("Origin", "https://evil.example")], "");
    assert!(asked.header("access-control-allow-origin").is_none() && asked.status == 405);
    assert!(
        client
            .get("/")
            .header("content-security-policy")
            .is_some_and(|it| it.starts_with("default-src 'none'"))
    );
}

#[test]
fn an_address_that_is_taken_is_said_before_a_worker_starts() {
    let workspace = workspace("", "");
    let (_daemon, client) = start(&workspace);
    let other = super::workspace("", "");
    let text = std::fs::read_to_string(other.root().join("dos.toml")).unwrap();
    other.write(
        "dos.toml",
        text.replace("127.0.0.1:0", &client.address.to_string())
            .replace("target = 0", "target = 1"),
    );
    let answer = other.dosd(&["run"]);
    assert_eq!(answer.code, 70);
    assert!(answer.stderr.contains("cannot listen on"), "{}", answer.stderr);
    assert!(!other.root().join(".dos/lane-journal.jsonl").exists(), "a worker was announced");
}

#[test]
fn connections_are_encrypted_with_the_certificate_of_the_files() {
    let workspace = workspace("tls_cert = \"tls.crt\"\ntls_key = \"tls.key\"", "");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ])
        .args(["-keyout", "tls.key", "-out", "tls.crt", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .current_dir(workspace.root())
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut daemon = Daemon::start(&workspace);
    let line = daemon.wait_for("an address", |line| line["message"] == "listening");
    let url = line["url"].as_str().expect("a URL");
    assert!(url.starts_with("https://"), "{url}");
    let ask = "import ssl, sys, urllib.request as u; c = ssl.create_default_context(cafile='tls.crt'); \
               print(u.urlopen(sys.argv[1] + '/healthz', context=c, timeout=60).read().decode())";
    let asked = Command::new("python3")
        .args(["-c", ask, url])
        .current_dir(workspace.root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&asked.stdout);
    assert!(said.contains("\"status\":\"ok\""), "{said}{}", String::from_utf8_lossy(&asked.stderr));
    let plain = Client::new(&url.replace("https", "http"));
    let mut stream = plain.connect();
    std::io::Write::write_all(&mut stream, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    let _ = std::io::Read::read_to_end(&mut stream, &mut answer);
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "it answers without TLS");
    workspace.write("tls.key", "no key");
    drop(daemon);
    let refused = workspace.dosd(&["run"]);
    assert_eq!(refused.code, 70);
    assert!(refused.stderr.contains("key `dosd.http.tls_key`"), "{}", refused.stderr);
}
