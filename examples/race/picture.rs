//! Who held which token when, and who was refused: a line for each of a few workers, in the terminal and
//! as an SVG.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::Half;
use super::crowd::{Moment, Saw};

/// The workers that are drawn; the others are like them.
pub const LANES: usize = 12;

/// What is one letter wide.
const COLUMNS: usize = 72;

/// In an SVG: a letter's place, a line's height, and what is around them.
const CELL: usize = 11;
const LINE: usize = 13;
const LEFT: usize = 24;
const PANEL: usize = LINE * LANES + 64;

/// Colours that tell one token from the next, on light and on dark ground.
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
    /// A token that was refused, or none at all.
    Bad,
}

struct Picture {
    lanes: Vec<Vec<Cell>>,
}

impl Picture {
    fn of(half: &Half, length: Duration) -> Self {
        let mut lanes = vec![vec![Cell::Empty; COLUMNS]; LANES];
        let mut tokens: HashMap<&str, usize> = HashMap::new();
        let mut moments: Vec<&Moment> = half.crowd.moments.iter().collect();
        moments.sort_by_key(|moment| moment.at);
        for moment in moments {
            let column = moment.at.as_millis() * COLUMNS as u128 / length.as_millis();
            let column = usize::try_from(column).unwrap_or(COLUMNS).min(COLUMNS - 1);
            let cell = &mut lanes[moment.worker][column];
            match &moment.saw {
                Saw::Served(token) => {
                    let next = tokens.len();
                    let number = *tokens.entry(token).or_insert(next);
                    if *cell != Cell::Bad {
                        *cell = Cell::Held(number);
                    }
                }
                Saw::Refused => *cell = Cell::Bad,
            }
        }
        for lane in &mut lanes {
            hold_on(lane);
        }
        Self { lanes }
    }
}

/// Who got a token has it until the next one, or until it is refused.
fn hold_on(lane: &mut [Cell]) {
    let mut before = Cell::Empty;
    for cell in lane {
        if *cell == Cell::Empty && before != Cell::Bad {
            *cell = before;
        }
        before = *cell;
    }
}

/// For the terminal, in colours where it has some.
pub fn text(halves: &[(&str, &Half)], length: Duration) -> String {
    let mut text = format!(
        "Who held which token (a letter for each) in {} seconds, and who was refused (x):\n",
        length.as_secs()
    );
    for (name, half) in halves {
        write!(text, "\n{name}\n").ok();
        for (lane, cells) in Picture::of(half, length).lanes.iter().enumerate() {
            write!(text, "{:>4} ", lane + 1).ok();
            for cell in cells {
                let (style, letter) = match cell {
                    Cell::Empty => (Style::new(), ' '),
                    Cell::Held(number) => (colour(*number), letter(*number)),
                    Cell::Bad => (AnsiColor::Red.on_default().bold(), 'x'),
                };
                write!(text, "{style}{letter}{style:#}").ok();
            }
            text.push('\n');
        }
    }
    text.push('\n');
    text
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

/// The same as an SVG of its own, which needs nothing from elsewhere.
pub fn svg(halves: &[(&str, &Half)], length: Duration) -> String {
    let width = LEFT * 2 + CELL * COLUMNS;
    let height = PANEL * halves.len() + 28;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <title>Who held which token, and who was refused</title>\n\
         <style>text {{ fill: #24292f }} .soft {{ fill: #57606a }} \
         @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} .soft {{ fill: #9198a1 }} }}</style>\n"
    );
    for (panel, (name, half)) in halves.iter().enumerate() {
        let top = PANEL * panel;
        draw(&mut svg, top, name, half, length);
    }
    let bottom = height - 12;
    writeln!(
        svg,
        "<text class=\"soft\" x=\"{LEFT}\" y=\"{bottom}\">{LANES} of the {} workers, {} seconds from left to \
         right; a colour for each access token.</text>\n\
         <rect x=\"{x}\" y=\"{y}\" width=\"10\" height=\"10\" fill=\"{BAD}\"/>\
         <text class=\"soft\" x=\"{word}\" y=\"{bottom}\">refused</text>\n</svg>",
        super::WORKERS,
        length.as_secs(),
        x = width - 96,
        y = bottom - 10,
        word = width - 80,
    )
    .ok();
    svg
}

fn draw(svg: &mut String, top: usize, name: &str, half: &Half, length: Duration) {
    let sentence = format!(
        "{} of {} processes failed, {} refreshes, {} refused",
        half.crowd.processes - half.crowd.tokens + half.crowd.refused,
        half.crowd.processes,
        half.refreshes,
        half.refused_refreshes,
    );
    writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\" font-weight=\"600\">{name}</text>\n\
         <text class=\"soft\" x=\"{LEFT}\" y=\"{}\">{sentence}</text>",
        top + 24,
        top + 42,
    )
    .ok();
    for (lane, cells) in Picture::of(half, length).lanes.iter().enumerate() {
        let y = top + 52 + LINE * lane;
        let mut column = 0;
        while column < COLUMNS {
            // One rectangle for as long as nothing changes.
            let cell = cells[column];
            let run = cells[column..].iter().take_while(|next| **next == cell);
            let run = run.count();
            let fill = match cell {
                Cell::Empty => None,
                Cell::Held(number) => Some(COLOURS[number % COLOURS.len()]),
                Cell::Bad => Some(BAD),
            };
            if let Some(fill) = fill {
                writeln!(
                    svg,
                    "<rect x=\"{}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"/>",
                    LEFT + CELL * column,
                    CELL * run,
                    LINE - 3,
                )
                .ok();
            }
            column += run;
        }
    }
}
