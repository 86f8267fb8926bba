//! What reqwest's errors mean: whether the server can have seen the request, and why it failed.

use std::path::PathBuf;
use std::time::Duration;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, PeerIncompatible};
use url::Url;

use super::here::foreign;
use super::proxy::Proxy;
use super::tls::{Noticed, is_authority};
use super::{SendError, Through, TlsProblem, origin};
use crate::time::{Timestamp, human};

/// The most names of a certificate that are shown.
const NAMES_SHOWN: usize = 4;

/// The longest reason that is shown, in characters.
const REASON_LIMIT: usize = 400;

/// What a request was sent through and with.
pub(super) struct Circumstances<'a> {
    pub url: Url,
    pub ca_file: Option<PathBuf>,
    pub proxy: Option<&'a Proxy>,
    pub noticed: &'a Noticed,
    /// How long the connection may take.
    pub connecting: Duration,
}

/// Whether the server can have seen the request, and whether it is a matter of trust.
pub(super) fn classify(error: reqwest::Error, sent: &Circumstances<'_>) -> SendError {
    let error = error.without_url();
    let origin = origin(&sent.url);
    let reason = if error.is_timeout() && error.is_connect() {
        format!("no connection within {}", human(sent.connecting))
    } else {
        root(&error)
    };
    if let Some(uid) = foreign(&error) {
        return SendError::ForeignServer { origin, uid };
    }
    match tls_error(&error) {
        Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType))
            if error.is_connect() =>
        {
            return SendError::NotTls { origin };
        }
        // With TLS 1.3 a server's refusal of the handshake comes after the request has left. A
        // server that sends a fatal alert has not read the request, or has not taken it.
        Some(tls @ rustls::Error::AlertReceived(_)) => return refused(tls, sent),
        Some(tls) if error.is_connect() => return refused(tls, sent),
        _ => {}
    }
    if error.is_builder() {
        return SendError::Unreachable { origin, reason };
    }
    if !error.is_connect() {
        return SendError::AnswerLost { origin, reason };
    }
    let is_proxys_work = !has_cause(&error, "error resolving for socks proxy");
    if let Some(proxy) = sent.proxy.filter(|_| is_proxys_work) {
        return SendError::Proxy {
            origin,
            through: Box::new(proxy.through.clone()),
            reason,
        };
    }
    match sent.url.host_str() {
        Some(host) if has_cause(&error, "dns error") || !is_proxys_work => SendError::UnknownName {
            host: host.to_owned(),
            reason,
        },
        _ if has_cause(&error, "tls handshake eof") => SendError::Unreachable {
            origin,
            reason: "the server closed the connection in the TLS handshake".to_owned(),
        },
        _ => SendError::Unreachable { origin, reason },
    }
}

fn refused(error: &rustls::Error, sent: &Circumstances<'_>) -> SendError {
    let (problem, reason) = match error {
        rustls::Error::InvalidCertificate(certificate) => of_certificate(error, certificate, sent),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => of_ours(),
        rustls::Error::AlertReceived(_) if sent.noticed.wants_ours() => of_ours(),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => (
            TlsProblem::Version,
            "the server speaks neither TLS 1.2 nor TLS 1.3".to_owned(),
        ),
        rustls::Error::AlertReceived(AlertDescription::UnrecognisedName) => (
            TlsProblem::Name,
            format!("the server does not know the name `{}`", host(&sent.url)),
        ),
        rustls::Error::AlertReceived(alert) => (
            TlsProblem::Other,
            format!("the server refuses the connection (alert {alert:?})"),
        ),
        other => (TlsProblem::Other, other.to_string()),
    };
    // Some proxies answer with certificates of their own.
    let through = sent.proxy.map_or_else(String::new, |proxy| {
        let Through { proxy, named_by } = &proxy.through;
        format!(" (through the proxy `{proxy}` of {named_by})")
    });
    SendError::TlsRefused {
        origin: origin(&sent.url),
        problem,
        reason: printable(&reason) + &through,
    }
}

fn of_ours() -> (TlsProblem, String) {
    let reason = "the server demands a client certificate, and glauth has none".to_owned();
    (TlsProblem::ClientCertificate, reason)
}

fn of_certificate(
    error: &rustls::Error,
    certificate: &CertificateError,
    sent: &Circumstances<'_>,
) -> (TlsProblem, String) {
    match certificate {
        CertificateError::ExpiredContext { time, not_after } => (
            TlsProblem::Dates,
            format!(
                "its certificate expired on {}, and this machine's clock says {}",
                date(*not_after),
                date(*time)
            ),
        ),
        CertificateError::NotValidYetContext { time, not_before } => (
            TlsProblem::Dates,
            format!(
                "its certificate is not valid before {}, and this machine's clock says {}",
                date(*not_before),
                date(*time)
            ),
        ),
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => (
            TlsProblem::NoName,
            format!(
                "its certificate is not for `{}` (it has no subjectAltName)",
                host(&sent.url)
            ),
        ),
        CertificateError::NotValidForNameContext { presented, .. } => (
            TlsProblem::Name,
            format!(
                "its certificate is for {}, not for `{}`",
                names(presented),
                host(&sent.url)
            ),
        ),
        CertificateError::UnknownIssuer | CertificateError::BadSignature => of_authority(sent),
        _ if is_authority(error) => of_authority(sent),
        other => (
            TlsProblem::Other,
            format!("its certificate is not accepted: {other}"),
        ),
    }
}

fn of_authority(sent: &Circumstances<'_>) -> (TlsProblem, String) {
    match &sent.ca_file {
        None => (
            TlsProblem::UnknownAuthority,
            "no authority that this machine trusts has signed its certificate".to_owned(),
        ),
        Some(path) => (
            TlsProblem::OtherAuthority,
            format!(
                "no authority in `{}`, and none that this machine trusts, has signed its certificate",
                path.display()
            ),
        ),
    }
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

fn date(at: UnixTime) -> String {
    let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_unix_millis(seconds.saturating_mul(1000)).local_with_date()
}

/// What a certificate is for: `DnsName("a.example")` and the like, as webpki writes them.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest);
        format!("`{}`", inner.trim_end_matches(')').trim_matches('"'))
    };
    let mut shown: Vec<String> = presented.iter().take(NAMES_SHOWN).map(bare).collect();
    match presented.len().saturating_sub(NAMES_SHOWN) {
        0 => {}
        more => shown.push(format!("{more} more")),
    }
    match shown.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => shown.concat(),
    }
}

/// Whether a cause says so: names that were looked up in vain have no type of their own.
fn has_cause(error: &(dyn std::error::Error + 'static), words: &str) -> bool {
    let in_source = |cause| has_cause(cause, words);
    error.to_string() == words || error.source().is_some_and(in_source)
}

/// A failed handshake also counts as a failed connection: the TLS library's own error is inside.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    inner_tls(error).or_else(|| tls_error(error.source()?))
}

/// What an `io::Error` wraps is not among its sources, and it may be another `io::Error`.
fn inner_tls<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    let inside = error.downcast_ref::<std::io::Error>()?.get_ref()?;
    inner_tls(inside)
}

/// The innermost cause, which says what happened, as printable text.
pub(super) fn root(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = cause.to_string();
        next = cause.source();
    }
    printable(&text)
}

fn printable(text: &str) -> String {
    let printable = text.chars().filter(|c| !c.is_control());
    printable.take(REASON_LIMIT).collect()
}
