//! Every command on a login that another machine has made.

use super::*;
use crate::proxy::Proxied;
use crate::schemas::conforms;
use crate::support::authorization_server::USER;

#[test]
fn every_command_works_on_a_login_of_another_machine() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = server.log_in();
    let (id, url) = (server.client_id(), server.url());
    let login = ["login", "--import", "--client-id", &id, &url];
    one.run_with_input(&login, &pair.response).succeeds();
    // Each by a machine that knows nothing of it yet.
    let ran = other.run(&["exec", &url, "--", "/bin/sh", "-c", "echo $GITLAB_TOKEN"]);
    assert_eq!(ran.succeeds().trim_end(), pair.access_token);
    let status: serde_json::Value =
        serde_json::from_str(&other.run(&["status", "--json"]).succeeds()).unwrap();
    assert_eq!(status["accounts"][0]["state"], "fresh");
    let checked = other.run(&["status", "--check", &url]).succeeds();
    assert!(checked.contains(&server.host()), "{checked}");
    other.run(&["refresh", "--force", &url]).succeeds();
    other.run(&["refresh", "--all"]).succeeds();
    let new = server.current_pair(&pair.access_token).access_token;
    let token = one.reject(&pair.access_token, &url).succeeds();
    assert_eq!(token.trim_end(), new);
    assert_eq!(server.replays(), 0);
}

#[test]
fn git_gets_a_shared_login_and_keeps_other_passwords_on_its_machine() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let host = server.host();
    let asked = format!("protocol=http\nhost={host}\n\n");
    let said = other.run_with_input(&["git-credential", "get"], &asked);
    let said = said.succeeds();
    assert!(
        said.contains(&format!("password={}", pair.access_token)),
        "{said}"
    );
    // A refused one: git erases it, and the next question brings another.
    let refused = format!(
        "protocol=http\nhost={host}\nusername=oauth2\npassword={}\n\n",
        pair.access_token
    );
    other
        .run_with_input(&["git-credential", "erase"], &refused)
        .succeeds();
    let kept = "protocol=https\nhost=other.example.com\nusername=jane\npassword=kept\n\n";
    other
        .run_with_input(&["git-credential", "store"], kept)
        .succeeds();
    let asked = "protocol=https\nhost=other.example.com\n\n";
    let said = other
        .run_with_input(&["git-credential", "get"], asked)
        .succeeds();
    assert!(said.contains("password=kept"), "{said}");
    let said = one
        .run_with_input(&["git-credential", "get"], asked)
        .succeeds();
    assert!(!said.contains("password=kept"), "{said}");
    assert_eq!(postgres.sql("SELECT count(*) FROM glauth.record"), "1");
    other
        .run_with_input(&["git-credential", "erase"], kept)
        .succeeds();
    let said = other
        .run_with_input(&["git-credential", "get"], asked)
        .succeeds();
    assert!(!said.contains("password=kept"), "{said}");
}

#[test]
fn git_is_told_the_address_of_the_store_without_its_password() {
    let Some((postgres, [one])) = machines() else {
        return;
    };
    let address = postgres.address();
    let open = address.replace("glauth@", "glauth:pw-SECRET@");
    let mut command = one.command(&["setup-git", "gitlab.example.com"]);
    command.env("GLAUTH_STORE", open);
    Running::spawn(&mut command).finish().succeeds();
    let config = std::fs::read_to_string(one.sandbox.path("home/.gitconfig")).unwrap();
    let helper = format!("--store {address} git-credential");
    assert!(config.contains(&helper), "{config}");
}

#[test]
fn the_folder_of_a_machine_is_the_same_wherever_a_program_works() {
    let Some((_postgres, [one])) = machines() else {
        return;
    };
    for set in ["cache", "./cache"] {
        for args in [
            ["token", "gitlab.example.com"],
            ["logout", "gitlab.example.com"],
        ] {
            let mut command = one.command(&args);
            command.env("GLAUTH_CACHE", set);
            let said = Running::spawn(&mut command).finish().fails(2);
            assert!(said.contains("is not a full path"), "{said}");
            assert!(said.contains("set GLAUTH_CACHE"), "{said}");
        }
    }
}

#[test]
fn a_folder_needs_no_tables_and_a_login_moves_to_another_store() {
    let Some((postgres, [one])) = machines() else {
        return;
    };
    let mut init = one.command(&["store", "init"]);
    init.env("GLAUTH_STORE", one.sandbox.path("logins"));
    let said = Running::spawn(&mut init).finish().fails(2);
    assert!(said.contains("needs no tables"), "{said}");
    let address = postgres.address();
    let said = one.run(&["store", "move", &address, &address]).fails(2);
    assert!(said.contains("to itself"), "{said}");
    let folder = one.sandbox.path("logins").display().to_string();
    let said = one.run(&["store", "move", &address, &folder]).fails(3);
    assert!(
        said.contains(&format!("there are no logins in `{address}`")),
        "{said}"
    );
}

