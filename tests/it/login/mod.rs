//! `glauth login`: the ways in, and what is known afterwards.

mod broken_off;
mod browser_process;
mod configuration;
mod crowd;
mod device;
mod embedder;
mod hostile;
mod import;
mod mcp;
mod mcp_documents;
mod mcp_registrations;
mod no_person;
mod other_user;
mod page_errors;
mod paste;
mod providers;
mod redirect_uri;
mod refusals;
mod register;
mod second;
mod shared;
mod small_terminal;
mod standby;
mod standby_later;
mod standby_meanwhile;
mod through_browser;
mod whose;

use std::process::Command;

use serde_json::Value;

use crate::support::authorization_server::AuthorizationServer;
use crate::support::browser::{self, Seen};
use crate::support::sandbox::{Finished, Running, Sandbox};
use crate::support::watch::next_line;

/// The only client that is registered.
const CLIENT: [&str; 2] = ["--client-id", "the-client"];

/// A login that waits for a person to open a page.
pub struct Waiting {
    pub running: Running,
    /// What it has said so far.
    pub said: String,
    /// The page.
    pub page: String,
}

impl Waiting {
    /// `login --no-browser` with these options, which ends as soon as the page was opened.
    #[track_caller]
    pub fn start(sandbox: &Sandbox, server: &AuthorizationServer, options: &[&str]) -> Self {
        Self::spawn(&mut sandbox.command(&words(server, options)))
    }

    #[track_caller]
    pub fn spawn(command: &mut Command) -> Self {
        Self::reading(Running::spawn(command))
    }

    /// Reads until the page is named.
    #[track_caller]
    pub fn reading(mut running: Running) -> Self {
        let mut said = String::new();
        loop {
            let line = next_line(&mut running);
            assert!(!line.is_empty(), "it ended without a page: {said}");
            said.push_str(&line);
            said.push('\n');
            if let Some(page) = page_in(&line) {
                return Self {
                    running,
                    said,
                    page,
                };
            }
        }
    }

    /// Opens the page as a person who consents; what the browser shows at the end, and how the
    /// login ends.
    #[track_caller]
    pub fn consent(self) -> (Seen, Finished) {
        let seen = browser::open(&self.page);
        (seen, self.finish())
    }

    /// The page's own parameter of that name.
    #[track_caller]
    pub fn asked(&self, name: &str) -> String {
        let page = url::Url::parse(&self.page).unwrap();
        let mut parameters = page.query_pairs();
        let (_, value) = parameters.find(|(key, _)| key == name).unwrap();
        value.into_owned()
    }

    /// The same process, once it has ended; `stderr` is all that it said.
    #[track_caller]
    pub fn finish(self) -> Finished {
        let finished = self.running.finish();
        Finished {
            stderr: self.said + &finished.stderr,
            ..finished
        }
    }
}

/// `login --no-browser OPTIONS URL`
fn words<'a>(server: &AuthorizationServer, options: &[&'a str]) -> Vec<&'a str> {
    let url: &'static str = String::leak(server.url());
    [&["login", "--no-browser"], options, &[url]].concat()
}

/// In both forms a page has a line of its own.
fn page_in(line: &str) -> Option<String> {
    if let Ok(object) = serde_json::from_str::<Value>(line) {
        crate::schemas::conforms("errors", &object);
        return object["authorization"]["url"].as_str().map(str::to_owned);
    }
    line.strip_prefix("  http")
        .map(|rest| format!("http{rest}"))
}

/// A whole login through a browser.
#[track_caller]
pub fn log_in(sandbox: &Sandbox, server: &AuthorizationServer, options: &[&str]) -> Finished {
    let (_, finished) = Waiting::start(sandbox, server, options).consent();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    finished
}

/// A failure in both forms, each in a world of its own; `run` gets what chooses the form. What was
/// said before the end does not count.
#[track_caller]
pub fn ends_as(code: i32, name: &str, run: impl Fn(&[&str]) -> Finished) -> (String, String) {
    let finished = run(&[]);
    assert_eq!(finished.code(), Some(code), "{finished:?}");
    assert_eq!(finished.stdout, "", "{finished:?}");
    let lines: Vec<&str> = finished.stderr.lines().collect();
    let [.., message, hint] = lines[..] else {
        panic!("no message and hint: {finished:?}");
    };
    let message = message.strip_prefix("glauth: ");
    let message = message.unwrap_or_else(|| panic!("no message: {finished:?}"));
    let hint = hint.strip_prefix("hint: ");
    let hint = hint.unwrap_or_else(|| panic!("no hint: {finished:?}"));
    run(&["--json"]).fails_in_json(code, name);
    (message.to_owned(), hint.to_owned())
}
