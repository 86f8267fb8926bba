//! What a person does about a server that was not reached, or that gave no answer.

use std::path::Path;

use super::{hint_of, log_in_with};
use crate::cli::call::Call;
use crate::cli::shell;
use crate::credential::AccountId;
use crate::http::{ClientFileKind, FileProblem, GIT_PROXY_KEY, SendError, TlsProblem};

/// The next step after a request that spends nothing.
pub(in crate::cli) fn of_question(
    error: &SendError,
    id: Option<&AccountId>,
    call: &Call,
) -> String {
    if let SendError::UnknownName { host, .. } = error {
        return format!("is `{host}` the right name? if it is, is the network up?");
    }
    let usual = || hint_of(error.outcome_of_question(), call).unwrap_or_default();
    of_cause(error, id, call).unwrap_or_else(usual)
}

/// The next step, where this error has one of its own.
pub(super) fn of_cause(error: &SendError, id: Option<&AccountId>, call: &Call) -> Option<String> {
    Some(match error {
        SendError::Proxy { through, .. } => format!(
            "correct {}, or list the server in `NO_PROXY`",
            through.named_by
        ),
        SendError::BadProxy { variable, .. } if variable == GIT_PROXY_KEY => format!(
            "set it to an address: run `git config --global {GIT_PROXY_KEY} http://proxy.example:3128`"
        ),
        SendError::BadProxy { variable, .. } => format!(
            "set it to an address such as `http://proxy.example:3128`, or run `unset {variable}`"
        ),
        SendError::TlsRefused {
            problem, origin, ..
        } => of_tls(*problem, origin, id, call),
        SendError::NotTls { .. } => {
            "look at the port; a server on this machine that speaks plain HTTP is named with `http://…`".to_owned()
        }
        SendError::CaFile { problem, path, .. } => of_file(
            *problem,
            path,
            "fix that file, which must be PEM (`-----BEGIN CERTIFICATE-----` and so on), or log in with another --ca-file",
        ),
        SendError::ClientFile { kind: ClientFileKind::Secret, problem, path, .. } => of_file(
            *problem,
            path,
            "put the client secret into that file; glauth reads it for every request",
        ),
        SendError::ClientFile { kind: ClientFileKind::Key, problem, path, .. } => of_file(
            *problem,
            path,
            "put the private key into that file; `openssl pkey -in KEY` prints one without a passphrase",
        ),
        SendError::ForeignServer { origin, .. } => format!(
            "find out what listens there, as with `ss -tlpn`; if it is the server that you mean, log in to it again with {}",
            id.map_or_else(
                || call.command_about("login", None, origin),
                |id| call.login("", id)
            )
        ),
        SendError::Unreachable { .. }
        | SendError::UnknownName { .. }
        | SendError::AnswerLost { .. } => return None,
    })
}

/// `of_content`: what a person does about a file that is of no use as it is.
fn of_file(problem: FileProblem, path: &Path, of_content: &str) -> String {
    match problem {
        FileProblem::Writable => {
            format!("run `chmod go-w {}`", shell::word(&path.to_string_lossy()))
        }
        FileProblem::Untrusted => {
            "copy it to a regular file of your own, and name that one".to_owned()
        }
        FileProblem::Content => of_content.to_owned(),
    }
}

fn of_tls(problem: TlsProblem, origin: &str, id: Option<&AccountId>, call: &Call) -> String {
    match problem {
        TlsProblem::UnknownAuthority => {
                return format!(
                    "if your own authority signed it, run {}, or set `ca_file` in config.toml",
                    log_in_with(" --ca-file FILE", id, call)
                );
            }
        TlsProblem::OtherAuthority => {
                let address = with_port(origin.trim_start_matches("https://"));
                return format!(
                    "give the authority that signed it as --ca-file; `openssl s_client -showcerts -connect {address}` shows what the server sends"
                );
            }
        TlsProblem::NoAuthorities => {
                "install the system's certificate authorities (`ca-certificates`), or correct `SSL_CERT_FILE` where it is set"
            }
        TlsProblem::Dates => {
                "if this machine's clock is wrong, set it; if not, the server needs a new certificate"
            }
        TlsProblem::Name => "check how the host is spelled; it must be one of the certificate's names",
        TlsProblem::NoName => {
                "the server needs a certificate with its name: `openssl req -x509 … -addext subjectAltName=DNS:HOST` makes one"
            }
        TlsProblem::Version => "ask the server's administrator to switch on TLS 1.2 or 1.3",
        TlsProblem::ClientCertificate => {
                "ask the server's administrator for an address without client certificates: glauth cannot send one"
            }
        TlsProblem::Other => {
                "check the server's TLS settings, and whether something between here and there breaks TLS"
            }
        }
        .to_owned()
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
