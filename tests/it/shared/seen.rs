//! What a thief of the database, of its disk and of a connection sees.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};

use super::wire::Wire;
use super::*;
use crate::support::authorization_server::{ClientAuth, Settings};

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// The first of these words that is there, in one pass: a disk is large.
fn first_found<'w>(bytes: &[u8], words: &'w [Vec<u8>]) -> Option<&'w [u8]> {
    let mut by_start: HashMap<&[u8], Vec<&'w [u8]>> = HashMap::new();
    for word in words {
        by_start.entry(&word[..START]).or_default().push(word);
    }
    let starts = (0..bytes.len().saturating_sub(START)).filter(|at| bytes[*at] != 0);
    let mut found = starts.filter_map(|at| {
        let words = by_start.get(&bytes[at..at + START])?;
        words.iter().find(|word| bytes[at..].starts_with(word))
    });
    found.next().copied()
}

/// The bytes of a word that are looked for first; no word has a zero there.
const START: usize = 4;

/// How a secret can be written: as it is, in hexadecimal digits, and in base64 wherever it begins in what is encoded. Of
/// base64 the ends are left out, which depend on what stands beside it.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let hex = |digits: fn(u8) -> String| secret.bytes().map(digits).collect::<String>();
    let mut forms = vec![
        secret.to_owned(),
        hex(|byte| format!("{byte:02x}")),
        hex(|byte| format!("{byte:02X}")),
    ];
    for before in 0..3 {
        for engine in [&BASE64_STANDARD, &BASE64_URL_SAFE] {
            let encoded = engine.encode("x".repeat(before) + secret);
            forms.push(encoded[4..encoded.len() - 4].to_owned());
        }
    }
    forms.into_iter().map(String::into_bytes).collect()
}

#[test]
fn a_secret_is_found_in_whatever_form_it_is_written() {
    let secret = "rt-SECRET-0011223344556677";
    let is_found = |text: String| first_found(text.as_bytes(), &forms(secret)).is_some();
    for before in ["", "x", "xy", "xyz"] {
        let text = format!("{before}{secret} and more");
        assert!(is_found(text.clone()));
        assert!(is_found(BASE64_STANDARD.encode(&text)));
        assert!(is_found(BASE64_URL_SAFE.encode(&text)));
        let hex = text.bytes().map(|byte| format!("{byte:02x}"));
        let hex = hex.collect::<String>();
        assert!(is_found(hex.to_uppercase()) && is_found(hex));
    }
    assert!(!is_found("rt-SECRET-0011223344556678".to_owned()));
}

const CLIENT_SECRET: &str = "cs-SECRET-0011223344556677";

/// A login of a client with a secret, which the record keeps.
fn log_in_with_client_secret(machine: &Machine, account: &str, server: &AuthorizationServer) {
    let file = machine.sandbox.path("client-secret");
    std::fs::write(&file, CLIENT_SECRET).unwrap();
    let (id, url, file) = (server.client_id(), server.url(), file.to_str().unwrap());
    let client = ["--client-id", &id, "--client-secret-file", file];
    let login = [&["login", "-a", account, "--import"][..], &client, &[&url]].concat();
    let pair = server.log_in();
    machine.run_with_input(&login, &pair.response).succeeds();
}

#[test]
fn neither_the_connection_nor_the_database_nor_its_disk_has_a_secret() {
    let Some((postgres, [mut one, mut other])) = machines() else {
        return;
    };
    let wire = Wire::to(postgres.port());
    let (from, to) = (postgres.port().to_string(), wire.port().to_string());
    for machine in [&mut one, &mut other] {
        machine.store = machine.store.replace(&from, &to);
    }
    let server = AuthorizationServer::start_with(Settings {
        client_auth: ClientAuth::SecretBasic(CLIENT_SECRET.to_owned()),
        ..Settings::default()
    });
    let url = server.url();
    log_in_with_client_secret(&one, "default", &server);
    log_in_with_client_secret(&other, "work", &server);
    for machine in [&one, &other] {
        for account in ["default", "work"] {
            let call = |words: &[&str]| {
                machine.run(&[&["-a", account], words].concat()).succeeds();
            };
            call(&["token", &url]);
            call(&["refresh", "--force", &url]);
            call(&["exec", &url, "--", "true"]);
            call(&["status", "--check", &url]);
        }
    }
    let folder = one.sandbox.store().display().to_string();
    moves(&one, [&one.store, &folder, &url], None)
        .unwrap()
        .succeeds();
    moves(&one, [&folder, &one.store, &url], None)
        .unwrap()
        .succeeds();
    other
        .run(&["-a", "work", "refresh", "--force", &url])
        .succeeds();
    other.run(&["logout", &url]).succeeds();
    let seen = wire.seen();
    // The wire was used, and a word that is no secret is found in each of them.
    let host = server.host().into_bytes();
    let everything = postgres.everything();
    assert!(contains(&seen, &host));
    assert!(everything.iter().any(|bytes| contains(bytes, &host)));
    let secrets = server.every_secret();
    let has_client = secrets.iter().any(|secret| secret == CLIENT_SECRET);
    assert!(secrets.len() > 8 && has_client, "{secrets:?}");
    let keys = std::fs::read_to_string(one.sandbox.path("glauth.key")).unwrap();
    let keys = keys
        .split_whitespace()
        .filter(|word| word.len() > 20)
        .map(str::to_owned);
    let forms: Vec<_> = secrets
        .into_iter()
        .chain(keys)
        .flat_map(|secret| forms(&secret))
        .collect();
    for bytes in everything.iter().chain([&seen]) {
        let found = first_found(bytes, &forms).map(String::from_utf8_lossy);
        assert_eq!(found, None);
    }
}

