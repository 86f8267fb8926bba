//! What a terminal is given (I8): no text from anywhere moves its cursor, ends its line or turns it around;
//! under `--json` each line of stderr is an object; and a standard output that takes nothing is no success.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::schemas::conforms;
use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, TOKEN};
use crate::support::mounts::{Mounts, skipped};
use crate::support::sandbox::{Finished, Running, Sandbox};
use crate::support::terminal::Terminal;
use crate::support::watch::next_line;

/// A line of its own, a cursor that goes home, an 8-bit CSI, a separator of lines, text that runs
/// backwards, and the tip that clap gives in lines of its own.
const HOSTILE: &str =
    "x\u{1b}[2J\u{9b}1m\nhint: run evil\n\n  tip: similar\u{2028}\u{202e}y\u{2066}\u{200f}\u{7}";

fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Nothing unfit in either stream, and no line of the hostile text's own.
#[track_caller]
fn is_clean(finished: &Finished) {
    for text in [&finished.stdout, &finished.stderr] {
        for line in text.split('\n') {
            assert!(!line.contains(is_unfit), "{line:?}");
            let own = line.trim_start();
            assert!(!own.starts_with("hint: run evil"), "{text}");
            assert!(!own.starts_with("tip:"), "{text}");
        }
    }
}

/// The same, and that the text was shown, in both forms.
#[track_caller]
fn shows_it_clean(make: impl Fn(&[&str]) -> Command) {
    for form in [&[][..], &["--json"]] {
        let finished = Running::spawn(&mut make(form)).finish();
        is_clean(&finished);
        assert_ne!(finished.code(), Some(0), "{finished:?}");
        let escapes = [r"\u{202e}", r"\u202e"];
        let is_shown = |escape: &&str| finished.stderr.contains(*escape);
        assert!(escapes.iter().any(is_shown), "{finished:?}");
        if form == ["--json"] {
            all_are_objects(&finished.stderr);
        }
    }
}

#[track_caller]
fn all_are_objects(stderr: &str) {
    assert_ne!(stderr, "");
    for line in stderr.lines() {
        let object: Value = line.parse().unwrap_or_else(|_| panic!("no JSON: {line}"));
        conforms("errors", &object);
    }
}

#[test]
fn options_variables_and_paths_are_shown_clean() {
    let sandbox = Sandbox::new();
    let command = |form: &[&str], rest: &[&str]| sandbox.command(&[form, rest].concat());
    for option in ["--host", "--account", "--lock-timeout"] {
        shows_it_clean(|form| command(form, &["token", option, HOSTILE]));
        shows_it_clean(|form| command(form, &["token", &format!("{option}={HOSTILE}")]));
    }
    let option = format!("--{HOSTILE}");
    shows_it_clean(|form| command(form, &["token", &option]));
    for words in [
        &[HOSTILE][..],
        &["token", HOSTILE],
        &["token", "a", HOSTILE],
    ] {
        shows_it_clean(|form| command(form, words));
    }
    for variable in ["GLAUTH_HOST", "GLAUTH_ACCOUNT"] {
        shows_it_clean(|form| {
            let mut command = command(form, &["token"]);
            command.env(variable, HOSTILE);
            command
        });
    }
    let folder = sandbox.path(HOSTILE);
    std::fs::create_dir(&folder).unwrap();
    shows_it_clean(|form| {
        let mut command = command(form, &["status", "gitlab.com"]);
        command.env("GLAUTH_STORE", &folder);
        command
    });
    let file = folder.join("config.toml");
    shows_it_clean(|form| {
        let mut command = command(form, &["token", "--config"]);
        command.arg(&file);
        command
    });
}

#[test]
fn what_the_configuration_says_is_shown_clean() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("config.toml");
    let quoted = Value::String(HOSTILE.to_owned()).to_string();
    for text in [
        format!("{quoted} = 1\n"),
        format!("default_host = {quoted}\n"),
        format!("[hosts.{quoted}]\n"),
        format!("[hosts.'gitlab.com']\nprovider = {quoted}\n"),
        format!("[hosts.'gitlab.com']\nauth_method = {quoted}\n"),
        format!("[hosts.'gitlab.com']\ntoken_endpoint = {quoted}\n"),
        format!("[hosts.'gitlab.com']\nclient_id = 'x'\nclient_secret_file = {quoted}\n"),
    ] {
        std::fs::write(&path, &text).unwrap();
        for form in [&[][..], &["--json"]] {
            let words = ["login", "--import", "gitlab.com", "--config"];
            let mut command = sandbox.command(&[form, &words].concat());
            let response = r#"{"access_token": "at-SECRET-1", "refresh_token": "rt-SECRET-1"}"#;
            let finished = Running::spawn_with_input(command.arg(&path), response).finish();
            is_clean(&finished);
            assert_eq!(finished.code(), Some(2), "{text}: {finished:?}");
        }
    }
}

#[test]
fn what_a_server_says_is_shown_clean() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let body = serde_json::json!({"error": "invalid_client", "error_description": HOSTILE});
    let refusal = Answer::json(400, &body);
    server.always(TOKEN, Some(Behaviour::Answer(refusal)));
    for form in [&[][..], &["--json"], &["-v"]] {
        let finished = sandbox.run(&[form, &["token"]].concat());
        is_clean(&finished);
        assert_eq!(finished.code(), Some(2), "{finished:?}");
    }
}

