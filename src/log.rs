//! What `-v` and `-vv` tell. Notes are kept in memory until [`Log::flush`], since the thread that
//! holds an account's lock must not write: a reader that does not read would delay every other process.

use std::cell::RefCell;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing but warnings and errors.
    Normal,
    /// What is done and why.
    Verbose,
    /// Each request and lock step.
    Trace,
}

/// Notes that wait to be written.
#[derive(Debug)]
pub struct Log {
    level: Level,
    notes: RefCell<Vec<String>>,
    /// The last one that was kept.
    last: RefCell<String>,
    sink: fn(&str),
}

impl Level {
    /// What so many times `-v` asks for.
    #[must_use]
    pub fn of_count(count: u8) -> Self {
        match count {
            0 => Self::Normal,
            1 => Self::Verbose,
            _ => Self::Trace,
        }
    }

    /// How many times `-v` asks for it.
    #[must_use]
    pub fn count(self) -> u8 {
        self as u8
    }
}

impl Log {
    /// A log that keeps notes up to `level` and writes each to `sink`.
    #[must_use]
    pub fn new(level: Level, sink: fn(&str)) -> Self {
        Self {
            level,
            notes: RefCell::default(),
            last: RefCell::default(),
            sink,
        }
    }

    /// Keeps a note, if this level was asked for, unless it repeats the one before it. It must name no secret but by
    /// its fingerprint.
    pub fn note(&self, level: Level, text: impl FnOnce() -> String) {
        if level > self.level {
            return;
        }
        let text = text();
        if *self.last.borrow() != text {
            self.last.replace(text.clone());
            self.notes.borrow_mut().push(text);
        }
    }

    /// Adds what another process has noted for this one, at the level that this one asked for.
    pub fn add(&self, notes: Vec<String>) {
        self.notes.borrow_mut().extend(notes);
    }

    /// Gives away what was kept.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.borrow_mut())
    }

    /// How much is told.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Writes what was kept. Only where no lock is held.
    pub fn flush(&self) {
        for note in &self.take() {
            (self.sink)(note);
        }
    }
}
