//! `[dosd]` and the tables under it.

use super::{good, problems, the_error, the_warning};
use crate::config::{LeaseKeeper, Rotation, Secret, Sink, StartFrom, Surface};
use dosd_kernel::evidence::Accountability;
use dosd_kernel::verdict::Severity;
use std::path::PathBuf;
use std::time::Duration;

#[test]
fn every_key_is_read() {
    let config = good(
        r#"
[dosd]
tick = "5s"
on_shutdown = "stop"
[dosd.liveness]
grace = "1h"
spin = "90s"
[dosd.worker]
command = ["{workspace}/run", "{lane}", "{run_id}"]
lease = "supervisor"
stop_timeout = "2s"
restart = { burst = 3, window = "1m", delay = "500ms", max_delay = "30s" }
log = { max_size = "64KiB", keep = 0 }
"#,
    );
    assert_eq!(config.tick, Duration::from_secs(5));
    assert_eq!((config.liveness.grace_ms, config.liveness.spin_ms), (3_600_000, 90_000));
    let worker = config.workers.usual;
    assert_eq!(worker.command.words(), ["{workspace}/run", "{lane}", "{run_id}"]);
    assert_eq!(worker.lease, LeaseKeeper::Supervisor);
    assert_eq!(worker.stop_timeout, Duration::from_secs(2));
    assert_eq!((worker.restart.burst, worker.restart.window_ms), (3, 60_000));
    assert_eq!((worker.restart.delay_ms, worker.restart.max_delay_ms), (500, 30_000));
    assert_eq!(worker.log, Rotation { max_bytes: 65_536, keep: 0 });
}

#[test]
fn witnesses_and_exporters_are_read_in_their_order() {
    let config = good(
        r#"
[[dosd.witness]]
name = "orders"
kind = "json"
path = "state/orders.json"
[[dosd.witness]]
name = "stock"
kind = "http"
url = "https://stock.example/api"
rung = "THIRD_PARTY"
[[dosd.exporter]]
kind = "file"
name = "audit"
path = "audit.jsonl"
[[dosd.exporter]]
kind = "file"
name = "loud"
path = "loud.jsonl"
min_severity = "WARN"
syscalls = ["liveness", "of-tomorrow"]
from = "start"
max_size = "1MB"
keep = 2
"#,
    );
    let [orders, stock] = config.witnesses.as_slice() else { panic!("two witnesses") };
    assert_eq!((orders.name.as_str(), orders.rung), ("orders", Accountability::OsRecorded));
    let path = PathBuf::from("state/orders.json");
    assert_eq!(orders.surface, Surface::Json { path, key: None });
    assert_eq!((stock.name.as_str(), stock.rung), ("stock", Accountability::ThirdParty));
    let [audit, loud] = config.exporters.as_slice() else { panic!("two exporters") };
    assert_eq!((audit.min_severity, audit.from), (Severity::Info, StartFrom::End));
    assert_eq!(audit.syscalls, None);
    let rotation = Rotation { max_bytes: 100_000_000, keep: 5 };
    assert_eq!(audit.sink, Sink::File { path: PathBuf::from("audit.jsonl"), rotation });
    assert_eq!((loud.min_severity, loud.from), (Severity::Warn, StartFrom::Start));
    let syscalls: Vec<&str> = loud.syscalls.iter().flatten().map(String::as_str).collect();
    assert_eq!(syscalls, ["liveness", "of-tomorrow"]);
    let rotation = Rotation { max_bytes: 1_000_000, keep: 2 };
    assert_eq!(loud.sink, Sink::File { path: PathBuf::from("loud.jsonl"), rotation });
}