#[test]
fn a_command_in_a_hint_can_be_pasted_whatever_the_path() {
    use std::os::unix::fs::PermissionsExt;
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let odd = sandbox.path("it's\n\u{202e}odd");
    std::fs::rename(sandbox.store(), &odd).unwrap();
    std::fs::set_permissions(&odd, PermissionsExt::from_mode(0o777)).unwrap();
    let mut command = sandbox.command(&["token"]);
    let said = Running::spawn(command.env("GLAUTH_STORE", &odd)).finish();
    is_clean(&said);
    let said = said.fails(5);
    let hint = said
        .lines()
        .find_map(|line| line.strip_prefix("hint: run `"));
    let pasted = hint.unwrap().strip_suffix('`').unwrap();
    let Ok(bash) = Command::new("bash").args(["-c", pasted]).status() else {
        return skipped("a command that bash reads");
    };
    assert!(bash.success());
    assert_eq!(odd.metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn each_line_of_stderr_is_an_object_also_when_a_signal_arrives() {
    // Without `/proc` glauth refreshes by itself, and the signal waits.
    let Some(alone) = Mounts::new("mount -t tmpfs tmpfs /proc", &[]) else {
        return;
    };
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let request = server.hold_requests(TOKEN);
    let url = server.url();
    let command = sandbox.command(&["--json", "-q", "-vv", "token", &url]);
    let mut process = Running::spawn(&mut alone.inside(&command));
    request.wait_for(1);
    process.signal(Signal::SIGTERM);
    let mut lines = vec![next_line(&mut process)];
    // The notes of -vv come first.
    while !lines.last().unwrap().contains("finishing the refresh") {
        let line = next_line(&mut process);
        assert_ne!(line, "", "it has ended: {lines:?}");
        lines.push(line);
    }
    request.release();
    let finished = process.finish();
    assert_eq!(finished.signal(), Some(15), "{finished:?}");
    all_are_objects(&(lines.join("\n") + "\n" + &finished.stderr));
}

/// A descriptor that takes nothing: a full device, and one that was opened to be read.
fn takes_nothing() -> [File; 2] {
    let full = File::options().write(true).open("/dev/full").unwrap();
    [full, File::open("/dev/null").unwrap()]
}

#[test]
#[cfg(target_os = "linux")]
fn a_standard_output_that_cannot_be_written_is_no_success() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    for args in [
        &["token"][..],
        &["token", "--format", "json"],
        &["--json", "-q", "token"],
        &["status"],
        &["status", "--json"],
        &["doctor", "--offline"],
        &["doctor", "--offline", "--json"],
        &["refresh", "--json"],
        &["logout", "--local", "--json"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
        &["token", "-h"],
        &["--version"],
    ] {
        for stdout in takes_nothing() {
            let finished = Running::spawn(sandbox.command(args).stdout(stdout)).finish();
            assert_eq!(finished.code(), Some(1), "{args:?}: {finished:?}");
            let said = "cannot write to standard output";
            assert!(finished.stderr.contains(said), "{args:?}: {finished:?}");
            if args.contains(&"--json") {
                all_are_objects(&finished.stderr);
            }
        }
    }
    for stdout in takes_nothing() {
        sandbox.log_in(&server);
        let mut command = sandbox.command(&["git-credential", "get"]);
        let question = format!("protocol=http\nhost={}\n", server.host());
        let finished = Running::spawn_with_input(command.stdout(stdout), &question).finish();
        assert_eq!(finished.code(), Some(1), "{finished:?}");
    }
}

#[test]
fn a_name_that_is_no_text_is_shown_clean() {
    let sandbox = Sandbox::new();
    let name = OsStr::from_bytes(b"a\xff\x1b[2J\xe2\x80\xae\n");
    let mut command = sandbox.command(&["token", "--config"]);
    let finished = Running::spawn(command.arg(name)).finish();
    is_clean(&finished);
    assert_eq!(finished.code(), Some(2), "{finished:?}");
}

/// A URL is pasted with what stands in it.
#[test]
fn a_token_in_the_url_of_a_host_is_not_shown() {
    let sandbox = Sandbox::new();
    for host in [
        "https://oauth2:glpat-SECRET@gitlab.com/group",
        "https://glpat-SECRET@gitlab.com",
        "oauth2:glpat-SECRET@gitlab.com",
        "https://a:glpat-SECRET@b@gitlab.com",
    ] {
        for form in [&["token"][..], &["--json", "login"], &["token", "--host"]] {
            let finished = sandbox.run(&[form, &[host]].concat());
            assert_eq!(finished.code(), Some(2), "{finished:?}");
            assert!(!finished.stderr.contains("SECRET"), "{finished:?}");
            assert!(finished.stderr.contains("…@gitlab.com"), "{finished:?}");
        }
    }
}

#[test]
fn a_terminal_shows_whole_words_and_whole_commands_and_a_pipe_one_line() {
    let sandbox = Sandbox::new();
    let args = ["token", "gitlab.example.com"];
    let in_pipe = sandbox.run(&args).stderr;
    assert_eq!(in_pipe.lines().count(), 2, "{in_pipe}");
    for columns in [40, 50, 60] {
        let terminal = Terminal::spawn_sized(&mut sandbox.command(&args), 24, columns);
        let shown = terminal.finish().stderr.replace('\r', "");
        let lines: Vec<_> = shown.lines().map(str::trim_start).collect();
        assert_eq!(lines.join(" "), in_pipe.trim_end().replace('\n', " "));
        assert!(lines.len() > 2, "{shown}");
        let is_whole = |line: &&str| line.contains("`glauth login gitlab.example.com`");
        assert!(lines.iter().any(is_whole), "{shown}");
        let fits = |line: &&str| line.len() <= columns.into() || !line.contains(' ');
        assert!(lines.iter().all(fits), "{shown}");
    }
    // Not where each line is an object.
    let args = ["--json", "token", "gitlab.example.com"];
    let terminal = Terminal::spawn_sized(&mut sandbox.command(&args), 24, 40);
    all_are_objects(&terminal.finish().stderr);
}
