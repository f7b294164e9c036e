//! Where an exporter begins.

use dosd_actors::journal::Start;
use tracing::error;

use super::journal::Journal;
use super::shared::{Shared, Step};
use crate::cursor::{CursorFault, CursorFile, Loaded, Saved};

/// Where an exporter begins that has no cursor yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartFrom {
    /// With the first event of the journal.
    Start,
    /// With the first event after the exporter's first start. That place is
    /// saved at once, so that what is written while the daemon is down is not
    /// skipped by the second start.
    End,
}

/// The place to go on from, on disk.
///
/// A cursor file that cannot be used is put aside and reported, and the exporter
/// begins with the first event: a receiver can drop what it has seen, but
/// nobody can send what was skipped.
pub(super) async fn find_start(
    file: &CursorFile,
    journal: &mut Journal,
    from: StartFrom,
    shared: &Shared,
    now_ms: i64,
) -> Step<Saved> {
    let what = format!("cursor file `{}`", file.path().display());
    let start = match shared.persist(&what, async || file.load().await).await? {
        Loaded::Found(saved) => return Ok(saved),
        Loaded::Missing => match from {
            StartFrom::Start => Start::Beginning,
            StartFrom::End => Start::End,
        },
        Loaded::Unreadable(fault) => {
            put_aside(file, &fault, shared, &what).await?;
            Start::Beginning
        }
    };
    let saved = Saved::at(journal.page(start, 0, 1).await?.next);
    shared.persist(&what, async || file.save(&saved, now_ms).await).await?;
    Ok(saved)
}

async fn put_aside(
    file: &CursorFile,
    fault: &CursorFault,
    shared: &Shared,
    what: &str,
) -> Step<()> {
    let aside = shared.persist(what, async || file.put_aside().await).await?;
    error!(
        exporter = %shared.name(),
        "{what} cannot be used: {fault}; a copy is kept as `{}`, and the journal is sent from its \
         first event on. help: receivers drop repeats by event id; to go on elsewhere, stop the \
         daemon and put a good copy back",
        aside.display()
    );
    shared.update(|status| status.unreadable_cursor = Some(aside));
    Ok(())
}
