//! Whose question it is: hosts, ports, protocols, paths, users, accounts.

use super::{get, question};
use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::Sandbox;

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
        ("https", "gitlab.example.com.", None),
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
        ("", None),
    ] {
        let asked = format!("protocol=https\nhost=example.com\npath={path}\n");
        assert_eq!(password(&sandbox, &asked).as_deref(), expected, "{path}");
    }
    // Without a path nobody knows which one is meant.
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
fn a_user_gets_their_own_token_and_nobody_else_any() {
    let server = AuthorizationServer::start();
    let sandbox = two_users(&server);
    let token = |account: &str| sandbox.run(&["token", "--account", account]).prints();
    let (jane, joe) = (token("default"), token("work"));
    let asked = question(&server.host());
    for (user, expected, called) in [
        ("", Some(&jane), "oauth2"),
        ("username=oauth2\n", Some(&jane), "oauth2"),
        ("username=jane\n", Some(&jane), "jane"),
        ("username=joe\n", Some(&joe), "joe"),
        ("username=work\n", Some(&joe), "oauth2"),
        ("username=default\n", Some(&jane), "oauth2"),
        ("username=mallory\n", None, ""),
        ("username=\n", None, ""),
        ("username=JANE\n", None, ""),
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
fn where_nobody_knows_whose_login_it_is_any_user_gets_it() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
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
    // Of two none is.
    import(
        &sandbox,
        "gitlab.example.com",
        &["--account", "home"],
        "at-2",
    );
    assert_eq!(password(&sandbox, asked), None);
    let asked = format!("{asked}username=home\n");
    assert_eq!(password(&sandbox, &asked).as_deref(), Some("at-2"));
}
