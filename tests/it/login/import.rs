//! `login --import` and `login --with-token`: what is stored, what is remembered, what is replaced.

use serde_json::{Value, json};

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, ClientAuth, REVOKE, Settings, TOKEN, USER,
};
use crate::support::sandbox::{Finished, Sandbox};

/// `login --import URL`, with these options, of a token response.
fn import(
    sandbox: &Sandbox,
    server: &AuthorizationServer,
    options: &[&str],
    response: &str,
) -> Finished {
    let url = server.url();
    let args = [&["login", "--import"], options, &[&url]].concat();
    sandbox.run_with_input(&args, response)
}

fn generation(sandbox: &Sandbox, server: &AuthorizationServer) -> i64 {
    let record = sandbox.record(server);
    record["grants"][0]["generation"].as_integer().unwrap()
}

/// The login can be refreshed: the client is the registered one.
fn refreshes(sandbox: &Sandbox, server: &AuthorizationServer, account: &str) {
    let rotations = server.rotations();
    let args = ["refresh", "--force", "--account", account, &server.url()];
    sandbox.run(&args).succeeds();
    assert_eq!(server.rotations(), rotations + 1);
}

#[test]
fn an_import_that_is_repeated_changes_nothing() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let before = sandbox.record_text(&server);
    sandbox.import(&server, &pair);
    assert_eq!(sandbox.record_text(&server), before);
    // Nor does it when the login has gone on since, as when a provisioning script runs again.
    sandbox.run(&["refresh", "--force"]).succeeds();
    let before = sandbox.record_text(&server);
    sandbox.import(&server, &pair);
    assert_eq!(sandbox.record_text(&server), before);
    // Nor when it is the newest pair, which another store of the same login has.
    let newest = server.current_pair(&pair.access_token);
    sandbox.import(&server, &newest);
    assert_eq!(sandbox.record_text(&server), before);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn an_import_asks_for_the_user_and_prints_nothing_on_stdout() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let response = server.log_in().response;
    let done = import(&sandbox, &server, &["--client-id", "the-client"], &response);
    assert!(done.stderr.contains(&server.host()), "{done:?}");
    assert_eq!(done.succeeds(), "");
    let silent = ["-q", "--client-id", "the-client"];
    let response = server.log_in().response;
    assert_eq!(import(&sandbox, &server, &silent, &response).prints(), "");
    assert_eq!((server.count(USER), server.requests().len()), (2, 2));
}

#[test]
fn an_import_is_stored_whatever_the_server_says_and_has_a_name_where_its_token_lives() {
    let options = ["--client-id", "the-client"];
    for behaviour in [
        None,
        Some(Behaviour::LoseRequest),
        Some(Behaviour::Answer(Answer::new(401))),
        Some(Behaviour::Answer(Answer::new(503))),
    ] {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        let is_named = behaviour.is_none();
        if let Some(behaviour) = behaviour {
            server.script(USER, behaviour);
        }
        let response = server.log_in().response;
        let done = import(&sandbox, &server, &options, &response);
        assert_eq!(done.stderr.contains(" as jane"), is_named, "{done:?}");
        done.succeeds();
        let record = sandbox.record(&server);
        assert_eq!(record.contains_key("identity"), is_named);
    }
    // The server is not asked about a token that has expired.
    let server = AuthorizationServer::start();
    Sandbox::new().import_expired(&[], &server.url());
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn gitlabs_created_at_says_when_the_lifetime_began() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let an_hour_ago = jiff::Timestamp::now().as_second() - 3600;
    let mut response: Value = serde_json::from_str(&server.log_in().response).unwrap();
    response["created_at"] = an_hour_ago.into();
    let options = ["--client-id", "the-client"];
    import(&sandbox, &server, &options, &response.to_string()).succeeds();
    let record = sandbox.record(&server);
    let grant = &record["grants"][0];
    let time = |key: &str| -> jiff::Timestamp { grant[key].to_string().parse().unwrap() };
    assert_eq!(time("issued_at").as_second(), an_hour_ago);
    assert_eq!(time("expires_at").as_second(), an_hour_ago + 7200);
}

