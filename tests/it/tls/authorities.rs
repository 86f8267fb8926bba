//! What a certificate is judged by: CA files, good and broken, and what is said of one that does
//! not hold.

use std::process::Command;

use super::{Rules, TlsServer, expired, expired_with_authority};
use crate::exit_codes::{Said, args, fails_as};
use crate::support::mounts::skipped;
use crate::support::sandbox::Sandbox;

/// An authority, as `openssl req -x509` makes one.
fn be_authority(params: &mut rcgen::CertificateParams) {
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
}

/// A refresh at such a server is refused although its certificate is in the CA file.
fn is_refused(start: impl Fn() -> TlsServer) -> Said {
    fails_as(2, "tls_refused", |form| {
        let server = start();
        let (sandbox, _) = expired_with_authority(&server, &server.certificate);
        let finished = sandbox.run(&args(form, &["token"]));
        assert!(!server.was_asked(), "a request in spite of the certificate");
        finished
    })
}

#[test]
fn a_certificate_that_signed_itself_is_accepted_where_it_is_the_ca_file() {
    let server = TlsServer::start_with("127.0.0.1", be_authority);
    let (sandbox, _) = expired_with_authority(&server, &server.certificate);
    assert_eq!(sandbox.run(&["token"]).prints(), "at-SECRET-2");
    assert!(server.was_asked());
}

/// `openssl req -x509`, with these options; the certificate and the key.
fn self_signed(subject: &str, options: &[&str]) -> Option<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"])
        .args(["-subj", subject, "-days", "2"])
        .args(options)
        .arg("-out")
        .arg(&cert)
        .arg("-keyout")
        .arg(&key)
        .output();
    let Ok(made) = made else {
        skipped("certificates of OpenSSL: there is no `openssl`");
        return None;
    };
    assert!(made.status.success(), "{made:?}");
    let read = |path| std::fs::read_to_string(path).unwrap();
    Some((read(cert), read(key)))
}

#[test]
fn what_openssl_makes_in_one_line_is_accepted_where_it_is_the_ca_file() {
    let make = || self_signed("/CN=x", &["-addext", "subjectAltName=IP:127.0.0.1"]);
    let Some((certificate, key)) = make() else {
        return;
    };
    let (other, _) = make().unwrap();
    // Alone, and among others, and as another system writes it.
    let among_others = format!("# -----BEGIN CERTIFICATE-----\n{other}\n{key}\n{certificate}");
    let with_returns = certificate.replace('\n', "\r\n");
    for file in [&certificate, &among_others, &with_returns] {
        let server = TlsServer::start_as(&certificate, &key, Rules::default());
        let (sandbox, _) = expired_with_authority(&server, file);
        assert_eq!(sandbox.run(&["token"]).prints(), "at-SECRET-2");
        assert!(server.was_asked());
    }
    // Another one of the same name is not it, and neither is none.
    let server = TlsServer::start_as(&certificate, &key, Rules::default());
    let (sandbox, _) = expired_with_authority(&server, &other);
    sandbox
        .run(&["token", "--json"])
        .fails_in_json(2, "tls_refused");
    assert!(!server.was_asked());
    let server = TlsServer::start_as(&certificate, &key, Rules::default());
    let sandbox = expired(&server, "");
    sandbox
        .run(&["token", "--json"])
        .fails_in_json(2, "tls_refused");
    assert!(!server.was_asked());
}

/// Without a subjectAltName the host stands in the common name alone.
#[test]
fn a_common_name_will_do_for_a_certificate_that_is_the_ca_file() {
    for options in [&[][..], &["-addext", "basicConstraints=critical,CA:FALSE"]] {
        let Some((certificate, key)) = self_signed("/CN=127.0.0.1", options) else {
            return;
        };
        let server = TlsServer::start_as(&certificate, &key, Rules::default());
        let (sandbox, _) = expired_with_authority(&server, &certificate);
        assert_eq!(sandbox.run(&["token"]).prints(), "at-SECRET-2");
        assert!(server.was_asked());
    }
}

#[test]
fn a_certificate_for_no_name_is_refused_with_the_way_to_make_one() {
    let Some((certificate, key)) = self_signed("/CN=gitlab.example", &[]) else {
        return;
    };
    let said = is_refused(|| TlsServer::start_as(&certificate, &key, Rules::default()));
    assert!(
        said.message.contains("no subjectAltName"),
        "{}",
        said.message
    );
    assert!(said.hint.contains("subjectAltName=DNS:"), "{}", said.hint);
}

