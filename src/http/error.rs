//! Why there is no answer, and what to do about it.

use std::path::PathBuf;

use crate::credential::Outcome;

/// The key of git's configuration that names a proxy.
pub(super) const GIT_KEY: &str = "http.proxy";

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No connection: the server has seen nothing.
    #[error("cannot connect to `{origin}`: {reason}")]
    Unreachable {
        /// Scheme, host and port.
        origin: String,
        /// Why.
        reason: String,
    },
    /// The server's name has no address, as far as can be told: the server has seen nothing.
    #[error("cannot look up `{host}`: {reason}")]
    UnknownName {
        /// Which name.
        host: String,
        /// Why.
        reason: String,
    },
    /// The proxy does not lead to the server: the server has seen nothing.
    #[error("cannot connect to `{origin}` through the proxy `{}` of {}: {reason}", through.proxy, through.named_by)]
    Proxy {
        /// Scheme, host and port.
        origin: String,
        /// Which proxy.
        through: Box<Through>,
        /// Why.
        reason: String,
    },
    /// A variable that should name a proxy does not, or git's `http.proxy`: nothing was sent.
    #[error("`{variable}` names no proxy: {reason}")]
    BadProxy {
        /// Which variable, or key of git's configuration.
        variable: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// No connection that is safe: the server has refused the request, or has not seen it.
    #[error("TLS with `{origin}` fails: {reason}")]
    TlsRefused {
        /// Scheme, host and port.
        origin: String,
        /// Of which kind.
        problem: TlsProblem,
        /// Why.
        reason: String,
    },
    /// What answers speaks plain HTTP or something else: the server has seen nothing.
    #[error("`{origin}` does not speak TLS")]
    NotTls {
        /// Scheme, host and port.
        origin: String,
    },
    /// The file with the certificate authority cannot be used: the server has seen nothing.
    #[error("the CA file `{}` cannot be used: {reason}", path.display())]
    CaFile {
        /// Which.
        path: PathBuf,
        /// Of which kind.
        problem: FileProblem,
        /// Why.
        reason: String,
    },
    /// Another user of this machine answers at an address of it: the server has seen nothing.
    #[error(
        "the server at `{origin}` is run by user {uid}: not by you, root or the user who ran it at the login"
    )]
    ForeignServer {
        /// Scheme, host and port.
        origin: String,
        /// Whose it is.
        uid: u32,
    },
    /// The request left, or may have left, and no answer came.
    #[error("no answer from `{origin}`: {reason}")]
    AnswerLost {
        /// Scheme, host and port.
        origin: String,
        /// Why.
        reason: String,
    },
}

/// A proxy, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Through {
    /// Scheme, host and port, without a password.
    pub proxy: String,
    /// The variable that names it, git's configuration or the system.
    pub named_by: String,
}

/// What is wrong with a file of certificate authorities, as far as the next step depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileProblem {
    /// It cannot be read, or what is in it is of no use.
    Content,
    /// Other users can write it.
    Writable,
    /// It is another user's, or no regular file.
    Untrusted,
}

/// What is wrong with a connection, as far as the next step depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsProblem {
    /// No authority that is trusted has signed the certificate.
    UnknownAuthority,
    /// The same, though a CA file was given.
    OtherAuthority,
    /// There is nothing to judge a certificate by.
    NoAuthorities,
    /// The certificate is too old or too new.
    Dates,
    /// The certificate is for other names.
    Name,
    /// The certificate is for no name at all.
    NoName,
    /// The server has no version of TLS that glauth has.
    Version,
    /// The server wants a certificate of ours.
    ClientCertificate,
    /// Something else.
    Other,
}

impl SendError {
    /// The verdict on a request that ends so.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Unreachable { .. } | Self::UnknownName { .. } | Self::Proxy { .. } => {
                Outcome::Unreachable
            }
            Self::TlsRefused { .. } | Self::NotTls { .. } => Outcome::TlsRefused,
            Self::CaFile { .. } | Self::BadProxy { .. } | Self::ForeignServer { .. } => {
                Outcome::Config
            }
            Self::AnswerLost { .. } => Outcome::AnswerLost,
        }
    }

    /// The next step, where this error has one of its own.
    #[must_use]
    pub fn advice(&self) -> Option<Box<str>> {
        let advice = match self {
            Self::Proxy { through, .. } => format!(
                "correct {}, or list the server in `NO_PROXY`",
                through.named_by
            ),
            Self::BadProxy { variable: GIT_KEY, .. } => format!(
                "set it to an address: run `git config --global {GIT_KEY} http://proxy.example:3128`"
            ),
            Self::BadProxy { variable, .. } => format!(
                "set it to an address such as `http://proxy.example:3128`, or run `unset {variable}`"
            ),
            Self::TlsRefused {
                problem, origin, ..
            } => problem.advice(origin),
            Self::NotTls { .. } => {
                "look at the port; a server on this machine that speaks plain HTTP is named with `http://…`".to_owned()
            }
            Self::CaFile {
                problem: FileProblem::Writable,
                path,
                ..
            } => {
                let path = path.to_string_lossy();
                format!("run `chmod go-w {}`", shlex::try_quote(&path).unwrap_or_default())
            }
            Self::CaFile {
                problem: FileProblem::Untrusted,
                ..
            } => "copy it to a regular file of your own, and name that one".to_owned(),
            Self::CaFile { .. } => {
                "mend that file, which must be PEM (`-----BEGIN CERTIFICATE-----` and so on), or log in with another --ca-file".to_owned()
            }
            Self::ForeignServer { .. } => {
                "find out what listens there, as with `ss -tlpn`; if it is the server that you mean, log in to it anew with `glauth login`".to_owned()
            }
            Self::Unreachable { .. } | Self::UnknownName { .. } | Self::AnswerLost { .. } => {
                return None;
            }
        };
        Some(advice.into())
    }
}

impl TlsProblem {
    fn advice(self, origin: &str) -> String {
        match self {
            Self::UnknownAuthority => {
                "if its certificate is of an authority of your own, log in with --ca-file, or set `ca_file` in config.toml"
            }
            Self::OtherAuthority => {
                let address = with_port(origin.trim_start_matches("https://"));
                return format!(
                    "give the authority that signed it as --ca-file; `openssl s_client -showcerts -connect {address}` shows what the server sends"
                );
            }
            Self::NoAuthorities => {
                "install the system's certificate authorities (`ca-certificates`), or correct `SSL_CERT_FILE` where it is set"
            }
            Self::Dates => {
                "if this machine's clock is wrong, set it; if not, the server needs a new certificate"
            }
            Self::Name => "check how the host is spelled; it must be one of the certificate's names",
            Self::NoName => {
                "the server needs a certificate with its name: `openssl req -x509 … -addext subjectAltName=DNS:HOST` makes one"
            }
            Self::Version => "ask the server's administrator to switch on TLS 1.2 or 1.3",
            Self::ClientCertificate => {
                "ask the server's administrator for an address without client certificates: glauth cannot send one"
            }
            Self::Other => {
                "check the server's TLS settings, and whether something between here and there breaks TLS"
            }
        }
        .to_owned()
    }
}

/// A host and its port, which may be left out in an origin.
fn with_port(authority: &str) -> String {
    // The colons of an IPv6 address stand before a bracket.
    let has_port = authority
        .rsplit(']')
        .next()
        .is_some_and(|end| end.contains(':'));
    if has_port {
        authority.to_owned()
    } else {
        format!("{authority}:443")
    }
}