#[test]
fn a_lifetime_without_created_at_begins_now() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let response = json!({"access_token": "at-SECRET-1", "expires_in": "600"}).to_string();
    import(&sandbox, &server, &[], &response).succeeds();
    let shown = sandbox.run(&["token", "--format", "json"]).prints();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let left = shown["expires_in"].as_u64().unwrap();
    assert!((540..=600).contains(&left), "{left}");
    assert_eq!(shown["token_type"], "Bearer");
}

#[test]
fn another_pair_replaces_the_login_and_the_generation_goes_on() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.run(&["refresh", "--force"]).succeeds();
    assert_eq!(generation(&sandbox, &server), 2);
    let old = server.current_pair(&old.access_token);
    let new = sandbox.log_in(&server);
    assert_eq!(generation(&sandbox, &server), 3);
    assert_eq!(sandbox.run(&["token"]).prints(), new.access_token);
    // An imported grant may be the same one, so the old one is left to expire.
    assert_eq!(server.count(REVOKE), 0);
    assert!(server.is_alive(&old.access_token));
}

#[test]
fn a_refused_import_leaves_the_login_as_it_is() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let before = sandbox.record_text(&server);
    import(&sandbox, &server, &[], "{}").fails(2);
    assert_eq!(sandbox.record_text(&server), before);
}

#[test]
fn a_refresh_token_without_a_client_id_asks_for_that_of_the_tokens_own_application() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let response = server.log_in().response;
    let refused = import(&sandbox, &server, &["--json"], &response);
    let error = refused.fails_in_json(2, "config");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("were issued to"), "{hint}");
    assert_eq!(error["host"], server.host());
    assert_eq!(error["account"], "default");
    assert!(!sandbox.store().exists());
}

#[test]
fn an_access_token_alone_needs_no_client_id() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let pair = server.log_in();
    let mut response: Value = serde_json::from_str(&pair.response).unwrap();
    response.as_object_mut().unwrap().remove("refresh_token");
    import(&sandbox, &server, &[], &response.to_string()).succeeds();
    assert_eq!(sandbox.run(&["token"]).prints(), pair.access_token);
    assert_eq!(sandbox.record(&server)["kind"].as_str(), Some("oauth"));
}

#[test]
fn a_second_login_needs_no_flags() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let again = |options: &[&str]| {
        let response = server.log_in().response;
        import(&sandbox, &server, options, &response).succeeds();
    };
    // From the record.
    again(&[]);
    refreshes(&sandbox, &server, "default");
    // From the tombstone.
    let before = generation(&sandbox, &server);
    sandbox.run(&["logout"]).succeeds();
    again(&[]);
    assert_eq!(generation(&sandbox, &server), before + 1);
    refreshes(&sandbox, &server, "default");
    // From the host's other account, of which the first one has no client.
    let url = server.url();
    let personal = ["login", "--with-token", "--account", "a", &url];
    sandbox
        .run_with_input(&personal, "glpat-SECRET-1")
        .succeeds();
    again(&["--account", "work"]);
    refreshes(&sandbox, &server, "work");
}

#[test]
fn a_first_login_takes_the_client_from_the_configuration_and_a_second_one_does_not() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let path = sandbox.path("config.toml");
    let path = path.to_str().unwrap();
    let log_in_with = |client_id: &str| {
        let text = format!(
            "default_host = '{url}'\n[hosts.'{url}']\nclient_id = '{client_id}'\n",
            url = server.url()
        );
        std::fs::write(path, text).unwrap();
        // The host comes from the configuration too.
        let args = ["login", "--import", "--config", path];
        let done = sandbox.run_with_input(&args, &server.log_in().response);
        done.succeeds();
        refreshes(&sandbox, &server, "default");
    };
    log_in_with("the-client");
    log_in_with("another-client");
}

