//! A fresh token of a shared login costs what one in a folder costs (P9).

use super::*;

/// The system calls of a command, without their arguments, and those arguments that name a file.
fn calls(machine: &Machine, command: &Command) -> Option<(Vec<String>, String)> {
    let log = machine.sandbox.path("strace").display().to_string();
    let args: Vec<&str> = command.get_args().filter_map(|arg| arg.to_str()).collect();
    let mut traced = machine.sandbox.under_strace(&["-o", &log], &args)?;
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    Running::spawn(&mut traced).finish().succeeds();
    let log = std::fs::read_to_string(log).unwrap();
    // Each line begins with the process's id.
    let name = |line: &str| {
        let call = line.split_once(' ')?.1.trim_start();
        Some(call.split_once('(')?.0.to_owned())
    };
    // How often the memory grows depends on the length of names.
    let names = log.lines().filter_map(name);
    Some((names.filter(|name| name != "brk").collect(), log))
}

#[test]
fn a_fresh_token_makes_the_same_system_calls_as_one_in_a_folder() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    one.sandbox.log_in(&server);
    let shared = other.command(&["token", &server.url()]);
    let mut local = one.command(&["token", &server.url()]);
    local.env("GLAUTH_STORE", one.sandbox.store());
    let (Some((shared, log)), Some((local, _))) = (calls(&other, &shared), calls(&one, &local))
    else {
        eprintln!("skipped: strace is not installed");
        return;
    };
    assert_eq!(shared, local, "{log}");
    for never in ["socket(", "flock(", "glauth.key", "clone"] {
        assert!(!log.contains(never), "{log}");
    }
}

#[test]
fn a_fresh_token_needs_no_database_and_no_key() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    postgres.stop();
    std::fs::remove_file(other.sandbox.path("glauth.key")).unwrap();
    let started = Instant::now();
    assert_eq!(other.prints(&["token", &server.url()]), pair.access_token);
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}
