//! What a glauth from before shared stores makes of the files of one with them: it reads them, or says that they are
//! newer, and it harms nothing.
//!
//! The version of a file is what an older glauth goes by, so that is always tested. `GLAUTH_OLDER` may name the program
//! of an older glauth, which is tried then.

use std::path::Path;
use std::process::Stdio;

use super::*;

/// What an older glauth does, where the environment names one: it says that the file is newer, and changes nothing.
fn older_refuses(machine: &Machine, server: &AuthorizationServer, file: &Path) {
    let Some(program) = std::env::var_os("GLAUTH_OLDER") else {
        return;
    };
    let url = server.url();
    let store = file.ancestors().nth(2).unwrap();
    let before = std::fs::read_to_string(file).unwrap();
    let pair = server.log_in();
    for args in [
        &["token", &url][..],
        &["refresh", "--force", &url],
        &["status", &url],
        &["exec", &url, "--", "true"],
        &["logout", "--local", &url],
        &["rename", &url, "default", "work"],
        &["login", "--import", &url],
    ] {
        let ours = machine.sandbox.command(args);
        let mut command = Command::new(&program);
        command.args(args).env_clear();
        command.envs(
            ours.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command.env("GLAUTH_STORE", store);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let refused = Running::spawn_with_input(&mut command, &pair.response).finish();
        assert!(
            refused.stderr.contains("has version"),
            "{args:?}: {refused:?}"
        );
        assert_ne!(refused.code(), Some(0), "{args:?}");
        assert_eq!(std::fs::read_to_string(file).unwrap(), before, "{args:?}");
    }
}

fn version_of(path: &Path) -> i64 {
    let text = std::fs::read_to_string(path).unwrap();
    let record: toml::Table = text.parse().unwrap();
    record["version"].as_integer().unwrap()
}

#[test]
fn an_older_glauth_takes_no_cache_for_a_login() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    one.run(&["refresh", "--force", &server.url()]).succeeds();
    let cache = one.file(&server, "toml");
    assert_eq!(version_of(&cache), 3);
    older_refuses(&one, &server, &cache);
    one.run(&["logout", &server.url()]).succeeds();
    assert_eq!(version_of(&cache), 3);
    older_refuses(&one, &server, &cache);
}

#[test]
fn an_older_glauth_leaves_a_login_alone_that_is_on_its_way_and_reads_what_a_move_leaves() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let (folder, address) = (
        one.sandbox.store().display().to_string(),
        postgres.address(),
    );
    for (into, point, version) in [
        (true, None, 1),
        (true, Some("move_marked"), 2),
        (true, Some("move_arrived"), 2),
        (false, None, 1),
        (false, Some("move_arriving"), 2),
        (false, Some("move_left"), 2),
    ] {
        let server = AuthorizationServer::start();
        let url = server.url();
        let moved = if into {
            one.sandbox.log_in(&server);
            moves(&one, [&folder, &address, &url], point)
        } else {
            logged_in(&one, &other, &server);
            moves(&one, [&address, &folder, &url], point)
        };
        if moved.is_none() {
            continue;
        }
        let file = one.sandbox.file(&server, "toml");
        assert_eq!(version_of(&file), version, "{into} {point:?}");
        let text = std::fs::read_to_string(&file).unwrap();
        let is_marked = ["moving_to_store", "arriving_from_store", "move ="]
            .iter()
            .any(|key| text.contains(key));
        assert_eq!(is_marked, version == 2, "{text}");
        if is_marked {
            older_refuses(&one, &server, &file);
        }
    }
}
