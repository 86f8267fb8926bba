//! The address of a shared store: `postgres://USER@HOST:PORT/DATABASE?sslmode=…`, as libpq writes it.
//!
//! The driver knows no certificate file, and its own default falls back to plain text. So what is about TLS is taken
//! out here, and the rest is left to the driver's parser, which knows lists of hosts and Unix sockets.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr as _;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, TargetSessionAttrs};

use crate::env;

/// What a shared store's address begins with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// The port of PostgreSQL.
const PORT: u16 = 5432;

/// What the driver is told of the query.
const OF_THE_DRIVER: [&str; 4] = ["host", "port", "user", "dbname"];

/// Whether a text names a shared store, rather than a folder.
#[must_use]
pub fn is_shared(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| text.starts_with(scheme))
}

/// Why a text is no address of a shared store; the sentence goes on after "the address of the store".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// A password in an argument is seen by every user of the machine.
    #[error("has a password in it, which every user could read in the list of processes")]
    Password,
    /// An `@` that ends a password, or is part of one.
    #[error("can be read in two ways")]
    Unclear,
    /// Something that glauth sets itself, or does not know.
    #[error("has the parameter `{0}`, which glauth does not know")]
    Parameter(String),
    /// A value that is not among those of a parameter.
    #[error("has `{0}` in it, which glauth cannot use")]
    Value(String),
    /// A TLS mode that leaves something unchecked.
    #[error(
        "has `sslmode={0}`, and glauth always checks the certificate of a server on another machine"
    )]
    Unchecked(String),
    /// Whatever the driver's parser says.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// No host and no socket.
    #[error("names no host")]
    NoHost,
    /// TLS was switched off for a server that other machines may stand before.
    #[error("has `sslmode=disable`, which works on loopback and with Unix sockets only")]
    PlainText,
}

impl BadAddress {
    /// What to write instead, where it is not the general form.
    pub(super) fn instead(&self) -> Option<&'static str> {
        match self {
            Self::Unclear => Some(
                "write %40, %2F, %3F and %23 for `@`, `/`, `?` and `#` in a password or a value",
            ),
            Self::Unchecked(_) => Some("leave out `sslmode`"),
            _ => None,
        }
    }
}

/// Where an address comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedIn {
    /// `--store`: other users see it.
    Argument,
    /// `GLAUTH_STORE`: only this user does.
    Environment,
}

/// Whether, and with what, connections are encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// Not: the server is on this machine.
    None,
    /// TLS, with the server's certificate checked.
    Tls {
        /// Certificate authorities, instead of the system's.
        authorities: Option<PathBuf>,
        /// The client's certificate and its key.
        client: Option<(PathBuf, PathBuf)>,
    },
}

/// One host of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DatabaseServer {
    /// A name, an address, or the folder of a Unix socket.
    pub host: String,
    pub port: u16,
    pub is_socket: bool,
}

/// A shared store's address.
#[derive(Clone)]
pub struct DatabaseAddress {
    /// Without a password: it names the store.
    text: String,
    config: Config,
    pub(super) servers: Vec<DatabaseServer>,
    pub(super) encryption: Encryption,
}

impl std::fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabaseAddress({:?})", self.text)
    }
}

impl std::fmt::Display for DatabaseAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl DatabaseAddress {
    /// Reads an address, without a connection or a file.
    pub fn parse(text: &str, named_in: NamedIn) -> Result<Self, BadAddress> {
        let plain = without_password(text);
        if plain != text && named_in == NamedIn::Argument {
            return Err(BadAddress::Password);
        }
        if is_unclear(text) {
            return Err(BadAddress::Unclear);
        }
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let mut tls = TlsParameters::default();
        let mut rest = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            if OF_THE_DRIVER.contains(&key) {
                rest.push(part);
            } else if !tls.takes(key, value)? {
                return Err(BadAddress::Parameter(key.to_owned()));
            }
        }
        let for_driver = if rest.is_empty() {
            base.to_owned()
        } else {
            format!("{base}?{}", rest.join("&"))
        };
        let mut config =
            Config::from_str(&for_driver).map_err(|error| BadAddress::Unreadable(chain(&error)))?;
        let servers = servers(&config)?;
        let encryption = tls.encryption(servers.iter().all(DatabaseServer::is_here))?;
        if config.get_user().is_none() {
            config.user(env::user_name());
        }
        Ok(Self {
            text: plain,
            config,
            servers,
            encryption,
        })
    }

    /// The settings for the driver to connect to one of the servers, with a password where the address has one.
    pub(super) fn config_for(&self, server: &DatabaseServer) -> Config {
        let mut config = Config::new();
        if server.is_socket {
            config.host_path(&server.host);
        } else {
            config.host(&server.host);
        }
        config
            .port(server.port)
            .user(self.user())
            .dbname(self.database())
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        if let Some(password) = self.config.get_password() {
            config.password(password);
        }
        config
    }

    pub(super) fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    pub(super) fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_else(|| self.user())
    }

    /// Whether the address itself has a password.
    pub(super) fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }
}

