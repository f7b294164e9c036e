//! `dosd top` on a terminal: what is shown, and that the terminal is left as it was found.

use crate::support::daemon::signal;
use crate::support::mock_server::MockServer;
use crate::support::terminal::Terminal;
use crate::support::workspace::Workspace;
use serde_json::json;

const CONFIG: &str = "[lanes]\nconcurrent = [\"docs\", \"orders\"]\nautopick = [\"docs\"]\n\
    [lanes.trees]\ndocs = [\"docs/**\"]\norders = [\"orders/**\"]\n";

const ENTERED: &str = "\u{1b}[?1049h";
const LEFT: &str = "\u{1b}[?1049l";

fn fleet() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("dos.toml", CONFIG);
    workspace
}

#[test]
fn the_screen_shows_the_fleet_follows_it_and_leaves_the_terminal_as_it_was() {
    let workspace = fleet();
    let mut terminal = Terminal::start(&workspace.command(&["top"]), (120, 40));
    // Of a line that changes only the letters that differ are written, so one word is waited for at a time.
    for text in [ENTERED, "daemon", "docs", "FREE", "orders"] {
        terminal.wait_for(text);
    }
    let row = json!({"schema_family": "verdict-journal", "schema_version": 1, "seq": 1,
        "ts": "2026-11-24T19:07:59Z", "syscall": "effect_witness", "verdict": "REFUTED",
        "lane": "orders", "run_id": "RID-1", "subject": "orders:7",
        "detail": {"reason": "it-is-not-there"}, "source": "kernel"});
    workspace.write(".dos/verdict-journal.jsonl", format!("{row}\n"));
    terminal.wait_for("it-is-not-there");
    for size in [(40, 10), (1, 1), (7, 3), (200, 60), (80, 24)] {
        terminal.resize(size);
    }
    terminal.press("?");
    terminal.wait_for("Shift-Tab");
    terminal.press("qq");
    assert_eq!(terminal.end().code(), Some(0));
    terminal.wait_for(LEFT);
    assert!(terminal.is_as_before());
}

#[test]
fn a_signal_ends_the_screen_and_leaves_the_terminal_as_it_was() {
    for name in ["TERM", "INT", "HUP"] {
        let workspace = fleet();
        let mut terminal = Terminal::start(&workspace.command(&["top"]), (80, 24));
        terminal.wait_for("Lanes");
        assert!(!terminal.is_as_before(), "keys come one by one");
        signal(terminal.pid(), name);
        assert_eq!(terminal.end().code(), Some(0), "{name}");
        terminal.wait_for(LEFT);
        assert!(terminal.is_as_before(), "{name}");
    }
}

#[test]
fn the_screen_of_a_fleet_behind_a_network_says_when_nobody_answers_any_more() {
    let overview = json!({
        "version": "0.1.0", "workspace": "/srv/far", "now_ms": 1_795_867_230_000_i64,
        "started_ms": null, "population": {"verdict": "AT_TARGET", "alive": 1, "target": 1},
        "lanes": [{"lane": "far-lane", "state": "ADVANCING", "run_id": "RID-1", "pid": 1, "owner": "o",
            "fence": 1, "age_ms": 1, "beat_age_ms": 1, "restarts": 0, "last_verdict": null}],
        "exporters": [], "history": [], "refuted": [],
    });
    let page = json!({"verdicts": [], "next": null, "behind_bytes": 0, "rewritten": false});
    let server = MockServer::start(move |asked| match &*asked.what {
        "GET /v1/fleet" => (200, String::new(), overview.to_string()),
        _ => (200, String::new(), page.to_string()),
    });
    let url = server.url();
    let elsewhere = Workspace::new();
    let mut terminal = Terminal::start(&elsewhere.command(&["top", "--server", &url]), (120, 30));
    terminal.wait_for("/srv/far");
    terminal.wait_for("far-lane");
    drop(server);
    terminal.wait_for("NOT UP TO DATE");
    terminal.press("\u{3}");
    assert_eq!(terminal.end().code(), Some(0));
    terminal.wait_for(LEFT);
}
