//! Whose question it is: hosts, ports, protocols, paths, users, accounts.

use super::{credential, get, question, tell};
use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::{Finished, Sandbox};
use crate::support::terminal::Terminal;

/// `login --import` for this HOST.
fn import(sandbox: &Sandbox, host: &str, options: &[&str], token: &str) {
    let response = format!(
        r#"{{"access_token": "{token}", "refresh_token": "rt-{token}", "expires_in": 7200}}"#
    );
    let args = [&["login", "--import", "--client-id", "x"], options, &[host]].concat();
    sandbox.run_with_input(&args, &response).succeeds();
}

fn password(sandbox: &Sandbox, question: &str) -> Option<String> {
    get(sandbox, question).remove("password")
}

#[test]
fn a_token_is_for_its_own_protocol_host_and_port() {
    let sandbox = Sandbox::new();
    import(&sandbox, "gitlab.example.com", &[], "at-1");
    import(&sandbox, "gitlab.example.com:8443", &[], "at-2");
    for (protocol, host, expected) in [
        ("https", "gitlab.example.com", Some("at-1")),
        ("https", "GitLab.Example.COM", Some("at-1")),
        ("https", "gitlab.example.com:443", Some("at-1")),
        ("https", "gitlab.example.com:8443", Some("at-2")),
        ("https", "gitlab.example.com:444", None),
        ("http", "gitlab.example.com", None),
        ("http", "gitlab.example.com:443", None),
        ("ssh", "gitlab.example.com", None),
        ("HTTPS", "gitlab.example.com", None),
        ("", "gitlab.example.com", None),
        ("https", "gitlab.example.com.evil.example", None),
        ("https", "evil-gitlab.example.com", None),
        ("https", "example.com", None),
        ("https", "gitlab.example.com..", None),
        ("https", "gitlab.example.com.", Some("at-1")),
        ("https", "gitlab.example.com.:8443", Some("at-2")),
        ("https", "ｇitlab.example.com", None),
    ] {
        let asked = format!("protocol={protocol}\nhost={host}\n");
        assert_eq!(password(&sandbox, &asked).as_deref(), expected, "{asked}");
        // A path changes nothing where the installation has the whole host.
        let asked = format!("{asked}path=group/project.git\n");
        assert_eq!(password(&sandbox, &asked).as_deref(), expected, "{asked}");
    }
    assert_eq!(password(&sandbox, "host=gitlab.example.com\n"), None);
    assert_eq!(password(&sandbox, "protocol=https\n"), None);
}

#[test]
fn an_installation_below_a_path_answers_for_what_is_below_it() {
    let sandbox = Sandbox::new();
    import(&sandbox, "https://example.com/gitlab", &[], "at-1");
    import(&sandbox, "https://example.com/gitlab/second", &[], "at-2");
    for (path, expected) in [
        ("gitlab/group/project.git", Some("at-1")),
        ("/gitlab/group/project.git", Some("at-1")),
        ("gitlab", Some("at-1")),
        ("gitlab/second/group/project.git", Some("at-2")),
        ("gitlab/seconds/project.git", Some("at-1")),
        ("gitlab/a b/ü.git", Some("at-1")),
        ("gitlab2/project.git", None),
        ("other/gitlab/project.git", None),
        ("Gitlab/project.git", None),
        ("gitlab/../evil", None),
        ("gitlab/./project.git", None),
        ("gitlab/group/..", None),
        ("../gitlab/project.git", None),
        ("gitlab\\..\\evil", None),
        ("gitlab%2fproject", None),
        ("gitlab/%2e%2e/evil", None),
        ("gitlab/%2E./evil", None),
        ("gitlab/group%2f..%2f../evil", None),
        ("gitlab/group%5c..%5c../evil", None),
        ("gitlab/group\\..\\..\\evil", None),
        ("gitlab/..;/evil", None),
        ("gitlab/.;x=1/evil", None),
        ("gitlab/%2e%2e;x/evil", None),
        // For git below the one, for a server below the other.
        ("gitlab/second;x/project.git", None),
        ("gitlab/second%2fproject.git", None),
        ("gitlab\\second\\project.git", None),
        ("gitlab/%73econd/project.git", None),
        ("gitlab;x/project.git", None),
        // What git takes for a part of the path is none for curl.
        ("gitlab/second?x/project.git", None),
        ("gitlab/second#/project.git", None),
        ("gitlab/..?x/evil", None),
        ("gitlab/group/../..#/evil", None),
        ("gitlab?x/project.git", None),
        ("gitlab/group?x/project.git", Some("at-1")),
        ("gitlab/group/a#b.git", Some("at-1")),
        ("gitlab/group;x/project.git", Some("at-1")),
        ("gitlab/100%/project.git", Some("at-1")),
        ("gitlab/second/a;b%2fc.git", Some("at-2")),
        ("", None),
    ] {
        let asked = format!("protocol=https\nhost=example.com\npath={path}\n");
        assert_eq!(password(&sandbox, &asked).as_deref(), expected, "{path}");
    }
    // Without a path it is unknown which one is meant.
    let asked = "protocol=https\nhost=example.com\n";
    assert_eq!(password(&sandbox, asked), None);
}

