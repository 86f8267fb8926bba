//! What git asks to keep, for hosts without a login.

use std::os::unix::fs::PermissionsExt as _;

use super::{credential, get, tell};
use crate::support::sandbox::{Running, Sandbox};

const HTTPS: &str = "protocol=https\nhost=example.com\n";

fn store(sandbox: &Sandbox, rest: &str) {
    tell(sandbox, "store", &format!("{HTTPS}{rest}"));
}

fn password(sandbox: &Sandbox, rest: &str) -> Option<String> {
    get(sandbox, &format!("{HTTPS}{rest}")).remove("password")
}

/// The files below a folder `git`.
fn kept(sandbox: &Sandbox) -> usize {
    let is_record = |path: &std::path::Path| {
        path.extension().is_some_and(|ending| ending == "toml")
            && path.parent().is_some_and(|folder| folder.ends_with("git"))
    };
    sandbox
        .files()
        .iter()
        .filter(|(path, _)| is_record(path))
        .count()
}

#[test]
fn what_is_kept_comes_back_and_is_forgotten() {
    let sandbox = Sandbox::new();
    assert_eq!(password(&sandbox, ""), None);
    store(
        &sandbox,
        "username=jane\npassword=p w=1\noauth_refresh_token=r\npassword_expiry_utc=9999999999\n",
    );
    let answer = credential(&sandbox, "get", HTTPS).prints();
    assert_eq!(
        answer,
        "username=jane\npassword=p w=1\npassword_expiry_utc=9999999999\noauth_refresh_token=r"
    );
    tell(
        &sandbox,
        "erase",
        &format!("{HTTPS}username=jane\npassword=other\n"),
    );
    assert_eq!(kept(&sandbox), 1);
    tell(
        &sandbox,
        "erase",
        &format!("{HTTPS}username=jane\npassword=p w=1\n"),
    );
    assert_eq!(kept(&sandbox), 0);
    assert_eq!(password(&sandbox, ""), None);
}