#[test]
fn what_this_version_has_not_is_refused_with_what_it_has() {
    for (text, expected) in [
        (
            "[[dosd.exporter]]\nname = \"a\"\nkind = \"fil\"",
            "3:8: key `dosd.exporter[0].kind`: `fil` is not a known kind\n  help: did you mean `file`?",
        ),
        (
            "[dosd]\non_shutdown = \"halt\"",
            "2:15: key `dosd.on_shutdown`: `halt` is not one of the choices",
        ),
    ] {
        let error = the_error(text);
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn an_agent_authored_witness_is_refused_with_the_reason() {
    let error = the_error(
        "[[dosd.witness]]\nname = \"a\"\nkind = \"json\"\npath = \"a.json\"\nrung = \"AGENT_AUTHORED\"",
    );
    assert!(
        error.starts_with("5:8: key `dosd.witness[0].rung`: `AGENT_AUTHORED` proves nothing"),
        "{error}"
    );
}

#[test]
fn values_that_would_do_harm_are_refused() {
    for (text, expected) in [
        ("[dosd]\ntick = \"0s\"", "2:8: key `dosd.tick`: must not be zero"),
        (
            "[dosd]\ntick = 30",
            "2:8: key `dosd.tick`: must be a duration like `\"30s\"`, found a whole number",
        ),
        ("[dosd]\ntick = \"30\"", "2:8: key `dosd.tick`: `30` has no unit"),
        ("[dosd.liveness]\nspin = \"0m\"", "2:8: key `dosd.liveness.spin`: must not be zero"),
        ("[dosd.worker]\ncommand = []", "2:11: key `dosd.worker.command`: names no program"),
        ("[dosd.worker]\ncommand = [\"\"]", "2:11: key `dosd.worker.command`: names no program"),
        (
            "[dosd.worker]\ncommand = \"run {lane}\"",
            "2:11: key `dosd.worker.command`: must be a list of texts",
        ),
        (
            "[dosd.worker]\ncommand = [\"a\\u0000\"]",
            "2:12: key `dosd.worker.command[0]`: holds a zero byte",
        ),
        (
            "[dosd.worker]\nlease = \"suprvisor\"",
            "2:9: key `dosd.worker.lease`: `suprvisor` is not one of the choices\n  help: did you mean `supervisor`?",
        ),
        (
            "[dosd.worker]\nrestart = { burst = 0 }",
            "2:21: key `dosd.worker.restart.burst`: must be 1 or more",
        ),
        (
            "[dosd.worker]\nrestart = { window = \"0s\" }",
            "2:22: key `dosd.worker.restart.window`: must not be zero",
        ),
        (
            "[dosd.worker]\nrestart = { delay = \"0s\" }",
            "2:21: key `dosd.worker.restart.delay`: must not be zero",
        ),
        (
            "[dosd.worker]\nrestart = { delay = \"5s\", max_delay = \"1s\" }",
            "2:39: key `dosd.worker.restart.max_delay`: `max_delay` (1s) is shorter than `delay` (5s)",
        ),
        (
            "[dosd.worker]\nrestart = { delay = \"5m\" }",
            "2:21: key `dosd.worker.restart.delay`: `max_delay` (2m) is shorter than `delay` (5m)",
        ),
        (
            "[dosd.worker]\nlog = { max_size = \"0B\" }",
            "2:20: key `dosd.worker.log.max_size`: must not be zero",
        ),
        (
            "[dosd.worker]\nlog = { keep = -1 }",
            "2:16: key `dosd.worker.log.keep`: must be between 0 and 1000",
        ),
        (
            "[dosd.worker]\nlog = { max_siez = \"1MB\" }",
            "2:9: key `dosd.worker.log.max_siez`: is not a known key\n  help: did you mean `max_size`?",
        ),
    ] {
        let error = the_error(text);
        assert!(error.starts_with(expected), "{error}");
    }
}

const EXPORTER: &str = "[[dosd.exporter]]\nkind = \"file\"\nname = \"a\"\n";

#[test]
fn exporters_are_checked_key_by_key() {
    for (line, expected) in [
        ("", "1:1: key `dosd.exporter[0].path`: is missing"),
        (
            "path = \"x\"\nmin_severity = \"warn\"",
            "5:16: key `dosd.exporter[0].min_severity`: `warn` is not one of the choices\n  help: did you mean `WARN`?",
        ),
        ("path = \"x\"\nsyscalls = []", "5:12: key `dosd.exporter[0].syscalls`: is empty"),
        (
            "path = \"x\"\nfrom = \"begin\"",
            "5:8: key `dosd.exporter[0].from`: `begin` is not one of the choices",
        ),
        (
            "path = \".dos/verdict-journal.jsonl\"",
            "4:8: key `dosd.exporter[0].path`: is the file of a journal",
        ),
        (
            "path = \"x\"\n[[dosd.exporter]]\nkind = \"file\"\nname = \"b\"\npath = \"./x\"",
            "8:8: key `dosd.exporter[1].path`: is the file of a journal or of another exporter",
        ),
    ] {
        let error = the_error(&format!("{EXPORTER}{line}"));
        assert!(error.starts_with(expected), "{error}");
    }
    let warning = the_warning(&format!("{EXPORTER}path = \"x\"\nsyscalls = [\"livenes\"]"));
    assert!(warning.contains("did you mean `liveness`?"), "{warning}");
}

#[test]
fn names_are_plain_and_each_is_there_once() {
    let entry = |name: &str| format!("[[dosd.witness]]\nkind = \"json\"\npath = \"x\"\n{name}\n");
    for (name, expected) in [
        ("", "1:1: key `dosd.witness[0].name`: is missing"),
        ("name = \"\"", "4:8: key `dosd.witness[0].name`: `` is not a plain name"),
        ("name = \"a b\"", "4:8: key `dosd.witness[0].name`: `a b` is not a plain name"),
        ("name = \"../a\"", "4:8: key `dosd.witness[0].name`: `../a` is not a plain name"),
        ("name = 1", "4:8: key `dosd.witness[0].name`: must be a text"),
    ] {
        let error = the_error(&entry(name));
        assert!(error.starts_with(expected), "{error}");
    }
    let twice = entry("name = \"a\"").repeat(2);
    assert!(the_error(&twice).starts_with("8:8: key `dosd.witness[1].name`: `a` is used twice"));
}

#[test]
fn entries_that_are_no_tables_are_errors() {
    assert!(the_error("[dosd]\nwitness = 3").contains("must be an array of tables"));
    assert!(
        the_error("[dosd]\nwitness = [3]")
            .starts_with("2:12: key `dosd.witness[0]`: must be a table")
    );
    let table = problems("[dosd.exporter]\nname = \"a\"");
    assert_eq!(table.len(), 1);
    assert!(table[0].what.contains("must be an array of tables, found a table"));
}

#[test]
fn the_interface_is_off_until_it_has_an_address() {
    assert_eq!(good("").http, None);
    let http = good("[dosd]\nlisten = \"127.0.0.1:7717\"").http.unwrap();
    assert_eq!((http.listen.to_string().as_str(), http.token), ("127.0.0.1:7717", None));
    let http = good(
        "[dosd]\nlisten = \"0.0.0.0:1\"\n[dosd.http]\ntoken_env = \"T\"\nread_token_file = \"r\"\n\
         tls_cert = \"c\"\ntls_key = \"k\"\nmax_connections = 7\nmax_body = \"2KB\"",
    );
    let http = http.http.unwrap();
    assert_eq!(http.token, Some(Secret::Environment("T".to_owned())));
    assert_eq!(http.read_token, Some(Secret::File("r".into())));
    assert_eq!((http.max_connections, http.max_body), (7, 2_000));
    assert!(http.tls.is_some());
}

#[test]
fn an_address_of_other_machines_needs_a_token() {
    for (text, expected) in [
        (
            "[dosd]\nlisten = \"0.0.0.0:7717\"",
            "2:10: key `dosd.listen`: can be reached by other machines, and there is no token",
        ),
        (
            "[dosd]\nlisten = \"[::]:7717\"\n[dosd.http]\nread_token_env = \"R\"",
            "3:1: key `dosd.http.token_env`: is missing",
        ),
        (
            "[dosd]\nlisten = \"localhost:7717\"",
            "2:10: key `dosd.listen`: `localhost:7717` is not an address",
        ),
        (
            "[dosd]\nlisten = \"127.0.0.1:1\"\n[dosd.http]\ntoken = \"x\"",
            "4:9: key `dosd.http.token`: is secret",
        ),
        (
            "[dosd]\nlisten = \"127.0.0.1:1\"\n[dosd.http]\ntls_cert = \"x\"",
            "3:1: key `dosd.http.tls_key`: is missing",
        ),
    ] {
        let error = the_error(text);
        assert!(error.starts_with(expected), "{error}");
    }
}