#[test]
fn a_deep_path_is_looked_at_to_a_depth() {
    let sandbox = Sandbox::new();
    import(&sandbox, "example.com", &[], "at-1");
    let deep = "a/".repeat(5000);
    let asked = format!("protocol=https\nhost=example.com\npath={deep}x.git\n");
    assert_eq!(password(&sandbox, &asked).as_deref(), Some("at-1"));
}

/// A login of jane's and one of joe's.
fn two_users(server: &AuthorizationServer) -> Sandbox {
    let sandbox = Sandbox::new();
    for (user, account) in [("jane", "default"), ("joe", "work")] {
        server.change(|settings| user.clone_into(&mut settings.username));
        let options = ["--client-id", "the-client", "--account", account];
        crate::login::log_in(&sandbox, server, &options);
    }
    sandbox
}

#[test]
fn a_user_gets_their_own_token_and_no_other_user_any() {
    let server = AuthorizationServer::start();
    let sandbox = two_users(&server);
    let token = |account: &str| sandbox.run(&["token", "--account", account]).prints();
    let (jane, joe) = (token("default"), token("work"));
    let asked = question(&server.host());
    for (user, expected, called) in [
        ("", Some(&jane), "oauth2"),
        ("username=oauth2\n", Some(&jane), "oauth2"),
        ("username=jane\n", Some(&jane), "oauth2"),
        ("username=joe\n", Some(&joe), "oauth2"),
        ("username=work\n", Some(&joe), "oauth2"),
        ("username=default\n", Some(&jane), "oauth2"),
        ("username=mallory\n", None, ""),
        ("username=\n", None, ""),
        ("username=JANE\n", Some(&jane), "oauth2"),
        ("username=Joe\n", Some(&joe), "oauth2"),
        ("username=Work\n", Some(&joe), "oauth2"),
        ("username=OAuth2\n", Some(&jane), "oauth2"),
    ] {
        let answer = get(&sandbox, &format!("{asked}{user}"));
        assert_eq!(answer.get("password"), expected, "{user}");
        assert_eq!(answer.get("username").map_or("", |name| name), called);
    }
    // The account of `--account` is the one, for its own user.
    for (user, expected) in [
        ("", Some(&joe)),
        ("username=oauth2\n", Some(&joe)),
        ("username=joe\n", Some(&joe)),
        ("username=jane\n", None),
        ("username=mallory\n", None),
    ] {
        let args = ["--account", "work", "git-credential", "get"];
        let finished = sandbox.run_with_input(&args, &format!("{asked}{user}"));
        let answer = super::read(&finished.prints());
        assert_eq!(answer.get("password"), expected, "{user}");
    }
    let args = ["--account", "nobody", "git-credential", "get"];
    assert_eq!(sandbox.run_with_input(&args, &asked).prints(), "");
}

