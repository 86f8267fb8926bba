//! Which host and which account is meant.

use crate::support::authorization_server::{AuthorizationServer, Pair, USER};
use crate::support::mounts::{become_other, is_root, skipped};
use crate::support::sandbox::{Finished, Running, Sandbox};

/// Two servers with a login at each, in one store.
struct Two {
    sandbox: Sandbox,
    one: (AuthorizationServer, Pair),
    other: (AuthorizationServer, Pair),
}

impl Two {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let log_in = || {
            let server = AuthorizationServer::start();
            let pair = sandbox.log_in(&server);
            (server, pair)
        };
        let (one, other) = (log_in(), log_in());
        Self {
            sandbox,
            one,
            other,
        }
    }

    /// `token` with these options, this variable and this configuration.
    fn token(&self, args: &[&str], host_variable: Option<&str>, config: &str) -> Finished {
        let path = self.sandbox.path("config.toml");
        std::fs::write(&path, config).unwrap();
        let mut command = self.sandbox.command(&[&["token"], args].concat());
        command.env("GLAUTH_CONFIG", path);
        if let Some(host) = host_variable {
            command.env("GLAUTH_HOST", host);
        }
        Running::spawn(&mut command).finish()
    }
}

#[test]
fn host_goes_before_option_before_variable_before_configuration() {
    let two = Two::new();
    let (one, other) = (&two.one, &two.other);
    let (url, other_url) = (one.0.url(), other.0.url());
    let config = format!("default_host = '{url}'");
    let expected = &one.1.access_token;

    let token = two.token(&[&url], Some(&other_url), "");
    assert_eq!(token.prints(), *expected);
    let token = two.token(&["--host", &url], Some(&other_url), "");
    assert_eq!(token.prints(), *expected);
    let token = two.token(&[&url, "--host", &other_url], None, "");
    assert_eq!(token.prints(), *expected);
    let token = two.token(&[], Some(&other_url), &config);
    assert_eq!(token.prints(), other.1.access_token);
    let token = two.token(&[], None, &config);
    assert_eq!(token.prints(), *expected);
}

#[test]
fn several_hosts_and_none_chosen_is_exit_2_with_their_names() {
    let two = Two::new();
    for command in ["token", "refresh", "logout"] {
        let refused = two.sandbox.run(&["--json", command]);
        let error = refused.fails_in_json(2, "usage");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&two.one.0.host()), "{message}");
        assert!(message.contains(&two.other.0.host()), "{message}");
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains("GLAUTH_HOST"), "{hint}");
    }
}

#[test]
fn the_only_host_is_meant_and_where_there_is_none_a_login_is_needed() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    assert_eq!(sandbox.run(&["token"]).prints(), pair.access_token);
    sandbox.log_in_as(&server, "work");
    assert_eq!(sandbox.run(&["token"]).prints(), pair.access_token);
    let nobody = Sandbox::new();
    for command in ["token", "refresh", "logout"] {
        nobody
            .run(&["--json", command])
            .fails_in_json(3, "login_required");
    }
    // A HOST is missing there, and no login.
    for command in ["login", "setup-git"] {
        nobody.run(&["--json", command]).fails_in_json(2, "usage");
    }
}

#[test]
fn a_host_may_be_written_in_several_ways() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    for host in [server.host(), format!("{}/", server.url())] {
        let token = sandbox.run(&["token", &host]).prints();
        assert_eq!(token, pair.access_token);
    }
}

#[test]
fn a_scheme_that_the_login_does_not_have_is_exit_2() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let host = format!("https://{}", server.host());
    let refused = sandbox.run(&["--json", "token", &host]);
    let error = refused.fails_in_json(2, "usage");
    assert!(error["message"].as_str().unwrap().contains("`http`"));
    // Nor does a new login change it by the way.
    let login = ["--json", "login", "--import", &host];
    let refused = sandbox.run_with_input(&login, &server.log_in().response);
    let error = refused.fails_in_json(2, "usage");
    assert!(error["message"].as_str().unwrap().contains("`http`"));
}

/// Such as that of a Go module, of a scoped package, or with an empty part.
#[test]
fn a_url_below_a_login_means_it_whatever_it_goes_on_with_but_is_no_place_for_a_login() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    for rest in ["go/x/@v/list", "npm/@scope%2fname", "a//b"] {
        let url = format!("{}/{rest}", server.url());
        let said = sandbox.run(&["token", &url]).succeeds();
        assert_eq!(said.trim_end(), pair.access_token, "{url}");
        for args in [["switch", &url, "default"], ["refresh", &url, "-q"]] {
            sandbox.run(&args).succeeds();
        }
        let refused = sandbox.run(&["login", "--client-id", "x", &url]);
        assert_eq!(refused.code(), Some(2), "{refused:?}");
        assert!(refused.stderr.contains("is not a host name"), "{refused:?}");
    }
    assert_eq!(server.refresh_requests(), 0);
}

