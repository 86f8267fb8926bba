//! The browser as a process: the signals that it takes, and the keyboard.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nix::sys::signal::{SigSet, SigmaskHow};

use crate::login::page_in;
use crate::login::through_browser::one_consent;
use crate::support::authorization_server::AuthorizationServer;
use crate::support::browser;
use crate::support::sandbox::Sandbox;
use crate::support::terminal::Terminal;
use crate::support::watch::eventually;

/// A login with a BROWSER of this name, which is a script; `note` is a file that it may write.
fn start(sandbox: &Sandbox, url: &str, name: &str, script: &str) -> (Terminal, PathBuf) {
    let (program, note) = (sandbox.path(name), sandbox.path("note"));
    let text = format!(
        "#!/bin/sh\nnote() {{ printf '%s\\n' \"$1\" > {note}.new; mv {note}.new {note}; }}\n{script}\n",
        note = note.display()
    );
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = sandbox.command(&one_consent(url));
    command.env("BROWSER", &program);
    command.env("PATH", "/usr/bin:/bin");
    (Terminal::spawn(&mut command), note)
}

fn noted(note: &PathBuf) -> String {
    eventually("the browser to note something", || note.exists());
    let text = std::fs::read_to_string(note).unwrap();
    std::fs::remove_file(note).unwrap();
    text.trim().to_owned()
}

#[test]
fn a_browser_starts_with_an_ordinary_signal_mask() {
    if !cfg!(target_os = "linux") {
        return;
    }
    // The second one is taken for a browser in the terminal.
    for name in ["browser", "w3m"] {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        let script = "note \"$(grep '^SigBlk' /proc/$$/status)\"";
        // Whatever glauth itself was started with.
        let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK);
        let (terminal, note) = start(&sandbox, &server.url(), name, script);
        before.unwrap().thread_set_mask().unwrap();
        let masks = noted(&note);
        assert!(
            masks.contains("SigBlk:\t0000000000000000"),
            "{name}: {masks}"
        );
        let screen = terminal.wait_for("Paste the address of that page here");
        browser::open(&screen.lines().find_map(page_in).unwrap());
        assert_eq!(terminal.finish().code(), Some(0));
    }
}

#[test]
fn a_browser_in_the_terminal_has_the_keyboard_until_it_is_left() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    // What it says last is who started its own parent: init, if glauth has gone.
    let script = "note started\n\
                  read -r line && note \"$line\"\n\
                  read -r line && note \"$line $(ps -o ppid= -p $PPID)\"";
    let (mut terminal, note) = start(&sandbox, &server.url(), "w3m", script);
    assert_eq!(noted(&note), "started");
    let screen = terminal.wait_for("Paste the address of that page here");
    terminal.type_line("a form in the browser");
    assert_eq!(noted(&note), "a form in the browser");
    let seen = browser::open(&screen.lines().find_map(page_in).unwrap());
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    sandbox.run(&["token"]).prints();
    terminal.type_line("q");
    let parent = terminal.pid();
    let last = noted(&note);
    let (typed, found) = last.split_once(' ').unwrap();
    assert_eq!((typed, found.trim()), ("q", &*parent.to_string()));
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert!(
        finished.stderr.contains("logged in as jane"),
        "{finished:?}"
    );
    assert!(!finished.stderr.contains("not the address"), "{finished:?}");
    assert!(
        !finished.stderr.contains(" left)"),
        "nothing moves: {finished:?}"
    );
}

#[test]
fn once_a_browser_in_the_terminal_is_left_an_address_can_be_pasted() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let script = "note started; read -r line; note \"$line\"";
    let (mut terminal, note) = start(&sandbox, &server.url(), "w3m", script);
    noted(&note);
    let screen = terminal.wait_for("Paste the address of that page here");
    let page = screen.lines().find_map(page_in).unwrap();
    terminal.type_line("q");
    assert_eq!(noted(&note), "q");
    terminal.type_line(&browser::open_but_stay(&page));
    assert_eq!(terminal.finish().code(), Some(0));
}

#[test]
fn a_browser_that_cannot_be_started_is_told() {
    let server = AuthorizationServer::start();
    for (named, said) in [
        (
            "/nonexistent",
            "BROWSER names no program that can be run: `/nonexistent`\n",
        ),
        (
            "no-such-browser",
            "BROWSER names no program that can be run: `no-such-browser`\n",
        ),
        ("/bin/false", "no browser could be opened\n"),
    ] {
        let sandbox = Sandbox::new();
        let mut command = sandbox.command(&one_consent(&server.url()));
        // Nothing else can take the place of the one that is named.
        command
            .env("BROWSER", named)
            .env("PATH", sandbox.path("tmp"));
        let terminal = Terminal::spawn(&mut command);
        let screen = terminal.wait_for("Paste the address of that page here");
        assert!(screen.contains(said), "{screen}");
        assert!(screen.contains("no browser could be opened\n"), "{screen}");
    }
}