#[test]
fn a_terminal_shows_that_no_login_is_for_the_user_that_git_names() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let asked = question(&server.host());
    let asks = |user: &str| {
        let mut terminal = Terminal::spawn(&mut sandbox.command(&["git-credential", "get"]));
        for line in format!("{asked}username={user}\n").lines() {
            terminal.type_line(line);
        }
        terminal.type_line("");
        terminal.finish()
    };
    let refused = asks("mallory");
    assert_eq!(refused.stdout, "");
    let said = "the logins are for another user or protocol than git asks for";
    let warnings = |finished: &Finished| finished.stderr.matches(said).count();
    assert_eq!(warnings(&refused), 1, "{refused:?}");
    let answered = asks("jane");
    assert_eq!(warnings(&answered), 0, "{answered:?}");
    assert!(answered.stdout.contains("password="), "{answered:?}");
    // A script hears nothing.
    let asked = format!("{asked}username=mallory\n");
    let finished = sandbox.run_with_input(&["git-credential", "get"], &asked);
    assert_eq!(finished.stderr, "");
}

#[test]
fn a_login_of_an_unknown_user_is_for_any_user() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.edit(&server, |record| drop(record.remove("identity")));
    let asked = question(&server.host()) + "username=whoever\n";
    let answer = get(&sandbox, &asked);
    assert_eq!(answer["password"], pair.access_token);
    assert_eq!(answer["username"], "oauth2");
}

