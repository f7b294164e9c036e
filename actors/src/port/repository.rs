//! The workspace's history as a dependency: where it stands, and what came since.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// Where an actor asks what was committed. Reads only, and takes a bounded time.
pub trait Repository: Send + Sync + 'static {
    /// The id of the commit that the workspace stands on, read after the call; none
    /// when there is no repository, or nothing was committed to it yet.
    fn head(&self) -> BoxFuture<'static, Result<Option<String>, RepositoryError>>;

    /// The paths from the workspace that each commit after `base` up to `head`
    /// changed, newest commit first; none when `base` is unknown, or no ancestor of
    /// `head`: the history was written anew. Of very many commits the newest count.
    fn since(
        &self,
        base: &str,
        head: &str,
    ) -> BoxFuture<'static, Result<Option<Vec<Vec<String>>>, RepositoryError>>;
}

/// A repository that several actors share.
pub type SharedRepository = Arc<dyn Repository>;

/// Why a history gave no answer, for people. It is never a negative answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct RepositoryError(pub String);

/// A workspace without a history.
#[derive(Debug, Clone, Copy)]
pub struct NoRepository;

impl Repository for NoRepository {
    fn head(&self) -> BoxFuture<'static, Result<Option<String>, RepositoryError>> {
        std::future::ready(Ok(None)).boxed()
    }

    fn since(
        &self,
        _: &str,
        _: &str,
    ) -> BoxFuture<'static, Result<Option<Vec<Vec<String>>>, RepositoryError>> {
        std::future::ready(Ok(None)).boxed()
    }
}
