//! What the tests share: scratch workspaces, the binary, the peer. It asserts nothing about either.

pub(crate) mod daemon;
#[path = "../../../surfaces/tests/it/http_server.rs"]
#[expect(dead_code, reason = "the tests of the surfaces look at the requests, too")]
pub(crate) mod http_server;
pub(crate) mod journals;
pub(crate) mod mock_server;
pub(crate) mod peer;
pub(crate) mod peer_install;
#[path = "../../../surfaces/tests/it/postgres_server.rs"]
#[expect(dead_code, reason = "the tests of the surfaces go through the network, too")]
pub(crate) mod postgres_server;
pub(crate) mod repository;
pub(crate) mod speaker;
pub(crate) mod terminal;
pub(crate) mod workspace;
