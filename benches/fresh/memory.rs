//! The most memory that a program had at a time, for one that writes an answer and ends.

use std::process::Command;

/// By the kernel's count, until the answer is written: the program is given a pipe that is full, and
/// looked at where it waits. `None`: it does not get that far, or this is no Linux.
#[cfg(target_os = "linux")]
pub fn peak(command: &mut Command) -> Option<u64> {
    use std::io::Write as _;
    use std::process::Stdio;

    use nix::fcntl::{FcntlArg, fcntl};

    let (reader, mut writer) = std::io::pipe().unwrap();
    let room = fcntl(&writer, FcntlArg::F_GETPIPE_SZ).unwrap();
    let full = vec![0; usize::try_from(room).unwrap()];
    writer.write_all(&full).unwrap();
    command.stdout(writer).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let peak = peak_of(child.id());
    // No process reads the answer.
    drop(reader);
    child.wait().unwrap();
    peak
}

#[cfg(not(target_os = "linux"))]
pub fn peak(_: &mut Command) -> Option<u64> {
    None
}

/// In bytes.
#[cfg(target_os = "linux")]
fn peak_of(pid: u32) -> Option<u64> {
    loop {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
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
