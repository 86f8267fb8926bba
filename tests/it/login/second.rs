//! The second login is `glauth login HOST`, and says whom it replaces.

use crate::login::{CLIENT, Waiting, log_in, words};
use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, ClientAuth, REVOKE, Settings,
};
use crate::support::sandbox::Sandbox;

/// A server that nothing of the usual is true of, and the options that tell it.
fn unusual(sandbox: &Sandbox) -> (AuthorizationServer, Vec<String>) {
    let server = AuthorizationServer::start_with(Settings {
        redirect_uri: "http://127.0.0.1/unusual".to_owned(),
        client_auth: ClientAuth::SecretPost("cs-SECRET".to_owned()),
        ..Settings::default()
    });
    let secret = sandbox.path("client-secret");
    std::fs::write(&secret, "cs-SECRET").unwrap();
    let at = |path: &str| format!("{}{path}", server.url());
    let options = [
        "--provider=generic".to_owned(),
        "--client-id=the-client".to_owned(),
        format!("--client-secret-file={}", secret.display()),
        "--auth-method=client_secret_post".to_owned(),
        "--scope=read_user".to_owned(),
        "--parameter=audience=x".to_owned(),
        "--redirect-uri=http://127.0.0.1/unusual".to_owned(),
        format!("--authorization-endpoint={}", at("/oauth/authorize")),
        format!("--token-endpoint={}", at("/oauth/token")),
        format!("--revocation-endpoint={}", at("/oauth/revoke")),
    ];
    (server, options.to_vec())
}

/// Another login there needs nothing of it.
fn log_in_with_nothing(sandbox: &Sandbox, server: &AuthorizationServer, options: &[&str]) {
    std::fs::remove_file(sandbox.path("client-secret")).ok();
    let waiting = Waiting::start(sandbox, server, options);
    assert_eq!(waiting.asked("scope"), "read_user");
    assert_eq!(waiting.asked("audience"), "x");
    assert!(waiting.asked("redirect_uri").ends_with("/unusual"));
    waiting.consent().1.succeeds();
    let args = [options, &["refresh", "--force"]].concat();
    sandbox.run(&args).succeeds();
}

fn first_login(sandbox: &Sandbox) -> AuthorizationServer {
    let (server, options) = unusual(sandbox);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    log_in(sandbox, &server, &options);
    server
}

#[test]
fn all_that_was_given_comes_from_the_record() {
    let sandbox = Sandbox::new();
    let server = first_login(&sandbox);
    // The night: the server has ended the login.
    server.revoke_everything();
    sandbox.ends_in(&server, -10);
    sandbox.run(&["token"]).fails(3);
    let waiting = Waiting::start(&sandbox, &server, &[]);
    let ended = "the login has ended; this one takes its place";
    assert!(waiting.said.contains(ended), "{}", waiting.said);
    drop(waiting);
    log_in_with_nothing(&sandbox, &server, &[]);
}

#[test]
fn or_from_the_tombstone() {
    let sandbox = Sandbox::new();
    let server = first_login(&sandbox);
    sandbox.run(&["logout"]).succeeds();
    log_in_with_nothing(&sandbox, &server, &[]);
}

#[test]
fn or_from_the_hosts_other_account() {
    let sandbox = Sandbox::new();
    let server = first_login(&sandbox);
    log_in_with_nothing(&sandbox, &server, &["--account", "work"]);
    let accounts = sandbox.run(&["status"]).succeeds();
    assert!(accounts.contains("work"), "{accounts}");
    assert_eq!(server.count(REVOKE), 0, "another account is left alone");
}

#[test]
fn what_is_given_again_goes_before_what_is_remembered() {
    let sandbox = Sandbox::new();
    let server = AuthorizationServer::start();
    log_in(
        &sandbox,
        &server,
        &[&CLIENT[..], &["--scope", "a"]].concat(),
    );
    let waiting = Waiting::start(&sandbox, &server, &["--scope", "b", "--replace-scopes"]);
    assert_eq!(waiting.asked("scope"), "b");
    assert_eq!(waiting.asked("client_id"), "the-client");
    assert!(
        waiting.said.contains("asking for `b` in place of `a`"),
        "{}",
        waiting.said
    );
    waiting.consent().1.succeeds();
    let waiting = Waiting::start(&sandbox, &server, &[]);
    assert_eq!(waiting.asked("scope"), "b");
}

#[test]
fn a_scope_that_is_given_again_is_added_to_those_that_are_there() {
    let sandbox = Sandbox::new();
    let server = AuthorizationServer::start();
    let options = [&CLIENT[..], &["--scope", "a"]].concat();
    log_in(&sandbox, &server, &options);
    let waiting = Waiting::start(&sandbox, &server, &["--scope", "b a"]);
    assert_eq!(waiting.asked("scope"), "a b");
    assert!(
        waiting.said.contains("asking for `b` in addition to `a`"),
        "{}",
        waiting.said
    );
    waiting.consent().1.succeeds();
    // It stays so, also after a logout, and what is there already needs no word.
    sandbox.run(&["logout"]).succeeds();
    let waiting = Waiting::start(&sandbox, &server, &["--scope", "b"]);
    assert_eq!(waiting.asked("scope"), "a b");
    assert!(!waiting.said.contains("asking for"), "{}", waiting.said);
    waiting.consent().1.succeeds();
    // Another account begins with what it is given.
    let waiting = Waiting::start(&sandbox, &server, &["-a", "work", "--scope", "c"]);
    assert_eq!(waiting.asked("scope"), "c");
}

