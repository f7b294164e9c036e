//! A server that answers with JSON.

mod answer;
mod request;

use std::sync::{Mutex, PoisonError};

use dosd_actors::witness::{Entities, Surface, Unreadable};
use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::Pointer;
use dosd_network::chain;
use reqwest::StatusCode;
use reqwest::header::IF_NONE_MATCH;

use crate::Identity;
use crate::document::{DocumentError, Shape};
use crate::network::Conversation;
use answer::{Body, Kept};

pub use request::{HttpRequest, HttpRequestError};

/// A JSON document behind a URL: an object, or an array of entities, somewhere in it.
///
/// Each read is one GET over a connection of its own, without a proxy and without
/// compression. Only status 200 is an answer, whole, and of one page: a `Link` to a next one
/// makes it unreadable. A redirect is followed on the same scheme, host and port only, so
/// that no header reaches anybody else.
///
/// A small document with a strong `ETag` is kept; the server is asked for it only if it
/// changed (304). Weak tags are not used, because they may stay the same when values
/// change. A server that answers 304 although the document changed is believed: it is
/// the server that is the witness.
#[derive(Debug)]
pub struct Http {
    identity: Identity,
    request: HttpRequest,
    items: Option<Pointer>,
    key: Option<Pointer>,
    kept: Mutex<Option<Kept>>,
}

impl Http {
    /// The entities that are in the answer to this request: at `items` in the document, in
    /// an object, or in an array with their key at `key` inside of each.
    #[must_use]
    pub fn new(
        identity: Identity,
        request: HttpRequest,
        items: Option<Pointer>,
        key: Option<Pointer>,
    ) -> Self {
        Self { identity, request, items, key, kept: Mutex::default() }
    }

    fn failed(&self, cause: &dyn std::fmt::Display) -> Unreadable {
        Unreadable::new(format!("`{}`: {cause}", self.request.place()))
    }

    fn hand_over(
        &self,
        document: impl std::io::Read,
        into: &mut dyn Entities,
    ) -> Result<(), Unreadable> {
        let shape = Shape { items: self.items.as_ref(), key: self.key.as_ref() };
        shape.read(document, into).map_err(|error| match error {
            DocumentError::Stopped(unreadable) => unreadable,
            DocumentError::Json(error) => self.failed(&error),
        })
    }
}

impl Surface for Http {
    fn name(&self) -> &str {
        &self.identity.name
    }

    fn kind(&self) -> &'static str {
        "http"
    }

    fn accountability(&self) -> Accountability {
        self.identity.accountability
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        let talk = Conversation::new(into.time_left())?;
        // Taken, not lent: after a read that failed the next one is a full one.
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let client = self.request.client()?;
        let mut get = client.get(self.request.url().clone()).headers(self.request.headers());
        if let Some(kept) = &kept {
            get = get.header(IF_NONE_MATCH, kept.tag.clone());
        }
        let answer = talk.wait(get.send()).map_err(|late| self.failed(&late))?;
        let answer = answer.map_err(|error| self.failed(&chain(&error.without_url())))?;
        let kept = match (answer.status(), kept) {
            (StatusCode::NOT_MODIFIED, Some(kept)) => {
                kept.check(&answer, &self.request).map_err(|odd| self.failed(&odd))?;
                self.hand_over(&kept.document[..], into)?;
                Some(kept)
            }
            (StatusCode::OK, _) => {
                let max = into.bytes_left();
                let tag = answer::tag(&answer, &self.request);
                answer::check(&answer, max).map_err(|odd| self.failed(&odd))?;
                let mut body = Body::new(&talk, answer, max, tag.is_some());
                self.hand_over(&mut body, into)?;
                tag.zip(body.into_document()).map(|(tag, document)| Kept { tag, document })
            }
            (status, _) => {
                return Err(self.failed(&format_args!("the server answers {status}")));
            }
        };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(())
    }
}
