//! Links the unwinder into the program: to load it as `libgcc_s.so.1` takes a tenth of the time of a fresh
//! token (P9).
//!
//! Rust names `-lgcc_s` for every program on Linux with glibc. In a folder that the linker looks into first
//! stands a script of that name which means `libgcc_eh.a`, the same code (`libgcc_s.so` of Debian is a
//! script as well). Where the compiler has no such archive, or the program is for another machine, all
//! stays as it is. A program that embeds the library gets none of this.
#![expect(
    clippy::disallowed_methods,
    reason = "how a build script hears, writes and speaks"
)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let is = |name, value| env::var_os(name).is_some_and(|found| found == value);
    let here = env::var_os("HOST") == env::var_os("TARGET");
    if !here || !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return Ok(());
    }
    let (Some(archive), Some(folder)) = (unwinder(), env::var_os("OUT_DIR")) else {
        return Ok(());
    };
    let folder = Path::new(&folder);
    fs::write(
        folder.join("libgcc_s.so"),
        format!("INPUT(\"{}\")\n", archive.display()),
    )?;
    println!("cargo::rustc-link-arg-bins=-L{}", folder.display());
    Ok(())
}

/// Where the compiler that links has its `libgcc_eh.a`.
fn unwinder() -> Option<PathBuf> {
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| OsString::from("cc"));
    let asked = Command::new(linker)
        .arg("-print-file-name=libgcc_eh.a")
        .output()
        .ok()?;
    let found = PathBuf::from(String::from_utf8(asked.stdout).ok()?.trim_end());
    // The bare name: it has none.
    found.is_absolute().then_some(found)
}
