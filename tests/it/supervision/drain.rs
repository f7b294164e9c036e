//! A daemon that waits for its workers, and an operator who does not.

use super::book;
use super::machine::{self, Sweep, poll};
use crate::support::daemon::Daemon;

#[test]
fn a_second_signal_stops_the_workers_that_the_first_one_waits_for() {
    let workspace = super::workspace(&["only"], "drain", "exec sleep 600\n", "");
    let _sweep = Sweep::after(&workspace);
    let mut daemon = Daemon::start(&workspace);
    daemon.wait_for_worker("only");
    daemon.signal("TERM");
    daemon.wait_for("it drains", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("waiting for the workers"))
    });
    assert_eq!(machine::workers(&workspace).len(), 1, "it waits");
    // One that follows at once is taken for the same wish, so an operator says it again.
    let mut looks = 0_u32;
    poll("it stops", || {
        if daemon.log().contains("stopping; once more") {
            return Ok(());
        }
        if looks.is_multiple_of(100) {
            daemon.signal("TERM");
        }
        looks += 1;
        Err(daemon.log())
    });
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    assert!(machine::workers(&workspace).is_empty());
    let ops = book::ops_of(&workspace, "only");
    assert_eq!(ops[ops.len() - 3..], ["HALT", "WORKER_EXITED", "RELEASE"], "{ops:?}");
}
