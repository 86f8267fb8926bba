//! `glauth setup-git`: git's global configuration.

use std::process::Command;

use crate::support::mounts::Mounts;
use crate::support::sandbox::{Finished, Running, Sandbox, program};

/// The same with git in the PATH; `None`, with a line: there is none here.
fn setup(sandbox: &Sandbox, args: &[&str]) -> Option<Finished> {
    let mut command = sandbox.command(&[&["setup-git"], args].concat());
    command.env("PATH", std::env::var_os("PATH").unwrap());
    Command::new("git").arg("--version").output().ok()?;
    Some(Running::spawn(&mut command).finish())
}

/// Runs a test where there is a git.
macro_rules! with_git {
    ($call:expr) => {
        match $call {
            Some(finished) => finished,
            None => {
                eprintln!("skipped: there is no git");
                return;
            }
        }
    };
}

fn log_in(sandbox: &Sandbox, host: &str) {
    let response = r#"{"access_token": "at-SECRET", "refresh_token": "rt-SECRET"}"#;
    let args = ["login", "--import", "--client-id", "x", host];
    sandbox.run_with_input(&args, response).succeeds();
}

fn config(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path("home/.gitconfig")).unwrap_or_default()
}

const OTHER: &str = "# mine\n[user]\n\tname = Jane   ; yes\n[credential]\n\thelper = cache\n\
    [credential \"https://gitlab.example.com\"]\n\tusername = jane\n[alias]\n\tx = y\n";

#[test]
fn the_list_of_helpers_is_reset_for_the_host_and_all_else_stays() {
    let sandbox = Sandbox::new();
    log_in(&sandbox, "gitlab.example.com");
    std::fs::write(sandbox.path("home/.gitconfig"), OTHER).unwrap();
    let finished = with_git!(setup(&sandbox, &["gitlab.example.com"]));
    let key = "credential.https://gitlab.example.com.helper";
    assert!(
        finished.stderr.contains(&format!("+ {key} =\n")),
        "{finished:?}"
    );
    assert!(finished.stderr.contains("git-credential\n"), "{finished:?}");
    assert_eq!(finished.succeeds(), "");
    let program = program();
    let program = program.display();
    let store = sandbox.store();
    let ours = format!("{program} --store {} git-credential", store.display());
    let expected = OTHER.replace(
        "\tusername = jane\n",
        &format!("\tusername = jane\n\thelper = \n\thelper = {ours}\n"),
    );
    assert_eq!(config(&sandbox), expected);

    // Once more changes nothing.
    let again = setup(&sandbox, &["gitlab.example.com"]).unwrap();
    assert!(
        again.stderr.contains("git already asks only glauth"),
        "{again:?}"
    );
    assert_eq!(config(&sandbox), expected);

    let undone = setup(&sandbox, &["--undo", "gitlab.example.com"]).unwrap();
    assert!(
        undone.stderr.contains(&format!("- {key} = {ours}\n")),
        "{undone:?}"
    );
    assert_eq!(config(&sandbox), OTHER);
    let again = setup(&sandbox, &["--undo", "gitlab.example.com"]).unwrap();
    assert!(again.stderr.contains("does not ask glauth"), "{again:?}");
    assert_eq!(config(&sandbox), OTHER);
}

#[test]
fn other_helpers_of_the_host_are_passed_over_and_come_back() {
    let sandbox = Sandbox::new();
    log_in(&sandbox, "gitlab.example.com");
    let before = "[credential \"https://gitlab.example.com\"]\n\thelper =\n\thelper = store\n";
    std::fs::write(sandbox.path("home/.gitconfig"), before).unwrap();
    with_git!(setup(&sandbox, &[])).succeeds();
    let all = git_config(&sandbox, "credential.https://gitlab.example.com.helper");
    assert_eq!(all[..3], ["", "store", ""]);
    assert!(all[3].ends_with("git-credential"));
    // What was added behind it is not asked any more.
    let path = sandbox.path("home/.gitconfig");
    let added = config(&sandbox) + "\thelper = cache\n";
    std::fs::write(path, added).unwrap();
    setup(&sandbox, &[]).unwrap().succeeds();
    let all = git_config(&sandbox, "credential.https://gitlab.example.com.helper");
    assert_eq!(all[..4], ["", "store", "cache", ""]);
    assert!(all[4].ends_with("git-credential"));
    setup(&sandbox, &["--undo"]).unwrap().succeeds();
    let all = git_config(&sandbox, "credential.https://gitlab.example.com.helper");
    assert_eq!(all, ["", "store", "cache"]);
}