#[test]
fn the_only_account_of_a_host_is_meant_whatever_its_name() {
    let sandbox = Sandbox::new();
    import(
        &sandbox,
        "gitlab.example.com",
        &["--account", "work"],
        "at-1",
    );
    let asked = "protocol=https\nhost=gitlab.example.com\n";
    assert_eq!(password(&sandbox, asked).as_deref(), Some("at-1"));
    // Of two none is, and one line says how one is named.
    import(
        &sandbox,
        "gitlab.example.com",
        &["--account", "home"],
        "at-2",
    );
    for user in ["", "username=oauth2\n"] {
        let finished = credential(&sandbox, "get", &format!("{asked}{user}"));
        let said = &finished.stderr;
        assert_eq!(said.lines().count(), 1, "{finished:?}");
        for words in [
            "home, work",
            "`https://home@gitlab.example.com/…`",
            "`glauth setup-git --account home gitlab.example.com`",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert_eq!(finished.succeeds(), "");
    }
    // A user of no login here may be another helper's.
    let stranger = format!("{asked}username=mallory\n");
    assert_eq!(password(&sandbox, &stranger), None);
    // An account with an `@` in its name has another one in an address.
    let store = ["--account", "jane@corp"];
    import(&sandbox, "other.example.com", &store, "at-3");
    import(
        &sandbox,
        "other.example.com",
        &["--account", "work"],
        "at-4",
    );
    let other = "protocol=https\nhost=other.example.com\n";
    let said = credential(&sandbox, "get", other).stderr;
    assert!(
        said.contains("`https://jane%40corp@other.example.com/…`"),
        "{said}"
    );
    let named = format!("{asked}username=Work\n");
    assert_eq!(password(&sandbox, &named).as_deref(), Some("at-1"));
    for (user, token) in [("home", "at-2"), ("work", "at-1")] {
        let asked = format!("{asked}username={user}\n");
        assert_eq!(password(&sandbox, &asked).as_deref(), Some(token));
        // What they are asked again with names the account, since the user names are one.
        let again = format!(
            "capability[]=authtype\ncapability[]=state\n{asked}username=oauth2\nstate[]=glauth:0123456789:{user}\n"
        );
        let answer = get(&sandbox, &again);
        assert_eq!(answer["password"], token);
    }
}

#[test]
fn a_login_that_was_logged_out_says_so_in_one_line() {
    let sandbox = Sandbox::new();
    let host = "gitlab.example.com";
    let asked = format!("protocol=https\nhost={host}\n");
    import(&sandbox, host, &[], "at-1");
    sandbox.run(&["logout", "--local", host]).succeeds();
    let line = |question: &str| {
        let finished = credential(&sandbox, "get", question);
        let said = finished.stderr.clone();
        assert_eq!(said.lines().count(), 1, "{finished:?}");
        assert_eq!(finished.succeeds(), "");
        said
    };
    let said = line(&asked);
    assert!(
        said.contains("the login for gitlab.example.com was logged out at "),
        "{said}"
    );
    assert!(
        said.contains("run `glauth login gitlab.example.com`"),
        "{said}"
    );
    // Other protocols and operations are none of its business.
    let other = asked.replace("https", "http");
    assert_eq!(password(&sandbox, &other), None);
    tell(&sandbox, "erase", &asked);
    // Another login there is not taken for it, and is named.
    import(&sandbox, host, &["--account", "work"], "at-2");
    let said = line(&asked);
    assert!(
        said.contains("the default login at gitlab.example.com is logged out"),
        "{said}"
    );
    assert!(
        said.contains("`https://work@gitlab.example.com/…`"),
        "{said}"
    );
    let named = format!("{asked}username=work\n");
    assert_eq!(password(&sandbox, &named).as_deref(), Some("at-2"));
    // A named account that was logged out, in a helper that has it.
    sandbox
        .run(&["logout", "--local", "--account", "work", host])
        .succeeds();
    let args = ["--account", "work", "git-credential", "get"];
    let said = sandbox.run_with_input(&args, &asked).stderr;
    assert!(
        said.contains("run `glauth login --account work gitlab.example.com`"),
        "{said}"
    );
    // What git was told to keep since goes first.
    tell(
        &sandbox,
        "store",
        &format!("{asked}username=u\npassword=p\n"),
    );
    assert_eq!(password(&sandbox, &asked).as_deref(), Some("p"));
}

#[test]
fn a_host_in_its_own_script_finds_its_login() {
    let sandbox = Sandbox::new();
    import(&sandbox, "bücher.example", &[], "at-1");
    for host in [
        "bücher.example",
        "Bücher.Example.",
        "xn--bcher-kva.example",
        "XN--BCHER-KVA.example.",
    ] {
        let asked = format!("protocol=https\nhost={host}\n");
        assert_eq!(
            password(&sandbox, &asked).as_deref(),
            Some("at-1"),
            "{host}"
        );
    }
    for host in [
        "bucher.example",
        "b\u{fc}cher.example.evil",
        "bücher.example/x",
        "bücher\\.example",
    ] {
        let asked = format!("protocol=https\nhost={host}\n");
        assert_eq!(password(&sandbox, &asked), None, "{host}");
    }
}

/// Each account has the same user name for git, so the token says whose it is.
#[test]
fn a_refused_token_of_one_account_is_not_taken_for_another_one_s() {
    let server = AuthorizationServer::start();
    let sandbox = two_users(&server);
    let joe = sandbox.run(&["token", "--account", "work"]).prints();
    server.expire_access_tokens();
    let refused = format!(
        "{}username=oauth2\npassword={joe}\n",
        question(&server.host())
    );
    tell(&sandbox, "erase", &refused);
    let is_marked = |account: &str| {
        let folder = sandbox.file(&server, "toml");
        let path = folder.with_file_name(format!("{account}.toml"));
        let record: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        record["grants"][0].get("refused").is_some()
    };
    assert_eq!((is_marked("default"), is_marked("work")), (false, true));
    // Asked again with the state of joe's token, it is joe who gets another one.
    let state = credential(
        &sandbox,
        "get",
        &format!(
            "capability[]=state\n{}username=joe\n",
            question(&server.host())
        ),
    );
    let state = state.prints();
    let state = state
        .lines()
        .find(|line| line.starts_with("state[]="))
        .unwrap();
    server.expire_access_tokens();
    let again = format!(
        "capability[]=state\n{}username=oauth2\n{state}\n",
        question(&server.host())
    );
    let answer = get(&sandbox, &again);
    let joe = sandbox.run(&["token", "--account", "work"]).prints();
    assert_eq!(answer["password"], joe);
}
