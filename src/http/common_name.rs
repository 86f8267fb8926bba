//! The common name in a certificate: all that `openssl req -x509 -subj /CN=HOST` says of a host.
//!
//! It counts, as for curl and git, where a certificate has no other names, and only for one that
//! is itself in the CA file.

use rustls::pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;

/// X.520 `commonName`, 2.5.4.3, as an object identifier in DER.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// Whether the certificate's common name is that of the server, letter by letter.
pub(super) fn is_of(certificate: &CertificateDer<'_>, server: &ServerName<'_>) -> bool {
    let Ok(certificate) = EndEntityCert::try_from(certificate) else {
        return false;
    };
    let name = last_common_name(certificate.subject());
    name.is_some_and(|name| name.eq_ignore_ascii_case(server.to_str().as_bytes()))
}

/// The most specific one, which comes last (RFC 5280 §4.1.2.4).
fn last_common_name(subject: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    for (tag, set) in Elements(subject) {
        for (inner, attribute) in Elements(set) {
            let mut parts = Elements(attribute);
            let (kind, value) = (parts.next(), parts.next());
            if tag == SET && inner == SEQUENCE && kind.is_some_and(|(_, oid)| oid == COMMON_NAME) {
                found = value.map(|(_, name)| name);
            }
        }
    }
    found
}

/// Elements of DER one after the other: tag and content. It ends where it cannot be read.
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let ([tag, length @ 0..=0x7f, ref rest @ ..] | [tag, 0x81, length, ref rest @ ..]) =
            *self.0
        else {
            return None;
        };
        let (content, rest) = rest.split_at_checked(length.into())?;
        self.0 = rest;
        Some((tag, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(distinguished: &[(rcgen::DnType, &str)]) -> CertificateDer<'static> {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in distinguished {
            params.distinguished_name.push(kind.clone(), *value);
        }
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn a_common_name_is_found_among_others_and_compared_as_a_whole() {
        use rcgen::DnType::{CommonName, CountryName, OrganizationName};
        let long = "o".repeat(200);
        let certificate = name(&[
            (CountryName, "DE"),
            (OrganizationName, &long),
            (CommonName, "GitLab.example"),
        ]);
        for (host, same) in [
            ("gitlab.example", true),
            ("gitlab.example.org", false),
            ("gitlab", false),
            ("example", false),
            ("10.0.0.1", false),
        ] {
            let server = ServerName::try_from(host).unwrap();
            assert_eq!(is_of(&certificate, &server), same, "{host}");
        }
        let of_ip = name(&[(CommonName, "10.0.0.1")]);
        assert!(is_of(&of_ip, &ServerName::try_from("10.0.0.1").unwrap()));
        let nameless = name(&[(OrganizationName, "gitlab.example")]);
        assert!(!is_of(
            &nameless,
            &ServerName::try_from("gitlab.example").unwrap()
        ));
    }

    #[test]
    fn broken_names_are_none() {
        for bytes in [
            &[][..],
            &[0x31],
            &[0x31, 0x7f],
            &[0x31, 0x82, 1, 0],
            &[0x31, 2, 0x30, 9],
        ] {
            assert_eq!(last_common_name(bytes), None, "{bytes:?}");
        }
    }
}