#[test]
fn a_path_means_the_login_at_the_longest_prefix_that_has_one() {
    let server = AuthorizationServer::start();
    let (sandbox, root) = Sandbox::logged_in(&server);
    let below = format!("{}/gitlab", server.url());
    // The endpoints of a login there are below the path as well.
    let login = ["login", "--import", "--client-id", "x", &below];
    let pair = server.log_in();
    sandbox.run_with_input(&login, &pair.response).succeeds();
    let folder = format!("{}%2Fgitlab", server.host().replace(':', "%3A"));
    let record = sandbox.store().join(folder).join("default.toml");
    let record: toml::Table = std::fs::read_to_string(record).unwrap().parse().unwrap();
    let endpoint = record["client"]["token_endpoint"].as_str().unwrap();
    assert_eq!(endpoint, format!("{below}/oauth/token"));
    for (path, expected) in [
        ("", &root),
        ("/group/repo.git", &root),
        ("/gitlabs", &root),
        ("?private_token=x", &root),
        ("/gitlab", &pair),
        ("/gitlab/group/repo?page=2", &pair),
    ] {
        let host = format!("{}{path}", server.url());
        let token = sandbox.run(&["token", &host]).prints();
        assert_eq!(token, expected.access_token, "{path}");
        for command in [
            &["status", "--json"][..],
            &["doctor", "--json", "--offline"],
        ] {
            let said = sandbox.run(&[command, &[&host]].concat()).stdout;
            let other = if expected.access_token == root.access_token {
                "/gitlab\""
            } else {
                "\"x\""
            };
            assert!(
                !said.contains(&format!("{}{other}", server.host())),
                "{said}"
            );
            assert!(said.contains(&server.host()), "{said}");
        }
    }
    let both = format!("{}/gitlab/group", server.url());
    sandbox
        .run(&["logout", "--local", "--all", &both])
        .succeeds();
    assert!(server.is_alive(&root.access_token));
    sandbox.run(&["token", &both]).fails(3);
}

#[test]
fn the_account_is_the_named_one_else_default() {
    let server = AuthorizationServer::start();
    let (sandbox, default) = Sandbox::logged_in(&server);
    let work = sandbox.log_in_as(&server, "work");
    let url = server.url();
    let token = |args: &[&str], variable: Option<&str>| {
        let mut command = sandbox.command(&[args, &["token", &url]].concat());
        if let Some(account) = variable {
            command.env("GLAUTH_ACCOUNT", account);
        }
        Running::spawn(&mut command).finish().prints()
    };
    assert_eq!(token(&[], None), default.access_token);
    assert_eq!(token(&["--account", "work"], None), work.access_token);
    assert_eq!(token(&[], Some("work")), work.access_token);
    let named = token(&["-a", "default"], Some("work"));
    assert_eq!(named, default.access_token);
}

#[test]
fn the_only_account_of_a_host_is_meant_where_there_is_no_default_one() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let work = sandbox.log_in_as(&server, "work");
    let url = server.url();
    assert_eq!(sandbox.run(&["token", &url]).prints(), work.access_token);
    assert_eq!(sandbox.run(&["token"]).prints(), work.access_token);
    // It is refreshed and logged out of in the same way.
    sandbox.run(&["refresh", "--force", &url]).succeeds();
    assert_eq!(server.rotations(), 1);
    sandbox.run(&["logout", &url]).succeeds();
    let refused = sandbox.run(&["--json", "token", &url]);
    let error = refused.fails_in_json(3, "login_required");
    assert_eq!(error["account"], "work");
}

