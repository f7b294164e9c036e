//! The commit that a worker starts from.

use std::time::Duration;

use tracing::warn;

use crate::port::Repository;

/// A worker is not kept waiting for longer.
const HEAD_AT_MOST: Duration = Duration::from_secs(5);

/// The workspace's commit, read before the worker exists: what it commits comes after.
/// None when it is not known; then only what is committed after the first look counts.
pub(super) async fn start_commit(repository: &dyn Repository, lane: &str) -> Option<String> {
    match tokio::time::timeout(HEAD_AT_MOST, repository.head()).await {
        Ok(Ok(head)) => head,
        Ok(Err(failed)) => {
            warn!(lane, "the commit that this worker starts from is not known: {failed}");
            None
        }
        Err(_) => {
            warn!(
                lane,
                "the commit that this worker starts from is not known: no answer within {} s",
                HEAD_AT_MOST.as_secs()
            );
            None
        }
    }
}