#[test]
fn what_is_given_goes_before_what_is_remembered() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let wrong = ["--client-id", "another-client"];
    let response = server.log_in().response;
    import(&sandbox, &server, &wrong, &response).succeeds();
    let right = ["--client-id", "the-client"];
    let response = server.log_in().response;
    import(&sandbox, &server, &right, &response).succeeds();
    refreshes(&sandbox, &server, "default");
}

#[test]
fn a_client_secret_comes_from_a_file_and_is_remembered() {
    let server = AuthorizationServer::start_with(Settings {
        client_auth: ClientAuth::SecretBasic("cs-SECRET- +%&=".to_owned()),
        ..Settings::default()
    });
    let sandbox = Sandbox::new();
    let path = sandbox.path("client-secret");
    std::fs::write(&path, "cs-SECRET- +%&=\n").unwrap();
    let path = path.to_str().unwrap();
    let options = ["--client-id", "the-client", "--client-secret-file", path];
    let response = server.log_in().response;
    import(&sandbox, &server, &options, &response).succeeds();
    refreshes(&sandbox, &server, "default");
    std::fs::remove_file(path).unwrap();
    let response = server.log_in().response;
    import(&sandbox, &server, &[], &response).succeeds();
    refreshes(&sandbox, &server, "default");
}

#[test]
fn parameters_go_with_every_token_request() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let resource = "resource=https://api.example/?a=b&c";
    let options = ["--client-id", "the-client", "--parameter", resource];
    let response = server.log_in().response;
    import(&sandbox, &server, &options, &response).succeeds();
    refreshes(&sandbox, &server, "default");
    let requests = server.requests();
    let refresh = requests.iter().find(|one| one.request.path == TOKEN);
    let sent = refresh.unwrap().request.parameter("resource");
    assert_eq!(sent, Some("https://api.example/?a=b&c"));
}

#[test]
fn scopes_are_those_of_the_response_else_those_that_were_given() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let options = ["--scope", "read_api read_user", "--scope", "api"];
    let scopes = || {
        let shown = sandbox.run(&["token", "--format", "json"]).prints();
        serde_json::from_str::<Value>(&shown).unwrap()["scopes"].clone()
    };
    let without = json!({"access_token": "at-SECRET-1"}).to_string();
    import(&sandbox, &server, &options, &without).succeeds();
    assert_eq!(scopes(), json!(["read_api", "read_user", "api"]));
    let with = json!({"access_token": "at-SECRET-2", "scope": "api sudo"}).to_string();
    import(&sandbox, &server, &options, &with).succeeds();
    assert_eq!(scopes(), json!(["api", "sudo"]));
}

#[test]
fn a_broken_record_hinders_no_login_as_another_account() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    std::fs::write(sandbox.file(&server, "toml"), "torn").unwrap();
    let options = ["--account", "work", "--client-id", "the-client"];
    let response = server.log_in().response;
    import(&sandbox, &server, &options, &response).succeeds();
    // As the account itself it is refused, and nothing is overwritten.
    let options = ["--json", "--client-id", "the-client"];
    let response = server.log_in().response;
    let refused = import(&sandbox, &server, &options, &response);
    refused.fails_in_json(5, "corrupt");
    assert_eq!(sandbox.record_text(&server), "torn");
}

