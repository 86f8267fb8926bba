//! Records, attempts without an end, answers in doubt and in the rescue places, copies.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use glauth::secret::Fingerprint;

use super::{checks_of, found, none_fails, offline, only};
use crate::crash::dead_at;
use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, TOKEN};
use crate::support::refresher::refresher_of;
use crate::support::sandbox::Sandbox;

#[test]
fn a_login_is_named_with_the_fingerprints_of_its_tokens() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let checks = offline(&sandbox, 0);
    let (check, _) = only(&checks, "login", "ok", "fresh, 1h 59m left");
    let message = check["message"].as_str().unwrap();
    for token in [&pair.access_token, &pair.refresh_token] {
        let name = Fingerprint::of(token).to_string();
        assert!(message.contains(&name), "{message}");
    }
    assert_eq!(check["host"], server.host());
    assert_eq!(check["account"], "default");
}

#[test]
fn a_login_that_has_ended_fails_with_the_command_and_one_that_was_logged_out_does_not() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    server.revoke_everything();
    sandbox.run(&["token"]).fails(3);
    let checks = offline(&sandbox, 3);
    let (check, remedy) = only(&checks, "login", "fail", "a login is needed");
    assert_eq!(check["code"], "login_required");
    assert_eq!(remedy, format!("run `glauth login {}`", server.url()));
    sandbox.run(&["logout", "--local"]).succeeds();
    only(&offline(&sandbox, 0), "login", "note", "logged out since");
}

#[test]
fn a_record_that_cannot_be_read_fails_with_file_and_line() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let text = sandbox.record_text(&server);
    let record = sandbox.file(&server, "toml");
    for (broken, code, said) in [
        (
            text.replace("generation = 1\n", "generation = 'x'\n"),
            "corrupt",
            "the value of `generation`",
        ),
        (
            text.replace("# end of record\n", ""),
            "corrupt",
            "last line",
        ),
        (
            text.replace("version = 1\n", "version = 2\n"),
            "unsupported_version",
            "version 2",
        ),
    ] {
        fs::write(&record, broken).unwrap();
        let checks = offline(&sandbox, 5);
        let (check, remedy) = only(&checks, "login", "fail", said);
        let message = check["message"].as_str().unwrap();
        assert!(message.contains("default.toml"), "{message}");
        assert_eq!(message.contains(", line "), said.contains("generation"));
        assert_eq!(check["code"], code);
        assert!(!remedy.is_empty());
    }
}

#[test]
fn a_password_of_gits_that_cannot_be_read_fails() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let folder = sandbox.file(&server, "toml").parent().unwrap().join("git");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let file = folder.join("0123456789abcdef0123456789abcdef.toml");
    fs::write(&file, "pw-SECRET-1").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let checks = offline(&sandbox, 5);
    only(&checks, "login", "fail", "is not a usable record");
    // Also where there is no login at all.
    fs::remove_file(sandbox.file(&server, "toml")).unwrap();
    let checks = offline(&sandbox, 5);
    only(&checks, "login", "fail", "is not a usable record");
}

#[test]
fn a_refresh_that_is_under_way_is_no_fault_and_names_its_holder() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let answer = server.hold_answers(TOKEN);
    let refreshing = sandbox.start(&["token", &server.url()]);
    answer.wait_for(1);
    let checks = offline(&sandbox, 0);
    let who = refresher_of(&refreshing).name();
    only(&checks, "attempt", "ok", &who);
    assert!(found(&checks, "attempt", "warn", "").is_empty());
    answer.release();
    refreshing.finish().succeeds();
    assert!(found(&offline(&sandbox, 0), "attempt", "ok", "").is_empty());
}

