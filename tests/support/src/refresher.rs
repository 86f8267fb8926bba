//! The process that a call starts to refresh a login in.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::sandbox::Running;
use super::watch::eventually;

/// Blocks until `caller` has started such a process.
#[track_caller]
pub fn refresher_of(caller: &Running) -> Refresher {
    let mut found = None;
    eventually("a process that refreshes", || {
        found = child_of(caller.pid());
        found.is_some()
    });
    Refresher(found.unwrap())
}

/// The process in which a refresh happens.
#[derive(Debug, Clone, Copy)]
pub struct Refresher(i32);

impl Refresher {
    /// As the lock file and the record name it, without the machine.
    pub fn name(self) -> String {
        format!("pid {} on ", self.0)
    }

    pub fn pid(self) -> Pid {
        Pid::from_raw(self.0)
    }

    #[track_caller]
    pub fn signal(self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// What its descriptors lead to, in order.
    pub fn descriptors(self) -> Vec<std::path::PathBuf> {
        let folder = format!("/proc/{}/fd", self.0);
        let entries = std::fs::read_dir(&folder).unwrap().flatten();
        let mut numbers: Vec<i32> = entries
            .map(|entry| entry.file_name().to_str().unwrap().parse().unwrap())
            .collect();
        numbers.sort_unstable();
        let link = |number| std::fs::read_link(format!("{folder}/{number}")).ok();
        numbers.into_iter().filter_map(link).collect()
    }

    pub fn session(self) -> Pid {
        nix::unistd::getsid(Some(self.pid())).unwrap()
    }

    /// Whether it has ended, though its parent may not have asked how.
    pub fn is_over(self) -> bool {
        matches!(self.state(), None | Some('Z'))
    }

    /// One letter of `/proc/PID/stat`, such as `T` for a process that is stopped; `None`: it has ended.
    pub fn state(self) -> Option<char> {
        stat(self.0).map(|(state, _)| state)
    }
}

/// A process with this parent.
fn child_of(parent: u32) -> Option<i32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.find(|number| stat(*number).is_some_and(|(_, found)| found == parent))
}

/// A process's state and its parent.
fn stat(process: i32) -> Option<(char, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let mut words = rest.split(' ');
    Some((words.next()?.chars().next()?, words.next()?.parse().ok()?))
}