#[test]
fn the_same_tokens_with_another_client_id_mend_the_client_and_nothing_else() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let pair = server.log_in();
    let url = server.url();
    let import = |id: &str| {
        let args = ["--json", "login", "--import", "--client-id", id, &url];
        let done = sandbox.run_with_input(&args, &pair.response).succeeds();
        let done: Value = serde_json::from_str(&done).unwrap();
        done["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(import("wrong"), "stored");
    let before = sandbox.record(&server);
    let id = server.client_id();
    assert_eq!(import(&id), "updated");
    assert_eq!(import(&id), "unchanged");
    let after = sandbox.record(&server);
    assert_eq!(after["client"]["client_id"].as_str(), Some(&*id));
    assert_eq!(after["grants"], before["grants"]);
}

#[test]
fn a_secret_of_another_client_id_is_not_taken_over() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let config = sandbox.path("config.toml");
    let host = server.host();
    let text = format!("[hosts.\"{host}\"]\nclient_id = 'a'\nclient_secret = 'of-a'\n");
    std::fs::write(&config, text).unwrap();
    let config = config.display().to_string();
    let url = server.url();
    let import = |more: &[&str]| {
        let args = [&["--config", &config, "login", "--import", &url], more].concat();
        let response = server.log_in().response;
        sandbox.run_with_input(&args, &response).succeeds();
        let record = sandbox.record(&server);
        record["client"]["auth_method"].as_str().unwrap().to_owned()
    };
    assert_eq!(import(&["--client-id", "b"]), "none");
    assert_eq!(import(&["--client-id", "a"]), "client_secret_basic");
    // Said once more, it is the same id: its secret stays.
    assert_eq!(import(&["--client-id", "a"]), "client_secret_basic");
}

/// A file as each of these programs writes it.
#[test]
fn an_end_that_the_file_names_is_the_tokens() {
    let server = AuthorizationServer::start();
    let in_an_hour = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let seconds = in_an_hour.as_second();
    for (key, value) in [
        ("expires_at", json!(seconds)),
        ("expires_at", json!(format!("{seconds}.5"))),
        ("expiresAt", json!(in_an_hour.as_millisecond())),
        ("expiry_date", json!(in_an_hour.as_millisecond())),
        ("expiry", json!(in_an_hour.to_string())),
        ("expires", json!(seconds)),
        ("exp", json!(seconds)),
    ] {
        let sandbox = Sandbox::new();
        let mut response: Value = serde_json::from_str(&server.log_in().response).unwrap();
        let fields = response.as_object_mut().unwrap();
        fields.remove("created_at");
        fields.insert(key.to_owned(), value);
        let options = ["--client-id", "the-client"];
        let done = import(&sandbox, &server, &options, &response.to_string());
        assert!(!done.stderr.contains("when it was issued"), "{done:?}");
        done.succeeds();
        let record = sandbox.record(&server);
        let grant = &record["grants"][0];
        let time = |key: &str| -> jiff::Timestamp { grant[key].to_string().parse().unwrap() };
        assert!(
            (seconds..=seconds + 1).contains(&time("expires_at").as_second()),
            "{key}"
        );
        // Of a lifetime of two hours.
        assert_eq!(
            time("issued_at"),
            time("expires_at") - jiff::SignedDuration::from_hours(2)
        );
    }
}

#[test]
fn a_token_whose_age_is_not_known_is_stored_with_a_warning() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut response: Value = serde_json::from_str(&server.log_in().response).unwrap();
    response.as_object_mut().unwrap().remove("created_at");
    let options = ["--client-id", "the-client"];
    let done = import(&sandbox, &server, &options, &response.to_string());
    assert!(
        done.stderr.contains("does not say when it was issued"),
        "{done:?}"
    );
    done.succeeds();
    // Known by now: nothing is stored.
    let again = import(&sandbox, &server, &options, &response.to_string());
    assert!(!again.stderr.contains("when it was issued"), "{again:?}");
    again.succeeds();
}

#[test]
fn what_editors_and_windows_put_around_tokens_is_removed() {
    let server = AuthorizationServer::start_with(Settings {
        client_auth: ClientAuth::SecretPost("the-secret".to_owned()),
        ..Settings::default()
    });
    let sandbox = Sandbox::new();
    let url = server.url();
    let around = |text: &str| format!("\u{feff} {text}\r\n \r\n");
    std::fs::write(sandbox.path("secret"), around("the-secret")).unwrap();
    let file = sandbox.path("secret");
    let options = [
        "--client-id",
        "the-client",
        "--auth-method=client_secret_post",
        "--client-secret-file",
        file.to_str().unwrap(),
    ];
    let pair = server.log_in();
    import(&sandbox, &server, &options, &around(&pair.response)).succeeds();
    sandbox.run(&["refresh", "--force", &url]).succeeds();

    let rejected = around(&pair.access_token);
    let args = ["token", "--rejected", &url];
    let token = sandbox.run_with_input(&args, &rejected).prints();
    assert!(server.is_alive(&token));
    let args = ["login", "--with-token", "--account", "personal", &url];
    sandbox.run_with_input(&args, &around(&token)).succeeds();
    assert_eq!(
        sandbox
            .run(&["token", "--account", "personal", &url])
            .prints(),
        token
    );
    // As a shell of Windows' writes a file.
    let units = around(&token)
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect::<Vec<_>>();
    sandbox.run_with_input(&args, &units).succeeds();
}

