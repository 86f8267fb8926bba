//! `glauth`: see the library's documentation, and `glauth --help`.

use std::process::ExitCode;

/// The allocator is a third of what a fresh token takes with musl's own (P9).
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    glauth::cli::run(std::env::args_os())
}