#[test]
fn a_parameter_that_is_given_again_takes_the_others_place_and_nothing_else_is_forgotten() {
    let sandbox = Sandbox::new();
    let server = first_login(&sandbox);
    let waiting = Waiting::start(&sandbox, &server, &["--parameter", "audience=z"]);
    assert_eq!(waiting.asked("audience"), "z");
    assert_eq!(waiting.asked("scope"), "read_user");
}

#[test]
fn of_another_kind_of_server_nothing_is_remembered() {
    let sandbox = Sandbox::new();
    let server = first_login(&sandbox);
    let words = words(&server, &["--provider", "gitlab"]);
    let said = sandbox.run(&words).fails(2);
    assert!(said.contains("no client id"), "{said}");
}

#[test]
fn a_secret_that_changes_is_sent_in_the_way_that_is_remembered() {
    let sandbox = Sandbox::new();
    let server = first_login(&sandbox);
    server.change(|settings| {
        settings.client_auth = ClientAuth::SecretPost("new-SECRET".to_owned());
    });
    let path = sandbox.path("new-secret");
    std::fs::write(&path, "new-SECRET\n").unwrap();
    let option = format!("--client-secret-file={}", path.display());
    log_in(&sandbox, &server, &[&option]);
}

#[test]
fn of_several_accounts_one_must_be_named() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    for account in ["home", "work"] {
        log_in(&sandbox, &server, &[&CLIENT[..], &["-a", account]].concat());
    }
    let said = sandbox.run(&words(&server, &[])).fails(2);
    assert!(said.contains("home, work"), "{said}");
    // A login that was left does not count.
    sandbox.run(&["logout", "--account", "home"]).succeeds();
    let finished = log_in(&sandbox, &server, &[]);
    assert!(finished.stderr.contains("(account work)"), "{finished:?}");
}

#[test]
fn it_says_whom_it_replaces_by_whom_and_the_old_grant_is_revoked() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &CLIENT);
    let old = sandbox.run(&["token"]).prints();
    let old = server.current_pair(&old);
    let host = server.host();

    let waiting = Waiting::start(&sandbox, &server, &[]);
    let before = format!("{host}: the login of jane stays until the new one is complete");
    assert!(waiting.said.contains(&before), "{}", waiting.said);
    // Until then it is there.
    assert_eq!(sandbox.run(&["token"]).prints(), old.access_token);
    server.change(|settings| settings.username = "joe".to_owned());
    let (seen, finished) = waiting.consent();
    assert_eq!(seen.heading(), format!("Logged in to {host} as joe"));
    let after = format!("{host}: logged in as joe, in place of jane\n");
    assert!(finished.stderr.contains(&after), "{finished:?}");

    assert!(!server.is_alive(&old.access_token));
    let requests = server.requests();
    let revocation = requests.iter().find(|one| one.request.path == REVOKE);
    let revoked = revocation.unwrap().request.parameter("token");
    assert_eq!(revoked, Some(&*old.refresh_token));
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));

    let finished = log_in(&sandbox, &server, &[]);
    let again = format!("{host}: logged in as joe again\n");
    assert!(finished.stderr.contains(&again), "{finished:?}");
}

#[test]
fn an_old_grant_that_cannot_be_revoked_is_a_warning() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &CLIENT);
    server.script(REVOKE, Behaviour::Answer(Answer::new(503)));
    let finished = log_in(&sandbox, &server, &[]);
    assert!(
        finished
            .stderr
            .contains("warning: the login that was replaced lives on"),
        "{finished:?}"
    );
}

#[test]
fn where_grants_are_shared_the_old_one_is_left_to_end_by_itself() {
    let sandbox = Sandbox::new();
    let server = first_login(&sandbox);
    let old = sandbox.run(&["token"]).prints();
    log_in_with_nothing(&sandbox, &server, &[]);
    assert_eq!(server.count(REVOKE), 0);
    assert!(server.is_alive(&old));
}

#[test]
fn the_generation_goes_on() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    for generation in 1..=3 {
        log_in(&sandbox, &server, &CLIENT);
        let record = sandbox.record(&server);
        let now = record["grants"][0]["generation"].as_integer();
        assert_eq!(now, Some(generation));
    }
}

#[test]
fn the_hosts_only_account_is_the_one_that_is_meant() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &[&CLIENT[..], &["-a", "work"]].concat());
    let finished = log_in(&sandbox, &server, &[]);
    assert!(
        finished.stderr.contains("logged in as jane again"),
        "{finished:?}"
    );
    let accounts = sandbox.run(&["status", "--json"]).prints();
    let accounts: serde_json::Value = serde_json::from_str(&accounts).unwrap();
    assert_eq!(accounts["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(accounts["accounts"][0]["account"], "work");
}

#[test]
fn a_personal_token_is_replaced_by_a_login_and_the_other_way_round() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let with_token = ["login", "--with-token", &server.url()];
    sandbox
        .run_with_input(&with_token, "glpat-SECRET-1\n")
        .succeeds();
    log_in(&sandbox, &server, &CLIENT);
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
    sandbox
        .run_with_input(&with_token, "glpat-SECRET-1\n")
        .succeeds();
    assert_eq!(sandbox.run(&["token"]).prints(), "glpat-SECRET-1");
}

#[test]
fn no_configuration_is_ever_written() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &CLIENT);
    let below_home: Vec<_> = sandbox
        .files()
        .into_iter()
        .filter(|(path, _)| path.starts_with(sandbox.path("home")))
        .collect();
    assert!(below_home.is_empty(), "{below_home:?}");
}
