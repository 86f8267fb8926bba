//! The library, as another program has it: the same logins, at the same time as the command line.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use glauth::{AccessToken, BadSecret, ErrorKind, Fingerprint, Logins};

use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, TOKEN};
use crate::support::sandbox::Sandbox;

fn logins(sandbox: &Sandbox) -> Logins {
    Logins::open_at(sandbox.store())
}

#[test]
fn a_program_gets_the_token_that_the_command_line_gets() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let logins = logins(&sandbox);
    let token = logins.login(&server.url(), None).unwrap().token(None);
    let token = token.unwrap();
    assert_eq!(token.access_token().expose(), pair.access_token);
    assert_eq!(
        (token.token_type(), token.scopes()),
        ("Bearer", &["api".to_owned()][..])
    );
    let left = token
        .expires_at()
        .unwrap()
        .duration_since(SystemTime::now());
    assert!(left.unwrap() > Duration::from_secs(7000));
    assert!(token.warnings().is_empty());
    assert!(!format!("{token:?}").contains(&pair.access_token));
}

#[test]
fn a_wish_for_life_that_cannot_be_met_is_a_warning() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let logins = logins(&sandbox);
    let login = logins.login(&server.url(), None).unwrap();
    let ten_hours = Some(Duration::from_secs(10 * 60 * 60));
    let host = server.host();
    let expected = format!(
        "a life of 10h cannot be had: tokens of {host} live for 2h; nine tenths of that were asked for instead"
    );

    let token = login.token(ten_hours).unwrap();
    let (leased, _lease) = login.lease(ten_hours).unwrap();

    assert_eq!(token.access_token().expose(), pair.access_token);
    assert_eq!(token.warnings(), [expected.as_str()]);
    assert_eq!(leased.warnings(), [expected.as_str()]);
    assert!(login.token(None).unwrap().warnings().is_empty());
}

#[test]
fn without_a_name_the_only_login_of_a_host_is_meant_as_on_the_command_line() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let log_in_as = |account: &str| {
        let pair = server.log_in();
        let (id, url) = (server.client_id(), server.url());
        let login = ["login", "--import", "--client-id", &id, "-a", account, &url];
        sandbox.run_with_input(&login, &pair.response).succeeds();
        pair.access_token
    };
    let logins = logins(&sandbox);
    let login = logins.login(&server.url(), None).unwrap();

    let work = log_in_as("work");
    assert_eq!(login.token(None).unwrap().access_token().expose(), work);
    let (leased, _lease) = login.lease(None).unwrap();
    assert_eq!(leased.access_token().expose(), work);

    log_in_as("home");
    let several = login.token(None).unwrap_err();
    assert_eq!(several.kind(), ErrorKind::Usage);
    assert!(several.to_string().contains("home, work"), "{several}");

    let default = log_in_as("default");
    assert_eq!(login.token(None).unwrap().access_token().expose(), default);
}

/// Threads of one program are kept apart as processes are.
#[test]
fn of_many_threads_that_find_a_token_expired_one_refreshes_it() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let logins = logins(&sandbox);
    let tokens: Vec<String> = std::thread::scope(|scope| {
        let ask = || {
            let login = logins.login(&server.host(), None).unwrap();
            let token = login.token(None).unwrap();
            token.access_token().expose().to_owned()
        };
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(server.is_alive(&tokens[0]));
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn a_refused_token_is_replaced_or_found_to_be_good() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let logins = logins(&sandbox);
    let login = logins.login(&server.url(), None).unwrap();
    let refused = AccessToken::new(pair.access_token).unwrap();

    let error = login.rejected(&refused).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenRefused);
    server.expire_access_tokens();
    let other = login.rejected(&refused).unwrap();

    assert!(server.is_alive(other.access_token().expose()));
    assert_eq!(server.rotations(), 1);
}

#[test]
fn a_lease_keeps_the_command_line_waiting() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let logins = logins(&sandbox);
    let login = logins.login(&server.url(), None).unwrap();
    let (token, lease) = login.lease(None).unwrap();
    sandbox.ends_in(&server, 1000);
    let demand = [
        "token",
        "--min-ttl",
        "1h",
        "--lock-timeout",
        "1s",
        &server.url(),
    ];

    sandbox.run(&demand).fails(4);
    assert!(server.is_alive(token.access_token().expose()));
    drop(lease.expect("a lease"));

    assert!(server.is_alive(&sandbox.run(&demand).prints()));
}

#[test]
fn a_lease_begins_with_more_life_than_a_token_does() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let logins = logins(&sandbox);
    let login = logins.login(&server.url(), None).unwrap();
    sandbox.ends_in(&server, 200);

    let token = login.token(None).unwrap();
    assert_eq!(token.access_token().expose(), pair.access_token);
    let (leased, _lease) = login.lease(None).unwrap();
    assert_ne!(leased.access_token().expose(), pair.access_token);
    assert_eq!(server.rotations(), 1);
}

