//! A process that may open no more files, or start no more threads or processes, may find them free
//! when it tries again later.

use std::process::Command;

use crate::support::authorization_server::AuthorizationServer;
use crate::support::mounts::skipped;
use crate::support::sandbox::{Running, Sandbox};
use crate::support::watch::HeldLock;

/// The command with a system call that fails so; only on this path, where one is named. `None`: no strace.
fn failing(sandbox: &Sandbox, path: Option<&str>, fault: &str, args: &[&str]) -> Option<Command> {
    let fault = format!("inject={fault}");
    let mut options = vec!["-o", "/dev/null"];
    options.extend(path.iter().flat_map(|path| ["-P", path]));
    options.extend(["-e", &fault]);
    let command = sandbox.under_strace(&options, args);
    if command.is_none() {
        skipped("too few descriptors, threads and processes: there is no strace");
    }
    command
}

#[test]
fn too_few_descriptors_for_the_files_of_a_login_are_not_a_broken_store() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let args = ["token", "--json", &url];
    for (file, error) in [("toml", "EMFILE"), ("toml", "ENFILE"), ("lock", "EMFILE")] {
        sandbox.ends_in(&server, -5);
        let path = sandbox.file(&server, file);
        let fault = format!("?open,openat:error={error}");
        let Some(mut command) = failing(&sandbox, path.to_str(), &fault, &args) else {
            return;
        };
        let error = Running::spawn(&mut command)
            .finish()
            .fails_in_json(4, "exhausted");
        assert!(error["message"].as_str().unwrap().contains(file), "{error}");
    }
    assert_eq!(server.refresh_requests(), 0);
}

#[test]
fn too_few_descriptors_for_the_configuration_are_not_a_wrong_one() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let config = sandbox.path("home/.config/glauth/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(&config, format!("default_host = '{}'", server.url())).unwrap();
    let fault = "?open,openat:error=EMFILE";
    let Some(mut command) = failing(&sandbox, config.to_str(), fault, &["token", "--json"]) else {
        return;
    };
    Running::spawn(&mut command)
        .finish()
        .fails_in_json(4, "exhausted");
    sandbox.run(&["token"]).succeeds();
}

#[test]
fn too_few_threads_to_wait_for_a_lock_are_no_failure_of_the_lock() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let url = server.url();
    let fault = "?clone,?clone3:error=EAGAIN";
    let Some(mut command) = failing(&sandbox, None, fault, &["token", "--json", &url]) else {
        return;
    };
    let lock = HeldLock::take(&sandbox, &server);
    Running::spawn(&mut command)
        .finish()
        .fails_in_json(4, "exhausted");
    lock.release();
    sandbox.run(&["token", &url]).succeeds();
}

#[test]
fn too_few_processes_for_git_are_no_wrong_usage() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let fault = "?clone,?clone3,?fork,?vfork:error=EAGAIN";
    let args = ["setup-git", "--json", &server.url()];
    let Some(mut command) = failing(&sandbox, None, fault, &args) else {
        return;
    };
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
    Running::spawn(&mut command)
        .finish()
        .fails_in_json(4, "exhausted");
}

#[test]
fn too_few_descriptors_for_a_ca_file_are_no_wrong_configuration() {
    let sandbox = Sandbox::new();
    let (host, ca_file) = ("https://127.0.0.1:9", sandbox.path("ca.pem"));
    std::fs::write(&ca_file, "none yet").unwrap();
    let config = sandbox.path("config.toml");
    let text = format!("[hosts.'{host}']\nca_file = '{}'\n", ca_file.display());
    std::fs::write(&config, text).unwrap();
    sandbox.import_expired(&["--config", config.to_str().unwrap()], host);
    let fault = "?open,openat:error=EMFILE";
    let Some(mut command) = failing(&sandbox, ca_file.to_str(), fault, &["token", "--json"]) else {
        return;
    };
    Running::spawn(&mut command)
        .finish()
        .fails_in_json(4, "unreachable");
    sandbox.let_waits_pass_at("127.0.0.1:9");
    sandbox.run(&["token", "--json"]).fails_in_json(2, "config");
}
