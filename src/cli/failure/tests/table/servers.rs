//! The errors on the way to a server.

use super::*;
use crate::http::{ClientFileKind, Through, TlsProblem};

pub(super) fn servers() -> Vec<Error> {
    let send = |error| AuthorizeError::Device(DeviceError::Send(error)).into();
    let found_out = |error| AuthorizeError::Client(ClientError::Discovery(error)).into();
    let reason = || "connection refused".to_owned();
    let tls = |problem, reason: &str| {
        send(SendError::TlsRefused {
            origin: origin(),
            problem,
            reason: reason.to_owned(),
        })
    };
    vec![
        send(unreachable()),
        found_out(DiscoveryError::Send(SendError::UnknownName {
            host: "gitlab.exmaple.com".to_owned(),
            reason: "Name or service not known".to_owned(),
        })),
        send(SendError::Proxy {
            origin: origin(),
            through: Box::new(Through {
                proxy: "http://proxy.example.com:3128".to_owned(),
                named_by: "`HTTPS_PROXY`".to_owned(),
            }),
            reason: reason(),
        }),
        send(SendError::BadProxy {
            variable: "HTTPS_PROXY".into(),
            reason: "it has no host".into(),
        }),
        send(SendError::BadProxy {
            variable: "http.proxy".into(),
            reason: "it has no host".into(),
        }),
        tls(
            TlsProblem::UnknownAuthority,
            "no authority that this machine trusts has signed its certificate",
        ),
        tls(
            TlsProblem::OtherAuthority,
            "no authority in `/etc/ssl/corp.pem`, and none that this machine trusts, has signed its certificate",
        ),
        tls(
            TlsProblem::NoAuthorities,
            "`/etc/ssl/none.pem`, which `SSL_CERT_FILE` names, holds no certificate authority",
        ),
        tls(
            TlsProblem::Dates,
            "its certificate expired on 2026-11-20 10:00, and this machine's clock says 2026-11-23 10:00",
        ),
        tls(
            TlsProblem::Name,
            "its certificate is for `gitlab.example.org` and `*.example.net`, not for `gitlab.example.com`",
        ),
        tls(
            TlsProblem::NoName,
            "its certificate is not for `gitlab.example.com` (it has no subjectAltName)",
        ),
        tls(
            TlsProblem::Version,
            "the server speaks neither TLS 1.2 nor TLS 1.3",
        ),
        tls(
            TlsProblem::ClientCertificate,
            "the server demands a client certificate, and glauth has none",
        ),
        tls(
            TlsProblem::Other,
            "the server refuses the connection (alert HandshakeFailure)",
        ),
        send(SendError::NotTls { origin: origin() }),
        send(ca_file(FileProblem::Content, "no certificate in it")),
        send(ca_file(
            FileProblem::Writable,
            "it is trusted because of `SSL_CERT_FILE`, and can be written by every user (mode 0666)",
        )),
        send(ca_file(
            FileProblem::Untrusted,
            "it is owned by user jane (1000), but glauth runs as user root (0)",
        )),
        send(client_file(
            ClientFileKind::Secret,
            "/run/secrets/oauth",
            "cannot be read: No such file or directory (os error 2)",
        )),
        send(client_file(
            ClientFileKind::Key,
            "/run/secrets/client.key",
            "holds a key with a passphrase",
        )),
        send(SendError::ForeignServer {
            origin: "http://127.0.0.1:3000".to_owned(),
            uid: 1002,
        }),
        send(SendError::AnswerLost {
            origin: origin(),
            reason: "timed out".to_owned(),
        }),
        found_out(DiscoveryError::Unavailable {
            url: origin() + "/.well-known/openid-configuration",
            status: Some(503),
            reason: "status 503".to_owned(),
        }),
        found_out(DiscoveryError::Missing { server: origin() }),
        found_out(DiscoveryError::Unsound {
            server: origin(),
            problem: "names another issuer, `https://sso.example.com`".to_owned(),
        }),
        found_out(DiscoveryError::ForeignEndpoint {
            server: "https://idp.example.com/pool".to_owned(),
            key: "token_endpoint",
            url: "https://login.example.com/token".to_owned(),
        }),
        found_out(DiscoveryError::BadResource {
            server: "https://mcp.example.com/mcp".to_owned(),
            problem: "names another resource, https://elsewhere.example/mcp".to_owned(),
        }),
    ]
}

pub(super) fn unreachable() -> SendError {
    SendError::Unreachable {
        origin: origin(),
        reason: "connection refused".to_owned(),
    }
}

fn client_file(kind: ClientFileKind, path: &str, reason: &str) -> SendError {
    SendError::ClientFile {
        kind,
        path: path.into(),
        problem: FileProblem::Content,
        reason: reason.to_owned(),
    }
}

fn ca_file(problem: FileProblem, reason: &str) -> SendError {
    SendError::CaFile {
        path: "/etc/ssl/corp.pem".into(),
        problem,
        reason: reason.to_owned(),
    }
}
