//! Who answers a verb: the files and the daemon of this workspace, or a daemon behind a network.

use super::exit::note;
use super::{Context, Failure};
use crate::env;
use crate::remote::{Access, Address, AddressError, Daemon, RemoteError, Why};
use clap::Args;
use dosd_network::Secret;
use std::path::{Path, PathBuf};

/// The variable that holds the token. It is read here and kept nowhere else.
const TOKEN: &str = "DOSD_TOKEN";

/// A daemon behind a network, as somebody types it.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ServerOptions {
    /// Ask the daemon behind this URL, no files here [default: `$DOSD_SERVER`]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        conflicts_with = "workspace",
        display_order = 901
    )]
    pub(super) server: Option<String>,
    /// The file with its token [default: `$DOSD_TOKEN`, else `$DOSD_TOKEN_FILE`]
    #[arg(long, global = true, value_name = "PATH", display_order = 902)]
    token_file: Option<PathBuf>,
    /// Certificates in PEM form to trust, too [default: `$DOSD_CA_FILE`]
    #[arg(long, global = true, value_name = "PATH", display_order = 903)]
    ca_file: Option<PathBuf>,
}

/// Who answers.
pub(super) enum Side {
    /// The files of this workspace, and its daemon when one runs.
    Here,
    /// A daemon behind a network.
    There(Box<Daemon>),
}

impl Context {
    /// Who answers: whoever was typed; else for a worker of a daemon here that one, because only it
    /// has the baseline; else `DOSD_SERVER`; else this workspace.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked as it was named.
    pub(super) fn side(&self) -> Result<Side, Failure> {
        let environment = self.environment();
        let is_here = self.names_a_workspace() || environment.socket.is_some();
        let named = match &self.server().server {
            Some(typed) => Some(typed),
            None => environment.server.as_ref().filter(|_| !is_here),
        };
        let Some(named) = named else { return Ok(Side::Here) };
        let address = Address::parse(named)?;
        let token = self.token()?;
        if token.is_some()
            && !address.is_encrypted()
            && !address.is_loopback()
            && !environment.insecure
        {
            // Inside of a cluster that is usual, so it is no reason to refuse.
            note(&format_args!(
                "the token goes to {address} unencrypted\n  help: use https, or set DOSD_INSECURE=1 when nobody else is on that network"
            ));
        }
        let access = Access { token, authorities: self.authorities()? };
        Ok(Side::There(Box::new(Daemon::new(address, &access)?)))
    }

    /// Whoever is to be asked how it does, without a token: `default` when nobody is named.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked as it was named.
    pub(super) fn patient(&self, default: &str) -> Result<Daemon, Failure> {
        let named = self.server().server.as_deref().or(self.environment().server.as_deref());
        let address = Address::parse(named.unwrap_or(default))?;
        let access = Access { token: None, authorities: self.authorities()? };
        Ok(Daemon::new(address, &access)?)
    }

    fn token(&self) -> Result<Option<Secret>, Failure> {
        if let Some(typed) = &self.server().token_file {
            return token_in(typed).map(Some);
        }
        if let Some(token) = env::variable(TOKEN) {
            return Ok(Some(Secret::new(token.trim())));
        }
        self.environment().token_file.as_deref().map(token_in).transpose()
    }

    fn authorities(&self) -> Result<Option<Vec<u8>>, Failure> {
        let file = self.server().ca_file.as_ref().or(self.environment().ca_file.as_ref());
        file.map(|file| {
            std::fs::read(file).map_err(|cause| {
                Failure::Usage(format!(
                    "cannot read certificates from `{}`: {cause}\n  help: name a PEM file with --ca-file or DOSD_CA_FILE",
                    file.display()
                ))
            })
        })
        .transpose()
    }
}

fn token_in(file: &Path) -> Result<Secret, Failure> {
    let unusable = |what: &str| {
        Failure::Usage(format!(
            "`{}` holds no token: {what}\n  help: name a file that holds nothing but the token, with --token-file or DOSD_TOKEN_FILE",
            file.display()
        ))
    };
    let text = std::fs::read_to_string(file).map_err(|cause| unusable(&cause.to_string()))?;
    match text.trim() {
        "" => Err(unusable("it is empty")),
        token => Ok(Secret::new(token)),
    }
}

impl From<AddressError> for Failure {
    fn from(error: AddressError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<RemoteError> for Failure {
    fn from(error: RemoteError) -> Self {
        let text = error.to_string();
        match error.why {
            Why::Busy { .. } => Self::Busy(text),
            // What was typed is what the daemon does not take.
            Why::Refused { status: 400, .. } => Self::Usage(text),
            Why::Unreachable { .. }
            | Why::NoAnswer { .. }
            | Why::Unauthorized { .. }
            | Why::Forbidden { .. }
            | Why::Refused { .. }
            | Why::Redirected { .. }
            | Why::Strange { .. }
            | Why::Unusable { .. } => Self::Failed(text),
        }
    }
}