#[test]
fn several_accounts_and_no_default_one_is_exit_2_with_their_names() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    sandbox.log_in_as(&server, "home");
    sandbox.log_in_as(&server, "work");
    server.forget(USER);
    for command in ["token", "refresh", "logout"] {
        let refused = sandbox.run(&["--json", command, &server.url()]);
        let error = refused.fails_in_json(2, "usage");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("home, work"), "{message}");
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains("--account"), "{hint}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn where_everybody_is_logged_out_a_person_is_needed() {
    let two = Two::new();
    let sandbox = &two.sandbox;
    sandbox.log_in_as(&two.one.0, "work");
    sandbox.run(&["logout", "--all"]).succeeds();
    let error = sandbox
        .run(&["--json", "token"])
        .fails_in_json(3, "login_required");
    let hint = error["hint"].as_str().unwrap();
    for command in [
        format!("`glauth login {}`", two.one.0.url()),
        format!("`glauth login --account work {}`", two.one.0.url()),
        format!("`glauth login {}`", two.other.0.url()),
    ] {
        assert!(hint.contains(&command), "{hint}");
    }
    // The default one is meant, and of several others none.
    let token = sandbox.run(&["--json", "token", &two.one.0.url()]);
    let error = token.fails_in_json(3, "login_required");
    assert_eq!(error["account"], "default");
    std::fs::remove_file(sandbox.file(&two.one.0, "toml")).unwrap();
    sandbox.log_in_as(&two.one.0, "home");
    sandbox.run(&["logout", "--all"]).succeeds();
    let token = sandbox.run(&["--json", "token", &two.one.0.url()]);
    let error = token.fails_in_json(3, "login_required");
    assert!(error["hint"].as_str().unwrap().contains("--account home"));
}

#[test]
fn a_logout_of_the_default_account_does_not_make_another_one_meant() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let work = sandbox.log_in_as(&server, "work");
    let url = server.url();
    sandbox.run(&["logout", &url]).succeeds();
    for command in ["token", "refresh"] {
        let refused = sandbox.run(&["--json", command, &url]);
        let error = refused.fails_in_json(3, "login_required");
        assert_eq!(error["account"], "default");
    }
    let question = format!("protocol=http\nhost={}\n\n", server.host());
    let asked = |args: &[&str]| {
        let answer =
            sandbox.run_with_input(&[args, &["git-credential", "get"]].concat(), &question);
        answer.stdout.contains(&work.access_token)
    };
    assert!(!asked(&[]));
    assert!(asked(&["--account", "work"]));
}

#[test]
fn a_login_that_is_not_there_is_looked_for_in_a_store_that_is_named() {
    let sandbox = Sandbox::new();
    let store = sandbox.store().display().to_string();
    for command in ["token", "refresh", "logout", "status"] {
        let refused = sandbox.run(&[command, "-a", "work", "gitlab.example"]);
        assert_eq!(refused.code(), Some(3), "{refused:?}");
        let said = format!("no login for gitlab.example (account work) in `{store}`");
        assert!(refused.stderr.contains(&said), "{refused:?}");
        let hint = match command {
            "logout" => "`glauth status`",
            _ => "`glauth login --account work gitlab.example`",
        };
        assert!(refused.stderr.contains(hint), "{refused:?}");
    }
}

#[test]
fn an_account_that_is_nowhere_is_no_empty_store() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let refused = sandbox.run(&["--json", "status", "-a", "wrok"]);
    assert_eq!(refused.stdout, "{\"accounts\":[],\"errors\":[]}\n");
    let refused = sandbox.run(&["status", "-a", "wrok"]);
    assert_eq!(refused.code(), Some(3), "{refused:?}");
    assert!(
        refused.stderr.contains("no login with account wrok"),
        "{refused:?}"
    );
}

#[test]
fn a_named_account_that_is_not_there_is_never_another_one() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    for command in ["token", "refresh", "logout"] {
        let rest = ["--json", command, "-a", "work", &server.url()];
        let error = sandbox.run(&rest).fails_in_json(3, "login_required");
        assert_eq!(error["account"], "work");
    }
    let rest = ["--json", "token", "-a", "default", "gitlab.example"];
    sandbox.run(&rest).fails_in_json(3, "login_required");
}

#[test]
fn an_empty_environment_without_a_home_works_with_a_store() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let (store, config) = (sandbox.store(), sandbox.path("config.toml"));
    std::fs::write(&config, "").unwrap();
    let places = [
        "--store",
        store.to_str().unwrap(),
        "--config",
        config.to_str().unwrap(),
    ];
    let bare = |args: &[&str]| {
        let mut command = sandbox.command(&[&places, args].concat());
        command.env_clear();
        command
    };
    let pair = server.log_in();
    let (id, url) = (server.client_id(), server.url());
    let login = ["login", "--import", "--client-id", &id, &url];
    let done = Running::spawn_with_input(&mut bare(&login), &pair.response);
    done.finish().succeeds();
    sandbox.ends_in(&server, -10);
    let token = Running::spawn(&mut bare(&["token", &url])).finish();
    let new = server.current_pair(&pair.access_token);
    assert_eq!(token.prints(), new.access_token);
    let only = Running::spawn(&mut bare(&["token"])).finish();
    assert_eq!(only.prints(), new.access_token);
    Running::spawn(&mut bare(&["status"])).finish().succeeds();
    Running::spawn(&mut bare(&["logout", &url]))
        .finish()
        .succeeds();
}

