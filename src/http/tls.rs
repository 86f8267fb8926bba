//! TLS: whom glauth trusts, and what it notices of a handshake.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "postgres")]
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, verify_server_name};
use rustls::crypto::CryptoProvider;
#[cfg(feature = "postgres")]
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};
use rustls_platform_verifier::Verifier;
use url::Url;

use super::{FileProblem, SendError, TlsProblem, common_name, origin};
use crate::env;
#[cfg(feature = "postgres")]
use crate::user_file::BadFile;
use crate::user_file::{self, Unusable};

/// The largest CA file that is read, in bytes: many times that of a system.
const CA_LIMIT: u64 = 8 * 1024 * 1024;

/// How a certificate begins in a PEM file (RFC 7468 §5).
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// What a handshake shows besides its error.
#[derive(Debug, Default)]
pub(super) struct Noticed {
    certificate: AtomicBool,
    wants_ours: AtomicBool,
}

impl Noticed {
    /// Whether the server has shown a certificate.
    pub(super) fn speaks_tls(&self) -> bool {
        self.certificate.load(Ordering::SeqCst)
    }

    /// Whether the server has asked for a certificate of ours.
    pub(super) fn wants_ours(&self) -> bool {
        self.wants_ours.load(Ordering::SeqCst)
    }
}

/// The system's certificate authorities, and those of the request.
pub(super) fn config(
    url: &Url,
    ca_file: Option<&Path>,
    noticed: &Arc<Noticed>,
) -> Result<ClientConfig, SendError> {
    let refused = |reason: String| SendError::TlsRefused {
        origin: origin(url),
        problem: TlsProblem::NoAuthorities,
        reason,
    };
    // The system's list cannot be read either where no file can be opened.
    let without_list = |reason: String| match File::open("/").err().filter(env::is_exhausted) {
        None => refused(reason),
        Some(error) => SendError::Unreachable {
            origin: origin(url),
            reason: error.to_string(),
        },
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?;
    if url.scheme() == "http" {
        // No TLS, so the system's certificate authorities need not be there or be read.
        let none = RootCertStore::empty();
        return Ok(builder.with_root_certificates(none).with_no_client_auth());
    }
    let own = match ca_file {
        Some(path) => certificates(path).map_err(|trouble| trouble.about(path, url))?,
        None => Vec::new(),
    };
    for (variable, path) in env::authorities() {
        user_file::check_authorities(&path).map_err(|(path, error)| {
            let named_by = format!("is trusted because of `{variable}`, and ");
            unusable_file(path, &named_by, &error)
        })?;
    }
    let trust = Trust {
        authorities: Arc::new(system(own.clone(), provider).map_err(without_list)?),
        own,
        noticed: Arc::clone(noticed),
    };
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust))
        .with_client_cert_resolver(Arc::new(NoneOfOurs(Arc::clone(noticed))));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The settings for a database. Its authorities, where a file has some, are trusted instead of the system's, as libpq
/// does it; `ours` are the files with the client's certificate and its key. The error names the file at fault.
#[cfg(feature = "postgres")]
pub(crate) fn for_database(
    authorities: Option<&Path>,
    ours: Option<&(PathBuf, PathBuf)>,
) -> Result<ClientConfig, BadFile> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let list = Path::new("the system's list of certificate authorities");
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| BadFile::content(list, error))?;
    let own = match authorities {
        Some(path) => certificates(path).map_err(|trouble| trouble.of_database(path))?,
        None => Vec::new(),
    };
    let authorities: Arc<dyn ServerCertVerifier> = match authorities {
        Some(path) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(own.iter().cloned());
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| BadFile::content(path, error))?
        }
        None => {
            Arc::new(system(Vec::new(), provider).map_err(|reason| BadFile::content(list, reason))?)
        }
    };
    let trust = Trust {
        authorities,
        own,
        noticed: Arc::default(),
    };
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust));
    let Some((certificate, key)) = ours else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(certificate).map_err(|trouble| trouble.of_database(certificate))?;
    let pem = user_file::read_secret(key, CA_LIMIT).map_err(|error| BadFile::of(key, &error))?;
    let secret = PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|error| BadFile::content(key, error))?;
    builder
        .with_client_auth_cert(chain, secret)
        .map_err(|error| BadFile::content(key, error))
}

/// Whether a handshake failed because the server's certificate is for another name.
#[cfg(feature = "postgres")]
pub(crate) fn is_of_other_name(error: &std::io::Error) -> bool {
    use CertificateError::{NotValidForName, NotValidForNameContext};
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(
        error,
        Some(Error::InvalidCertificate(
            NotValidForName | NotValidForNameContext { .. }
        ))
    )
}

