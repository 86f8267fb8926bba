//! Links the unwinder into the program: to load it as `libgcc_s.so.1` takes a tenth of the time of a fresh
//! token (P9).
//!
//! Rust names `-lgcc_s` for every program on Linux with glibc. In a folder that the linker looks into first
//! stands a script of that name which means `libgcc_eh.a`, the same code (`libgcc_s.so` of Debian is a
//! script as well). Where the compiler has no such archive, or the program is for another machine, all
//! stays as it is. A program that embeds the library gets none of this.
//!
//! `glauth --version` names the commit and its date, where they are known: from git, or from the file that
//! `cargo package` writes.
//!
//! Where the C library of this machine can read them, the program's relocations are packed (`DT_RELR`, glibc
//! 2.36): the loader reads 2 KB of them instead of 140.
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
    let build = packaged().or_else(checked_out).unwrap_or_default();
    println!("cargo::rustc-env=GLAUTH_BUILD={build}");
    let is = |name, value| env::var_os(name).is_some_and(|found| found == value);
    let here = env::var_os("HOST") == env::var_os("TARGET");
    if !here || !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return Ok(());
    }
    if reads_packed_relocations() {
        // A linker that does not know the word warns, and packs nothing.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
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

/// ` (COMMIT)`, as `cargo package` has written it down.
fn packaged() -> Option<String> {
    let text = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = text.split_once("\"sha1\": \"")?;
    let commit = rest.get(..SHORT)?;
    let is_hex = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| format!(" ({commit})"))
}

/// ` (COMMIT DATE)`, of a repository that has this package at its top: a folder above it may belong to another one.
fn checked_out() -> Option<String> {
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if fs::canonicalize(top).ok()? != fs::canonicalize(".").ok()? {
        return None;
    }
    // Each commit writes a line there.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    println!("cargo::rerun-if-changed={log}");
    let abbreviated = format!("--abbrev={SHORT}");
    let commit = git(&["log", "-1", &abbreviated, "--format=%h %cs"])?;
    Some(format!(" ({commit})"))
}

/// How many digits name a commit.
const SHORT: usize = 9;

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim_end().to_owned())
}

/// Whether the C library of this machine is glibc 2.36 or newer.
fn reads_packed_relocations() -> bool {
    let Ok(asked) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else {
        return false;
    };
    let said = String::from_utf8_lossy(&asked.stdout).into_owned();
    let version = said.trim().strip_prefix("glibc ");
    let version = version.and_then(|version| version.split_once('.'));
    version.is_some_and(|(major, minor)| {
        let minor = minor.split('.').next().unwrap_or_default();
        major == "2" && minor.parse::<u32>().is_ok_and(|minor| minor >= 36)
    })
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