/// A sentence with its subject, and no password out of a URL.
#[test]
fn what_is_no_host_or_no_name_is_said_of_what_was_given() {
    let sandbox = Sandbox::new();
    let logins = logins(&sandbox);
    for (host, name, said) in [
        ("no host", None, "`no host` is not a host name, "),
        ("no \nhost", None, "`no \\nhost` is not a host name, "),
        ("http://x.y", None, "`http://x.y` is plain `http`; "),
        ("https://me:pass@x.y", None, "the host has a user or "),
        ("x.y", Some("NO NAME"), "`NO NAME` is not an account name: "),
    ] {
        let error = logins.login(host, name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().starts_with(said), "{error}");
    }
}

#[test]
fn an_error_names_the_login_that_is_needed_and_no_command() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let logins = logins(&sandbox).lock_timeout(Duration::from_millis(100));
    let login = logins.login(&server.url(), None).unwrap();
    let (_, lease) = login.lease(None).unwrap();
    sandbox.ends_in(&server, 1000);

    let in_use = login.token(Some(Duration::from_secs(3600))).unwrap_err();
    assert_eq!((in_use.code(), in_use.login()), ("lease_timeout", None));
    drop(lease);

    let record = sandbox.file(&server, "toml");
    std::fs::set_permissions(&record, Permissions::from_mode(0o644)).unwrap();
    let open = login.token(None).unwrap_err();
    assert_eq!((open.code(), open.login()), ("permission", None));
    assert!(open.to_string().contains("(mode 0644)"), "{open}");

    let work = logins.login(&server.url(), Some("work")).unwrap();
    let missing = work.token(None).unwrap_err();
    assert_eq!(missing.code(), "login_required");
    let login = missing.login().unwrap();
    // Over plain HTTP only the URL says how it is reached.
    assert_eq!((login.host(), login.account()), (&*server.url(), "work"));
    let said = missing.to_string();
    assert!(!said.contains("glauth") && !said.contains("--"), "{said}");
}

/// The host was named without its scheme: the record says how it is reached.
#[test]
fn a_login_that_has_ended_is_named_as_it_is_reached() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.run(&["logout", &server.url()]).succeeds();
    let logins = logins(&sandbox);

    let error = logins.login(&server.host(), None).unwrap().token(None);

    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginRequired);
    let login = error.login().unwrap();
    assert_eq!((login.host(), login.account()), (&*server.url(), "default"));
}

/// What a program does about it, and the words for a person.
#[test]
fn an_error_says_what_to_do() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let logins = logins(&sandbox).lock_timeout(Duration::from_secs(1));
    let here = server.url();
    let fails = |host: &str, name: Option<&str>| {
        let login = logins.login(host, name);
        login.and_then(|login| login.token(None)).unwrap_err()
    };

    let none = fails("nobody.example", None);
    assert_eq!(
        (none.kind(), none.code()),
        (ErrorKind::LoginRequired, "login_required")
    );
    assert_eq!(none.login().unwrap().host(), "nobody.example");

    sandbox.ends_in(&server, -5);
    server.script(TOKEN, Behaviour::Answer(Answer::new(429)));
    let busy = fails(&here, None);
    assert_eq!(
        (busy.kind(), busy.code()),
        (ErrorKind::TryAgain, "rate_limited")
    );

    std::fs::write(sandbox.file(&server, "toml"), "nonsense").unwrap();
    let broken = fails(&here, None);
    assert_eq!(
        (broken.kind(), broken.code()),
        (ErrorKind::Store, "corrupt")
    );
    assert!(broken.to_string().contains("default.toml"), "{broken}");
}

/// What the interface takes and returns can be named, and what can be named is promised.
#[test]
fn every_type_of_the_interface_stands_in_its_list() {
    let _: fn(String) -> Result<AccessToken, BadSecret> = AccessToken::new;
    let _: fn(&AccessToken) -> Fingerprint = AccessToken::fingerprint;

    let text = include_str!("../../src/lib.rs");
    let exported = text.split("\npub use ").skip(1);
    let exported = exported.map(|rest| rest.split(';').next().unwrap());
    let mut names: Vec<&str> = exported
        .flat_map(|list| list.split(['{', '}', ',', ':', ' ', '\n']))
        .filter(|name| name.starts_with(char::is_uppercase))
        .collect();
    names.sort_unstable();
    let (_, promise) = text.split_once("The public interface is ").unwrap();
    let (promise, _) = promise.split_once("It follows").unwrap();
    let mut promised: Vec<&str> = promise.split('`').skip(1).step_by(2).collect();
    promised.sort_unstable();
    assert_eq!(promised, names);
}