/// A container may run as any number. Root's own home is in the list of users, whatever HOME says.
#[test]
fn a_user_whom_no_list_knows_needs_a_store_and_nothing_else() {
    if !is_root() {
        skipped("a user without a home: only root can become one");
        return;
    }
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let url = server.url();
    let bare = |args: &[&str], store: bool| {
        let mut command = sandbox.command(args);
        let here = become_other(&sandbox, &mut command, 47_114_711);
        command.env_clear();
        if store {
            command.env("GLAUTH_STORE", sandbox.store());
        }
        here.then_some(command)
    };
    let run = |args: &[&str], store| Running::spawn(&mut bare(args, store).unwrap()).finish();
    if bare(&[], true).is_none() {
        return;
    }

    assert_eq!(run(&["token"], true).prints(), pair.access_token);
    assert_eq!(run(&["token", &url], true).prints(), pair.access_token);
    run(&["exec", "--", "/bin/true"], true).succeeds();
    run(&["refresh"], true).succeeds();
    let checks = run(&["-v", "doctor", "--offline"], true).stdout;
    let line = "no home folder for a configuration, and none is needed";
    assert!(checks.contains(line), "{checks}");
    let new = server.log_in();
    let login = ["login", "--import", &url];
    let mut login = bare(&login, true).unwrap();
    Running::spawn_with_input(&mut login, &new.response)
        .finish()
        .succeeds();
    assert_eq!(run(&["token"], true).prints(), new.access_token);

    let said = run(&["token", &url], false).fails(2);
    let expected = "no home folder is known; set GLAUTH_STORE\n";
    assert!(said.ends_with(expected), "{said}");
}

#[test]
fn a_host_that_was_logged_out_of_is_not_in_the_way_of_the_only_one() {
    let [server, other] = [AuthorizationServer::start(), AuthorizationServer::start()];
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.run(&["logout"]).succeeds();
    let pair = sandbox.log_in(&other);
    assert_eq!(sandbox.run(&["token"]).prints(), pair.access_token);
}

#[test]
fn a_file_in_the_store_that_is_none_of_ours_is_not_in_the_way() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    std::fs::write(sandbox.store().join("notes.txt"), "").unwrap();
    assert_eq!(sandbox.run(&["token"]).prints(), pair.access_token);
    sandbox.run(&["status"]).succeeds();
}

#[test]
fn after_a_logout_a_login_may_be_reached_in_another_way() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    // Without a scheme it is https, which this server does not speak: it sees a request that is none.
    server.allow_mistakes();
    let pair = server.log_in();
    let (id, host, url) = (server.client_id(), server.host(), server.url());
    let login = ["login", "--import", "--client-id", &id];
    let mistaken = [&login[..], &[&host]].concat();
    sandbox.run_with_input(&mistaken, &pair.response).succeeds();
    let right = [&login[..], &[&url]].concat();
    let said = sandbox.run_with_input(&right, &pair.response).fails(2);
    assert!(said.contains("logout --local"), "{said}");
    sandbox.run(&["logout", "--local"]).succeeds();
    sandbox.run_with_input(&right, &pair.response).succeeds();
    sandbox.run(&["refresh", "--force"]).succeeds();
}

#[test]
fn a_store_that_is_no_folder_is_no_empty_store() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.store(), "").unwrap();
    let refused = sandbox.run(&["--json", "status"]);
    refused.fails_in_json(5, "store_failed");
}

