//! The table at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::case::{End, Judged};

/// One row: a scenario and a fault.
#[derive(Default)]
struct Row {
    runs: usize,
    missed: usize,
    done: usize,
    warned: usize,
    codes: [usize; 6],
    killed: usize,
    rescued: usize,
    lost: usize,
    worse: usize,
}

impl Row {
    fn add(&mut self, judged: &Judged) {
        self.runs += 1;
        match judged.end {
            End::Missed => self.missed += 1,
            End::Done => self.done += 1,
            End::Warned => self.warned += 1,
            End::Killed => self.killed += 1,
            End::Failed(code) => {
                let code = usize::try_from(code).unwrap_or(1).min(5);
                self.codes[code] += 1;
            }
        }
        self.rescued += usize::from(judged.rescued);
        self.lost += usize::from(judged.lost);
        self.worse += usize::from(!judged.complaints.is_empty());
    }

    fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.missed += other.missed;
        self.done += other.done;
        self.warned += other.warned;
        for (mine, theirs) in self.codes.iter_mut().zip(other.codes) {
            *mine += theirs;
        }
        self.killed += other.killed;
        self.rescued += other.rescued;
        self.lost += other.lost;
        self.worse += other.worse;
    }

    /// `.` for nothing: what is there is to be seen.
    fn text(&self, name: &str) -> String {
        let numbers = [
            self.runs,
            self.missed,
            self.done,
            self.warned,
            self.codes[2],
            self.codes[3],
            self.codes[4],
            self.codes[5],
            self.killed,
            self.rescued,
            self.lost,
            self.worse,
        ];
        let mut line = format!("{name:30}");
        for number in numbers {
            let cell = if number == 0 {
                ".".to_owned()
            } else {
                number.to_string()
            };
            write!(line, "{cell:>9}").ok();
        }
        line + "\n"
    }
}

/// Rows by name, and their sum.
#[derive(Default)]
pub struct Table {
    rows: BTreeMap<String, Row>,
}

const HEAD: [&str; 12] = [
    "runs", "unstruck", "done", "warned", "exit 2", "exit 3", "exit 4", "exit 5", "killed",
    "rescued", "lost", "worse",
];

const HOW_TO_READ_IT: &str = "\
done and warned: exit 0, silently or with a word on what had gone wrong.
rescued: the tokens were kept elsewhere, and the next call found them.
lost: by a kill or a lasting failure between the request's first byte and the
synced answer, which no client can prevent; the next call says so.
worse: what must not happen.
";

impl Table {
    pub fn add(&mut self, name: String, judged: &Judged) {
        self.rows.entry(name).or_default().add(judged);
    }

    pub fn text(&self) -> String {
        let mut sum = Row::default();
        let mut text = format!("{:30}", "");
        for head in HEAD {
            write!(text, "{head:>9}").ok();
        }
        text.push('\n');
        for (name, row) in &self.rows {
            text += &row.text(name);
            sum.merge(row);
        }
        text + &sum.text("all") + "\n" + HOW_TO_READ_IT
    }
}
