//! `glauth switch`: the account that a host means where none is called `default`.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use crate::support::authorization_server::{AuthorizationServer, Pair};
use crate::support::sandbox::{Finished, Running, Sandbox};

/// Two accounts at one server, `home` and `work`, and none called `default`.
struct Two {
    server: AuthorizationServer,
    sandbox: Sandbox,
    home: Pair,
    work: Pair,
}

impl Two {
    fn new() -> Self {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        let [home, work] = ["home", "work"].map(|name| sandbox.log_in_as(&server, name));
        Self {
            server,
            sandbox,
            home,
            work,
        }
    }

    fn config(&self) -> PathBuf {
        self.sandbox.path("home/.config/glauth/config.toml")
    }

    fn switch(&self, account: &str) -> Finished {
        self.sandbox
            .run(&["--json", "switch", &self.server.url(), account])
    }

    /// What it says became of it.
    #[track_caller]
    fn switches(&self, account: &str) -> String {
        let object: serde_json::Value =
            serde_json::from_str(&self.switch(account).prints()).unwrap();
        assert_eq!(object["account"], account);
        assert_eq!(object["host"], self.server.host());
        object["outcome"].as_str().unwrap().to_owned()
    }

    fn token(&self) -> Finished {
        self.sandbox.run(&["token", &self.server.url()])
    }
}

#[test]
fn calls_at_the_same_time_lose_no_choice() {
    let sandbox = Sandbox::new();
    let hosts: Vec<String> = (0..6).map(|n| format!("h{n}.example.com")).collect();
    for host in &hosts {
        let response = r#"{"access_token": "at-SECRET", "refresh_token": "rt-SECRET"}"#;
        let args = [
            "login",
            "--import",
            "--client-id",
            "x",
            "--provider",
            "gitlab",
        ];
        let args = [&args[..], &["--account", "work", host]].concat();
        sandbox.run_with_input(&args, response).succeeds();
    }
    let start = |host| Running::spawn(&mut sandbox.command(&["switch", host, "work"]));
    let calls: Vec<_> = hosts.iter().map(|host| start(host)).collect();
    for call in calls {
        call.finish().succeeds();
    }
    let config = fs::read_to_string(sandbox.path("home/.config/glauth/config.toml")).unwrap();
    for host in &hosts {
        let lines = format!("[hosts.\"{host}\"]\naccount = \"work\"\n");
        assert!(config.contains(&lines), "{config}");
    }
}

#[test]
fn the_chosen_account_is_the_one_that_every_command_uses() {
    let two = Two::new();
    two.token().fails(2);
    assert_eq!(two.switches("work"), "switched");
    assert_eq!(two.switches("work"), "unchanged");
    let url = two.server.url();
    let (host, sandbox) = (two.server.host(), &two.sandbox);
    assert_eq!(two.token().prints(), two.work.access_token);
    // Also where HOST is left out, and for a command with a lease.
    assert_eq!(sandbox.run(&["token"]).prints(), two.work.access_token);
    let exec = ["exec", &url, "--", "/bin/sh", "-c", "echo $GITLAB_TOKEN"];
    assert_eq!(sandbox.run(&exec).prints(), two.work.access_token);
    let refreshed = sandbox.run(&["--json", "refresh", &url]).prints();
    assert!(refreshed.contains("\"work\""), "{refreshed}");
    let question = format!("protocol=http\nhost={host}\n\n");
    let git = |question: &str| {
        let answer = sandbox.run_with_input(&["git-credential", "get"], question);
        answer.succeeds()
    };
    assert!(git(&question).contains(&two.work.access_token));
    // git's own user name goes before.
    let named = format!("protocol=http\nhost={host}\nusername=home\n\n");
    assert!(git(&named).contains(&two.home.access_token));
    // And so does an account that is named.
    let named = sandbox.run(&["token", "-a", "home", &url]);
    assert_eq!(named.prints(), two.home.access_token);
    sandbox.run(&["logout", &url]).succeeds();
    assert!(!two.server.is_alive(&two.work.access_token));
    assert!(two.server.is_alive(&two.home.access_token));
    // What a logout leaves keeps its name: no other user's login takes its place.
    two.token().fails(3);
    assert!(git(&question).is_empty());
}

#[test]
fn the_address_of_a_project_chooses_and_renames_at_its_server() {
    let two = Two::new();
    let (project, sandbox) = (format!("{}/group/repo", two.server.url()), &two.sandbox);
    sandbox.run(&["switch", &project, "work"]).succeeds();
    assert_eq!(two.token().prints(), two.work.access_token);
    let rename = ["rename", &project, "work", "office"];
    sandbox.run(&rename).succeeds();
    assert_eq!(two.token().prints(), two.work.access_token);
    sandbox.run(&["switch", &project, "default"]).succeeds();
    two.token().fails(2);
}

#[test]
fn status_shows_which_account_a_host_means() {
    let two = Two::new();
    let defaults = || {
        let status = two.sandbox.run(&["status", "--json"]).succeeds();
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        crate::schemas::conforms("status", &status);
        let accounts = status["accounts"].as_array().unwrap().clone();
        let of = accounts.iter().map(|account| account["default"] == true);
        of.collect::<Vec<_>>()
    };
    assert_eq!(defaults(), [false, false]);
    two.switches("work");
    assert_eq!(defaults(), [false, true]);
    let table = two.sandbox.run(&["status"]).succeeds();
    assert!(table.contains("work (default)"), "{table}");
    assert!(!table.contains("home (default)"), "{table}");
    two.sandbox
        .run(&["logout", "--forget", "-a", "home", &two.server.url()])
        .succeeds();
    // One that is alone needs no mark.
    assert_eq!(defaults(), [true]);
    let table = two.sandbox.run(&["status"]).succeeds();
    assert!(!table.contains("(default)"), "{table}");
}