/// The plain form is read without clap, which knows the variables that stand for options.
#[test]
fn a_variable_counts_in_the_plain_form_as_in_the_long_one() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let url = server.url();
    for (name, value, code) in [
        ("GLAUTH_ACCOUNT", "nobody", 3),
        ("GLAUTH_ACCOUNT", "NO NAME", 2),
        ("GLAUTH_ACCOUNT", "", 2),
        ("GLAUTH_HOST", "not a host", 2),
        ("GLAUTH_STORE", "/nowhere", 3),
        ("GLAUTH_STORE", "", 2),
        ("GLAUTH_CONFIG", "/nowhere", 0),
    ] {
        let plain = Running::spawn(sandbox.command(&["token", &url]).env(name, value)).finish();
        let mut long = sandbox.command(&["token", &url, "--format", "plain"]);
        let long = Running::spawn(long.env(name, value)).finish();
        assert_eq!(plain.code(), Some(code), "{name}={value}: {plain:?}");
        assert_eq!(long.code(), Some(code), "{name}={value}: {long:?}");
        assert_eq!(plain.stdout, long.stdout);
        assert_eq!(plain.stderr, long.stderr);
    }
    assert_eq!(sandbox.run(&["token", &url]).prints(), pair.access_token);
}

/// Records that cannot be read: cut off, and of another version.
const UNREADABLE: [&str; 2] = ["version = 1\n", "version = 2\n# end of record\n"];

/// Writes the record of `account` behind glauth's back.
fn break_account(sandbox: &Sandbox, server: &AuthorizationServer, account: &str, text: &str) {
    let path = sandbox
        .file(server, "toml")
        .with_file_name(format!("{account}.toml"));
    std::fs::write(path, text).unwrap();
}

#[test]
fn a_record_that_cannot_be_read_hides_no_other_account_of_its_host() {
    for text in UNREADABLE {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        let (pair, _) = (
            sandbox.log_in_as(&server, "a"),
            sandbox.log_in_as(&server, "b"),
        );
        break_account(&sandbox, &server, "b", text);
        let url = server.url();
        // The only one that can be meant.
        assert_eq!(sandbox.run(&["token", &url]).prints(), pair.access_token);
        sandbox.run(&["token", "-a", "b", &url]).fails(5);
        // `default` is always meant, so it is told of; the others can be named.
        sandbox.log_in_as(&server, "default");
        break_account(&sandbox, &server, "default", text);
        sandbox.run(&["token", &url]).fails(5);
        let named = sandbox.run(&["token", "-a", "a", &url]).prints();
        assert_eq!(named, pair.access_token);
        let status = sandbox.run(&["status", "--json", &url]);
        assert_eq!(status.code(), Some(5));
        let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
        let expected = ["unreadable", "unreadable", "fresh"];
        let found = status["accounts"].as_array().unwrap();
        let mut found: Vec<_> = found
            .iter()
            .map(|one| one["state"].as_str().unwrap())
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(found, expected);
        // Where no other one can be read its error is seen.
        for account in ["a", "default"] {
            let file = sandbox.file(&server, "toml");
            std::fs::remove_file(file.with_file_name(format!("{account}.toml"))).unwrap();
        }
        sandbox.run(&["token", &url]).fails(5);
    }
}

#[test]
fn a_slip_in_a_host_an_account_or_a_command_brings_the_name_that_was_meant() {
    let sandbox = Sandbox::new();
    let import = |options: &[&str], host| sandbox.import_expired(options, host);
    import(&[], "gitlab.example.com");
    import(&["-a", "jane"], "gitlab.example.com");
    let hint = |args: &[&str], code, name| {
        let error = sandbox.run(&[&["--json"], args].concat());
        let error = error.fails_in_json(code, name);
        error["hint"].as_str().unwrap().to_owned()
    };
    for command in ["token", "refresh", "logout", "status"] {
        let hint = hint(&[command, "gitlab.exmaple.com"], 3, "login_required");
        let asks = hint.starts_with("did you mean gitlab.example.com?");
        assert!(asks, "{command}: {hint}");
    }
    let said = hint(&["token", "gitlab.exmaple.com"], 3, "login_required");
    assert!(
        said.ends_with("run `glauth login gitlab.exmaple.com`"),
        "{said}"
    );
    let said = hint(
        &["token", "-a", "jnae", "gitlab.example.com"],
        3,
        "login_required",
    );
    assert!(said.starts_with("did you mean --account jane?"), "{said}");
    let said = hint(&["status", "-a", "jan"], 3, "login_required");
    assert!(said.starts_with("did you mean --account jane?"), "{said}");
    // Another server is none.
    let said = hint(&["token", "github.com"], 3, "login_required");
    assert!(!said.contains("mean"), "{said}");
    let said = hint(&["logn"], 2, "usage");
    assert!(
        said.contains("`login`") && !said.contains("logout"),
        "{said}"
    );
    let doctor = sandbox.run(&["doctor", "--offline", "gitlab.exmaple.com"]);
    let asks = "did you mean gitlab.example.com?";
    assert!(doctor.stdout.contains(asks), "{doctor:?}");
}
