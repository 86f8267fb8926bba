//! Every exit code and every name of a JSON error, reached through the binary, in both forms.

mod exhausted;
mod server;
mod store;
mod usage;

use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;

use glauth::code::Code;
use serde_json::Value;

use crate::documents::module_text;
use crate::schemas::conforms;
use crate::support::authorization_server::AuthorizationServer;
use crate::support::mounts::skipped;
use crate::support::sandbox::{Finished, LIMIT, Running, Sandbox};
use crate::support::watch::HeldLock;

/// The modules where each name is reached.
const COVERED: &[(&str, &str)] = &[
    ("unexpected", "exit_codes"),
    ("usage", "exit_codes::usage"),
    ("config", "exit_codes::usage, exit_codes::server"),
    ("client_rejected", "exit_codes::server"),
    ("tls_refused", "tls"),
    ("bad_input", "exit_codes::usage"),
    ("login_required", "exit_codes::server"),
    ("token_refused", "exit_codes::server"),
    ("access_denied", "login::refusals"),
    ("unreachable", "exit_codes::server"),
    ("unavailable", "exit_codes::server"),
    ("rate_limited", "exit_codes::server"),
    ("answer_lost", "exit_codes::server"),
    ("refresh_refused", "exit_codes::server"),
    ("lock_timeout", "exit_codes::store"),
    ("lease_timeout", "leases"),
    ("stale", "exit_codes::server"),
    ("exhausted", "exit_codes::exhausted"),
    ("permission", "exit_codes::store"),
    ("read_only", "read_only"),
    ("corrupt", "exit_codes::store"),
    ("unsupported_version", "exit_codes::store"),
    ("disk_full", "disk"),
    ("locking_unsupported", "exit_codes::store"),
    ("store_failed", "rescue"),
];

/// What a failure said under `--json`, with its form checked.
pub struct Said {
    pub message: String,
    pub hint: String,
    pub host: Option<String>,
    pub account: Option<String>,
}

/// Runs a failure in both forms, each in a world of its own: `run` gets what chooses the form, to
/// be put in front of the other arguments.
#[track_caller]
pub fn fails_as(code: i32, name: &str, run: impl Fn(&[&str]) -> Finished) -> Said {
    let has_hint = lines_for_people(&run(&[]), code);
    let said = object_for_programs(&run(&["--json"]), code, name);
    assert_eq!(has_hint, !said.hint.is_empty(), "a hint in one form only");
    said
}

/// `glauth: …`, then, where there is one, `hint: …`; returns whether there was one.
#[track_caller]
fn lines_for_people(finished: &Finished, code: i32) -> bool {
    assert_eq!(finished.code(), Some(code), "{finished:?}");
    assert_eq!(finished.stdout, "", "{finished:?}");
    let text = finished.stderr.strip_suffix('\n');
    let lines: Vec<&str> = text.expect("a whole line").split('\n').collect();
    assert!((1..=2).contains(&lines.len()), "{finished:?}");
    for (line, start) in lines.iter().zip(["glauth: ", "hint: "]) {
        let sentence = line.strip_prefix(start).unwrap_or_default();
        assert!(is_one_sentence(sentence), "{finished:?}");
    }
    lines.len() == 2
}

/// One line, one object, with the names that docs/errors.schema.json has and no others.
#[track_caller]
fn object_for_programs(finished: &Finished, code: i32, name: &str) -> Said {
    assert_eq!(finished.code(), Some(code), "{finished:?}");
    assert_eq!(finished.stdout, "", "{finished:?}");
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    let object: Value = serde_json::from_str(&finished.stderr).unwrap();
    conforms("errors", &object);
    assert_eq!(keys(&object), ["error"]);
    let error = &object["error"];
    assert_eq!(
        keys(error),
        ["account", "code", "hint", "host", "message", "said"],
        "{finished:?}"
    );
    assert_eq!(error["code"], name, "{finished:?}");
    let text = |key: &str| {
        let value = &error[key];
        assert!(value.is_string() || value.is_null(), "{finished:?}");
        value.as_str().map(ToOwned::to_owned)
    };
    let said = Said {
        message: text("message").expect("a message"),
        hint: text("hint").unwrap_or_default(),
        host: text("host"),
        account: text("account"),
    };
    assert!(is_one_sentence(&said.message), "{finished:?}");
    said
}

