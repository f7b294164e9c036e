//! A fleet behind a network: its picture, and the verdicts since the last look.

use super::source::Source;
use crate::fleet::VerdictView;
use crate::remote::{Daemon, RemoteError};
use crate::screen::{Link, News};

/// As many verdicts are asked for at first.
const FIRST: usize = 200;
/// And as many at once later on.
const PAGE: usize = 500;
/// More pages are left for the next look.
const MOST_PAGES: usize = 20;

/// A daemon, and how far its verdicts were read.
pub(super) struct There {
    daemon: Daemon,
    next: Option<String>,
}

impl There {
    pub(super) fn new(daemon: Daemon) -> Self {
        Self { daemon, next: None }
    }

    fn verdicts(&mut self) -> Result<(Vec<VerdictView>, bool), RemoteError> {
        let mut verdicts = Vec::new();
        let mut is_rewritten = false;
        for _ in 0..MOST_PAGES {
            let limit = if self.next.is_some() { PAGE } else { FIRST };
            let page = self.daemon.verdicts(self.next.as_deref(), limit)?;
            if page.rewritten {
                is_rewritten = true;
                verdicts.clear();
            }
            let last = page.verdicts.last().map(|verdict| verdict.id.clone());
            let count = page.verdicts.len();
            verdicts.extend(page.verdicts);
            self.next = page.next.or(last).or(self.next.take());
            if count < limit {
                break;
            }
        }
        Ok((verdicts, is_rewritten))
    }
}

impl Source for There {
    fn look(&mut self) -> Result<News, String> {
        let overview = self.daemon.fleet().map_err(|error| error.to_string())?;
        let (verdicts, is_rewritten) = self.verdicts().map_err(|error| error.to_string())?;
        let link = Link::Server(self.daemon.address().to_string());
        Ok(News { overview, verdicts, is_rewritten, link })
    }
}
