//! `glauth doctor`: each check is seen to fail, nothing is changed by looking, and each failure has its
//! remedy.

mod disk;
mod git;
mod logins;
mod servers;

use serde_json::Value;

use crate::exit_codes::keys;
use crate::schemas::conforms;
use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::{Finished, Sandbox};

/// The checks of `doctor --json`, which ends with this code.
#[track_caller]
pub fn checks_of(finished: &Finished, code: i32) -> Vec<Value> {
    assert_eq!(finished.code(), Some(code), "{finished:?}");
    assert_eq!(finished.stderr, "", "{finished:?}");
    assert!(!finished.stdout.contains("-SECRET-"), "{finished:?}");
    assert_eq!(finished.stdout.lines().count(), 1, "{finished:?}");
    let object: Value = serde_json::from_str(&finished.stdout).unwrap();
    conforms("doctor", &object);
    assert_eq!(keys(&object), ["checks"]);
    object["checks"].as_array().unwrap().clone()
}

/// The checks of `doctor --offline`, which ends with this code and changes nothing.
#[track_caller]
pub fn offline(sandbox: &Sandbox, code: i32) -> Vec<Value> {
    let before = sandbox.files();
    let checks = checks_of(&sandbox.run(&["--json", "doctor", "--offline"]), code);
    assert_eq!(sandbox.files(), before, "something was written");
    checks
}

/// The checks with this topic and verdict whose message has this text.
pub fn found<'a>(checks: &'a [Value], topic: &str, verdict: &str, text: &str) -> Vec<&'a Value> {
    let fits = |check: &&Value| {
        check["topic"] == topic
            && check["verdict"] == verdict
            && check["message"].as_str().unwrap().contains(text)
    };
    checks.iter().filter(fits).collect()
}

/// The only one of them, and its remedy.
#[track_caller]
pub fn only<'a>(
    checks: &'a [Value],
    topic: &str,
    verdict: &str,
    text: &str,
) -> (&'a Value, &'a str) {
    let [check] = found(checks, topic, verdict, text)[..] else {
        panic!("not one `{topic}` that is `{verdict}` with `{text}`: {checks:#?}");
    };
    (check, check["remedy"].as_str().unwrap_or_default())
}

#[track_caller]
pub fn none_fails(checks: &[Value]) {
    for check in checks {
        assert_ne!(check["verdict"], "fail", "{check}");
    }
}

#[test]
fn json_has_the_names_that_are_promised() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    for check in offline(&sandbox, 0) {
        let names = [
            "account", "code", "host", "message", "remedy", "topic", "verdict",
        ];
        assert_eq!(keys(&check), names);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn people_get_problems_first_and_what_is_fine_in_short() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let ended = AuthorizationServer::start();
    sandbox.log_in(&ended);
    ended.revoke_everything();
    sandbox.run(&["refresh", "--force", &ended.url()]);
    std::fs::write(sandbox.store().join("notes"), "").unwrap();
    let doctor = |options: &[&str]| {
        let finished = sandbox.run(&[&["doctor", "--offline"], options].concat());
        assert_eq!(finished.code(), Some(3), "{finished:?}");
        finished.stdout
    };
    let text = doctor(&[]);
    let headline = format!("glauth {}", env!("CARGO_PKG_VERSION"));
    assert!(text.starts_with(&headline), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[2], "Problems", "{text}");
    let mut lines_about = lines.iter().skip_while(|line| !line.contains("notes"));
    assert!(
        lines_about.next().unwrap().starts_with("  warn  "),
        "{text}"
    );
    assert!(
        lines_about.next().unwrap().starts_with("        hint: "),
        "{text}"
    );
    assert!(text.contains("\nStore         "), "{text}");
    assert!(!text.contains("  ok  "), "{text}");
    assert!(
        text.ends_with("\n2 logins, 1 needs you; `glauth doctor -v` shows every check\n"),
        "{text}"
    );

    let each = doctor(&["-v"]);
    assert!(each.contains("\n\nLogins\n  ok    "), "{each}");
    assert!(each.ends_with("\n2 logins, 1 needs you\n"), "{each}");

    let quiet = doctor(&["-q"]);
    assert!(quiet.starts_with("Problems\n"), "{quiet}");
    assert!(!quiet.contains("logins,"), "{quiet}");
}

#[test]
fn without_a_store_and_with_an_empty_home_it_is_of_use() {
    let sandbox = Sandbox::new();
    let checks = offline(&sandbox, 0);
    none_fails(&checks);
    only(&checks, "files", "ok", "there is no store yet");
    only(&checks, "lock", "ok", "excludes another one");
    only(&checks, "rename", "ok", "atomic");
    only(&checks, "login", "ok", "no logins yet");
    only(&checks, "configuration", "ok", "no configuration");
    assert!(!sandbox.store().exists());

    let mut homeless = sandbox.command(&["--json", "doctor", "--offline"]);
    homeless.env_remove("GLAUTH_STORE");
    let finished = crate::support::sandbox::Running::spawn(&mut homeless).finish();
    none_fails(&checks_of(&finished, 0));
}

#[test]
fn host_and_account_choose_the_logins() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.import_expired(&[], "gitlab.example.com");
    sandbox.import_expired(&["--account", "other"], "gitlab.example.com");
    let logins = |args: &[&str]| {
        let args = [&["--json", "doctor", "--offline"], args].concat();
        let checks = checks_of(&sandbox.run(&args), 0);
        let logins = found(&checks, "login", "ok", "access token");
        let named = |check: &&Value| format!("{} {}", check["host"], check["account"]);
        logins.iter().map(named).collect::<Vec<_>>()
    };
    assert_eq!(logins(&[]).len(), 3);
    assert_eq!(logins(&["gitlab.example.com"]).len(), 2);
    assert_eq!(
        logins(&["--account", "other", "gitlab.example.com"]),
        ["\"gitlab.example.com\" \"other\""]
    );
    // What makes one replaces none of those that are there.
    for (args, said, hint) in [
        (
            &["elsewhere.example"][..],
            "for elsewhere.example",
            "run `glauth login elsewhere.example`",
        ),
        (
            &["-a", "work"],
            "with account work",
            "run `glauth login --account work HOST`",
        ),
        (
            &["-a", "work", "gitlab.example.com"],
            "with account work",
            "did you mean --account default or --account other? if not, run `glauth login --account work gitlab.example.com`",
        ),
    ] {
        let args = [&["--json", "doctor", "--offline"], args].concat();
        let checks = checks_of(&sandbox.run(&args), 3);
        let (_, remedy) = only(&checks, "login", "fail", said);
        assert_eq!(remedy, hint);
    }
}

#[test]
fn a_configuration_that_cannot_be_read_fails_as_a_matter_of_configuration() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("config.toml");
    std::fs::write(&path, "default_hots = 'x'\n").unwrap();
    let args = ["--json", "--config", path.to_str().unwrap(), "doctor"];
    let checks = checks_of(&sandbox.run(&[&args[..], &["--offline"]].concat()), 2);
    let (check, remedy) = only(
        &checks,
        "configuration",
        "fail",
        "line 1, has the unknown key",
    );
    assert_eq!(remedy, "write `default_host`");
    assert_eq!(check["code"], "config");
}

#[test]
fn proxies_are_named_and_their_passwords_are_not() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["--json", "doctor", "--offline"]);
    command.env("HTTPS_PROXY", "http://jane:pw-SECRET-1@proxy.example:3128");
    let finished = crate::support::sandbox::Running::spawn(&mut command).finish();
    let checks = checks_of(&finished, 0);
    only(&checks, "proxy", "ok", "`HTTPS_PROXY`");
}