fn system(
    own: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, String> {
    Verifier::new_with_extra_roots(own, provider).map_err(|_| {
        env::authorities().first().map_or_else(
            || "this machine has no certificate authorities".to_owned(),
            |(variable, path)| {
                format!(
                    "`{}`, which `{variable}` names, holds no certificate authority",
                    path.display()
                )
            },
        )
    })
}

/// The system's verdict, but for a certificate that is itself in the CA file.
#[derive(Debug)]
struct Trust {
    authorities: Arc<dyn ServerCertVerifier>,
    own: Vec<CertificateDer<'static>>,
    noticed: Arc<Noticed>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.noticed.certificate.store(true, Ordering::SeqCst);
        let verdict = self.authorities.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verdict {
            // What `openssl req -x509` makes is an authority and its own server's certificate in
            // one. Its dates were judged before this.
            Err(error) if self.own.contains(end_entity) && is_of_self_signed(&error) => {
                verify_own(end_entity, server_name)
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

/// Whether a certificate is for the server, though it is that of an authority, or has its name where
/// only old ones have it.
fn verify_own(
    certificate: &CertificateDer<'_>,
    server: &ServerName<'_>,
) -> Result<ServerCertVerified, Error> {
    match verify_server_name(&ParsedCertificate::try_from(certificate)?, server) {
        Err(error) if has_no_names(&error) && common_name::is_of(certificate, server) => {}
        verdict => verdict?,
    }
    Ok(ServerCertVerified::assertion())
}

/// What is said of self-signed certificates after their dates were judged.
fn is_of_self_signed(error: &Error) -> bool {
    is_authority(error) || has_no_names(error)
}

fn has_no_names(error: &Error) -> bool {
    use CertificateError::NotValidForNameContext;
    matches!(error, Error::InvalidCertificate(NotValidForNameContext { presented, .. }) if presented.is_empty())
}

/// Whether a server's certificate was refused because it is that of an authority.
pub(super) fn is_authority(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(OtherError(error))) = error else {
        return false;
    };
    error.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity)
}

/// glauth has no certificate of its own; it remembers that it was asked for one.
#[derive(Debug)]
struct NoneOfOurs(Arc<Noticed>);

impl ResolvesClientCert for NoneOfOurs {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.wants_ours.store(true, Ordering::SeqCst);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// Every certificate of a CA file: one that cannot be used may be the one that is needed.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Unfit> {
    let unusable = Unfit::Content;
    let pem = user_file::read(path, CA_LIMIT).map_err(Unfit::File)?;
    let text = String::from_utf8_lossy(&pem);
    let count = begins(&text).count();
    if count == 0 {
        return Err(unusable(nothing_in(&pem).to_owned()));
    }
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let number = found.len() + 1;
        let broken = |error: &dyn std::fmt::Display| {
            let line = line_of(&text, number);
            unusable(format!(
                "certificate {number} of {count} (line {line}) is broken: {error}"
            ))
        };
        let certificate = certificate.map_err(|error| broken(&error))?;
        RootCertStore::empty()
            .add(certificate.clone())
            .map_err(|error| broken(&error))?;
        found.push(certificate);
    }
    if found.len() < count {
        let (number, line) = (found.len() + 1, line_of(&text, found.len() + 1));
        return Err(unusable(format!(
            "certificate {number} of {count} (line {line}) has no end"
        )));
    }
    Ok(found)
}

/// Why a file of certificates is of no use.
enum Unfit {
    /// It is not read.
    File(Unusable),
    /// What is in it.
    Content(String),
}

impl Unfit {
    /// What that comes to for a request.
    fn about(self, path: &Path, url: &Url) -> SendError {
        match self {
            Self::File(Unusable::Io(cause)) if env::is_exhausted(&cause) => {
                SendError::Unreachable {
                    origin: origin(url),
                    reason: cause.to_string(),
                }
            }
            Self::File(error) => unusable_file(path.to_owned(), "", &error),
            Self::Content(reason) => SendError::CaFile {
                path: path.to_owned(),
                problem: FileProblem::Content,
                reason,
            },
        }
    }

    /// What that comes to for a connection to a database.
    #[cfg(feature = "postgres")]
    fn of_database(self, path: &Path) -> BadFile {
        match self {
            Self::File(error) => BadFile::of(path, &error),
            Self::Content(reason) => BadFile::content(path, reason),
        }
    }
}

fn unusable_file(path: PathBuf, named_by: &str, error: &Unusable) -> SendError {
    SendError::CaFile {
        path,
        problem: FileProblem::of(error),
        reason: format!("it {named_by}{error}"),
    }
}

fn nothing_in(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "it is empty",
        // A sequence of ASN.1, longer than 255 bytes.
        [0x30, 0x82, ..] => {
            "it is not PEM but DER; `openssl x509 -inform der -in FILE -out FILE.pem` converts it"
        }
        _ => "there is no certificate in it",
    }
}

/// Where the certificate of that number begins, counted from 1.
fn line_of(text: &str, number: usize) -> usize {
    begins(text).nth(number - 1).unwrap_or(1)
}

/// The lines, counted from 1, in which certificates begin.
fn begins(text: &str) -> impl Iterator<Item = usize> {
    let lines = text.lines().zip(1..);
    lines.filter_map(|(line, number)| line.starts_with(BEGIN).then_some(number))
}
