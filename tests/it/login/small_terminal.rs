//! A device login at a small terminal: the address and the code stay on the screen.

use crate::login::CLIENT;
use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::Sandbox;
use crate::support::terminal::Terminal;

/// How many rows a login takes from its address on, at a terminal of this size, and whether it draws a QR code.
fn shown(rows: u16, columns: u16) -> (usize, bool) {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let args = [&["login", "--device"], &CLIENT[..], &[&url]].concat();
    let terminal = Terminal::spawn_sized(&mut sandbox.command(&args), rows, columns);
    let screen = terminal.wait_for("waiting for you");
    let lines: Vec<&str> = screen
        .lines()
        .skip_while(|line| !line.starts_with("Log in to "))
        .collect();
    assert!(lines[3].trim().starts_with("0A44L"), "{screen}");
    // The line that moves takes one row, however often it was drawn.
    let (_moving, still) = lines.split_last().unwrap();
    let rows_of = |line: &&str| line.chars().count().div_ceil(columns.into());
    let taken: usize = still.iter().map(rows_of).sum();
    (taken + 1, screen.contains('▀'))
}

#[test]
fn a_code_for_the_phone_is_left_out_where_it_would_push_the_code_off_the_screen() {
    for (rows, columns) in [(24, 80), (12, 50), (25, 80), (30, 40), (23, 20)] {
        let (taken, _) = shown(rows, columns);
        assert!(taken <= rows.into(), "{rows}x{columns}: {taken} rows");
    }
    let (taken, is_drawn) = shown(50, 80);
    assert!(is_drawn);
    // The same where it just fits, and where it does not.
    let rows = u16::try_from(taken).unwrap();
    assert_eq!(shown(rows, 80), (taken, true));
    let (taken, is_drawn) = shown(rows - 1, 80);
    assert!(!is_drawn);
    assert_eq!(taken, 5);
}