#[test]
fn what_is_done_to_all_logins_is_done_to_those_that_this_machine_has_not_seen() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let (id, url) = (server.client_id(), server.url());
    for account in ["a", "b"] {
        let pair = server.log_in();
        let login = ["-a", account, "login", "--import", "--client-id", &id, &url];
        one.run_with_input(&login, &pair.response).succeeds();
    }
    other.run(&["-a", "a", "token", &url]).succeeds();
    let listed = |args: &[&str]| {
        let said = other.run(&[&["--json", "status"], args].concat());
        let report: serde_json::Value = serde_json::from_str(&said.succeeds()).unwrap();
        report["accounts"].as_array().unwrap().len()
    };
    assert_eq!(listed(&[]), 1);
    assert_eq!(listed(&["--check"]), 2);
    let done = other.prints(&["--json", "refresh", "--all"]);
    assert_eq!(done.lines().count(), 2, "{done}");
    let folder = one.sandbox.path("logins").display().to_string();
    let third = Machine {
        sandbox: Sandbox::new(),
        store: other.store.clone(),
    };
    let key = std::fs::copy(
        other.sandbox.path("glauth.key"),
        third.sandbox.path("glauth.key"),
    );
    key.unwrap();
    third
        .run(&["store", "move", &third.store, &folder])
        .succeeds();
    for account in ["a", "b"] {
        let args = [
            "--store", &folder, "-a", account, "refresh", "--force", &url,
        ];
        third.run(&args).succeeds();
    }
    assert_eq!(server.rotations(), 2);
    assert_eq!(server.replays(), 0);
}

#[test]
fn the_proxy_serves_a_shared_login_and_the_rotations_of_another_machine() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let proxied = Proxied::spawn(&mut other.command(&Proxied::args(&server.url())));
    assert_eq!(proxied.get(USER).status, 200);
    one.run(&["refresh", "--force", &server.url()]).succeeds();
    assert!(!server.is_alive(&pair.access_token));
    // By a 401 it learns that its cache is old, and takes what the database has.
    proxied.get(USER);
    assert_eq!(proxied.get(USER).status, 200);
    proxied.end();
    assert_eq!(server.rotations(), 1);
}

#[test]
fn docker_gets_a_shared_login() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let said = other.run_with_input(&["docker-credential", "get"], &server.host());
    assert!(said.stdout.contains(&pair.access_token), "{said:?}");
}

#[test]
fn status_reads_the_cache_and_with_check_the_database() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    one.run(&["refresh", "--force", &server.url()]).succeeds();
    let report = |args: &[&str]| -> serde_json::Value {
        let text = other
            .run(&[&["status", "--json"], args].concat())
            .succeeds();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["accounts"][0].take()
    };
    let before = report(&[]);
    assert_eq!(before["generation"], 1);
    assert_eq!(before["shared"]["rotated_by"], serde_json::Value::Null);
    let after = report(&["--check"]);
    assert_eq!(after["generation"], 2);
    let by = after["shared"]["rotated_by"].as_str().unwrap().to_owned();
    assert!(by.starts_with("pid "), "{by}");
    assert_eq!(report(&[])["generation"], 2);
    let text = other.run(&["status"]);
    let said = format!("shared with other machines; refreshed by {by}");
    assert!(text.stderr.contains(&said), "{text:?}");
    postgres.stop();
    let started = Instant::now();
    assert_eq!(report(&[])["generation"], 2);
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
    let checked = other.run(&["status", "--check"]);
    assert!(
        checked.stderr.contains("cannot reach the shared store"),
        "{checked:?}"
    );
    assert_eq!(
        other.prints(&["token", &server.url()]),
        server.current_pair(&pair.access_token).access_token
    );
}

#[test]
fn a_password_is_taken_from_the_environment_and_refused_in_the_arguments() {
    let Some((postgres, [one, _other])) = machines::<2>() else {
        return;
    };
    let open = postgres.address().replace("glauth@", "glauth:pw-SECRET@");
    let run = |args: &[&str]| Running::spawn(one.command(args).env("GLAUTH_STORE", &open)).finish();
    run(&["store", "check"]);
    let listed = run(&["status"]);
    assert!(!format!("{listed:?}").contains("pw-SECRET"), "{listed:?}");
    listed.succeeds();
    // The sandbox lets no secret into the arguments, so a shell writes it there.
    let program = crate::support::sandbox::program().display().to_string();
    for line in [
        "--store \"$GLAUTH_STORE\" status",
        "store move \"$GLAUTH_STORE\" /x",
        "--store \"$OTHER\" status",
    ] {
        let mut command = Command::new("/bin/sh");
        let said = command
            .args(["-c", &format!("{program} {line}")])
            .env_clear()
            .env("HOME", one.sandbox.path("home"))
            .env("GLAUTH_STORE", &open)
            .env("OTHER", open.replace("glauth:", "jane:"))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&said.stderr);
        assert!(text.contains("has a password in it"), "{line}: {text}");
        assert!(!text.contains("pw-SECRET"), "{line}: {text}");
        assert_eq!(said.status.code(), Some(2), "{line}: {text}");
    }
}

#[test]
fn what_programs_read_of_a_shared_store_is_as_the_schemas_say() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    let url = server.url();
    one.run(&["refresh", "--force", &url]).succeeds();
    let all = |is_away: bool| {
        for (name, args) in [
            ("status", &["status"][..]),
            ("status", &["status", "--check"]),
            ("doctor", &["doctor"]),
            ("doctor", &["store", "check"]),
            ("store", &["store", "info"]),
            ("token", &["token", &url]),
        ] {
            let done = other.run(&[&["--json"], args].concat());
            assert_ne!(done.stdout, "", "{done:?}");
            conforms(name, &serde_json::from_str(&done.stdout).unwrap());
        }
        let failed = other.run(&["--json", "refresh", "--force", &url]);
        if is_away {
            conforms("errors", &serde_json::from_str(&failed.stderr).unwrap());
        } else {
            failed.succeeds();
        }
    };
    all(false);
    postgres.stop();
    all(true);
}