/// An access token that has expired, with nothing to refresh it: the login that is there stays.
#[test]
fn tokens_that_are_of_no_use_take_no_place() {
    let server = AuthorizationServer::start();
    let dead = r#"{"access_token":"at-SECRET-dead","expires_in":60,"created_at":1700000000}"#;
    let options = ["--client-id", "the-client"];
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let said = import(&sandbox, &server, &options, dead).fails(3);
    assert!(said.contains("there is no refresh token"), "{said}");
    assert_eq!(sandbox.run(&["token"]).prints(), pair.access_token);
    assert!(server.is_alive(&pair.access_token));

    let empty = Sandbox::new();
    import(&empty, &server, &options, dead).fails(3);
    assert!(!empty.file(&server, "toml").exists());
}

/// At each refresh one of the two would lose its login.
#[test]
fn tokens_that_another_account_has_are_not_imported() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let work = ["--account", "work", "--client-id", "the-client"];
    let refused = |response: &str| {
        let done = import(&sandbox, &server, &work, response);
        let said = done.fails(2);
        assert!(
            said.contains("default") && said.contains("--account default"),
            "{said}"
        );
    };
    refused(&pair.response);
    // Nor where that login has gone on: neither what it began with, nor what it has now.
    sandbox.run(&["refresh", "--force"]).succeeds();
    refused(&pair.response);
    refused(&server.current_pair(&pair.access_token).response);
    // Nor as a second grant.
    let own = server.log_in();
    import(&sandbox, &server, &work, &own.response).succeeds();
    let standby = [&work[..2], &["--standby"]].concat();
    let done = import(&sandbox, &server, &standby, &pair.response);
    assert!(done.fails(2).contains("default"));
    assert_eq!(server.refresh_requests(), 1);
}

/// No server is asked what it is, so that an import needs no network: a person must hear what glauth assumes.
#[test]
fn tokens_brought_to_an_unknown_host_say_which_kind_is_assumed() {
    let server = AuthorizationServer::start();
    let client = ["--client-id", "the-client"];
    let assumed = format!("glauth takes {} for GitLab", server.host());
    let response = server.log_in().response;
    let sandbox = Sandbox::new();
    for is_new in [true, false] {
        let done = import(&sandbox, &server, &client, &response);
        assert_eq!(done.stderr.contains(&assumed), is_new, "{done:?}");
        let step = format!(
            "run `glauth login --provider KIND --import --client-id the-client {}`",
            server.url()
        );
        assert_eq!(done.stderr.contains(&step), is_new, "{done:?}");
        done.succeeds();
    }
    let step = [&client[..], &["--provider", "generic"]].concat();
    let endpoint = format!("{}{TOKEN}", server.url());
    let step = [&step[..], &["--token-endpoint", &endpoint]].concat();
    import(&sandbox, &server, &step, &response).succeeds();
    assert_eq!(
        sandbox.record(&server)["client"]["provider"].as_str(),
        Some("generic")
    );
    let named = [&client[..], &["--provider", "gitlab"]].concat();
    let response = server.log_in().response;
    let done = import(&Sandbox::new(), &server, &named, &response);
    assert!(!done.stderr.contains(&assumed), "{done:?}");
    let (url, sandbox) = (server.url(), Sandbox::new());
    let done = sandbox.run_with_input(&["login", "--with-token", &url], "glpat-SECRET-1\n");
    assert!(done.stderr.contains(&assumed), "{done:?}");
}
