//! A history that exists only as far as a test says so.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::port::{Repository, RepositoryError};

/// A line of commits. Clones share it.
#[derive(Clone, Default)]
pub struct FakeRepository {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Id and changed paths, oldest first.
    commits: Vec<(String, Vec<String>)>,
    minted: usize,
    failure: Option<String>,
    hangs: bool,
    heads: usize,
    ranges: Vec<(String, String)>,
}

impl FakeRepository {
    /// Commits a change of these paths. Ids are `c1`, `c2` and so on.
    pub fn commit(&self, paths: &[&str]) {
        let mut state = self.state();
        state.minted += 1;
        let id = format!("c{}", state.minted);
        let paths = paths.iter().map(ToString::to_string).collect();
        state.commits.push((id, paths));
    }

    /// Puts a commit of these paths in the place of the newest one.
    pub fn amend(&self, paths: &[&str]) {
        self.state().commits.pop();
        self.commit(paths);
    }

    /// Gives every commit another id, as a rebase does.
    pub fn rewrite(&self) {
        for (id, _) in &mut self.state().commits {
            id.push('\'');
        }
    }

    /// From now on no question is answered but by this error; none ends that.
    pub fn fail(&self, failure: Option<&str>) {
        self.state().failure = failure.map(str::to_owned);
    }

    /// From now on no question is answered.
    pub fn hang(&self) {
        self.state().hangs = true;
    }

    /// How often it was asked for its head.
    #[must_use]
    pub fn heads_asked(&self) -> usize {
        self.state().heads
    }

    /// The ranges that it was asked for, in order.
    #[must_use]
    pub fn ranges_asked(&self) -> Vec<(String, String)> {
        self.state().ranges.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer<T: Send + 'static>(
        &self,
        answer: T,
    ) -> BoxFuture<'static, Result<T, RepositoryError>> {
        let state = self.state();
        if state.hangs {
            return std::future::pending().boxed();
        }
        let failure = state.failure.clone();
        std::future::ready(failure.map_or(Ok(answer), |why| Err(RepositoryError(why)))).boxed()
    }
}

impl Repository for FakeRepository {
    fn head(&self) -> BoxFuture<'static, Result<Option<String>, RepositoryError>> {
        let head = {
            let mut state = self.state();
            state.heads += 1;
            state.commits.last().map(|(id, _)| id.clone())
        };
        self.answer(head)
    }

    fn since(
        &self,
        base: &str,
        head: &str,
    ) -> BoxFuture<'static, Result<Option<Vec<Vec<String>>>, RepositoryError>> {
        let found = {
            let mut state = self.state();
            state.ranges.push((base.to_owned(), head.to_owned()));
            let place = |id: &str| state.commits.iter().position(|(known, _)| known == id);
            let range = place(base).zip(place(head)).filter(|(base, head)| base <= head);
            range.map(|(base, head)| {
                let after = state.commits[base + 1..=head].iter().rev();
                after.map(|(_, paths)| paths.clone()).collect()
            })
        };
        self.answer(found)
    }
}
