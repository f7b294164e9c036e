//! Every kind of surface in every situation, through one daemon: what is done to the surface, and
//! the verdict on a claim.

use super::fleet::{Run, workspace};
use super::table::{Cell, Never, Place, Row, Situation, Verdict, cells};
use super::{databases, files, programs, repositories, servers};
use crate::support::daemon::Daemon;
use crate::support::postgres_server;
use crate::support::workspace::Workspace;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

/// Each kind with the situations that its rows are about, and those that it cannot come into.
fn covered() -> Vec<(&'static str, BTreeSet<Situation>, &'static [Never])> {
    fn of<P: Place>(
        rows: &'static [Row<P>],
        never: &'static [Never],
    ) -> (&'static str, BTreeSet<Situation>, &'static [Never]) {
        (P::KIND, rows.iter().map(Row::situation).collect(), never)
    }
    vec![
        of(&files::JSON, &[]),
        of(&files::JSON_LINES, &[]),
        of(&files::DIR, &files::NEVER_DIR),
        of(&databases::SQLITE, &[]),
        of(&databases::POSTGRES, &[]),
        of(&repositories::GIT, &[]),
        of(&programs::COMMAND, &programs::NEVER_COMMAND),
        of(&programs::EXIT, &programs::NEVER_EXIT),
        of(&servers::HTTP, &servers::NEVER_HTTP),
    ]
}

#[test]
fn the_table_has_every_kind_in_every_situation() {
    for (kind, mut situations, never) in covered() {
        for (situation, why) in never {
            assert!(!why.is_empty() && situations.insert(*situation), "{kind}: {situation:?}");
        }
        assert!(situations.iter().eq(&Situation::ALL), "{kind} has only {situations:?}");
    }
}

/// A surface for each row, all in one workspace.
fn all(workspace: &Workspace, postgres: &Arc<postgres_server::Server>) -> Vec<Cell> {
    let folder = |name: &str| -> PathBuf {
        let folder = workspace.root().join("places").join(name);
        std::fs::create_dir_all(&folder).expect("a directory");
        folder
    };
    [
        cells(&files::JSON, |name| files::Json::make(&folder(name))),
        cells(&files::JSON_LINES, |name| files::JsonLines::make(&folder(name))),
        cells(&files::DIR, |name| files::Dir::make(&folder(name))),
        cells(&databases::SQLITE, |name| databases::Sqlite::make(&folder(name))),
        cells(&databases::POSTGRES, |name| databases::Postgres::make(postgres, name)),
        cells(&repositories::GIT, |name| repositories::Git::make(&folder(name))),
        cells(&programs::COMMAND, |name| programs::Command::make(&folder(name))),
        cells(&programs::EXIT, |name| programs::Exit::make(&folder(name))),
        cells(&servers::HTTP, |_| servers::Http::make()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn every_kind_in_every_situation_gets_its_verdict() {
    let workspace = workspace("");
    let postgres = Arc::new(postgres_server::Server::start());
    let cells = all(&workspace, &postgres);
    let surfaces: String = cells.iter().map(|cell| cell.toml.as_str()).collect();
    workspace.write("dos.toml", super::fleet::config(&surfaces));
    let mut command = workspace.command(&["run", "--log-format", "json"]);
    let mut daemon = Daemon::watch(command.env(databases::URL, postgres.url().expose()));
    let run = Run::begin(&mut daemon);

    for cell in &cells {
        (cell.act)();
    }
    // All at the same time: the slow ones delay no other.
    let claims = cells.iter().map(|cell| {
        let key = format!("{}:{}", cell.name, cell.key);
        let mut claim = run.claim(&workspace, &[&key, "--json", "--timeout", "5m"]);
        claim.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("dosd starts")
    });
    let claims: Vec<_> = claims.collect();
    let mut wrong = String::new();
    for (cell, claim) in cells.iter().zip(claims) {
        let output = claim.wait_with_output().expect("dosd ends");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let said = answer["verdict"].as_str().unwrap_or("nothing");
        let reason = answer["reason"].as_str().unwrap_or_default();
        let code = output.status.code().expect("dosd ends by itself");
        let is_blind = cell.situation.is_blind();
        assert!(!is_blind || cell.verdict == Verdict::Unwitnessed, "the row itself is wrong");
        if !cell.verdict.fits(said, code) || !reason.contains(cell.says) {
            let Cell { kind, situation, name, verdict, says, .. } = cell;
            let told = String::from_utf8_lossy(&output.stderr);
            writeln!(wrong, "{kind}, {situation:?} ({name}): {verdict} with `{says}` is wanted;")
                .expect("a text");
            writeln!(wrong, "  {said}, exit {code}: {reason} {told}").expect("a text");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    drop(cells);
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
}
