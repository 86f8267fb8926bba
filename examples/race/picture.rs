//! Which worker held which token when, and when its requests failed: a line for each of a few workers, in
//! the terminal and as an SVG.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::Race;
use super::crowd::{Moment, Saw};

/// How many workers the picture shows. The others fare alike.
pub const LANES: usize = 12;

/// The width of a race, in letters.
const COLUMNS: usize = 36;

/// In an SVG, in pixels: the width of a letter, the height of a line, and the margins.
const CELL: usize = 11;
const LINE: usize = 13;
const LEFT: usize = 24;
const WIDTH: usize = CELL * COLUMNS + LEFT;
const HEIGHT: usize = LINE * LANES + 64;

/// Colours that tell one token from the next, on a light and on a dark background.
const COLOURS: [&str; 6] = [
    "#3b82c4", "#3a9d6e", "#8a6fc9", "#2aa3a3", "#c08a2e", "#7d8b99",
];
const BAD: &str = "#d03b3b";

/// What a worker had in one part of the time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// Nothing was seen.
    Empty,
    /// This token, by the order in which they came.
    Held(usize),
    /// A token that the server refused, or none at all.
    Bad,
}

struct Picture {
    lanes: Vec<Vec<Cell>>,
}

impl Picture {
    fn of(race: &Race, length: Duration) -> Self {
        let mut lanes = vec![vec![Cell::Empty; COLUMNS]; LANES];
        let mut tokens: HashMap<&str, usize> = HashMap::new();
        let mut moments: Vec<&Moment> = race.crowd.moments.iter().collect();
        moments.sort_by_key(|moment| moment.at);
        for moment in moments {
            let column = moment.at.as_millis() * COLUMNS as u128 / length.as_millis();
            let column = usize::try_from(column).unwrap_or(COLUMNS).min(COLUMNS - 1);
            let cell = &mut lanes[moment.worker][column];
            match &moment.saw {
                Saw::Served(token) | Saw::Recovered(token) => {
                    let next = tokens.len();
                    let number = *tokens.entry(token).or_insert(next);
                    if *cell != Cell::Bad {
                        *cell = Cell::Held(number);
                    }
                }
                Saw::Refused | Saw::NoToken => *cell = Cell::Bad,
            }
        }
        for lane in &mut lanes {
            hold_on(lane);
        }
        Self { lanes }
    }
}

/// Shows the end of a turn until the next one.
fn hold_on(lane: &mut [Cell]) {
    let mut before = Cell::Empty;
    for cell in lane {
        if *cell == Cell::Empty {
            *cell = before;
        }
        before = *cell;
    }
}

/// For the terminal, in colour if it has colours: the servers side by side, the clients one below the other.
pub fn text(races: &[Race], length: Duration) -> String {
    let mut text = format!(
        "{LANES} of the workers in {} seconds: one letter for each access token, x for a request that failed\n",
        length.as_secs()
    );
    for pair in races.chunk_by(|left, right| left.client == right.client) {
        text += "\n     ";
        for race in pair {
            let title = format!("{}, {} server", race.client, race.kind);
            write!(text, "{title:COLUMNS$}  ").ok();
        }
        text.push('\n');
        let pictures: Vec<Picture> = pair.iter().map(|race| Picture::of(race, length)).collect();
        for lane in 0..LANES {
            write!(text, "{:>4} ", lane + 1).ok();
            for picture in &pictures {
                write_lane(&mut text, &picture.lanes[lane]);
                text += "  ";
            }
            text.push('\n');
        }
    }
    text.push('\n');
    text
}

fn write_lane(text: &mut String, cells: &[Cell]) {
    for cell in cells {
        let (style, letter) = match cell {
            Cell::Empty => (Style::new(), ' '),
            Cell::Held(number) => (colour(*number), letter(*number)),
            Cell::Bad => (AnsiColor::Red.on_default().bold(), 'x'),
        };
        write!(text, "{style}{letter}{style:#}").ok();
    }
}

fn letter(number: usize) -> char {
    char::from(b'A' + u8::try_from(number % 26).unwrap_or_default())
}

fn colour(number: usize) -> Style {
    const COLOURS: [AnsiColor; 5] = [
        AnsiColor::Blue,
        AnsiColor::Green,
        AnsiColor::Magenta,
        AnsiColor::Cyan,
        AnsiColor::Yellow,
    ];
    COLOURS[number % COLOURS.len()].on_default()
}

/// The same as a self-contained SVG.
pub fn svg(races: &[Race], length: Duration) -> String {
    let rows: Vec<&[Race]> = races
        .chunk_by(|left, right| left.client == right.client)
        .collect();
    let columns = rows.iter().map(|row| row.len()).max().unwrap_or_default();
    let width = LEFT + WIDTH * columns;
    let height = HEIGHT * rows.len() + 28;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <title>Which worker held which access token, and which requests failed</title>\n\
         <style>.ground {{ fill: #fff }} text {{ fill: #24292f }} .soft {{ fill: #57606a }} \
         @media (prefers-color-scheme: dark) {{ .ground {{ fill: #0d1117 }} text {{ fill: #e6edf3 }} \
         .soft {{ fill: #9198a1 }} }}</style>\n\
         <rect class=\"ground\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\n"
    );
    for (row, races) in rows.iter().enumerate() {
        for (column, race) in races.iter().enumerate() {
            let corner = (LEFT + WIDTH * column, HEIGHT * row);
            draw(&mut svg, corner, race, length);
        }
    }
    let bottom = height - 12;
    writeln!(
        svg,
        "<text class=\"soft\" x=\"{LEFT}\" y=\"{bottom}\">{LANES} of {} workers, {} seconds from left to \
         right; one colour for each access token</text>\n\
         <rect x=\"{x}\" y=\"{y}\" width=\"10\" height=\"10\" fill=\"{BAD}\"/>\
         <text class=\"soft\" x=\"{word}\" y=\"{bottom}\">request failed</text>\n</svg>",
        super::WORKERS,
        length.as_secs(),
        x = width - 130,
        y = bottom - 10,
        word = width - 114,
    )
    .ok();
    svg
}

fn draw(svg: &mut String, (left, top): (usize, usize), race: &Race, length: Duration) {
    writeln!(
        svg,
        "<text x=\"{left}\" y=\"{}\"><tspan font-weight=\"600\">{}</tspan>, {}</text>\n\
         <text class=\"soft\" x=\"{left}\" y=\"{}\">{} of {} requests failed; refreshes: {}, replays: {}</text>",
        top + 24,
        race.client,
        race.server,
        top + 42,
        race.crowd.failed(),
        race.crowd.turns,
        race.refreshes,
        race.replays,
    )
    .ok();
    for (lane, cells) in Picture::of(race, length).lanes.iter().enumerate() {
        let y = top + 52 + LINE * lane;
        let mut column = 0;
        // One rectangle for as long as nothing changes.
        for run in cells.chunk_by(|left, right| left == right) {
            let fill = match run[0] {
                Cell::Empty => None,
                Cell::Held(number) => Some(COLOURS[number % COLOURS.len()]),
                Cell::Bad => Some(BAD),
            };
            if let Some(fill) = fill {
                writeln!(
                    svg,
                    "<rect x=\"{}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"/>",
                    left + CELL * column,
                    CELL * run.len(),
                    LINE - 3,
                )
                .ok();
            }
            column += run.len();
        }
    }
}
