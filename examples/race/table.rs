//! The numbers of all races side by side.

use std::fmt::Write as _;

use super::Race;

const HOW_TO_READ_IT: &str = "\
A request fails if its process gets no token, or one that the server refuses.
In a replay, another process presents a spent refresh token again. A lenient
server, such as GitLab, refuses it. A strict server ends the login.
";

/// The name of a row, and its number.
type Row = (&'static str, fn(&Race) -> usize);

const ROWS: [Row; 7] = [
    ("requests", |race| race.crowd.turns),
    ("  accepted at once", |race| race.crowd.served),
    ("  accepted after `token --rejected`", |race| {
        race.crowd.recovered
    }),
    ("  failed", |race| race.crowd.failed()),
    ("refreshes", |race| race.refreshes),
    ("  refused by the server", |race| race.refused_refreshes),
    ("replays of a spent refresh token", |race| race.replays),
];

/// The table and the sentences below it.
pub fn text(races: &[Race]) -> String {
    let pairs = races.chunk_by(|left, right| left.client == right.client);
    let mut text = format!("{:36}", "");
    for pair in pairs {
        write!(text, "{:>22}", pair[0].client).ok();
    }
    text.push('\n');
    let mut line = |name: &str, cell: &dyn Fn(&Race) -> String| {
        write!(text, "{name:36}").ok();
        for race in races {
            write!(text, "{:>11}", cell(race)).ok();
        }
        text.push('\n');
    };
    line("", &|race| race.kind.to_owned());
    for (name, number) in ROWS {
        line(name, &|race| number(race).to_string());
    }
    text + "\n" + HOW_TO_READ_IT
}
