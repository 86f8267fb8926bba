//! The command beside the proxy: it runs as it would by itself.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use super::Proxied;
use crate::interrupted::alone;
use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, TOKEN, USER};
use crate::support::program::program;
use crate::support::sandbox::{Finished, Running, Sandbox, after, wrapped};
use crate::support::terminal::{Terminal, at_a_terminal};
use crate::support::watch::{eventually, next_line};

fn run(sandbox: &Sandbox, server: &AuthorizationServer, script: &str) -> Finished {
    let url = server.url();
    sandbox.run(&["proxy", &url, "--", "/bin/sh", "-c", script])
}

#[test]
fn a_command_has_the_address_and_no_token() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let script = "echo $GLAUTH_PROXY_URL $1 ${GITLAB_TOKEN-none}";
    let done = sandbox.run(&[
        "proxy",
        &url,
        "--",
        "/bin/sh",
        "-c",
        script,
        "sh",
        "--registry={url}/",
    ]);
    let printed = done.prints();
    let words: Vec<&str> = printed.split(' ').collect();
    let [address, argument, "none"] = words[..] else {
        panic!("{printed}")
    };
    assert_eq!(argument, format!("--registry={address}/"));
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
    // 128 bits take 22 digits.
    assert!(address.rsplit('/').next().unwrap().len() >= 22, "{address}");
    let again = run(&sandbox, &server, "echo $GLAUTH_PROXY_URL").prints();
    assert_ne!(again, address);
}

#[test]
fn the_exit_status_is_the_commands() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    for code in [0, 1, 125, 255] {
        assert_eq!(
            run(&sandbox, &server, &format!("exit {code}")).code(),
            Some(code)
        );
    }
    for signal in [Signal::SIGTERM, Signal::SIGKILL, Signal::SIGSEGV] {
        let done = run(&sandbox, &server, &format!("kill -{} $$", signal as i32));
        assert!(
            done.signal() == Some(signal as i32) || done.code() == Some(128 + signal as i32),
            "{done:?}"
        );
    }
    let url = server.url();
    let missing = sandbox.run(&["proxy", &url, "--", "/nowhere/x"]);
    assert_eq!(missing.code(), Some(127), "{missing:?}");
    let folder = sandbox.run(&["proxy", &url, "--", "/"]);
    assert_eq!(folder.code(), Some(126), "{folder:?}");
    let usage = sandbox.run(&["proxy", &url]);
    assert_eq!(usage.code(), Some(125), "{usage:?}");
}

#[test]
fn standard_input_and_output_are_the_commands() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let done = sandbox.run_with_input(&["proxy", &server.url(), "--", "cat"], "one\ntwo\n");
    assert_eq!(done.prints(), "one\ntwo");
}

#[test]
fn a_signal_reaches_the_command_and_glauth_outlives_it() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    for signal in [
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGUSR1,
    ] {
        let name = signal.as_str().trim_start_matches("SIG");
        let script = format!(
            "trap 'echo got; exit 7' {name}; echo $GLAUTH_PROXY_URL; while :; do read -r x <&9 || :; done 9<>\"$HOME/fifo\""
        );
        let fifo = sandbox.path("home").join("fifo");
        if !fifo.exists() {
            nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        }
        let args = ["proxy", &server.url(), "--", "/bin/sh", "-c", &script];
        let proxied = Proxied::spawn(&mut sandbox.command(&args));
        assert_eq!(proxied.get(USER).status, 200);
        proxied.running.signal(signal);
        let done = proxied.end();
        assert_eq!(
            (done.code(), done.stdout.as_str()),
            (Some(7), "got\n"),
            "{signal}: {done:?}"
        );
    }
}

/// As for any call, glauth finishes the refresh first. The command has not begun, so glauth alone ends.
#[test]
fn a_signal_during_the_first_refresh_ends_glauth_before_the_command_starts() {
    let Some(alone) = alone() else { return };
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -1);
    let held = server.hold_requests(TOKEN);
    server.script(TOKEN, Behaviour::Answer(Answer::new(503)));
    let args = ["proxy", &server.url(), "--", "/bin/sh", "-c", "echo begun"];
    let mut glauth = Running::spawn(&mut alone.inside(&sandbox.command(&args)));
    held.wait_for(1);
    glauth.signal(Signal::SIGTERM);
    let notice = next_line(&mut glauth);
    assert!(notice.contains("finishing the refresh"), "{notice}");
    held.release();
    let done = glauth.finish();
    assert_eq!(done.signal(), Some(Signal::SIGTERM as i32), "{done:?}");
    assert_eq!(done.stdout, "", "{done:?}");
    assert!(done.stderr.contains("503"), "{done:?}");
}

#[test]
fn what_nohup_ignores_stays_ignored() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let args = [
        "proxy",
        &server.url(),
        "--",
        "/bin/sh",
        "-c",
        "kill -HUP $$; echo lives",
    ];
    let command = sandbox.command(&args);
    let done = Running::spawn(&mut after("trap '' HUP", &command)).finish();
    assert_eq!(done.prints(), "lives");
}

