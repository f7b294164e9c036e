//! What a server answers: is it whole, and is it new.

use std::io::{self, Read};

use dosd_network::chain;
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, ETAG, HeaderValue, LINK};

use super::HttpRequest;
use crate::bounded::too_large;
use crate::network::Conversation;

/// Documents up to this size are kept, to be compared by their tag.
const KEPT: usize = 4 << 20;

/// A document that the server need not send again while its tag is the same.
pub(super) struct Kept {
    pub(super) tag: HeaderValue,
    pub(super) document: Vec<u8>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:?} of {} bytes", self.tag, self.document.len())
    }
}

impl Kept {
    /// Whether the server says of this very document that it did not change.
    pub(super) fn check(&self, answer: &Response, asked: &HttpRequest) -> Result<(), &'static str> {
        if !asked.is_for(answer.url()) {
            return Err("another place says that it did not change (304 after a redirect)");
        }
        match answer.headers().get(ETAG) {
            Some(tag) if *tag != self.tag => Err("304 with a tag that nobody asked about"),
            Some(_) | None => Ok(()),
        }
    }
}

/// The tag that tells this document from every other one at this place.
pub(super) fn tag(answer: &Response, asked: &HttpRequest) -> Option<HeaderValue> {
    let tag = answer.headers().get(ETAG).filter(|_| asked.is_for(answer.url()))?;
    let bytes = tag.as_bytes();
    let is_strong = bytes.len() > 2 && bytes.starts_with(b"\"") && bytes.ends_with(b"\"");
    is_strong.then(|| tag.clone())
}

/// Whether the answer is plain and all there is.
pub(super) fn check(answer: &Response, max: u64) -> Result<(), String> {
    let headers = answer.headers();
    let is_encoded = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().any(is_encoded) {
        return Err("the answer is compressed, which was not asked for".to_owned());
    }
    if headers.get_all(LINK).iter().any(names_next) {
        return Err("the answer is one page of several: ask for all at once".to_owned());
    }
    match answer.content_length() {
        Some(length) if length > max => Err(too_large(max)),
        Some(_) | None => Ok(()),
    }
}

/// Whether a `Link` says that there is a next page.
fn names_next(link: &HeaderValue) -> bool {
    let text = String::from_utf8_lossy(link.as_bytes()).to_ascii_lowercase();
    text.split([';', ',']).any(|part| {
        let relations = part.trim().strip_prefix("rel").map(str::trim_start);
        let relations = relations.and_then(|rest| rest.strip_prefix('='));
        relations.is_some_and(|names| {
            names.trim().trim_matches('"').split_whitespace().any(|name| name == "next")
        })
    })
}

/// The body of an answer, as it comes.
pub(super) struct Body<'a> {
    talk: &'a Conversation,
    answer: Response,
    chunk: Vec<u8>,
    at: usize,
    read: u64,
    max: u64,
    /// All of it so far, while that is to be kept.
    document: Option<Vec<u8>>,
}

impl<'a> Body<'a> {
    pub(super) fn new(talk: &'a Conversation, answer: Response, max: u64, keep: bool) -> Self {
        let document = keep.then(Vec::new);
        Self { talk, answer, chunk: Vec::new(), at: 0, read: 0, max, document }
    }

    /// All of it, if it is small.
    pub(super) fn into_document(self) -> Option<Vec<u8>> {
        self.document
    }

    fn rest(&self) -> &[u8] {
        self.chunk.get(self.at..).unwrap_or_default()
    }

    fn keep(&mut self, chunk: &[u8]) {
        if let Some(document) = &mut self.document {
            document.extend_from_slice(chunk);
        }
        self.document.take_if(|document| document.len() > KEPT);
    }
}

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.rest().is_empty() {
            let chunk = self.talk.wait(self.answer.chunk())?;
            let chunk = chunk.map_err(|error| io::Error::other(chain(&error.without_url())))?;
            let Some(chunk) = chunk else { return Ok(0) };
            self.read = self.read.saturating_add(chunk.len() as u64);
            if self.read > self.max {
                return Err(io::Error::other(too_large(self.max)));
            }
            self.keep(&chunk);
            (self.chunk, self.at) = (chunk.into(), 0);
        }
        let count = self.rest().len().min(into.len());
        into[..count].copy_from_slice(&self.rest()[..count]);
        self.at += count;
        Ok(count)
    }
}
