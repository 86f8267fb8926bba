//! Both halves side by side.

use std::fmt::Write as _;

use super::Half;

const HOW_TO_READ_IT: &str = "\
How to read it: a process without a token and a request refused for good are
commands that failed, and a replay is a spent refresh token presented again,
which GitLab only refuses, while servers that detect reuse end the login.
";

/// What a row is called, and its number.
type Row = (&'static str, fn(&Half) -> usize);

const ROWS: [Row; 9] = [
    ("processes", |half| half.crowd.processes),
    ("  that printed a token", |half| half.crowd.tokens),
    ("  that got no token", |half| {
        half.crowd.processes - half.crowd.tokens
    }),
    ("requests served with the token", |half| half.crowd.served),
    ("  refused, recovered with `token --rejected`", |half| {
        half.crowd.recovered
    }),
    ("  refused for good", |half| half.crowd.refused),
    ("refreshes", |half| half.refreshes),
    ("  refresh requests refused", |half| half.refused_refreshes),
    ("  replays of a spent refresh token", |half| half.replays),
];

/// The table and the sentence below it.
pub fn text(with_glauth: &Half, without_lock: &Half) -> String {
    let mut text = row("", "with glauth", "without a lock");
    for (name, number) in ROWS {
        let numbers = [with_glauth, without_lock].map(|half| number(half).to_string());
        text += &row(name, &numbers[0], &numbers[1]);
    }
    text + "\n" + HOW_TO_READ_IT
}

fn row(name: &str, left: &str, right: &str) -> String {
    let mut line = String::new();
    write!(line, "{name:48}{left:>13}{right:>17}").ok();
    line + "\n"
}
