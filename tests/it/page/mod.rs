//! The page of a running daemon, looked at in a real browser by `check.mjs`.

mod browser;

use crate::support::daemon::Daemon;
use crate::support::workspace::Workspace;
use browser::Browser;
use std::net::{Ipv4Addr, TcpListener};

const TOKEN: &str = "a-token-of-this-test-alone";

#[test]
fn the_page_shows_the_fleet_as_it_lives_and_behaves_in_a_browser() {
    look(Some(TOKEN));
}

#[test]
fn the_page_asks_for_no_token_where_none_is_wanted() {
    look(None);
}

fn look(token: Option<&str>) {
    let port = free_port();
    let workspace = Workspace::new();
    workspace.write("dos.toml", config(port, token));
    workspace.write("orders.json", "{}");
    let start = || {
        let mut command = workspace.command(&["run", "--log-format", "json"]);
        Daemon::watch(command.envs(token.map(|token| ("DOSD_TOKEN", token))))
    };
    let mut daemon = Some(start());
    let mut browser = Browser::open(port, token);
    while let Some(wish) = browser.wish() {
        match &*wish {
            // It is told to stop, and waited for.
            "stop" => drop(daemon.take()),
            "start" => daemon = Some(start()),
            other => panic!("nobody knows how to {other}"),
        }
        browser.is_done();
    }
    let log = daemon.as_mut().map(Daemon::log).unwrap_or_default();
    browser.assert_content(&log);
}

/// One lane with a worker that does nothing, a surface without entities, and an exporter.
fn config(port: u16, token: Option<&str>) -> String {
    let token = token.map_or("", |_| "[dosd.http]\ntoken_env = \"DOSD_TOKEN\"\n");
    format!(
        r#"
[lanes]
concurrent = ["orders"]
[lanes.trees]
orders = ["orders/**"]
[supervise]
target = 1
[dosd]
on_shutdown = "stop"
listen = "127.0.0.1:{port}"
{token}
[dosd.worker]
command = ["sh", "-c", "exec sleep 600"]
lease = "supervisor"
stop_timeout = "5s"
[[dosd.witness]]
name = "orders"
kind = "json"
path = "orders.json"
[[dosd.exporter]]
name = "audit"
kind = "file"
path = "verdicts.jsonl"
"#
    )
}

/// A port that the daemon listens on again after a restart, so it cannot pick one itself.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}