fn git_config(sandbox: &Sandbox, key: &str) -> Vec<String> {
    let output = Command::new("git")
        .args(["config", "--global", "--get-all", key])
        .env("HOME", sandbox.path("home"))
        .env_remove("XDG_CONFIG_HOME")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn every_host_with_a_login_is_meant_where_none_is_named() {
    let sandbox = Sandbox::new();
    for host in [
        "gitlab.example.com:8443",
        "https://example.com/gitlab",
        "http://127.0.0.1:3000",
        "ended.example.com",
    ] {
        log_in(&sandbox, host);
    }
    sandbox
        .run(&["logout", "--local", "ended.example.com"])
        .succeeds();
    let finished = with_git!(setup(&sandbox, &["--json"]));
    let said: serde_json::Value = serde_json::from_str(&finished.succeeds()).unwrap();
    let urls: Vec<&str> = said["git"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["url"].as_str().unwrap())
        .collect();
    let expected = [
        "http://127.0.0.1:3000",
        "https://example.com/gitlab",
        "https://gitlab.example.com:8443",
    ];
    assert_eq!(urls, expected);
    for url in expected {
        let all = git_config(&sandbox, &format!("credential.{url}.helper"));
        assert_eq!(all.len(), 2, "{url}");
    }
    let path = git_config(
        &sandbox,
        "credential.https://example.com/gitlab.useHttpPath",
    );
    assert_eq!(path, ["true"]);
    // Also for the one whose login has ended meanwhile.
    let logout = ["logout", "--local", "gitlab.example.com:8443"];
    sandbox.run(&logout).succeeds();
    setup(&sandbox, &["--undo"]).unwrap().succeeds();
    assert!(!config(&sandbox).contains("glauth"), "{}", config(&sandbox));
    assert!(
        !config(&sandbox).contains("useHttpPath"),
        "{}",
        config(&sandbox)
    );
}

#[test]
fn a_path_that_a_shell_would_take_apart_is_quoted() {
    let sandbox = Sandbox::new();
    log_in(&sandbox, "gitlab.example.com");
    let store = sandbox.path("it's a store");
    std::os::unix::fs::symlink(sandbox.store(), &store).unwrap();
    let store = store.to_str().unwrap();
    let finished = with_git!(setup(&sandbox, &["--store", store, "--account", "default"]));
    finished.succeeds();
    // git runs it.
    let mut fill = Command::new("git");
    fill.args(["credential", "fill"])
        .env("HOME", sandbox.path("home"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env_remove("GLAUTH_STORE")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    let mut running = Running::spawn_with_input(&mut fill, "url=https://gitlab.example.com/x\n\n");
    let text = std::io::read_to_string(running.child.stdout.take().unwrap()).unwrap();
    assert!(text.contains("password=at-SECRET\n"), "{text}");
}

#[test]
fn a_host_without_a_login_is_set_up_with_a_word_and_no_host_at_all_is_not() {
    let sandbox = Sandbox::new();
    let finished = with_git!(setup(&sandbox, &["gitlab.example.com"]));
    assert!(
        finished
            .stderr
            .contains("no login for gitlab.example.com yet"),
        "{finished:?}"
    );
    finished.succeeds();
    setup(&sandbox, &[]).unwrap().fails(2);
    setup(&sandbox, &["--undo"]).unwrap().succeeds();
    assert!(!config(&sandbox).contains("glauth"), "{}", config(&sandbox));
    let again = setup(&sandbox, &["--undo"]).unwrap();
    assert!(again.stderr.contains("glauth for no host"), "{again:?}");
    again.succeeds();
}

#[test]
fn without_git_it_says_so() {
    let sandbox = Sandbox::new();
    log_in(&sandbox, "gitlab.example.com");
    let mut command = sandbox.command(&["setup-git"]);
    command.env("PATH", sandbox.path("tmp"));
    let said = Running::spawn(&mut command).finish().fails(2);
    assert!(said.contains("cannot run `git`"), "{said}");
}

/// As with Nix, where the file is a link into a place that nothing writes to.
#[test]
fn where_the_configuration_cannot_be_written_the_lines_to_add_are_printed() {
    let sandbox = Sandbox::new();
    for host in ["gitlab.example.com", "https://example.com/gitlab"] {
        log_in(&sandbox, host);
    }
    let nix = sandbox.path("nix");
    std::fs::create_dir(&nix).unwrap();
    std::fs::write(nix.join("config"), "[user]\n\tname = Jane\n").unwrap();
    std::os::unix::fs::symlink(nix.join("config"), sandbox.path("home/.gitconfig")).unwrap();
    let script = "mount --bind \"$NIX\" \"$NIX\"; mount -o remount,bind,ro \"$NIX\"";
    let Some(mounts) = Mounts::new(script, &[("NIX", &*nix)]) else {
        return;
    };
    let run = |args: &[&str]| {
        let mut command = sandbox.command(args);
        command.env("PATH", std::env::var_os("PATH").unwrap());
        Running::spawn(&mut mounts.inside(&command)).finish()
    };
    let finished = run(&["setup-git"]);
    assert_eq!(finished.code(), Some(2), "{finished:?}");
    assert!(
        finished.stderr.contains("cannot be changed: "),
        "{finished:?}"
    );
    assert!(finished.stderr.contains("hint: "), "{finished:?}");
    let json = run(&["setup-git", "--json"]);
    assert_eq!(json.code(), Some(2), "{json:?}");
    let said: serde_json::Value = json.stdout.parse().unwrap();
    let lines = said["git"].as_array().unwrap().iter();
    let lines: String = lines.map(|one| one["lines"].as_str().unwrap()).collect();
    assert_eq!(lines, finished.stdout);
    // They are what setup-git would have written.
    std::fs::write(sandbox.path("lines"), &finished.stdout).unwrap();
    std::fs::remove_file(sandbox.path("home/.gitconfig")).unwrap();
    std::fs::copy(sandbox.path("lines"), sandbox.path("home/.gitconfig")).unwrap();
    for url in ["https://gitlab.example.com", "https://example.com/gitlab"] {
        let again = setup(&sandbox, &[url]).unwrap();
        assert!(
            again.stderr.contains("git already asks only glauth"),
            "{again:?}"
        );
    }
    let undone = setup(&sandbox, &["--undo"]).unwrap();
    undone.succeeds();
    assert!(!config(&sandbox).contains("glauth"), "{}", config(&sandbox));
}

#[test]
fn a_configuration_that_cannot_be_written_is_told() {
    let sandbox = Sandbox::new();
    log_in(&sandbox, "gitlab.example.com");
    std::fs::write(sandbox.path("home/.gitconfig"), "[broken\n").unwrap();
    let finished = with_git!(setup(&sandbox, &[]));
    let said = finished.fails(2);
    assert!(said.contains("git's configuration"), "{said}");
    assert_eq!(config(&sandbox), "[broken\n");
}
