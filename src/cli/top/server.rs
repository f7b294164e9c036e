//! A fleet behind a network: its picture, and the verdicts since the last look.

use super::source::Source;
use crate::fleet::VerdictView;
use crate::remote::{Daemon, RemoteError};
use crate::screen::{Link, News};

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
            let page = match &self.next {
                Some(since) => self.daemon.verdicts(Some(since))?,
                None => self.daemon.newest_verdicts()?,
            };
            if page.rewritten {
                is_rewritten = true;
                verdicts.clear();
            }
            let is_end = page.verdicts.is_empty() || page.behind_bytes == 0;
            verdicts.extend(page.verdicts);
            self.next = page.next.or(self.next.take());
            if is_end {
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
