//! `config.toml`: written by people only, read where a login is made or no HOST was given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::code::Code;
use crate::credential::{BadHost, EndpointName, Endpoints, Host, HostArg};
use crate::toml_trouble;
use crate::user_file::{self, Unusable};

/// The largest configuration that is read, in bytes.
const SIZE_LIMIT: u64 = 1024 * 1024;

/// What it says.
#[derive(Debug, Default)]
pub struct Config {
    /// The host that is meant where none is named.
    pub default_host: Option<HostArg>,
    hosts: Vec<(Host, LoginOptions)>,
}

/// What is said of the logins at a host: in the configuration, or with the options of one call.
#[derive(Default, Deserialize)]
pub struct LoginOptions {
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
    /// `token_endpoint_auth_method` (RFC 7591 §2).
    pub auth_method: Option<String>,
    /// Asked for at login.
    pub scopes: Option<Vec<String>>,
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

const TOP_KEYS: [&str; 2] = ["default_host", "hosts"];
const HOST_KEYS: [&str; 10] = [
    "provider",
    "url",
    "client_id",
    "client_secret",
    "client_secret_file",
    "auth_method",
    "scopes",
    "parameters",
    "ca_file",
    "redirect_uri",
];

fn base_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<HostArg>, D::Error> {
    let text = String::deserialize(deserializer)?;
    HostArg::parse(&text).map(Some).map_err(D::Error::custom)
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
#[error("`{}`{} {problem}", path.display(), line.map_or_else(String::new, |line| format!(", line {line},")))]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    line: Option<usize>,
    problem: String,
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

    /// The file at `path` is not read at all.
    pub(crate) fn unread(path: &Path, unusable: Unusable) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            problem: unusable.to_string(),
            unusable: Some(unusable),
        }
    }
}

/// The file, with `H` of each host.
#[derive(Deserialize)]
struct ConfigDocument<H> {
    default_host: Option<String>,
    #[serde(default = "BTreeMap::new")]
    hosts: BTreeMap<String, H>,
}

impl Config {
    /// Reads the file at `path`; one that is not there says nothing.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        match Self::read_named(path) {
            Err(error) if error.unusable.as_ref().is_some_and(Unusable::is_missing) => {
                Ok(Self::default())
            }
            read => read,
        }
    }

    /// Reads the file that a person named: it must be there.
    pub fn read_named(path: &Path) -> Result<Self, ConfigError> {
        let text = user_file::read_text(path, SIZE_LIMIT)
            .map_err(|unusable| ConfigError::unread(path, unusable))?;
        Ok(Self::parse_named(path, &text)?.beside(path))
    }

    /// Reads the text of the file at `path`.
    pub(crate) fn parse_named(path: &Path, text: &str) -> Result<Self, ConfigError> {
        Self::parse(text).map_err(|(line, problem)| ConfigError {
            path: path.to_owned(),
            line,
            problem,
            unusable: None,
        })
    }

    /// Files are named from where the configuration is.
    fn beside(mut self, path: &Path) -> Self {
        let folder = path.parent().unwrap_or(Path::new(""));
        for (_, host) in &mut self.hosts {
            let files = [&mut host.ca_file, &mut host.client_secret_file];
            for file in files.into_iter().flatten() {
                *file = folder.join(&file);
            }
        }
        self
    }

    fn parse(text: &str) -> Result<Self, (Option<usize>, String)> {
        let placed = |error: &toml::de::Error| {
            let (line, key) = toml_trouble::place(text, error.span());
            let problem = match (toml_trouble::is_twice(error), key) {
                (true, Some(key)) => format!("has `{key}` twice"),
                (true, None) => "has a key or a table twice".to_owned(),
                (false, Some(key)) => format!("has a value for `{key}` that does not fit"),
                (false, None) => "is not TOML".to_owned(),
            };
            (line, problem)
        };
        let table: toml::Table = text.parse().map_err(|error| placed(&error))?;
        check_keys(text, &table, &TOP_KEYS)?;
        let endpoint_keys = EndpointName::ALL.iter().map(|name| name.key());
        let host_keys: Vec<&str> = HOST_KEYS.into_iter().chain(endpoint_keys).collect();
        let hosts = table.get("hosts").and_then(toml::Value::as_table);
        for host in hosts.into_iter().flatten() {
            if let Some(keys) = host.1.as_table() {
                check_keys(text, keys, &host_keys)?;
            }
        }
        // Read apart: with serde's `flatten` a mistake would have no place.
        let read = |error| placed(&error);
        let document: ConfigDocument<LoginOptions> = toml::from_str(text).map_err(read)?;
        let mut endpoints: ConfigDocument<Endpoints<String>> =
            toml::from_str(text).map_err(read)?;
        let host = |text: &str| {
            HostArg::parse(text)
                .map_err(|error: BadHost| (None, format!("names `{text}`, which {error}")))
        };
        let mut found: Vec<(Host, LoginOptions)> = Vec::new();
        for (name, mut options) in document.hosts {
            options.endpoints = endpoints.hosts.remove(&name).unwrap_or_default();
            let host = host(&name)?.host;
            if found.iter().any(|(known, _)| *known == host) {
                return Err((None, format!("has `{host}` twice, spelled in two ways")));
            }
            found.push((host, options));
        }
        Ok(Self {
            default_host: document.default_host.as_deref().map(host).transpose()?,
            hosts: found,
        })
    }

    /// Every file that it names.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let hosts = self.hosts.iter();
        let named = hosts.flat_map(|(_, host)| [&host.ca_file, &host.client_secret_file]);
        named.flatten().map(PathBuf::as_path)
    }

    /// What it says of `host`.
    #[must_use]
    pub fn host(&self, host: &Host) -> Option<&LoginOptions> {
        let found = self.hosts.iter().find(|(name, _)| name == host);
        found.map(|(_, options)| options)
    }
}

