//! The most memory that a program had at a time, for one that writes an answer and ends.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use nix::fcntl::{FcntlArg, fcntl};

/// By the kernel's count, until the answer is written: the program is given a pipe that is full, and
/// looked at where it waits. `None`: it does not get that far, or this is no Linux.
pub fn peak(command: &mut Command) -> Option<u64> {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let room = fcntl(&writer, FcntlArg::F_GETPIPE_SZ).unwrap();
    writer
        .write_all(&vec![0; usize::try_from(room).unwrap()])
        .unwrap();
    command.stdout(writer).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let peak = peak_of(&child);
    // Nobody reads the answer.
    drop(reader);
    child.wait().unwrap();
    peak
}

/// In bytes.
fn peak_of(child: &Child) -> Option<u64> {
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
        let value = |key: &str| status.lines().find_map(|line| line.strip_prefix(key));
        match value("State:")?.trim_start().chars().next()? {
            'S' => {
                let kibibytes = value("VmHWM:")?.trim().strip_suffix(" kB")?;
                return Some(kibibytes.parse::<u64>().ok()? * 1024);
            }
            'Z' => return None,
            _ => std::thread::yield_now(),
        }
    }
}
