//! Where the store is: a full path, in a home of the user's own; and whose it is where it is another's.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::Command;

use crate::exit_codes::{args, fails_as};
use crate::support::authorization_server::AuthorizationServer;
use crate::support::mounts::{is_root, skipped};
use crate::support::sandbox::{Running, Sandbox};

/// Two users who are neither root nor these tests'.
const A: u32 = 4711;
const B: u32 = 4712;

/// Without `GLAUTH_STORE`.
fn at_home(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut command = sandbox.command(args);
    command.env_remove("GLAUTH_STORE");
    command
}

const RESPONSE: &str = r#"{"access_token": "at-SECRET-1", "refresh_token": "rt-SECRET-1"}"#;
const LOGIN: [&str; 5] = ["login", "--import", "--client-id", "x", "gitlab.example"];

#[test]
fn a_variable_that_nothing_has_expanded_names_no_store() {
    for (value, problem, hint) in [
        ("~/logins", "nothing has expanded its `~`", "/home/logins`"),
        (
            "$HOME/logins",
            "nothing has expanded its `$`",
            "/home/logins`",
        ),
        (
            "${HOME}/logins",
            "nothing has expanded its `$`",
            "/home/logins`",
        ),
        ("%h/logins", "nothing has expanded its `%`", "/home/logins`"),
        ("$LOGINS", "nothing has expanded its `$`", "the full path"),
        ("logins", "is not a full path", "the full path"),
        ("./logins", "is not a full path", "the full path"),
        ("mysql://jane:secret@db/logins", "`mysql://…`", "a folder"),
    ] {
        for rest in [
            &["token", "gitlab.example"][..],
            &["status"],
            &["exec", "--", "true"],
        ] {
            let code = if rest[0] == "exec" { 125 } else { 2 };
            let said = fails_as(code, "usage", |form| {
                let sandbox = Sandbox::new();
                let mut command = sandbox.command(&args(form, rest));
                command.env("GLAUTH_STORE", value);
                command.current_dir(sandbox.path("home"));
                let finished = Running::spawn(&mut command).finish();
                assert!(sandbox.files().is_empty());
                finished
            });
            assert!(said.message.contains(problem), "{}", said.message);
            assert!(said.message.contains("GLAUTH_STORE"), "{}", said.message);
            assert!(!said.message.contains("secret"), "{}", said.message);
            assert!(said.hint.contains(hint), "{}", said.hint);
        }
    }
}

#[test]
fn the_option_is_relative_to_where_it_is_typed_and_expanded_by_the_shell() {
    for value in ["~/logins", "$HOME/logins", "%h/logins", "mysql://db/x"] {
        let option = format!("--store={value}");
        let said = Sandbox::new().run(&[&option, "status"]).fails(2);
        assert!(said.contains("--store is `"), "{said}");
    }
    let sandbox = Sandbox::new();
    let words = [&["--store", "logins"][..], &LOGIN].concat();
    let mut command = at_home(&sandbox, &words);
    command.current_dir(sandbox.path("home"));
    Running::spawn_with_input(&mut command, RESPONSE)
        .finish()
        .succeeds();
    assert!(
        sandbox
            .path("home/logins/gitlab.example/default.toml")
            .exists()
    );
}

#[test]
fn a_login_that_xdg_data_home_hides_is_found_by_the_hint() {
    if cfg!(target_os = "macos") {
        return skipped("XDG_DATA_HOME, which moves nothing there");
    }
    let sandbox = Sandbox::new();
    let mut login = at_home(&sandbox, &LOGIN);
    Running::spawn_with_input(&mut login, RESPONSE)
        .finish()
        .succeeds();
    let default = sandbox.path("home/.local/share/glauth/credentials");
    let moved = |args: &[&str]| {
        let mut command = at_home(&sandbox, args);
        command.env("XDG_DATA_HOME", sandbox.path("elsewhere"));
        Running::spawn(&mut command).finish()
    };
    let option = format!("`--store '{}'`", default.display());
    for args in [
        &["token"][..],
        &["token", "gitlab.example"],
        &["logout", "gitlab.example"],
        &["status", "gitlab.example"],
        &["refresh", "--all"],
    ] {
        let said = moved(args).fails(3);
        assert!(
            said.contains(&format!("hint: add {option}")),
            "{args:?}: {said}"
        );
    }
    let said = moved(&["status"]).stderr;
    assert!(said.contains(&format!("add {option}")), "{said}");
    let said = moved(&["token", "other.example"]).fails(3);
    assert!(!said.contains(&option), "{said}");
}

