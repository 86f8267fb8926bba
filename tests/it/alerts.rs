//! The cron line of docs/usage.md: silent while it may pass, one mail a day where a person is needed.

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, Rotation, Settings, TOKEN,
};
use crate::support::sandbox::{Sandbox, first_grant, from_now};

/// The line, without what cron is told of the time and the place.
const CRON: [&str; 6] = [
    "refresh",
    "--all",
    "--if-expiring",
    "30m",
    "--alert-after",
    "1d",
];

/// Runs it; what cron would mail.
#[track_caller]
fn mail(sandbox: &Sandbox) -> String {
    let finished = sandbox.run(&CRON);
    assert_eq!(finished.stdout, "", "{finished:?}");
    let is_silent = finished.stderr.is_empty();
    assert_eq!(is_silent, finished.code() == Some(0), "{finished:?}");
    finished.stderr
}

/// So many seconds pass for what was told, and for the tokens that were there before.
fn alerts_age(sandbox: &Sandbox, server: &AuthorizationServer, seconds: i64) {
    age_file(&sandbox.file(server, "alert"), seconds);
    if sandbox.record_text(server).parse::<toml::Table>().is_ok() {
        sandbox.edit(server, |record| {
            let grants = record.get_mut("grants").and_then(toml::Value::as_array_mut);
            for grant in grants.into_iter().flatten() {
                let at = &mut grant["issued_at"];
                *at = toml::Value::Datetime(earlier(at.as_datetime().unwrap(), seconds));
            }
        });
    }
}

fn earlier(at: &toml::value::Datetime, seconds: i64) -> toml::value::Datetime {
    let at: jiff::Timestamp = at.to_string().parse().unwrap();
    let before = at - jiff::SignedDuration::from_secs(seconds);
    format!("{before:.3}").parse().unwrap()
}

fn age_file(path: &std::path::Path, seconds: i64) {
    let Ok(text) = std::fs::read_to_string(path) else {
        return;
    };
    let mut table: toml::Table = text.parse().unwrap();
    let age = |table: &mut toml::Table| {
        for (_, value) in table.iter_mut() {
            if let toml::Value::Datetime(at) = value {
                *value = toml::Value::Datetime(earlier(at, seconds));
            }
        }
    };
    age(&mut table);
    age(table["told"].as_table_mut().unwrap());
    std::fs::write(path, toml::to_string(&table).unwrap()).unwrap();
}

const DAY: i64 = 24 * 60 * 60;

/// A login that has died: it is told at once, then once a day.
#[track_caller]
fn is_told_once_a_day(sandbox: &Sandbox, server: &AuthorizationServer, what: &str) {
    let pass = |seconds| {
        if sandbox.record_text(server).parse::<toml::Table>().is_ok() {
            sandbox.let_waits_pass(server);
        }
        alerts_age(sandbox, server, seconds);
    };
    for day in 0..3 {
        let said = mail(sandbox);
        assert!(said.contains(&server.host()), "{what}, day {day}: {said:?}");
        assert!(said.contains("\nhint: "), "{what}, day {day}: {said}");
        for _ in 0..2 {
            pass(15 * 60);
            assert_eq!(mail(sandbox), "", "{what}, day {day}");
        }
        pass(DAY);
    }
}

fn error(status: u16, body: &str) -> Behaviour {
    Behaviour::Answer(Answer::json(status, &body))
}