#[test]
fn a_certificate_that_has_expired_is_said_to_with_the_clock() {
    let year = jiff::Timestamp::now().strftime("%Y-").to_string();
    for is_authority in [false, true] {
        let said = is_refused(|| {
            TlsServer::start_with("127.0.0.1", |params| {
                if is_authority {
                    be_authority(params);
                }
                params.not_after = rcgen::date_time_ymd(2020, 2, 3);
            })
        });
        let expired = "expired on 2020-02-0";
        let (_, rest) = said.message.split_once(expired).expect(&said.message);
        // The day before it, west of Greenwich.
        let (_, clock) = rest.split_once(", and this machine's clock says ").unwrap();
        assert!(clock.starts_with(&year), "{}", said.message);
        assert!(said.hint.contains("clock"), "{}", said.hint);
        assert!(!said.hint.contains("ca-file"), "{}", said.hint);
    }
    let said = is_refused(|| {
        TlsServer::start_with("127.0.0.1", |params| {
            params.not_before = rcgen::date_time_ymd(4000, 1, 2);
        })
    });
    let early = "not valid before 4000-01-0";
    assert!(said.message.contains(early), "{}", said.message);
}

#[test]
fn a_certificate_of_other_names_says_which() {
    for is_authority in [false, true] {
        let said = is_refused(|| {
            TlsServer::start_with("gitlab.example", |params| {
                if is_authority {
                    be_authority(params);
                }
                let more = ["*.example.net", "c", "d", "e", "f"];
                let name = |name: &str| rcgen::SanType::DnsName(name.try_into().unwrap());
                params.subject_alt_names.extend(more.map(name));
                let ip = rcgen::SanType::IpAddress([10, 0, 0, 1].into());
                params.subject_alt_names.insert(1, ip);
            })
        });
        let names = "is for `gitlab.example`, `10.0.0.1`, `*.example.net`, `c` and 3 more, not for `127.0.0.1`";
        assert!(said.message.contains(names), "{}", said.message);
        assert!(said.hint.contains("spelled"), "{}", said.hint);
    }
}

#[test]
fn a_ca_file_of_another_authority_is_named_and_not_asked_for_again() {
    let other = TlsServer::start().certificate;
    for change in [|_: &mut _| {}, be_authority] {
        let said = fails_as(2, "tls_refused", |form| {
            let server = TlsServer::start_with("127.0.0.1", change);
            let (sandbox, path) = expired_with_authority(&server, &other);
            let finished = sandbox.run(&args(form, &["token"]));
            assert!(finished.stderr.contains(&path), "{finished:?}");
            finished
        });
        assert!(said.hint.contains("openssl s_client"), "{}", said.hint);
    }
}

#[test]
fn a_ca_file_that_cannot_be_used_is_named_with_what_is_wrong_in_it() {
    let server = TlsServer::start();
    let good = server.certificate.clone();
    let second_line = good.lines().nth(1).unwrap();
    let damaged = good.replacen(second_line, "!!!", 1);
    let shortened = good.replacen(second_line, "", 1);
    let lines = good.lines().count();
    let at_second = format!("certificate 2 of 3 (line {}) ", lines + 1);
    let der = [0x30, 0x82, 1, 2, 3];
    for (text, words) in [
        (Vec::new(), "it is empty"),
        (b"hello\n".to_vec(), "there is no certificate in it"),
        (der.to_vec(), "openssl x509 -inform der"),
        (damaged.clone().into_bytes(), "certificate 1 of 1 (line 1) "),
        (format!("{good}{damaged}{good}").into_bytes(), &at_second),
        (format!("{good}{shortened}{good}").into_bytes(), &at_second),
        (
            format!("{good}-----BEGIN CERTIFICATE-----\nAAAA\n").into_bytes(),
            "certificate 2 of 2",
        ),
    ] {
        let said = fails_as(2, "config", |form| {
            let (sandbox, path) = expired_with_authority(&server, &text);
            let finished = sandbox.run(&args(form, &["token"]));
            assert!(finished.stderr.contains(&path), "{finished:?}");
            finished
        });
        assert!(said.message.contains(words), "{words}: {}", said.message);
        assert!(said.hint.contains("PEM"), "{}", said.hint);
    }
}

#[test]
fn a_system_without_authorities_is_named_and_not_the_server() {
    let said = fails_as(2, "tls_refused", |form| {
        let server = TlsServer::start();
        let sandbox = expired(&server, "");
        let broken = sandbox.path("roots.pem");
        std::fs::write(&broken, "nothing\n").unwrap();
        let mut command = sandbox.command(&args(form, &["token"]));
        command.env("SSL_CERT_FILE", &broken);
        let finished = crate::support::sandbox::Running::spawn(&mut command).finish();
        assert!(finished.stderr.contains("roots.pem"), "{finished:?}");
        finished
    });
    let named = "roots.pem`, which `SSL_CERT_FILE` names,";
    assert!(said.message.contains(named), "{}", said.message);
}

/// The same at a login, where the file is given.
#[test]
fn a_login_names_a_broken_ca_file_too() {
    let server = TlsServer::start();
    let sandbox = Sandbox::new();
    let path = sandbox.path("ca.pem");
    std::fs::write(&path, "").unwrap();
    let path = path.to_str().unwrap();
    let login = ["login", "--device", "--client-id", "x", "--json"];
    let words = [&login[..], &["--ca-file", path, &server.url]].concat();
    let error = sandbox.run(&words).fails_in_json(2, "config");
    assert!(error["message"].as_str().unwrap().contains(path));
}
