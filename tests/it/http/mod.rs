//! The HTTP interface of a real daemon, as its users call it.

mod abuse;
mod access;
mod claims;
mod client;
mod conformance;
mod events;
mod leases;
mod numbers;
mod prometheus;

use crate::support::daemon::Daemon;
use crate::support::workspace::Workspace;
use client::Client;

const ORDERS: &str =
    "[[dosd.witness]]\nname = \"orders\"\nkind = \"json\"\npath = \"orders.json\"\n";

/// A workspace of a daemon that listens on a free port and starts no worker by itself.
pub(crate) fn workspace(http: &str, more: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("orders.json", r#"{"1": {"state": "paid"}}"#);
    workspace.write(
        "dos.toml",
        format!(
            "[lanes]\nconcurrent = [\"api\", \"web\"]\nautopick = [\"api\", \"web\"]\n\
             [lanes.trees]\napi = [\"api/**\"]\nweb = [\"web/**\"]\n[supervise]\ntarget = 0\n\
             [dosd]\nlisten = \"127.0.0.1:0\"\non_shutdown = \"stop\"\n[dosd.http]\n{http}\n\
             [dosd.worker]\ncommand = [\"sleep\", \"600\"]\nlease = \"supervisor\"\n{ORDERS}{more}"
        ),
    );
    workspace
}

/// Starts a daemon and finds where it listens.
pub(crate) fn start(workspace: &Workspace) -> (Daemon, Client) {
    let mut daemon = Daemon::start(workspace);
    let client = client_of(&mut daemon);
    (daemon, client)
}

/// Where a daemon listens.
pub(crate) fn client_of(daemon: &mut Daemon) -> Client {
    let line = daemon.wait_for("an address", |line| line["message"] == "listening");
    Client::new(line["url"].as_str().expect("a URL"))
}