/// A key that is not known is a mistake, with the nearest one that is.
fn check_keys(
    text: &str,
    table: &toml::Table,
    known: &[&str],
) -> Result<(), (Option<usize>, String)> {
    let Some(stranger) = table.keys().find(|key| !known.contains(&key.as_str())) else {
        return Ok(());
    };
    let nearest = known
        .iter()
        .map(|key| (strsim::jaro_winkler(key, stranger), key))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    let suggestion = nearest.map_or_else(
        || format!("known are {}", known.join(", ")),
        |(_, key)| format!("is `{key}` meant?"),
    );
    let line = (1..)
        .zip(text.lines())
        .find(|(_, line)| {
            let key = line.split(['=', '.']).next().unwrap_or_default();
            key.trim().trim_matches(['[', ']', '"', '\'']) == stranger
        })
        .map(|(number, _)| number);
    Err((
        line,
        format!("has the unknown key `{stranger}`; {suggestion}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_with_the_nearest_known_one() {
        let (line, problem) = Config::parse("default_hots = 'a'\n").unwrap_err();
        assert_eq!(line, Some(1));
        assert!(problem.contains("is `default_host` meant?"), "{problem}");
        let text = "[hosts.\"gitlab.com\"]\nclient-id = 'x'\n";
        let (line, problem) = Config::parse(text).unwrap_err();
        assert_eq!(line, Some(2));
        assert!(problem.contains("is `client_id` meant?"), "{problem}");
    }

    #[test]
    fn what_is_there_twice_is_no_wrong_value() {
        for (text, said) in [
            ("default_host = 'a'\ndefault_host = 'a'\n", "`default_host`"),
            ("[hosts.a]\n[hosts.a]\n", "a key or a table"),
        ] {
            let found = Config::parse(text).unwrap_err();
            assert_eq!(found, (Some(2), format!("has {said} twice")));
        }
    }

    #[test]
    fn an_error_quotes_no_value() {
        for key in ["scopes", "token_endpoint"] {
            let text = format!("[hosts.\"gitlab.com\"]\n{key} = {{ SECRET = 1 }}\n");
            let (line, problem) = Config::parse(&text).unwrap_err();
            assert_eq!(line, Some(2));
            assert!(problem.contains(&format!("`{key}`")), "{problem}");
            assert!(!problem.contains("SECRET"), "{problem}");
        }
    }

    #[test]
    fn each_endpoint_has_its_key() {
        let keys = EndpointName::ALL.iter().map(|name| name.key());
        let lines: Vec<String> = keys.map(|key| format!("{key} = '{key}'")).collect();
        let text = format!("[hosts.\"gitlab.com\"]\n{}", lines.join("\n"));
        let config = Config::parse(&text).unwrap();
        let (_, options) = &config.hosts[0];
        for name in EndpointName::ALL {
            let found = options.endpoints.get(*name).unwrap();
            assert_eq!(found, name.key());
        }
    }

    #[test]
    fn a_host_is_found_however_it_is_written() {
        let text =
            "default_host = 'GitLab.com'\n[hosts.\"https://gitlab.com/\"]\nclient_id = 'x'\n";
        let config = Config::parse(text).unwrap();
        let host = config.default_host.as_ref().unwrap().host.clone();
        assert_eq!(config.host(&host).unwrap().client_id.as_deref(), Some("x"));
    }
}