#[test]
fn root_makes_nothing_in_the_home_of_another_user() {
    if !is_root() {
        return skipped("root in another user's home");
    }
    let sandbox = Sandbox::new();
    let home = sandbox.path("home");
    chown(&home, Some(4711), Some(4711)).unwrap();
    for store in [None, Some(home.join("logins"))] {
        let mut login = at_home(&sandbox, &LOGIN);
        login.envs(store.map(|store| ("GLAUTH_STORE", store)));
        let said = Running::spawn_with_input(&mut login, RESPONSE)
            .finish()
            .fails(5);
        assert!(
            said.contains("was not made: user 4711, whose home that is in"),
            "{said}"
        );
        assert!(said.contains("hint: "), "{said}");
        assert_eq!(fs::read_dir(&home).unwrap().count(), 0);
    }
    let mut setup = at_home(&sandbox, &["setup-git", "gitlab.example"]);
    setup.env("PATH", std::env::var_os("PATH").unwrap());
    let said = Running::spawn(&mut setup).finish().fails(2);
    assert!(said.contains("is that of user 4711"), "{said}");
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0);

    // In a place of its own there it is root's business, and the home of root is no other user's.
    let own = sandbox.path("home/own");
    fs::create_dir(&own).unwrap();
    chown(&home, Some(0), Some(0)).unwrap();
    let mut login = at_home(&sandbox, &LOGIN);
    Running::spawn_with_input(login.env("GLAUTH_STORE", own.join("x")), RESPONSE)
        .finish()
        .succeeds();
}

/// As user B against a login of user A's: the owner is named, and nothing is read or changed.
#[test]
fn another_user_s_login_is_closed_and_its_owner_is_named() {
    if !is_root() {
        return skipped("what another user does, which only root can become");
    }
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let as_user = |user: u32, args: &[&str]| {
        use std::os::unix::process::CommandExt as _;
        let mut command = sandbox.command(args);
        command.current_dir("/").uid(user).gid(user);
        command
    };
    if !as_user(B, &["--version"])
        .status()
        .is_ok_and(|status| status.success())
    {
        return skipped("what another user does: the binary is not where others may run it");
    }
    own(&sandbox.path(""), A);
    fs::set_permissions(sandbox.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    Running::spawn(&mut as_user(A, &["token", &url]))
        .finish()
        .prints();
    let before = sandbox.files();
    for args in [
        &["token", &url][..],
        &["refresh", "--force", &url],
        &["status"],
        &["logout", &url],
        &["exec", &url, "--", "true"],
    ] {
        let finished = Running::spawn(&mut as_user(B, args)).finish();
        let code = if args[0] == "exec" { 125 } else { 5 };
        let said = finished.fails(code);
        let owner = format!("is owned by user {A}");
        assert!(said.contains(&owner), "{args:?}: {said}");
        assert!(said.contains(&format!("user {B}")), "{args:?}: {said}");
    }
    // A folder that B put where A's store will be is not A's.
    let store = sandbox.store();
    fs::rename(&store, sandbox.path("kept")).unwrap();
    fs::create_dir(&store).unwrap();
    own(&store, B);
    fs::set_permissions(&store, fs::Permissions::from_mode(0o777)).unwrap();
    let mut login = as_user(A, &LOGIN);
    let said = Running::spawn_with_input(&mut login, RESPONSE)
        .finish()
        .fails(5);
    assert!(said.contains(&format!("is owned by user {B}")), "{said}");
    assert_eq!(fs::read_dir(&store).unwrap().count(), 0);
    fs::remove_dir(&store).unwrap();
    fs::rename(sandbox.path("kept"), &store).unwrap();
    assert_eq!(sandbox.files(), before);
    assert_eq!(server.requests().len(), 0);
}

fn own(path: &Path, user: u32) {
    chown(path, Some(user), Some(user)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            own(&entry.unwrap().path(), user);
        }
    }
}

#[test]
fn a_variable_that_is_empty_is_named_and_not_an_option_that_was_not_typed() {
    let sandbox = Sandbox::new();
    for variable in [
        "GLAUTH_STORE",
        "GLAUTH_HOST",
        "GLAUTH_ACCOUNT",
        "GLAUTH_CONFIG",
    ] {
        let mut command = sandbox.command(&["token", "gitlab.com"]);
        let said = Running::spawn(command.env(variable, "")).finish().fails(2);
        assert!(
            said.starts_with(&format!("glauth: `{variable}` is empty")),
            "{said}"
        );
        assert!(said.contains(&format!("run `unset {variable}`")), "{said}");
    }
}
