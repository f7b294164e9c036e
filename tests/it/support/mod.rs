//! What the tests share: scratch workspaces, the binary, the peer. It asserts nothing about either.

pub(crate) mod daemon;
pub(crate) mod journals;
pub(crate) mod peer;
mod peer_install;
pub(crate) mod repository;
pub(crate) mod speaker;
pub(crate) mod workspace;