#[test]
fn nothing_else_sees_it() {
    let sandbox = Sandbox::new();
    store(&sandbox, "username=jane\npassword=p-SECRET\n");
    sandbox.run(&["token", "example.com"]).fails(3);
    sandbox.run(&["refresh", "example.com"]).fails(3);
    sandbox.run(&["refresh", "--all"]).fails(3);
    let status = sandbox.run(&["status", "--json"]).prints();
    assert_eq!(status, r#"{"accounts":[],"errors":[]}"#);
    // And it is as private as a login.
    for (path, _) in sandbox.files() {
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    let folder = sandbox.store().join("example.com/git");
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn users_paths_ports_and_protocols_are_kept_apart() {
    let sandbox = Sandbox::new();
    for (rest, password) in [
        ("username=jane\n", "1"),
        ("username=joe\n", "2"),
        ("username=\n", "3"),
        ("username=jane\npath=a.git\n", "4"),
        ("username=jane\npath=b.git\n", "5"),
    ] {
        store(&sandbox, &format!("{rest}password={password}\n"));
    }
    for other in [
        "protocol=http\nhost=example.com\nusername=jane\npassword=6\n",
        "protocol=https\nhost=example.com:8443\nusername=jane\npassword=7\n",
        "protocol=smtp\nhost=example.com:443\nusername=jane\npassword=8\n",
        "protocol=smtp\nhost=example.com\nusername=jane\npassword=9\n",
    ] {
        tell(&sandbox, "store", other);
    }
    assert_eq!(kept(&sandbox), 9);
    for (asked, expected) in [
        (
            "protocol=https\nhost=example.com\nusername=jane\n",
            Some("1"),
        ),
        (
            "protocol=https\nhost=example.com:443\nusername=jane\n",
            Some("1"),
        ),
        (
            "protocol=https\nhost=example.com\nusername=joe\n",
            Some("2"),
        ),
        ("protocol=https\nhost=example.com\nusername=\n", Some("3")),
        ("protocol=https\nhost=example.com\nusername=mallory\n", None),
        (
            "protocol=https\nhost=example.com\nusername=jane\npath=a.git\n",
            Some("4"),
        ),
        (
            "protocol=https\nhost=example.com\nusername=jane\npath=b.git\n",
            Some("5"),
        ),
        (
            "protocol=https\nhost=example.com\nusername=jane\npath=c.git\n",
            None,
        ),
        (
            "protocol=http\nhost=example.com\nusername=jane\n",
            Some("6"),
        ),
        (
            "protocol=https\nhost=example.com:8443\nusername=jane\n",
            Some("7"),
        ),
        (
            "protocol=smtp\nhost=example.com:443\nusername=jane\n",
            Some("8"),
        ),
        (
            "protocol=smtp\nhost=example.com\nusername=jane\n",
            Some("9"),
        ),
        ("protocol=smtp\nhost=example.com:25\nusername=jane\n", None),
        (
            "protocol=https\nhost=www.example.com\nusername=jane\n",
            None,
        ),
    ] {
        let found = get(&sandbox, asked).remove("password");
        assert_eq!(found.as_deref(), expected, "{asked}");
    }
}

#[test]
fn the_latest_one_is_the_one_where_git_names_no_user() {
    let sandbox = Sandbox::new();
    store(&sandbox, "username=jane\npassword=1\n");
    store(&sandbox, "username=joe\npassword=2\n");
    assert_eq!(password(&sandbox, "").as_deref(), Some("2"));
    store(&sandbox, "username=jane\npassword=3\n");
    assert_eq!(password(&sandbox, "").as_deref(), Some("3"));
    assert_eq!(kept(&sandbox), 2);
}

#[test]
fn what_has_ended_is_not_handed_out_and_not_kept() {
    let sandbox = Sandbox::new();
    store(
        &sandbox,
        "username=jane\npassword=1\npassword_expiry_utc=1000000000\n",
    );
    assert_eq!(kept(&sandbox), 0);
    let text = format!("{HTTPS}username=jane\npassword=1\n");
    let args = ["git-credential", "--timeout", "3600", "store"];
    assert_eq!(sandbox.run_with_input(&args, &text).prints(), "");
    let answer = get(&sandbox, HTTPS);
    let end: i64 = answer["password_expiry_utc"].parse().unwrap();
    let left = end - jiff::Timestamp::now().as_second();
    assert!((3500..=3600).contains(&left), "{left}");
    // What ends sooner ends sooner.
    let sooner = format!("{text}password_expiry_utc={}\n", end - 1000);
    assert_eq!(sandbox.run_with_input(&args, &sooner).prints(), "");
    assert_eq!(
        get(&sandbox, HTTPS)["password_expiry_utc"],
        (end - 1000).to_string()
    );
    let args = ["git-credential", "--timeout", "0", "store"];
    sandbox
        .run_with_input(&args, &format!("{HTTPS}username=joe\npassword=1\n"))
        .prints();
    assert_eq!(password(&sandbox, "username=joe\n"), None);
}

#[test]
fn letters_of_every_kind_are_kept_and_no_bytes_that_are_none() {
    let sandbox = Sandbox::new();
    store(
        &sandbox,
        "username=jäne \"'\\\npassword=pässwörd\t\"'\\= 'x'''\n",
    );
    let answer = get(&sandbox, HTTPS);
    assert_eq!(answer["username"], "jäne \"'\\");
    assert_eq!(answer["password"], "pässwörd\t\"'\\= 'x'''");
}

#[test]
fn a_name_with_a_control_character_is_not_kept_and_that_is_said() {
    let sandbox = Sandbox::new();
    let text = format!("{HTTPS}username=a\u{7}b\npassword=p-SECRET\n");
    let finished = credential(&sandbox, "store", &text);
    assert!(
        finished.stderr.contains("control character"),
        "{finished:?}"
    );
    assert_eq!(finished.succeeds(), "");
    assert_eq!(kept(&sandbox), 0);
}

#[test]
fn a_broken_file_hides_no_other_and_no_other_overwrites_it() {
    let sandbox = Sandbox::new();
    store(&sandbox, "username=jane\npassword=1\n");
    let folder = sandbox.store().join("example.com/git");
    std::fs::write(folder.join("0123456789abcdef0123456789abcdef.toml"), "x").unwrap();
    std::fs::write(folder.join("unrelated"), "x").unwrap();
    assert_eq!(password(&sandbox, "").as_deref(), Some("1"));
    tell(&sandbox, "erase", &format!("{HTTPS}username=jane\n"));
    assert_eq!(password(&sandbox, ""), None);
}

#[test]
fn many_at_once_lose_nothing() {
    let sandbox = Sandbox::new();
    let all: Vec<Running> = (0..30)
        .map(|number| {
            let text = format!("{HTTPS}username=user{}\npassword=p{number}\n", number % 10);
            sandbox.start_with_input(&["git-credential", "store"], &text)
        })
        .collect();
    for one in all {
        assert_eq!(one.finish().prints(), "");
    }
    assert_eq!(kept(&sandbox), 10);
    for user in 0..10 {
        let found = password(&sandbox, &format!("username=user{user}\n")).unwrap();
        let number: usize = found[1..].parse().unwrap();
        assert_eq!(number % 10, user);
    }
}

#[test]
fn a_store_that_cannot_be_written_is_told() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.store(), "no folder").unwrap();
    let text = format!("{HTTPS}username=jane\npassword=p-SECRET\n");
    let finished = credential(&sandbox, "store", &text);
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    assert_eq!(finished.succeeds(), "");
}