#[test]
fn default_undoes_it_and_comments_stay() {
    let two = Two::new();
    let config = two.config();
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    let host = two.server.host();
    let before = format!("# mine\n[hosts.\"{host}\"] # here\nclient_id = 'x' # why\n");
    fs::write(&config, &before).unwrap();
    assert_eq!(two.switches("work"), "switched");
    let after = format!("{before}account = \"work\"\n");
    assert_eq!(fs::read_to_string(&config).unwrap(), after);
    assert_eq!(two.switches("default"), "undone");
    assert_eq!(fs::read_to_string(&config).unwrap(), before);
    assert_eq!(two.switches("default"), "unchanged");
    two.token().fails(2);
}

#[test]
fn a_link_and_a_mode_stay_and_a_new_file_is_closed_to_others() {
    let two = Two::new();
    let config = two.config();
    two.switches("work");
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&config), 0o600);
    let kept = two.sandbox.path("dotfiles.toml");
    fs::rename(&config, &kept).unwrap();
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o644)).unwrap();
    symlink(&kept, &config).unwrap();
    two.switches("home");
    assert!(fs::symlink_metadata(&config).unwrap().is_symlink());
    assert_eq!(mode(&kept), 0o644);
    assert_eq!(two.token().prints(), two.home.access_token);
    assert!(!kept.with_extension("toml.new").exists());
}

#[test]
fn an_account_called_default_goes_before_and_is_given_another_name_first() {
    let two = Two::new();
    let own = two.sandbox.log_in_as(&two.server, "default");
    let error = two.switch("work").fails_in_json(2, "usage");
    let host = two.server.host();
    let hint = format!("run `glauth rename {host} default NAME` first");
    assert_eq!(error["hint"], hint);
    assert!(!two.config().exists());
    assert_eq!(two.token().prints(), own.access_token);
    let url = two.server.url();
    two.sandbox
        .run(&["rename", &url, "default", "own"])
        .succeeds();
    two.switches("work");
    assert_eq!(two.token().prints(), two.work.access_token);
}

#[test]
fn an_account_that_is_not_there_is_not_chosen() {
    let two = Two::new();
    two.switch("wrok").fails_in_json(3, "login_required");
    assert!(!two.config().exists());
}

#[test]
fn a_choice_that_is_out_of_date_is_an_error_and_doctor_says_how_to_undo_it() {
    let two = Two::new();
    two.switches("work");
    let url = two.server.url();
    let done = two.sandbox.run(&["logout", "--forget", &url]);
    let undo = format!("`glauth switch {} default`", two.server.host());
    assert!(done.stderr.contains(&undo), "{done:?}");
    done.succeeds();
    // The only other one may be another user's.
    two.token().fails(3);
    let doctor = two.sandbox.run(&["doctor", "--offline"]);
    assert!(doctor.stdout.contains("chooses"), "{doctor:?}");
    assert!(doctor.stdout.contains(&undo), "{doctor:?}");
    two.switches("default");
    assert_eq!(two.token().prints(), two.home.access_token);
}

#[test]
fn a_configuration_that_cannot_be_read_is_exit_2_only_where_it_may_choose() {
    let two = Two::new();
    let config = two.config();
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    for text in [
        "hosts = 3\n",
        "[hosts.\"gitlab.com\"]\naccount = 'No Name'\n",
    ] {
        fs::write(&config, text).unwrap();
        let url = two.server.url();
        let refused = two.sandbox.run(&["--json", "token", &url]);
        refused.fails_in_json(2, "config");
        let named = two.sandbox.run(&["token", "-a", "work", &url]);
        assert_eq!(named.prints(), two.work.access_token);
    }
    let broken = fs::read(&config).unwrap();
    fs::remove_file(&config).unwrap();
    let own = two.sandbox.log_in_as(&two.server, "default");
    fs::write(&config, broken).unwrap();
    assert_eq!(two.token().prints(), own.access_token);
}

#[test]
fn a_login_without_an_account_renews_the_chosen_one() {
    let two = Two::new();
    two.switches("work");
    let url = two.server.url();
    let refused = two.sandbox.run(&["--json", "login", &url]);
    let error = refused.fails_in_json(3, "login_required");
    assert_eq!(error["account"], "work");
}

#[test]
fn an_account_that_is_not_there_brings_those_that_are() {
    let two = Two::new();
    let url = two.server.url();
    let hint = |args: &[&str], code, name| {
        let error = two.sandbox.run(&[&["--json"], args].concat());
        let error = error.fails_in_json(code, name);
        error["hint"].as_str().unwrap().to_owned()
    };
    for command in ["token", "refresh", "logout"] {
        let said = hint(&[command, "-a", "office", &url], 3, "login_required");
        let asks = "did you mean --account home or --account work?";
        assert!(said.starts_with(asks), "{command}: {said}");
    }
    // Too many to name.
    for account in ["a", "b"] {
        two.sandbox.log_in_as(&two.server, account);
    }
    let said = hint(&["token", "-a", "office", &url], 3, "login_required");
    assert!(!said.contains("mean"), "{said}");
}

#[test]
fn a_call_with_too_few_names_brings_the_whole_call() {
    let sandbox = Sandbox::new();
    for (args, call) in [
        (&["switch", "work"][..], "run `glauth switch HOST ACCOUNT`"),
        (&["rename", "a", "b"], "run `glauth rename HOST OLD NEW`"),
    ] {
        let failed = sandbox.run(&[&["--json"], args].concat());
        assert_eq!(failed.fails_in_json(2, "usage")["hint"], call);
    }
}
