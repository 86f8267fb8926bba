//! A device login at a small terminal: the address and the code stay on the screen, below the code for the phone.

use crate::login::CLIENT;
use crate::login::device::{Ink, read_by_a_phone};
use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::Sandbox;
use crate::support::terminal::Terminal;

/// What a phone and a person find on the screen.
#[derive(Debug, PartialEq, Eq)]
enum Drawn {
    Nothing,
    /// The address, where the person types the code.
    Address,
    /// The address with the code in it.
    Whole,
}

/// How many rows a login takes at a terminal of this size, and which code it draws.
fn shown(rows: u16, columns: u16) -> (usize, Drawn) {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let args = [&["login", "--device"], &CLIENT[..], &[&url]].concat();
    let terminal = Terminal::spawn_sized(&mut sandbox.command(&args), rows, columns);
    let screen = terminal.wait_for("waiting for you");
    let lines: Vec<&str> = screen.lines().collect();
    let title = lines.iter().position(|line| line.starts_with("Log in to"));
    let (drawing, below) = lines.split_at(title.unwrap());
    // A narrow terminal breaks the words before them.
    let that_begins = |beginning: &str| {
        let mut lines = below.iter().map(|line| line.trim());
        let found = lines.find(|line| line.starts_with(beginning));
        found.unwrap_or_else(|| panic!("no {beginning} on {screen}"))
    };
    let (address, code) = (that_begins("http://"), that_begins("0A44L"));
    // The line that moves takes one row, however often it was drawn.
    let (_moving, still) = below.split_last().unwrap();
    let rows_of = |line: &&str| line.chars().count().div_ceil(columns.into());
    let taken: usize = drawing.iter().chain(still).map(rows_of).sum();
    let drawn = if drawing.is_empty() {
        Drawn::Nothing
    } else {
        match read_by_a_phone(&screen, Ink::Dark) {
            page if page == address => Drawn::Address,
            page => {
                assert!(page.ends_with(code), "{page}");
                Drawn::Whole
            }
        }
    };
    (taken + 1, drawn)
}

#[test]
fn a_code_for_the_phone_is_left_out_where_it_would_push_the_code_off_the_screen() {
    for (rows, columns) in [(12, 50), (30, 30), (20, 80), (23, 20)] {
        let (taken, drawn) = shown(rows, columns);
        assert!(taken <= rows.into(), "{rows}x{columns}: {taken} rows");
        assert_eq!(drawn, Drawn::Nothing, "{rows}x{columns}");
    }
}

#[test]
fn where_only_the_code_of_the_address_fits_that_is_drawn() {
    // The usual terminal.
    assert_eq!(shown(24, 80), (24, Drawn::Address));
    let (taken, drawn) = shown(50, 80);
    assert_eq!(drawn, Drawn::Whole);
    // The same where it just fits, and where it does not.
    let rows = u16::try_from(taken).unwrap();
    assert_eq!(shown(rows, 80), (taken, Drawn::Whole));
    assert_eq!(shown(rows - 1, 80).1, Drawn::Address);
}
