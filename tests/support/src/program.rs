//! Other programs, which call glauth as a user's own do.

use std::path::Path;
use std::process::{Command, Stdio};

use super::mounts::skipped;
use super::sandbox::Sandbox;

/// Where programs are that came with the system, or that its administrator installed.
const SYSTEM_PATH: &str = "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin";

/// A program in the sandbox's environment, which finds the binary and what the system has in its
/// `PATH`. `None`: it is not here, which is said on stderr.
pub fn program(sandbox: &Sandbox, name: &str) -> Option<Command> {
    let glauth = sandbox.command(&[]);
    let folder = Path::new(glauth.get_program()).parent().unwrap();
    let path = format!("{}:{SYSTEM_PATH}", folder.display());
    let mut folders = path.split(':').map(Path::new);
    let Some(found) = folders.find(|folder| folder.join(name).exists()) else {
        skipped(&format!("what needs {name}, which is not here"));
        return None;
    };
    let mut command = Command::new(found.join(name));
    let set = glauth.get_envs();
    command
        .env_clear()
        .envs(set.filter_map(|(name, value)| Some((name, value?))))
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Some(command)
}
