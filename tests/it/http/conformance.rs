//! The `OpenAPI` document is true: an independent tool makes requests from it and checks each answer.

use super::{start, workspace};
use crate::support::peer_install;
use std::process::Command;

#[test]
fn schemathesis_finds_nothing() {
    let workspace = workspace("", "");
    let (_daemon, client) = start(&workspace);
    let python = peer_install::python("schemathesis", "4.32.5");
    let url = format!("http://{}/openapi.json", client.address);
    let output = Command::new(python.parent().unwrap().join("schemathesis"))
        .args([
            "run",
            &url,
            "--checks",
            "all",
            "--max-examples",
            "25",
            "--workers",
            "1",
            "--seed",
            "7",
        ])
        // A stream without an end has no answer that could be compared.
        .args(["--exclude-path", "/v1/events", "--request-timeout", "60", "--no-color"])
        .current_dir(workspace.root())
        .env("HOME", workspace.root())
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(client.get("/readyz").status, 200);
}
