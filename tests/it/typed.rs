//! Secrets that a person pastes at a terminal: they are not shown, and need no more than a key to end them.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::authorization_server::{AuthorizationServer, Pair};
use crate::support::sandbox::Sandbox;
use crate::support::terminal::Terminal;

/// The command at a terminal that hides what is typed.
#[track_caller]
fn asks(sandbox: &Sandbox, args: &[&str], prompt: &str) -> Terminal {
    let terminal = Terminal::spawn(&mut sandbox.command(args));
    terminal.wait_for(prompt);
    terminal.wait_until_hidden();
    terminal
}

/// What it has printed; no secret was on the screen.
#[track_caller]
fn hides(terminal: Terminal, code: i32) -> String {
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(code), "{finished:?}");
    assert!(!finished.stderr.contains("SECRET"), "{finished:?}");
    finished.stdout
}

#[test]
fn a_token_is_not_shown_and_enter_ends_it() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let prompt = "paste the token, which is not shown, and press Enter\n";
    // Longer than the lines that a terminal makes, with a slip of the finger.
    let long = format!("glpat-SECRET-{}", "x".repeat(6000));
    for token in ["glpat-SECRET-1", &long] {
        let mut terminal = asks(&sandbox, &["login", "--with-token", &url], prompt);
        terminal.type_line(&format!("{token}y\x7f"));
        hides(terminal, 0);
        assert_eq!(sandbox.run(&["token"]).prints(), token);
    }
}

#[test]
fn a_token_that_was_refused_is_not_shown() {
    let server = AuthorizationServer::start();
    let (sandbox, Pair { access_token, .. }) = Sandbox::logged_in(&server);
    server.expire_access_tokens();
    let prompt = "paste the refused token, which is not shown, and press Enter\n";
    let mut terminal = asks(&sandbox, &["token", "--rejected"], prompt);
    terminal.type_line(&access_token);
    let printed = hides(terminal, 0);
    assert!(server.is_alive(printed.trim_end()));
}

#[test]
fn a_token_response_is_not_shown_and_may_have_several_lines() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let pair = server.log_in();
    let url = server.url();
    let args = ["login", "--import", "--client-id", "the-client", &url];
    let prompt = "paste the token response, which is not shown, and press Ctrl-D\n";
    let mut terminal = asks(&sandbox, &args, prompt);
    terminal.type_line(&pair.response.replace(',', ",\n"));
    terminal.end_of_input();
    hides(terminal, 0);
    assert_eq!(sandbox.run(&["token"]).prints(), pair.access_token);
}

#[test]
fn ctrl_c_ends_the_question_gives_the_echo_back_and_stores_nothing() {
    let sandbox = Sandbox::new();
    let args = ["login", "--with-token", "gitlab.example"];
    let mut terminal = asks(&sandbox, &args, "and press Enter\n");
    terminal.interrupt();
    terminal.wait_until_shown();
    let finished = terminal.finish();
    let signal = Some(Signal::SIGINT as i32);
    assert_eq!(finished.signal(), signal, "{finished:?}");
    assert!(!sandbox.store().exists());
}

#[test]
fn a_signal_gives_the_echo_back_too() {
    let sandbox = Sandbox::new();
    let args = ["login", "--with-token", "gitlab.example"];
    let terminal = asks(&sandbox, &args, "and press Enter\n");
    let pid = i32::try_from(terminal.pid()).unwrap();
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    terminal.wait_until_shown();
    let finished = terminal.finish();
    let signal = Some(Signal::SIGTERM as i32);
    assert_eq!(finished.signal(), signal, "{finished:?}");
}
