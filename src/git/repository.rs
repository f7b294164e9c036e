//! The actors' view of a history: the same questions, asked on threads of their own.

use super::{Git, GitError};
use dosd_actors::port::{Children, Repository, RepositoryError};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// A daemon that is told to stop waits for a question that is under way: not for long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Of more commits than this only the newest are looked at.
const MOST_COMMITS: usize = 10_000;

/// The history that a workspace belongs to.
#[derive(Clone)]
pub struct GitRepository {
    git: Git,
    heads: Arc<Heads>,
}

/// Reads of where the workspace stands. However many ask, one git runs at a time, and
/// everybody gets what was read after he asked.
#[derive(Default)]
struct Heads {
    asked: AtomicU64,
    newest: Mutex<Head>,
}

/// The newest read, and how many had asked before it began.
#[derive(Default)]
struct Head {
    serves: u64,
    answer: Option<Result<Option<String>, RepositoryError>>,
}

impl GitRepository {
    /// The history of the repository that holds this directory. Each git that runs is one
    /// of these children.
    #[must_use]
    pub fn at(directory: &Path, children: &Children) -> Self {
        Self { git: Git::at(directory).among(children, PATIENCE), heads: Arc::default() }
    }

    async fn read_head(self) -> Result<Option<String>, RepositoryError> {
        let Self { git, heads } = self;
        let ticket = heads.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut newest = heads.newest.lock().await;
        if newest.serves >= ticket
            && let Some(answer) = &newest.answer
        {
            return answer.clone();
        }
        newest.serves = heads.asked.load(Ordering::SeqCst);
        newest.answer = None;
        let answer = off_thread(move || git.head()).await;
        newest.answer = Some(answer.clone());
        answer
    }
}

impl Repository for GitRepository {
    fn head(&self) -> BoxFuture<'static, Result<Option<String>, RepositoryError>> {
        self.clone().read_head().boxed()
    }

    fn since(
        &self,
        base: &str,
        head: &str,
    ) -> BoxFuture<'static, Result<Option<Vec<Vec<String>>>, RepositoryError>> {
        let (git, base, head) = (self.git.clone(), base.to_owned(), head.to_owned());
        off_thread(move || git.paths_since(&base, &head, MOST_COMMITS)).boxed()
    }
}

async fn off_thread<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, GitError> + Send + 'static,
) -> Result<T, RepositoryError> {
    match tokio::task::spawn_blocking(ask).await {
        Ok(answer) => answer.map_err(|error| RepositoryError(error.to_string())),
        Err(lost) => Err(RepositoryError(format!("the thread that asked git is gone: {lost}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::future::poll_fn;
    use std::os::unix::fs::PermissionsExt;
    use std::task::Poll;

    /// A repository whose git says how often it was run, once it is let.
    fn counted(directory: &Path) -> GitRepository {
        let program = directory.join("git");
        let lines = "#!/bin/sh\ncd \"${0%/*}\"\necho run >>runs\n\
            while ! [ -e go ]; do sleep 0.01; done\nwc -l <runs\n";
        std::fs::write(&program, lines).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let git = Git::at(directory).with_program(&program, PATIENCE);
        GitRepository { git, heads: Arc::default() }
    }

    #[actix::test]
    async fn many_who_ask_at_once_share_a_read_that_began_after_they_asked() {
        let directory = tempfile::tempdir().unwrap();
        let repository = counted(directory.path());
        let first = actix_rt::spawn(repository.head());
        let runs = directory.path().join("runs");
        let begun = async {
            while !runs.exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, begun).await.unwrap();
        let mut others = join_all((0..50).map(|_| repository.head()));
        assert!(poll_fn(|cx| Poll::Ready(others.poll_unpin(cx))).await.is_pending(), "all asked");
        std::fs::write(directory.path().join("go"), "").unwrap();
        let others = others.await;
        assert_eq!(first.await.unwrap().unwrap().as_deref(), Some("1"));
        // The first read was under way when they asked: it is not theirs.
        assert!(others.iter().all(|head| head.as_ref().unwrap().as_deref() == Some("2")));
        assert_eq!(repository.head().await.unwrap().as_deref(), Some("3"));
    }
}