/// No full stop after it, nothing that a terminal takes for more than text.
fn is_one_sentence(text: &str) -> bool {
    !text.is_empty() && !text.ends_with('.') && !text.chars().any(char::is_control)
}

/// The names of an object, in order.
pub fn keys(object: &Value) -> Vec<&str> {
    let names: BTreeSet<&str> = object.as_object().unwrap().keys().map(|k| &**k).collect();
    names.into_iter().collect()
}

/// A login whose access token has expired.
pub fn expired(server: &AuthorizationServer) -> Sandbox {
    let (sandbox, _) = Sandbox::logged_in(server);
    sandbox.ends_in(server, -10);
    sandbox
}

/// Arguments behind those that choose the form.
pub fn args<'a>(form: &[&'a str], rest: &[&'a str]) -> Vec<&'a str> {
    [form, rest].concat()
}

#[test]
fn every_name_of_the_table_is_covered_and_no_other() {
    let table: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let covered: BTreeSet<&str> = COVERED.iter().map(|(name, _)| *name).collect();
    assert_eq!(table, covered);
    assert_eq!(COVERED.len(), covered.len(), "a name twice");
    for (name, modules) in COVERED {
        for module in modules.split(", ") {
            let Some(text) = module_text(module) else {
                return skipped("the tests of the errors, which are not here");
            };
            // This list has each of them, too.
            let mentions = text.matches(&format!("\"{name}\"")).count();
            assert!(
                mentions > usize::from(module == "exit_codes"),
                "{name}: {module}"
            );
        }
    }
}

#[test]
fn an_unforeseen_failure_ends_with_1() {
    let said = fails_as(1, "unexpected", |form| {
        let sandbox = Sandbox::new();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = sandbox.command(&args(form, &["completions", "bash"]));
        Running::spawn(command.stdout(full)).finish()
    });
    assert!(said.message.contains("No space left"), "{}", said.message);
}

/// A stderr of which every write is a packet of its own.
fn packets(sandbox: &Sandbox, args: &[&str]) -> (Running, UnixDatagram) {
    let (reader, writer) = UnixDatagram::pair().unwrap();
    reader.set_read_timeout(Some(LIMIT)).unwrap();
    let mut command = sandbox.command(args);
    (
        Running::spawn(command.stderr(OwnedFd::from(writer))),
        reader,
    )
}

/// The next packet, as text.
fn next(packets: &UnixDatagram) -> String {
    let mut packet = [0; 4096];
    let length = loop {
        match packets.recv(&mut packet) {
            // A signal for the test's own process.
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            length => break length.expect("a write to stderr"),
        }
    };
    String::from_utf8(packet[..length].to_vec()).unwrap()
}

#[test]
fn every_line_is_one_write_so_that_the_lines_of_a_crowd_stay_whole() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let (refused, stderr) = packets(&sandbox, &["token", "gitlab.example"]);
    for start in ["glauth: no login", "hint: run"] {
        let line = next(&stderr);
        assert!(line.starts_with(start) && line.ends_with('\n'), "{line:?}");
    }
    assert_eq!(refused.finish().code(), Some(3));
    // And from a thread of its own, while a lock is waited for.
    let held = HeldLock::take(&sandbox, &server);
    let (waiting, stderr) = packets(&sandbox, &["token"]);
    let line = next(&stderr);
    assert!(line.starts_with("glauth: waiting for the lock"), "{line:?}");
    assert!(line.ends_with('\n'), "{line:?}");
    held.release();
    waiting.finish().succeeds();
}

#[test]
fn a_closed_stdout_ends_a_command_by_sigpipe_and_without_a_word() {
    let sandbox = Sandbox::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = sandbox.command(&["completions", "bash"]);
    let finished = Running::spawn(command.stdout(writer)).finish();
    assert_eq!(finished.signal(), Some(13), "{finished:?}");
    assert_eq!(finished.stderr, "");
}