#[test]
fn a_refresh_that_was_cut_off_is_a_warning_with_what_comes_of_it() {
    let Some((server, sandbox, _)) = dead_at("written:kill") else {
        return;
    };
    let checks = offline(&sandbox, 0);
    let (_, remedy) = only(&checks, "attempt", "warn", "its answer is whole in");
    assert!(remedy.contains("nothing is lost"), "{remedy}");
    fs::remove_file(sandbox.file(&server, "toml.answer")).unwrap();
    let checks = offline(&sandbox, 0);
    only(&checks, "attempt", "warn", "the server may have seen it");
    // No process has presented anything, or finished it.
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn a_refresh_that_was_cut_off_is_not_under_way_because_another_process_has_the_lock() {
    let Some((server, sandbox, _)) = dead_at("written:kill") else {
        return;
    };
    fs::write(sandbox.file(&server, "lock"), "pid 1 on evil").unwrap();
    let held = crate::support::watch::HeldLock::take(&sandbox, &server);
    let checks = offline(&sandbox, 0);
    only(
        &checks,
        "attempt",
        "warn",
        "and was cut off; now pid 1 on evil holds",
    );
    assert!(found(&checks, "attempt", "ok", "").is_empty());
    held.release();
}

#[test]
fn a_doubtful_answer_is_a_warning_in_the_words_of_status() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    server.allow_replays(1);
    server.script(TOKEN, Behaviour::LoseAnswer);
    sandbox.run(&["token"]).fails(4);
    let checks = offline(&sandbox, 0);
    let (check, _) = only(&checks, "attempt", "warn", "may be lost (");
    let said = check["message"].as_str().unwrap();
    let said = said.split(" may be lost").next().unwrap();
    let status = sandbox.run(&["status"]);
    assert!(status.stderr.contains(said), "{status:?}");
}

#[test]
fn the_last_refresh_that_failed_is_told_whatever_it_was() {
    for (status, code, why, verdict, exit) in [
        (
            404,
            "client_rejected",
            "the server refused the request",
            "fail",
            2,
        ),
        (301, "config", "the server is no token endpoint", "fail", 2),
        (
            429,
            "rate_limited",
            "the server asks for fewer requests",
            "warn",
            0,
        ),
    ] {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        server.script(TOKEN, Behaviour::Answer(Answer::new(status)));
        // The token at hand lives: it is told, and is no failure yet.
        sandbox.ends_in(&server, 30);
        sandbox.run(&["token"]).succeeds();
        let said = format!(" (`{code}`): {why}");
        only(&offline(&sandbox, 0), "attempt", "warn", &said);
        sandbox.ends_in(&server, -5);
        let checks = offline(&sandbox, exit);
        only(&checks, "attempt", verdict, &said);
        let (check, _) = only(&checks, "login", "ok", ": expired; access token ");
        assert!(!check["message"].as_str().unwrap().contains("expired, "));
        let status = sandbox.run(&["status"]);
        let line = format!("{}: the last refresh failed ", server.host());
        assert!(status.stderr.contains(&line), "{status:?}");
        assert!(status.stderr.contains(&said), "{status:?}");
    }
}

#[test]
fn files_without_a_use_that_may_hold_tokens_are_named() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let left = sandbox.file(&server, "toml.new");
    fs::copy(sandbox.file(&server, "toml"), &left).unwrap();
    let checks = offline(&sandbox, 0);
    let (_, remedy) = only(&checks, "attempt", "warn", "default.toml.new` was left");
    assert!(remedy.contains("`rm '"), "{remedy}");
    // Not while a process may be writing it.
    let held = crate::support::watch::HeldLock::take(&sandbox, &server);
    assert!(found(&offline(&sandbox, 0), "attempt", "warn", "").is_empty());
    held.release();
}

#[test]
fn a_rescued_answer_is_told_with_the_account_that_waits_for_it() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let answer = server.hold_answers(TOKEN);
    let refreshing = sandbox.start(&["token", &server.url()]);
    answer.wait_for(1);
    let folder = sandbox.file(&server, "toml").parent().unwrap().to_owned();
    fs::rename(&folder, sandbox.path("away")).unwrap();
    fs::write(&folder, "not a folder").unwrap();
    answer.release();
    refreshing.finish().fails(5);
    fs::remove_file(&folder).unwrap();
    fs::rename(sandbox.path("away"), &folder).unwrap();
    fs::remove_file(sandbox.file(&server, "toml.answer")).unwrap();

    let place = sandbox.path("glauth-rescue-");
    let place = place.to_str().unwrap();
    let checks = offline(&sandbox, 0);
    let (check, _) = only(&checks, "rescue", "warn", place);
    assert_eq!(check["host"], server.host());
    only(&checks, "attempt", "warn", "its answer is whole in");
    let of_another = sandbox.run(&["doctor", "--offline", "another.example.com", "--json"]);
    assert!(!of_another.stdout.contains(place), "{of_another:?}");

    // After a login no process waits for it.
    fs::rename(sandbox.store(), sandbox.path("other store")).unwrap();
    let checks = offline(&sandbox, 0);
    let (check, remedy) = only(&checks, "rescue", "warn", place);
    let message = check["message"].as_str().unwrap();
    assert!(message.contains(&server.host()), "{message}");
    assert!(message.contains("no login of this store"), "{message}");
    assert!(remedy.contains("`rm '"), "{remedy}");
}

