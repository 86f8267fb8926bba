//! `glauth`: see the library's documentation, and `glauth --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    glauth::cli::run(std::env::args_os())
}
