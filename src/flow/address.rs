//! The host that a login is for, where a person names a URL with a path: that of a project, of an installation, or of
//! an MCP server.

use std::path::PathBuf;

use url::Url;

use super::account::stored_host;
use super::authorize::AuthorizeError;
use super::error::FlowError;
use super::plan::{ClientError, Detected, unknown_kind};
use super::session::Session;
use crate::config::{Config, LoginOptions};
use crate::credential::{Host, Scheme};
use crate::oauth::{DiscoveryError, discover, provider_of};

/// GitLab's MCP server: at a known host, and still a login of its own.
const MCP_OF_GITLAB: &str = "/api/v4/mcp";

/// The host of a login, and what its server has said meanwhile.
#[derive(Debug)]
pub struct Address {
    /// The host.
    pub host: Host,
    /// What it says of itself, if it was asked.
    pub found: Option<Detected>,
}

/// Finds the host that a login at `named` is for; `brings_tokens`: no server is asked.
pub fn address_of_login(
    session: &Session<'_>,
    config: &Config,
    named: &Host,
    options: &LoginOptions,
    brings_tokens: bool,
) -> Result<Address, AuthorizeError> {
    let at = |host: Host| Ok(Address { host, found: None });
    let stored = stored_host(session.store, named).map_err(FlowError::from)?;
    let is_stored = stored == *named && has_accounts(session, named)?;
    if named.path().is_empty() || is_stored || config.host(named).is_some() {
        return at(named.clone());
    }
    let origin = named.origin();
    if provider_of(&origin).is_some() && named.path() != MCP_OF_GITLAB {
        return at(origin);
    }
    if named.path().strip_suffix(".git").is_some() {
        return at(if stored == *named { origin } else { stored });
    }
    let is_kind_given = options.provider.is_some() || options.endpoints.token.is_some();
    if is_kind_given || brings_tokens {
        return at(named.clone());
    }
    ask(session, config, named, options)
}

fn has_accounts(session: &Session<'_>, host: &Host) -> Result<bool, FlowError> {
    Ok(!session.store.accounts_of(host)?.is_empty())
}

/// Asks at the path, at each shorter one, and at the server itself.
fn ask(
    session: &Session<'_>,
    config: &Config,
    named: &Host,
    options: &LoginOptions,
) -> Result<Address, AuthorizeError> {
    let scheme = session.scheme.unwrap_or(Scheme::Https);
    let ca_file = |host: &Host| -> Option<PathBuf> {
        let configured = || config.host(host)?.ca_file.clone();
        options.ca_file.clone().or_else(configured)
    };
    let base = named.base_url(scheme);
    let trusted = ca_file(named).or_else(|| ca_file(&named.origin()));
    let found = Detected::at(session.http, &base, trusted.as_ref());
    let mut tried = match found.map_err(|error| unknown_kind(named, error))? {
        Detected::Nothing(tried) => tried,
        found => {
            return Ok(Address {
                host: named.clone(),
                found: Some(found),
            });
        }
    };
    let mut unavailable = None;
    for host in named.parents() {
        let base = host.base_url(scheme);
        let Ok(issuer) = Url::parse(&base) else {
            continue;
        };
        match discover(session.http, &issuer, trusted.as_ref()) {
            Ok(server) => {
                let found = Some(Detected::Server(server.into()));
                return Ok(Address { host, found });
            }
            Err(DiscoveryError::Missing { .. }) => tried.push(base),
            Err(error @ DiscoveryError::Unavailable { .. }) => {
                unavailable.get_or_insert(error);
            }
            Err(error) => return Err(ClientError::from(error).into()),
        }
    }
    if let Some(error) = unavailable {
        return Err(ClientError::from(error).into());
    }
    let host = stored_host(session.store, named).map_err(FlowError::from)?;
    Ok(Address {
        host,
        found: Some(Detected::Nothing(tried)),
    })
}

/// What a person should know of a login at this host.
pub(super) fn remark(host: &Host) -> Option<String> {
    let is_mcp_of_gitlab = host.path().ends_with(MCP_OF_GITLAB);
    is_mcp_of_gitlab.then(|| {
        let origin = host.origin();
        format!(
            "this login is for GitLab's MCP server only; git and the API need a login at {origin}"
        )
    })
}
