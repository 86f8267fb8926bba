//! `config.toml`: written by people, and by `glauth switch`; read where a login is made, where no HOST was given,
//! where a host has no account called `default`, and where docker asks for a registry.

mod check;
mod keys;
mod mistake;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::de::DeTable;

use crate::code::Code;
use crate::credential::{AccountId, AccountName, Endpoints, Host, HostArg, registry};
use crate::env;
use crate::user_file::{self, Unusable};
use check::Checker;
use mistake::Mistake;

pub use keys::{Form, HOST_KEYS, Key, TOP_KEYS};

/// The largest configuration that is read, in bytes.
pub const SIZE_LIMIT: u64 = 1024 * 1024;

/// What it says.
#[derive(Debug, Default)]
pub struct Config {
    /// The host that is meant where none is named.
    pub default_host: Option<HostArg>,
    /// The address of a document about glauth, which servers take for a client id.
    pub client_metadata_url: Option<String>,
    hosts: Vec<(Host, LoginOptions)>,
}

/// What is said of the logins at a host: in the configuration, or with the options of one call.
#[derive(Default, Deserialize)]
pub struct LoginOptions {
    /// The account that the host alone means, where none is called `default`; in the configuration only.
    #[serde(default, deserialize_with = "account_name")]
    pub account: Option<AccountName>,
    /// The registries of container images that take this host's tokens; in the configuration only.
    #[serde(default, deserialize_with = "registry_list")]
    pub registries: Vec<Host>,
    /// The provider's name.
    pub provider: Option<String>,
    /// Where the server is, if not at `https://HOST`; no option of a call says it.
    #[serde(default, deserialize_with = "base_url")]
    pub url: Option<HostArg>,
    /// RFC 6749 §2.2.
    pub client_id: Option<String>,
    /// RFC 6749 §2.3.1; in the configuration only, since other users see the options of a call.
    pub client_secret: Option<String>,
    /// A file that holds the secret.
    pub client_secret_file: Option<PathBuf>,
    /// A file that holds the private key of a machine (RFC 7523).
    pub client_key_file: Option<PathBuf>,
    /// The name of that key at the server: `kid` (RFC 7515 §4.1.4).
    pub client_key_id: Option<String>,
    /// What the server calls itself in an assertion: `issuer` or `token_endpoint`.
    pub client_key_audience: Option<String>,
    /// `token_endpoint_auth_method` (RFC 7591 §2).
    pub auth_method: Option<String>,
    /// Asked for at login.
    pub scopes: Option<Vec<String>>,
    /// Whether those that are given leave out those of the login that is there.
    #[serde(skip)]
    pub replace_scopes: bool,
    /// Sent with authorization and token requests.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// A certificate authority of the server's own.
    pub ca_file: Option<PathBuf>,
    /// As it is registered.
    pub redirect_uri: Option<String>,
    /// Where the endpoints are.
    #[serde(skip)]
    pub endpoints: Endpoints<String>,
}

fn base_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<HostArg>, D::Error> {
    let text = String::deserialize(deserializer)?;
    HostArg::parse(&text).map(Some).map_err(D::Error::custom)
}

fn account_name<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<AccountName>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

fn registry_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Host>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let hosts = names
        .iter()
        .map(|name| Ok(registry(name).map_err(D::Error::custom)?.host));
    hosts.collect()
}