#[test]
fn nothing_listens_after_the_command() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let proxied = Proxied::start(&sandbox, &server.url());
    let address = proxied.address();
    let held = server.hold_requests(USER);
    let mut client = proxied.connect();
    {
        use std::io::Write as _;
        let (path, host) = (proxied.path(), proxied.authority());
        write!(client, "GET {path}{USER} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    }
    server.wait_until(
        |requests| requests.iter().any(|one| one.request.path == USER),
        "a request in flight",
    );
    proxied.end().succeeds();
    assert!(TcpStream::connect(address).is_err());
    held.release();
}

/// Gives what follows a terminal of its own, whose keys send signals.
fn with_terminal() -> Command {
    let mut setsid = Command::new("setsid");
    setsid.args(["--ctty", "--wait"]);
    setsid
}

#[test]
fn a_key_at_the_terminal_reaches_the_command_once() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let script = "n=0; trap 'n=$((n+1)); echo interrupt $n >&2' INT
trap 'echo $n in all >&2; exit 0' USR1
echo ready >&2; while :; do read -r x; done";
    let args = ["proxy", &server.url(), "--", "/bin/sh", "-c", script];
    let mut command = wrapped(with_terminal(), &sandbox.command(&args));
    let mut terminal = Terminal::spawn(&mut command);
    terminal.wait_for("ready");
    terminal.interrupt();
    terminal.type_lines_until("interrupt 1");
    // glauth takes this one after the key's.
    terminal.signal(Signal::SIGUSR1);
    terminal.type_lines_until("1 in all");
    let done = terminal.finish();
    assert_eq!(done.code(), Some(0), "{done:?}");
}

/// The kernel tells the leader of the session alone, which glauth is here.
#[test]
fn a_terminal_that_is_closed_ends_the_command_and_glauth() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let script = "echo begun; exec sleep 600";
    let args = ["proxy", &server.url(), "--", "/bin/sh", "-c", script];
    let mut command = wrapped(with_terminal(), &sandbox.command(&args));
    let (mut glauth, terminal) = at_a_terminal(&mut command);
    let mut stdout = BufReader::new(glauth.child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    drop(terminal);
    // The command has the other end.
    assert_eq!(stdout.read_line(&mut line).unwrap(), 0);
    let done = glauth.finish();
    assert_eq!(done.signal(), Some(Signal::SIGHUP as i32), "{done:?}");
}

/// A letter, as proc(5) has it.
#[cfg(target_os = "linux")]
fn state_of(process: &str) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.trim())).unwrap();
    let (_, behind_name) = stat.rsplit_once(") ").unwrap();
    behind_name.split(' ').next().unwrap().to_owned()
}

#[test]
fn a_job_is_stopped_as_a_whole_and_goes_on() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let Some(mut shell) = program(&sandbox, "bash") else {
        return;
    };
    shell.args(["--norc", "-i"]);
    let mut terminal = Terminal::spawn(&mut wrapped(with_terminal(), &shell));
    let glauth = crate::support::sandbox::program();
    let script = "echo $$ >$HOME/pid; echo read''y >&2; read -r x; echo \"got $x\" >&2";
    let url = server.url();
    terminal.type_line(&format!(
        "{} proxy {url} -- sh -c '{script}'",
        glauth.display()
    ));
    terminal.wait_for("ready");
    terminal.suspend();
    terminal.wait_for("Stopped");
    #[cfg(target_os = "linux")]
    {
        let child = std::fs::read_to_string(sandbox.path("home").join("pid")).unwrap();
        eventually("the command to be stopped too", || state_of(&child) == "T");
    }
    terminal.type_line("fg");
    terminal.type_line("hello");
    terminal.wait_for("got hello");
    terminal.type_line("exit");
    assert_eq!(terminal.finish().code(), Some(0));
}

#[test]
fn a_proxy_of_the_environment_is_not_asked_for_this_machine() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let args = [
        "proxy",
        &server.url(),
        "--",
        "/bin/sh",
        "-c",
        "set -f; echo $NO_PROXY $no_proxy",
    ];
    let printed = |variables: &[(&str, &str)]| {
        let mut command = sandbox.command(&args);
        command.envs(variables.iter().copied()).stdin(Stdio::null());
        Running::spawn(&mut command).finish().prints()
    };
    assert_eq!(printed(&[]), "");
    let proxy = ("http_proxy", "http://proxy.example:3128");
    assert_eq!(printed(&[proxy]), "127.0.0.1 127.0.0.1");
    let both = printed(&[proxy, ("NO_PROXY", ".example")]);
    assert_eq!(both, ".example,127.0.0.1 .example,127.0.0.1");
    // All hosts, which it would not be in a list.
    let all = printed(&[proxy, ("NO_PROXY", "*")]);
    assert_eq!(all, "*");
}
