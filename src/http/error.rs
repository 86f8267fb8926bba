//! Why there is no answer.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::credential::Outcome;
use crate::told;
use crate::user_file::Unusable;

/// The key of git's configuration that names a proxy.
pub const GIT_PROXY_KEY: &str = "http.proxy";

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum SendError {
    /// No connection: the server has seen nothing.
    #[error("cannot connect to `{origin}`: {reason}")]
    Unreachable {
        /// Scheme, host and port.
        origin: String,
        /// What the connection, TLS or the system said.
        reason: String,
    },
    /// The server's name has no address, as far as can be told: the server has seen nothing.
    #[error("cannot look up `{host}`: {reason}")]
    UnknownName {
        /// Which name.
        host: String,
        /// What the connection, TLS or the system said.
        reason: String,
    },
    /// The proxy does not lead to the server: the server has seen nothing.
    #[error("cannot connect to `{origin}` through the proxy `{}` of {}: {reason}", through.proxy, through.named_by)]
    Proxy {
        /// Scheme, host and port.
        origin: String,
        /// Which proxy.
        through: Box<Through>,
        /// What the connection, TLS or the system said.
        reason: String,
    },
    /// A variable that should name a proxy does not, or git's `http.proxy`: nothing was sent.
    #[error("`{variable}` is not the address of a proxy: {reason}")]
    BadProxy {
        /// Which variable, or key of git's configuration.
        variable: Cow<'static, str>,
        /// What the connection, TLS or the system said.
        reason: Cow<'static, str>,
    },
    /// No connection that is safe: the server has refused the request, or has not seen it.
    #[error("TLS with `{origin}` fails: {reason}")]
    TlsRefused {
        /// Scheme, host and port.
        origin: String,
        /// Of which kind.
        problem: TlsProblem,
        /// What the connection, TLS or the system said.
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
        /// The file that cannot be used.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// Of which kind.
        problem: FileProblem,
        /// What the connection, TLS or the system said.
        reason: String,
    },
    /// The file with the client's own credentials cannot be used: the server has seen nothing.
    #[error("the {} `{}` {reason}", kind.words(), path.display())]
    ClientFile {
        /// What it should be.
        kind: ClientFileKind,
        /// The file that cannot be used.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// Of which kind.
        problem: FileProblem,
        /// What is wrong with it.
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
        /// What the connection, TLS or the system said.
        reason: String,
    },
}

/// A proxy, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Through {
    /// Scheme, host and port, without a password.
    pub proxy: String,
    /// The variable that names it, git's configuration or the system.
    pub named_by: String,
}

/// What is wrong with a file that a person names, as far as the next step depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileProblem {
    /// It cannot be read, or what is in it is of no use.
    Content,
    /// Other users can write it.
    Writable,
    /// It is another user's, or no regular file.
    Untrusted,
}

/// What a file with the client's own credentials holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientFileKind {
    /// A secret.
    Secret,
    /// A private key.
    Key,
}

impl ClientFileKind {
    /// What a message calls the file.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Secret => "client secret file",
            Self::Key => "client key file",
        }
    }
}

impl FileProblem {
    /// What a file that is not read comes to.
    #[must_use]
    pub fn of(error: &Unusable) -> Self {
        match error {
            Unusable::Writable { .. } => Self::Writable,
            Unusable::Foreign { .. } | Unusable::NotRegular | Unusable::Readable { .. } => {
                Self::Untrusted
            }
            Unusable::Io(_) | Unusable::TooLarge(_) => Self::Content,
        }
    }
}

/// What is wrong with a connection, as far as the next step depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
            Self::CaFile { .. }
            | Self::ClientFile { .. }
            | Self::BadProxy { .. }
            | Self::ForeignServer { .. } => Outcome::Config,
            Self::AnswerLost { .. } => Outcome::AnswerLost,
        }
    }

    /// The same of a request that spends nothing: a lost answer costs no more than another try.
    #[must_use]
    pub fn outcome_of_question(&self) -> Outcome {
        match self.outcome() {
            Outcome::AnswerLost => Outcome::Unavailable,
            other => other,
        }
    }
}