#[test]
fn a_store_that_is_a_copy_is_suspected_by_the_place_of_the_last_refresh() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.run(&["refresh", "--force"]).succeeds();
    assert!(found(&offline(&sandbox, 0), "copy", "warn", "").is_empty());
    sandbox.edit(&server, |record| {
        record["last_attempt"]["by"] = "pid 4711 on another-machine".into();
    });
    let checks = offline(&sandbox, 0);
    only(&checks, "copy", "warn", "pid 4711 on another-machine");
}

#[test]
fn two_accounts_with_one_grant_are_seen() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    // Nothing of glauth's makes that: a copy of a file does.
    let record = sandbox.file(&server, "toml");
    let text = sandbox.record_text(&server);
    let other = text.replace("account = \"default\"", "account = \"other\"");
    let copy = record.with_file_name("other.toml");
    fs::copy(&record, &copy).unwrap();
    fs::write(copy, other).unwrap();
    let checks = checks_of(&sandbox.run(&["--json", "doctor", "--offline"]), 0);
    none_fails(&checks);
    only(&checks, "copy", "warn", "began with the same refresh token");
    // Also after one of them has been refreshed.
    sandbox
        .run(&["refresh", "--force", "--account", "other"])
        .succeeds();
    only(&offline(&sandbox, 0), "copy", "warn", "same refresh token");
}

/// A person who reads this has run it.
#[test]
fn no_remedy_of_the_doctor_is_to_run_the_doctor() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.script(TOKEN, Behaviour::Answer(Answer::new(503)));
    sandbox.ends_in(&server, -5);
    sandbox.run(&["token"]).fails(4);
    sandbox.edit(&server, |record| {
        record["last_attempt"]["outcome"] = "tls_refused".into();
    });

    let doctor = sandbox.run(&["doctor", "--offline"]);

    assert_eq!(doctor.code(), Some(2), "{doctor:?}");
    let remedy = "hint: look at what is said of its server";
    assert!(doctor.stdout.contains(remedy), "{doctor:?}");
    let mut hints = doctor.stdout.lines().filter(|line| line.contains("hint:"));
    assert!(
        !hints.any(|hint| hint.contains("glauth doctor")),
        "{doctor:?}"
    );
}

/// Whatever it is that a person has to do, and one line for each login.
#[test]
fn the_last_line_counts_every_login_that_needs_a_person() {
    let sandbox = Sandbox::new();
    let [ended, strange, torn, fine] = [(); 4].map(|()| {
        let server = AuthorizationServer::start();
        sandbox.log_in(&server);
        server
    });
    ended.revoke_everything();
    sandbox.run(&["refresh", "--force", &ended.url()]);
    let refused = Answer::new(404);
    strange.script(TOKEN, Behaviour::Answer(refused));
    sandbox.ends_in(&strange, -5);
    sandbox.run(&["refresh", &strange.url()]).fails(2);
    fs::write(sandbox.file(&torn, "toml"), "x").unwrap();
    let text = sandbox.run(&["doctor", "--offline"]).stdout;
    assert!(text.contains("\n4 logins, 3 need you;"), "{text}");
    // The headline of a login that has ended has all that is to be said.
    let about = |server: &AuthorizationServer| {
        let lines = text.lines().filter(|line| line.contains(&server.host()));
        lines
            .filter(|line| !line.contains("hint:") && !line.contains("glauth-rescue"))
            .count()
    };
    assert_eq!(about(&ended), 1, "{text}");
    assert_eq!(about(&fine), 0, "{text}");
    // What a broken record needs names its host.
    let login = format!("and `glauth login {}`", torn.host());
    assert!(text.contains(&login), "{text}");
    assert!(text.contains("\nServers       1 note\n"), "{text}");
}

#[test]
fn problems_in_a_row_share_a_hint() {
    let sandbox = Sandbox::new();
    let url = AuthorizationServer::start().url();
    for account in ["default", "work"] {
        sandbox.import_expired(&["-a", account], &url);
        sandbox.run(&["-a", account, "refresh"]).fails(4);
    }
    let text = sandbox.run(&["doctor", "--offline"]).stdout;
    let about = |part: &str| text.lines().filter(|line| line.contains(part)).count();
    assert_eq!(about("the last refresh failed"), 2, "{text}");
    assert_eq!(about("is the network up"), 1, "{text}");
}