/// Names, never the secret.
impl std::fmt::Debug for LoginOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginOptions")
            .field("provider", &self.provider)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{}`{mistake}", path.display())]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    mistake: Box<Mistake>,
    /// Why it is not read at all.
    #[source]
    pub unusable: Option<Unusable>,
}

impl ConfigError {
    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match &self.unusable {
            Some(unusable) if unusable.is_exhausted() => Code::Exhausted,
            _ => Code::Config,
        }
    }

    /// What to write in place of what is there.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.mistake.hint.as_deref()
    }

    /// The file at `path` is not read at all.
    pub(crate) fn unread(path: &Path, unusable: Unusable) -> Self {
        Self {
            path: path.to_owned(),
            mistake: Box::new(Mistake {
                line: None,
                said: unusable.to_string(),
                hint: None,
            }),
            unusable: Some(unusable),
        }
    }
}

/// The file, with `H` of each host.
#[derive(Deserialize)]
struct ConfigDocument<H> {
    default_host: Option<String>,
    client_metadata_url: Option<String>,
    #[serde(default = "BTreeMap::new")]
    hosts: BTreeMap<String, H>,
}

/// The configuration of one call, which reads it once, where it looks something up there.
#[derive(Debug)]
pub struct CallConfig<'a> {
    named: Option<&'a Path>,
    read: OnceCell<Config>,
}

impl<'a> CallConfig<'a> {
    /// The file that the call names, else the one in the platform's place.
    #[must_use]
    pub fn new(named: Option<&'a Path>) -> Self {
        let read = OnceCell::new();
        Self { named, read }
    }

    /// What it says.
    pub fn get(&self) -> Result<&Config, ConfigError> {
        if let Some(read) = self.read.get() {
            return Ok(read);
        }
        let read = Config::of_call(self.named)?;
        Ok(self.read.get_or_init(|| read))
    }
}

impl Config {
    /// Reads the file that a call names, else the one in the platform's place.
    fn of_call(named: Option<&Path>) -> Result<Self, ConfigError> {
        match (named, env::config_file()) {
            (Some(named), _) => Self::read_named(named),
            (None, Some(path)) => Self::read(&path),
            (None, None) => Ok(Self::default()),
        }
    }

    /// Reads the file at `path`; one that is not there says nothing.
    fn read(path: &Path) -> Result<Self, ConfigError> {
        match Self::read_named(path) {
            Err(error) if error.unusable.as_ref().is_some_and(Unusable::is_missing) => {
                Ok(Self::default())
            }
            read => read,
        }
    }

    /// Reads the file that a person named: it must be there.
    fn read_named(path: &Path) -> Result<Self, ConfigError> {
        let text = user_file::read_text(path, SIZE_LIMIT)
            .map_err(|unusable| ConfigError::unread(path, unusable))?;
        Ok(Self::parse_named(path, &text)?.beside(path))
    }

    /// Reads the text of the file at `path`.
    pub(crate) fn parse_named(path: &Path, text: &str) -> Result<Self, ConfigError> {
        Self::parse(text).map_err(|mistake| ConfigError {
            path: path.to_owned(),
            mistake: Box::new(mistake),
            unusable: None,
        })
    }

    /// Files are named from where the configuration is.
    fn beside(mut self, path: &Path) -> Self {
        let folder = path.parent().unwrap_or(Path::new(""));
        for (_, host) in &mut self.hosts {
            let files = [
                &mut host.ca_file,
                &mut host.client_secret_file,
                &mut host.client_key_file,
            ];
            for file in files.into_iter().flatten() {
                *file = folder.join(&file);
            }
        }
        self
    }

    fn parse(text: &str) -> Result<Self, Mistake> {
        let broken = |error: toml::de::Error| mistake::not_toml(text, &error);
        let table = DeTable::parse(text).map_err(broken)?;
        Checker { text }.document(table.get_ref())?;
        // Read apart: with serde's `flatten` a mistake would have no place.
        let document: ConfigDocument<LoginOptions> = toml::from_str(text).map_err(broken)?;
        let mut endpoints: ConfigDocument<Endpoints<String>> =
            toml::from_str(text).map_err(broken)?;
        let host = |text: &str| {
            HostArg::parse(text).map_err(|error| Mistake {
                line: None,
                said: format!("names `{text}`, which {error}"),
                hint: None,
            })
        };
        let mut hosts: Vec<(Host, LoginOptions)> = Vec::new();
        for (name, mut options) in document.hosts {
            options.endpoints = endpoints.hosts.remove(&name).unwrap_or_default();
            hosts.push((host(&name)?.host, options));
        }
        Ok(Self {
            default_host: document.default_host.as_deref().map(host).transpose()?,
            client_metadata_url: document.client_metadata_url,
            hosts,
        })
    }

    /// Every file that it names.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let hosts = self.hosts.iter();
        let named = hosts.flat_map(|(_, host)| {
            [
                &host.ca_file,
                &host.client_secret_file,
                &host.client_key_file,
            ]
        });
        named.flatten().map(PathBuf::as_path)
    }

    /// The account that `host` alone means, where none is called `default`.
    #[must_use]
    pub fn account(&self, host: &Host) -> Option<&AccountName> {
        self.host(host)?.account.as_ref()
    }

    /// Every account that it names.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.hosts.iter().filter_map(|(host, options)| {
            Some(AccountId {
                host: host.clone(),
                account: options.account.clone()?,
            })
        })
    }

    /// The host whose tokens a registry of container images takes.
    #[must_use]
    pub fn host_of_registry(&self, registry: &Host) -> Option<&Host> {
        let mut hosts = self.hosts.iter();
        let found = hosts.find(|(_, options)| options.registries.contains(registry));
        found.map(|(host, _)| host)
    }

    /// The registries that take this host's tokens.
    #[must_use]
    pub fn registries(&self, host: &Host) -> &[Host] {
        self.host(host).map_or(&[], |options| &options.registries)
    }

    /// What it says of `host`.
    #[must_use]
    pub fn host(&self, host: &Host) -> Option<&LoginOptions> {
        let found = self.hosts.iter().find(|(name, _)| name == host);
        found.map(|(_, options)| options)
    }
}
