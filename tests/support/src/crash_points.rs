//! The points at which a debug build can be told to die (`src/fault.rs`).

use std::process::Command;
use std::sync::LazyLock;

use super::mounts::skipped;
use super::sandbox::program;

const VARIABLE: &str = "GLAUTH_CRASH_AT";

/// The binary that `GLAUTH` names may be a release build, which has no crash points.
static BINARY_HAS_THEM: LazyLock<bool> = LazyLock::new(|| {
    let binary = std::fs::read(program()).unwrap();
    binary
        .windows(VARIABLE.len())
        .any(|found| found == VARIABLE.as_bytes())
});

/// A point at which the binary dies. The only way to one asks the binary whether it has crash points.
#[derive(Clone, Copy)]
pub struct CrashPoint<'a>(&'a str);

impl<'a> CrashPoint<'a> {
    /// `written` dies there by SIGABRT, `written:kill` by SIGKILL. `None`: the binary has no crash points, which a
    /// line on stderr says.
    pub fn of_the_binary(name: &'a str) -> Option<Self> {
        if !*BINARY_HAS_THEM {
            skipped("crash points, which a release build does not have");
            return None;
        }
        Some(Self(name))
    }

    /// Lets the command die at this point.
    pub fn set(self, command: &mut Command) -> &mut Command {
        command.env(VARIABLE, self.0)
    }
}
