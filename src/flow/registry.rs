//! Which login a registry of container images takes, and which registries take a login (docs/docker.md).

use std::collections::BTreeMap;

use super::account::find;
use super::error::FlowError;
use super::session::Session;
use crate::config::Config;
use crate::credential::{AccountName, Client, Host, HostArg, Record, known_host, known_registries};
use crate::oauth::{ImageRegistry, provider};
use crate::store::{Store, StoreError};

/// Finds the login for a registry: that of its own host, else of the host that glauth knows for it, else of the
/// one that the configuration names (P8: a person says that tokens go to another host). `None`: there is no login.
pub fn login_for_registry(
    session: &Session<'_>,
    registry: &HostArg,
    account: Option<&AccountName>,
) -> Result<Option<Record>, FlowError> {
    let at = |host: &Host, scheme| {
        let session = Session { scheme, ..*session };
        match find(&session, host, account) {
            Err(FlowError::NoLogin(_)) => Ok(None),
            found => found.map(Some),
        }
    };
    if let Some(own) = at(&registry.host, registry.scheme)? {
        return Ok(Some(own));
    }
    if let Some(host) = known_host(&registry.host)
        && let Some(known) = at(&host, None)?
    {
        return Ok(Some(known));
    }
    let config = session.config.get().map_err(Box::new)?;
    match config.host_of_registry(&registry.host) {
        Some(host) => at(host, None),
        None => Ok(None),
    }
}

/// The registries that are known to take the tokens of a host: those in the configuration and in glauth itself, else
/// the host, if its kind of server has one there. docker names a registry without a path, and that host has no
/// login where the server is below one.
#[must_use]
pub fn registries_of(config: &Config, host: &Host, kind: Option<&str>) -> Vec<Host> {
    let configured = config.registries(host).iter().cloned();
    let named: Vec<Host> = known_registries(host).chain(configured).collect();
    let is_at_host = images(kind).is_some_and(|images| images.is_at_host);
    if named.is_empty() && is_at_host && host.path().is_empty() {
        return vec![host.clone()];
    }
    named
}

/// The registry of a kind of server.
#[must_use]
pub fn images(kind: Option<&str>) -> Option<ImageRegistry> {
    provider(kind?)?.images
}

/// The user name that a registry takes beside a token.
#[must_use]
pub fn image_username(client: &Client) -> &str {
    let own = images(Some(&client.provider)).and_then(|images| images.username);
    own.unwrap_or(&client.git_username)
}

/// A login of each host that has one. A record that cannot be read is none here.
pub fn logins_by_host(store: &Store) -> Result<BTreeMap<Host, Record>, StoreError> {
    let mut found = BTreeMap::new();
    for id in store.accounts()? {
        if let Ok(Some(snapshot)) = store.snapshot(&id)
            && snapshot.record().login().is_some()
        {
            found.entry(id.host).or_insert(snapshot.into_record());
        }
    }
    Ok(found)
}
