//! git's configuration.

use serde_json::Value;

use super::{checks_of, found, none_fails, only};
use crate::support::mounts::skipped;
use crate::support::sandbox::{Finished, Running, Sandbox, program};

const HOST: &str = "gitlab.example.com";

/// A login, in a sandbox where git can be found. `None`, with a line: there is none here.
struct WithGit(Sandbox);

impl WithGit {
    fn new(host: &str) -> Option<Self> {
        if std::process::Command::new("git")
            .arg("--version")
            .output()
            .is_err()
        {
            skipped("git's configuration: there is no git");
            return None;
        }
        let sandbox = Sandbox::new();
        sandbox.import_expired(&[], host);
        Some(Self(sandbox))
    }

    fn run(&self, args: &[&str]) -> Finished {
        let mut command = self.0.command(args);
        command.env("PATH", std::env::var_os("PATH").unwrap());
        // No repository's configuration.
        command.current_dir(self.0.path("home"));
        Running::spawn(&mut command).finish()
    }

    /// With this global configuration.
    #[track_caller]
    fn checks(&self, config: &str, code: i32) -> Vec<Value> {
        std::fs::write(self.0.path("home/.gitconfig"), config).unwrap();
        checks_of(&self.run(&["--json", "doctor", "--offline"]), code)
    }
}

#[test]
fn without_git_one_line_says_so() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["--json", "doctor", "--offline"]);
    command.env("PATH", sandbox.path("home"));
    let checks = checks_of(&Running::spawn(&mut command).finish(), 0);
    only(&checks, "git", "note", "no git");
}

#[test]
fn which_helper_git_asks_is_told_before_and_after_setup_git() {
    let Some(git) = WithGit::new(HOST) else {
        return;
    };
    let checks = git.checks("", 0);
    only(
        &checks,
        "git",
        "note",
        "asks no helper for https://gitlab.example.com",
    );
    let checks = git.checks("[credential]\nhelper = store --file=x\n", 0);
    only(&checks, "git", "note", "asks `store` for");
    git.run(&["setup-git"]).succeeds();
    let checks = checks_of(&git.run(&["--json", "doctor", "--offline"]), 0);
    none_fails(&checks);
    let (check, _) = only(&checks, "git", "ok", "asks only glauth");
    assert_eq!(check["host"], HOST);
    assert!(found(&checks, "git", "warn", "may answer").is_empty());
}

#[test]
fn another_helper_beside_ours_is_a_warning_and_shows_none_of_its_secrets() {
    let Some(git) = WithGit::new(HOST) else {
        return;
    };
    let ours = format!("{} git-credential", program().display());
    for (before, after, name) in [
        ("helper = cache", "", "`cache`"),
        (
            "",
            "helper = \"!echo password=pw-SECRET-1\"",
            "a shell command",
        ),
    ] {
        let config = format!(
            "[credential]\n{before}\n[credential \"https://{HOST}\"]\nhelper = {ours}\n{after}\n"
        );
        let checks = git.checks(&config, 0);
        let (_, remedy) = only(&checks, "git", "warn", name);
        assert_eq!(remedy, format!("run `glauth setup-git https://{HOST}`"));
        let fixed = git.run(&["setup-git"]);
        assert_eq!(fixed.code(), Some(0), "{fixed:?}");
    }
}

#[test]
fn variables_before_our_program_are_no_fault_and_are_not_shown() {
    let Some(git) = WithGit::new(HOST) else {
        return;
    };
    let program = program();
    let store = git.0.store();
    let (program, store) = (program.display(), store.display());
    let proxy = "HTTPS_PROXY=http://jane:pw-SECRET-1@proxy:3128";
    let with = |helper: &str| format!("[credential]\nhelper = \"!{helper} git-credential\"\n");
    for helper in [
        format!("{proxy} {program}"),
        format!("GLAUTH_STORE={store} {program}"),
        format!("exec {program}"),
    ] {
        let checks = git.checks(&with(&helper), 0);
        only(&checks, "git", "ok", "asks only glauth");
    }
    let checks = git.checks(&with(&format!("test -e {proxy} || {program}")), 0);
    only(&checks, "git", "ok", "was not looked into");
    let checks = git.checks(&with(&format!("{proxy} /x/glauth")), 2);
    only(&checks, "git", "fail", "there is no program `/x/glauth`");
}

#[test]
fn a_helper_that_git_cannot_run_fails() {
    let Some(git) = WithGit::new(HOST) else {
        return;
    };
    for helper in ["/nowhere/glauth git-credential", "glauth git-credential"] {
        let checks = git.checks(&format!("[credential]\nhelper = {helper}\n"), 2);
        let (check, remedy) = only(&checks, "git", "fail", "cannot ask glauth");
        assert_eq!(check["code"], "config");
        assert!(remedy.contains("setup-git"), "{remedy}");
    }
}

#[test]
fn a_helper_with_another_store_is_a_warning() {
    let Some(git) = WithGit::new(HOST) else {
        return;
    };
    let program = program();
    let program = program.display();
    for ours in [
        format!("{program} --store /nowhere/store git-credential"),
        format!("{program} --store=/nowhere/store git-credential"),
        format!("\"!GLAUTH_STORE=/nowhere/store {program} git-credential\""),
    ] {
        let config = format!("[credential]\nhelper = {ours}\n");
        let checks = git.checks(&config, 0);
        only(&checks, "git", "warn", "another store, `/nowhere/store`");
    }
}

#[test]
fn a_helper_with_an_account_that_has_no_login_is_a_warning() {
    let Some(git) = WithGit::new(HOST) else {
        return;
    };
    let program = program();
    let program = program.display();
    let with = |account: &str| {
        let ours = format!("{program} {account} git-credential");
        git.checks(&format!("[credential]\nhelper = {ours}\n"), 0)
    };
    for account in ["--account work", "--account=work", "-a work"] {
        let checks = with(account);
        let (_, remedy) = only(&checks, "git", "warn", "account work, which has no login");
        let login = format!("`glauth login --account work {HOST}`");
        assert!(remedy.contains(&login), "{remedy}");
    }
    only(&with("-a Work"), "git", "warn", "cannot be one");
    only(&with("-a default"), "git", "ok", "asks only glauth");
    git.0.import_expired(&["--account", "work"], HOST);
    only(&with("-a work"), "git", "ok", "asks only glauth");
}

#[test]
fn an_installation_below_a_path_wants_the_path_told() {
    let Some(git) = WithGit::new("example.com/gitlab") else {
        return;
    };
    let ours = format!("{} git-credential", program().display());
    let config = format!("[credential \"https://example.com/gitlab\"]\nhelper = {ours}\n");
    only(&git.checks(&config, 0), "git", "warn", "which installation");
    git.run(&["setup-git"]).succeeds();
    let checks = checks_of(&git.run(&["--json", "doctor", "--offline"]), 0);
    only(&checks, "git", "ok", "asks only glauth");
    assert!(found(&checks, "git", "warn", "which installation").is_empty());
}

#[test]
fn a_configuration_that_git_cannot_read_fails() {
    let Some(git) = WithGit::new(HOST) else {
        return;
    };
    let checks = git.checks("[credential\n", 2);
    let (check, remedy) = only(&checks, "git", "fail", "cannot be read");
    assert_eq!(check["code"], "config");
    assert!(remedy.contains("git config"), "{remedy}");
}
