//! The folder of one account, as POSIX lets a power loss leave it: whatever was not synced may be
//! there or not, each change for itself, in the order in which they were made. A rename is one change.

use super::library::Id;

/// How many changes can wait for a sync of the folder.
const CHANGES: usize = 5;

/// `.toml.answer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Answer {
    Absent,
    /// Reserved, or torn: no record.
    Room,
    Whole(Id),
}

/// What the names stand for. `.toml.new` is left out: it is never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Folder {
    pub record: Id,
    pub answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Change {
    /// A synced `.toml.new` over the record.
    Put(Id),
    /// The answer over the record.
    Install(Id),
    /// An answer made anew.
    Create(Answer),
    Remove,
}

impl Folder {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Put(id) => self.record = id,
            Change::Install(id) => {
                *self = Self {
                    record: id,
                    answer: Answer::Absent,
                }
            }
            Change::Create(answer) => self.answer = answer,
            Change::Remove => self.answer = Answer::Absent,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Disk {
    safe: Folder,
    unsafe_changes: [Option<Change>; CHANGES],
    /// The record whose bytes, in `.toml.answer`, are not synced.
    unsynced: Option<Id>,
}

impl Disk {
    pub fn new(record: Id) -> Self {
        Self {
            safe: Folder {
                record,
                answer: Answer::Absent,
            },
            unsafe_changes: [None; CHANGES],
            unsynced: None,
        }
    }

    /// What a process sees.
    pub fn now(&self) -> Folder {
        let mut folder = self.safe;
        for change in self.unsafe_changes.into_iter().flatten() {
            folder.apply(change);
        }
        folder
    }

    fn add(&mut self, change: Change) {
        let free = self.unsafe_changes.iter_mut().find(|c| c.is_none());
        *free.expect("room for one more change") = Some(change);
    }

    pub fn put(&mut self, id: Id) {
        self.add(Change::Put(id));
    }

    pub fn install(&mut self) {
        if let Answer::Whole(id) = self.now().answer {
            self.add(Change::Install(id));
        }
    }

    pub fn reserve(&mut self) {
        self.unsynced = None;
        self.add(Change::Create(Answer::Room));
    }

    pub fn remove_answer(&mut self) {
        if self.now().answer != Answer::Absent {
            self.unsynced = None;
            self.add(Change::Remove);
        }
    }

    /// Fills the file that the answer's name stands for.
    pub fn write(&mut self, id: Id) {
        if self.now().answer == Answer::Absent {
            self.add(Change::Create(Answer::Room));
        }
        let mut created = self.unsafe_changes.iter_mut().flatten().rev();
        let entry = created.find_map(|change| match change {
            Change::Create(answer) => Some(answer),
            _ => None,
        });
        *entry.unwrap_or(&mut self.safe.answer) = Answer::Whole(id);
        self.unsynced = Some(id);
    }

    pub fn sync_answer(&mut self) {
        self.unsynced = None;
    }

    pub fn sync_folder(&mut self) {
        self.safe = self.now();
        self.unsafe_changes = [None; CHANGES];
    }

    /// Every folder that a power loss can leave now. The last one is what processes see.
    pub fn outcomes(&self) -> Outcomes {
        let changes = self.unsafe_changes.iter().flatten().count();
        Outcomes {
            disk: *self,
            next: 0,
            end: (1 << changes) * if self.unsynced.is_some() { 2 } else { 1 },
        }
    }

    /// The record whose bytes a power loss can take.
    pub fn unsynced(&self) -> Option<Id> {
        self.unsynced
    }

    pub fn after_power_loss(folder: Folder) -> Self {
        Self {
            safe: folder,
            ..Self::new(folder.record)
        }
    }
}

pub struct Outcomes {
    disk: Disk,
    next: u16,
    end: u16,
}

impl Iterator for Outcomes {
    type Item = Folder;

    fn next(&mut self) -> Option<Folder> {
        if self.next == self.end {
            return None;
        }
        let torn = self.disk.unsynced.filter(|_| self.next.is_multiple_of(2));
        let mask = if self.disk.unsynced.is_some() {
            self.next / 2
        } else {
            self.next
        };
        self.next += 1;
        let mut folder = self.disk.safe;
        let changes = self.disk.unsafe_changes.into_iter().flatten();
        for (place, change) in changes.enumerate() {
            if mask & 1 << place != 0 {
                folder.apply(change);
            }
        }
        if let Some(torn) = torn {
            if folder.answer == Answer::Whole(torn) {
                folder.answer = Answer::Room;
            }
            if folder.record == torn {
                folder.record = Id::TORN;
            }
        }
        Some(folder)
    }
}