#[test]
fn a_row_opens_in_the_place_of_no_other_account_and_no_other_host() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let (server, elsewhere) = (AuthorizationServer::start(), AuthorizationServer::start());
    logged_in(&one, &other, &server);
    logged_in(&one, &other, &elsewhere);
    let url = server.url();
    let pair = server.log_in();
    let login = ["login", "-a", "work", "--import", &url];
    one.run_with_input(&login, &pair.response).succeeds();
    postgres.sql("CREATE TABLE good AS TABLE glauth.record");
    let here = format!("r.host = '{}'", server.host());
    let there = format!("o.host = '{}'", elsewhere.host());
    for (to, from) in [
        (
            format!("{here} AND r.account = 'work'"),
            "o.host = r.host AND o.account = 'default'".to_owned(),
        ),
        (format!("{here} AND r.account = 'default'"), there),
    ] {
        // All that the other row has, and then what is sealed alone.
        for columns in [
            "login = o.login, begun = o.begun, generation = o.generation, outcome = o.outcome, timeline = o.timeline, \
             key_id = o.key_id, sealed = o.sealed",
            "sealed = o.sealed",
        ] {
            postgres.sql(&format!(
                "UPDATE glauth.record AS r SET {columns}, sequence = r.sequence + 1 FROM glauth.record AS o \
                 WHERE {to} AND {from}"
            ));
            let account = if to.contains("work") {
                "work"
            } else {
                "default"
            };
            let swapped = one.run(&["-a", account, "refresh", "--force", &url]);
            assert!(
                swapped.stderr.contains("put in the place of another"),
                "{to} {columns}: {swapped:?}"
            );
            swapped.fails(5);
            postgres.sql("DELETE FROM glauth.record; INSERT INTO glauth.record TABLE good");
        }
    }
    assert_eq!(server.refresh_requests() + elsewhere.refresh_requests(), 0);
    one.run(&["-a", "work", "refresh", "--force", &url])
        .succeeds();
}

#[test]
fn a_row_that_was_cut_off_changed_or_put_back_is_refused_by_who_has_seen_more() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    let url = server.url();
    postgres.sql("CREATE TABLE before AS TABLE glauth.record");
    one.run(&["refresh", "--force", &url]).succeeds();
    postgres.sql("CREATE TABLE good AS TABLE glauth.record");
    let requests = server.refresh_requests();
    for change in [
        "UPDATE glauth.record SET sealed = substring(sealed FOR octet_length(sealed) - 1), sequence = sequence + 1",
        "UPDATE glauth.record SET sealed = substring(sealed FOR 10), sequence = sequence + 1",
        "UPDATE glauth.record SET sealed = '', sequence = sequence + 1",
        "UPDATE glauth.record SET sealed = set_byte(sealed, 60, get_byte(sealed, 60) # 1), sequence = sequence + 1",
        "UPDATE glauth.record SET generation = generation + 1, sequence = sequence + 1",
        "UPDATE glauth.record SET login = 'another', begun = clock_timestamp(), sequence = sequence + 1",
        "UPDATE glauth.record SET account = 'default', sealed = (SELECT sealed FROM before), sequence = sequence + 1",
        // As it was, in every column.
        "DELETE FROM glauth.record; INSERT INTO glauth.record TABLE before",
    ] {
        postgres.sql(change);
        // Its journal would mend what it has; without it this machine has only what it has seen.
        std::fs::remove_file(one.file(&server, "toml.journal")).ok();
        let refused = one.run(&["refresh", "--force", &url]);
        assert_eq!(refused.code(), Some(5), "{change}: {refused:?}");
        postgres.sql("DELETE FROM glauth.record; INSERT INTO glauth.record TABLE good");
    }
    assert_eq!(server.refresh_requests(), requests);
    one.run(&["refresh", "--force", &url]).succeeds();
    assert_eq!(server.replays(), 0);
}