impl DatabaseServer {
    /// Whether what is sent to it stays on this machine.
    fn is_here(&self) -> bool {
        let is_loopback = |ip: IpAddr| ip.is_loopback();
        self.is_socket || self.host == "localhost" || self.host.parse().is_ok_and(is_loopback)
    }
}

fn servers(config: &Config) -> Result<Vec<DatabaseServer>, BadAddress> {
    let ports = config.get_ports();
    let port = |at: usize| match ports {
        [] => PORT,
        [one] => *one,
        several => several.get(at).copied().unwrap_or(PORT),
    };
    let hosts = config.get_hosts().iter().enumerate();
    let found: Vec<DatabaseServer> = hosts
        .map(|(at, host)| match host {
            Host::Tcp(name) => DatabaseServer {
                host: name.clone(),
                port: port(at),
                is_socket: false,
            },
            #[cfg(unix)]
            Host::Unix(folder) => DatabaseServer {
                host: folder.display().to_string(),
                port: port(at),
                is_socket: true,
            },
        })
        .collect();
    if found.is_empty() {
        return Err(BadAddress::NoHost);
    }
    Ok(found)
}

#[derive(Default)]
struct TlsParameters {
    /// `None`: nothing is said.
    is_off: Option<bool>,
    authorities: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl TlsParameters {
    /// Whether this parameter is one of TLS.
    fn takes(&mut self, key: &str, value: &str) -> Result<bool, BadAddress> {
        let path = || Some(PathBuf::from(percent_decoded(value)));
        match (key, value) {
            ("sslmode", "verify-full") => self.is_off = Some(false),
            ("sslmode", "disable") => self.is_off = Some(true),
            // What these leave unchecked, glauth checks: an address that means less is a misunderstanding.
            ("sslmode", "allow" | "prefer" | "require" | "verify-ca") => {
                return Err(BadAddress::Unchecked(value.to_owned()));
            }
            ("sslmode", _) => return Err(BadAddress::Value(format!("{key}={value}"))),
            ("sslrootcert", "system") => self.authorities = None,
            ("sslrootcert", _) => self.authorities = path(),
            ("sslcert", _) => self.certificate = path(),
            ("sslkey", _) => self.key = path(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn encryption(self, all_here: bool) -> Result<Encryption, BadAddress> {
        let has_files =
            self.authorities.is_some() || self.certificate.is_some() || self.key.is_some();
        // Between processes of one machine TLS protects nothing, unless it was asked for.
        let is_off = self.is_off.unwrap_or(all_here && !has_files);
        let client = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => return Err(BadAddress::Value("sslcert without sslkey".to_owned())),
            (None, Some(_)) => return Err(BadAddress::Value("sslkey without sslcert".to_owned())),
        };
        match (is_off, all_here) {
            (true, false) => Err(BadAddress::PlainText),
            (true, true) => Ok(Encryption::None),
            (false, _) => Ok(Encryption::Tls {
                authorities: self.authorities,
                client,
            }),
        }
    }
}

fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// What an error of the driver says, with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

/// The text without its password. It is looked for in the text itself: a fresh token needs no parser of URLs (P9).
#[must_use]
pub fn without_password(text: &str) -> String {
    match parts_of(text) {
        Some((before, after)) => format!("{before}{after}"),
        None => text.to_owned(),
    }
}

/// Whether an address has a password in it.
#[must_use]
pub fn has_password(text: &str) -> bool {
    parts_of(text).is_some()
}

/// What stands before a password and its colon, and what stands after it; `None`: there is none. A password may have any
/// `@` of the text in it: rather too much is hidden than too little.
fn parts_of(text: &str) -> Option<(&str, &str)> {
    let start = authority_in(text)?;
    // A fresh token comes by here (P9): most addresses have no colon before their only `@`.
    let first_at = start
        + text.as_bytes()[start..]
            .iter()
            .position(|byte| *byte == b'@')?;
    let colon = start
        + text.as_bytes()[start..first_at]
            .iter()
            .position(|byte| *byte == b':')?;
    let last_at = text.rfind('@')?;
    Some((&text[..colon], &text[last_at..]))
}

/// Whether another reader, the driver among them, could take something else for the password.
fn is_unclear(text: &str) -> bool {
    let Some((before, after)) = parts_of(text) else {
        return false;
    };
    let password = &text[before.len()..text.len() - after.len()];
    password.contains(['@', '/', '?', '#'])
}

/// Where the part with the user, the password and the host begins.
fn authority_in(text: &str) -> Option<usize> {
    let mut schemes = SCHEMES.iter();
    let scheme = schemes.find(|scheme| text.starts_with(**scheme))?;
    Some(scheme.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> DatabaseAddress {
        DatabaseAddress::parse(text, NamedIn::Environment).unwrap()
    }

    fn refused(text: &str) -> BadAddress {
        DatabaseAddress::parse(text, NamedIn::Argument).unwrap_err()
    }

    #[test]
    fn hosts_ports_user_and_database_are_as_libpq_writes_them() {
        let one = address("postgres://glauth@db.example.com:5433/logins");
        assert_eq!((one.user(), one.database()), ("glauth", "logins"));
        assert_eq!(one.servers[0].host, "db.example.com");
        assert_eq!(one.servers[0].port, 5433);
        let two = address("postgresql://glauth@a.example.com,b.example.com:5433/x");
        let ports: Vec<u16> = two.servers.iter().map(|server| server.port).collect();
        assert_eq!(ports, [5432, 5433]);
        let socket = address("postgres:///logins?host=/run/postgresql&user=glauth");
        assert!(socket.servers[0].is_socket);
        assert_eq!(socket.encryption, Encryption::None);
        assert_eq!(address("postgres://x@db.example.com").database(), "x");
    }

    #[test]
    fn a_password_is_taken_from_the_environment_alone_and_never_shown() {
        let text = "postgres://glauth:pw%40SECRET@db.example.com/logins";
        assert_eq!(refused(text), BadAddress::Password);
        let found = address(text);
        assert_eq!(found.to_string(), "postgres://glauth@db.example.com/logins");
        assert!(!format!("{found:?}").contains("SECRET"));
        assert_eq!(found.config.get_password(), Some(&b"pw@SECRET"[..]));
        assert!(!address("postgres://glauth@db.example.com/a:b@c").has_password());
    }

    #[test]
    fn a_password_that_is_not_encoded_is_refused_and_not_shown() {
        for password in [
            "SECR/ET",
            "SECR?ET",
            "SECR#ET",
            "SECR@ET",
            "SECR@C/ET",
            "SECR@C?ET",
            "SE:CR/ET",
            "/SECRET",
            "SECRET@",
        ] {
            let text = format!(
                "postgres://glauth:{password}@db.example.com:5432/logins?sslmode=verify-full"
            );
            let found = DatabaseAddress::parse(&text, NamedIn::Environment);
            assert_eq!(found.unwrap_err(), BadAddress::Unclear, "{text}");
            assert!(has_password(&text));
            let shown = without_password(&text);
            assert!(!shown.contains("SE"), "{shown}");
            assert!(!BadAddress::Unclear.to_string().contains("SECR"));
        }
        // These have none.
        for text in [
            "postgres://glauth@db.example.com:5432/logins",
            "postgres://db.example.com:5432/logins",
            "postgres:///logins?host=/run/a@b",
            "postgres://glauth@[::1]:5432/logins",
        ] {
            assert!(!has_password(text), "{text}");
            assert_eq!(without_password(text), text);
            address(text);
        }
        // An `@` behind a port, without a user, could end a password.
        let text = "postgres://db.example.com:5432/logins?sslrootcert=/a@b.pem";
        let found = DatabaseAddress::parse(text, NamedIn::Environment);
        assert_eq!(found.unwrap_err(), BadAddress::Unclear);
    }

    #[test]
    fn tls_is_checked_in_full_or_the_server_is_on_this_machine() {
        let tls = |text: &str| address(text).encryption;
        let checked = Encryption::Tls {
            authorities: None,
            client: None,
        };
        assert_eq!(tls("postgres://u@db.example.com/d"), checked);
        assert_eq!(
            tls("postgres://u@db.example.com/d?sslmode=verify-full"),
            checked
        );
        assert_eq!(tls("postgres://u@127.0.0.1/d"), Encryption::None);
        assert_eq!(tls("postgres://u@127.0.0.1/d?sslmode=verify-full"), checked);
        assert_eq!(tls("postgres://u@[::1]/d"), Encryption::None);
        let own = tls("postgres://u@127.0.0.1/d?sslrootcert=/etc/a%20b.pem");
        let Encryption::Tls { authorities, .. } = own else {
            panic!("{own:?}");
        };
        assert_eq!(authorities, Some(PathBuf::from("/etc/a b.pem")));
        let plain = "postgres://u@db.example.com/d?sslmode=disable";
        assert_eq!(refused(plain), BadAddress::PlainText);
        let mixed = "postgres://u@127.0.0.1,db.example.com/d?sslmode=disable";
        assert_eq!(refused(mixed), BadAddress::PlainText);
        let empty = refused("postgres://u@db.example.com/d?sslmode=");
        assert!(matches!(empty, BadAddress::Value(_)));
        for mode in ["prefer", "require", "allow", "verify-ca"] {
            let text = format!("postgres://u@db.example.com/d?sslmode={mode}");
            assert!(matches!(refused(&text), BadAddress::Unchecked(_)), "{mode}");
        }
    }

    #[test]
    fn what_glauth_does_not_know_is_refused_and_not_passed_on() {
        for query in [
            "options=-csynchronous_commit=off",
            "application_name=x",
            "password=x",
        ] {
            let text = format!("postgres://u@127.0.0.1/d?{query}");
            assert!(
                matches!(refused(&text), BadAddress::Parameter(_)),
                "{query}"
            );
        }
        assert_eq!(refused("postgres:///d"), BadAddress::NoHost);
        assert!(matches!(
            refused("postgres://u@127.0.0.1/d?port=x"),
            BadAddress::Unreadable(_)
        ));
    }
}