#[test]
fn a_login_that_died_by_a_word_of_the_servers_is_told_once_a_day() {
    for (status, body) in [
        (400, r#"{"error":"invalid_grant"}"#),
        (
            400,
            r#"{"error_code":"refresh_token_not_found","msg":"gone"}"#,
        ),
        (401, r#"{"error":"invalid_token"}"#),
        (400, r#"{"error":"interaction_required"}"#),
        (200, r#"{"error":{"code":"session_expired"}}"#),
        (401, r#"{"error":"invalid_client"}"#),
        (404, "not found"),
    ] {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        sandbox.ends_in(&server, -5);
        server.always(TOKEN, Some(error(status, body)));
        is_told_once_a_day(&sandbox, &server, body);
    }
}

/// A person has logged in between two runs, and the server ends that login as well.
#[test]
fn a_login_that_dies_again_on_the_same_day_is_told_at_once() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    for _ in 0..2 {
        sandbox.edit(&server, |record| {
            let grant = first_grant(record);
            grant.insert("issued_at".to_owned(), from_now(-60));
            grant.insert("expires_at".to_owned(), from_now(-5));
        });
        server.always(TOKEN, Some(error(400, r#"{"error":"invalid_grant"}"#)));
        assert_ne!(mail(&sandbox), "");
        assert_eq!(mail(&sandbox), "");
        server.always(TOKEN, None);
        sandbox.import(&server, &server.log_in());
        alerts_age(&sandbox, &server, 15 * 60);
    }
}

#[test]
fn a_record_that_is_damaged_or_newer_is_told_once_a_day() {
    for text in ["version = ", "version = 2\n# end of record\n"] {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        std::fs::write(sandbox.file(&server, "toml"), text).unwrap();
        let said = |sandbox: &Sandbox| {
            let said = mail(sandbox);
            assert!(said.contains("default.toml"), "{said:?}");
        };
        said(&sandbox);
        assert_eq!(mail(&sandbox), "");
        alerts_age(&sandbox, &server, DAY);
        said(&sandbox);
        assert_eq!(mail(&sandbox), "");
    }
}

/// Refused without a reason: it may pass, until it has lasted for ten minutes and three requests.
#[test]
fn a_login_that_is_refused_for_long_is_told_once_a_day() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    server.always(TOKEN, Some(error(403, r#"{"error":"unheard_of"}"#)));
    for _ in 0..3 {
        assert_eq!(mail(&sandbox), "");
        sandbox.let_waits_pass(&server);
    }
    sandbox.edit(&server, |record| {
        first_grant(record).insert("refresh_refused_since".to_owned(), from_now(-601));
    });
    is_told_once_a_day(&sandbox, &server, "a refusal");
}

/// Ended while its token lives, at a server that cannot be asked: told when the token has ended.
#[test]
fn a_login_that_ends_while_its_token_lives_is_told_when_that_has_ended() {
    let server = AuthorizationServer::start_with(Settings {
        rotation: Rotation::Keeps,
        ..Settings::default()
    });
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.edit(&server, |record| {
        record["client"]["rotation"] = "keeps".into();
    });
    sandbox.ends_in(&server, 900);
    server.revoke_everything();
    assert_eq!(mail(&sandbox), "");
    sandbox.let_waits_pass(&server);
    sandbox.ends_in(&server, -5);
    is_told_once_a_day(&sandbox, &server, "ended early");
}

#[test]
fn a_server_that_is_away_for_three_days_is_told_once_a_day_and_never_again_once_it_is_back() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let endpoint = sandbox.record(&server)["client"]["token_endpoint"].clone();
    sandbox.edit(&server, |record| {
        record["client"]["token_endpoint"] = "http://127.0.0.1:1/oauth/token".into();
    });
    let hours = |hours: i64| {
        alerts_age(&sandbox, &server, hours * 3600);
        sandbox.let_waits_pass(&server);
        sandbox.edit(&server, |record| {
            let last = record["last_attempt"].as_table_mut().unwrap();
            let since: jiff::Timestamp = last["failing_since"].to_string().parse().unwrap();
            let before = since - jiff::SignedDuration::from_hours(hours);
            let before = toml::Value::Datetime(before.to_string().parse().unwrap());
            last.insert("failing_since".to_owned(), before);
        });
    };
    assert_eq!(mail(&sandbox), "");
    let mut mails = Vec::new();
    for hour in 1..=72 {
        hours(1);
        let said = mail(&sandbox);
        if !said.is_empty() {
            assert!(said.contains("cannot connect to "), "{said}");
            mails.push(hour);
        }
    }
    assert_eq!(mails, [24, 48, 72]);

    sandbox.edit(&server, |record| {
        record["client"]["token_endpoint"] = endpoint;
    });
    sandbox.let_waits_pass(&server);
    assert_eq!(mail(&sandbox), "");
    assert_eq!(server.rotations(), 1);
    assert!(!sandbox.file(&server, "alert").exists());
}

/// The store takes no note of what was told, so a rescue place does; it goes once the store does.
#[test]
fn a_store_that_cannot_be_written_is_told_once_a_day() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let folder = sandbox.store().join(server.host().replace(':', "%3A"));
    let mode = |mode| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(&folder, mode).unwrap();
    };
    // Open to others, so that glauth writes nothing there.
    mode(0o770);
    let notes = || -> Vec<_> {
        let folder = std::fs::read_dir(sandbox.path("run")).unwrap();
        let places = folder.map(|entry| std::fs::read_dir(entry.unwrap().path()).unwrap());
        places
            .flatten()
            .map(|entry| entry.unwrap().path())
            .collect()
    };
    for _ in 0..2 {
        let said = mail(&sandbox);
        assert!(said.contains("chmod"), "{said}");
        assert_eq!(mail(&sandbox), "");
        let notes = notes();
        let doctor = sandbox.run(&["doctor"]).stdout;
        assert!(!doctor.contains(notes[0].to_str().unwrap()), "{doctor}");
        age_file(&notes[0], DAY);
    }
    mode(0o700);
    assert_eq!(mail(&sandbox), "");
    assert_eq!(server.rotations(), 1);
    assert_eq!(notes(), [""; 0].map(std::path::PathBuf::from));
}

#[test]
fn without_a_login_it_is_told_once_a_day_too() {
    let sandbox = Sandbox::new();
    sandbox.run(&CRON).fails(3);
    sandbox.run(&CRON).succeeds();
}

#[test]
fn where_all_is_well_nothing_is_said_and_nothing_is_kept() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    for seconds in [7000, -5] {
        sandbox.ends_in(&server, seconds);
        assert_eq!(mail(&sandbox), "");
    }
    assert_eq!(server.rotations(), 1);
    assert!(!sandbox.file(&server, "alert").exists());
    assert!(!sandbox.store().join(".alert").exists());
}
