//! What only the command line asks: for a browser, a terminal, git, and where this program is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub use std::env::consts::{ARCH as PROCESSOR, OS as SYSTEM};

use super::{home, store_folder, text, user_id};

/// Where logins are kept where `XDG_DATA_HOME` is not set; `None`: it is not, or moves nothing here.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn store_folder_without_xdg() -> Option<PathBuf> {
    let moved = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from)?;
    if !moved.is_absolute() || cfg!(target_os = "macos") {
        return None;
    }
    let folder = home()?.join(".local/share/glauth/credentials");
    Some(folder).filter(|folder| Some(folder) != store_folder().as_ref())
}

/// Whether a text stands in the arguments of this process, alone or behind a `=`: other users can read it there.
#[must_use]
pub fn is_an_argument(text: &OsStr) -> bool {
    let text = text.as_encoded_bytes();
    let mut arguments = std::env::args_os().skip(1);
    arguments.any(|argument| argument.as_encoded_bytes().ends_with(text))
}

/// Whether there is a browser that a person would see: one that is named, or a display that is not
/// another machine's. Root in a container has none: browsers refuse to run there, and no person looks.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn has_browser() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if set("BROWSER") {
        return true;
    }
    let in_container = || {
        set("container")
            || Path::new("/.dockerenv").exists()
            || Path::new("/run/.containerenv").exists()
    };
    if set("SSH_CONNECTION") || (user_id() == 0 && in_container()) {
        return false;
    }
    cfg!(target_os = "macos") || set("DISPLAY") || set("WAYLAND_DISPLAY") || set("WSL_DISTRO_NAME")
}

/// What BROWSER says, where none of the commands in it names a program that we may run.
#[must_use]
pub fn unusable_browser() -> Option<String> {
    let named = text("BROWSER")?;
    let mut programs = named
        .split(':')
        .filter_map(|command| command.split_ascii_whitespace().next());
    let is_usable = |program: &str| {
        if program.contains('/') {
            is_executable(Path::new(program))
        } else {
            in_path(program).is_some()
        }
    };
    let any = programs.any(is_usable);
    (!any).then_some(named)
}

/// Whether the terminal takes more than ASCII (POSIX, "Internationalization Variables").
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn has_utf8() -> bool {
    let mut locales = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    let locale = locales.find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()));
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Whether the terminal understands escape sequences.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn has_escapes() -> bool {
    std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

/// How many processes may stand between git and us: a shell, and a script.
const BETWEEN: usize = 3;

/// Whether `git credential` has called us, for a program that speaks HTTP itself, instead of a git that
/// does.
#[must_use]
pub fn is_called_for_another_program() -> bool {
    let mut pid = std::os::unix::process::parent_id();
    for _ in 0..=BETWEEN {
        let Some((command, parent)) = process(pid) else {
            return false;
        };
        if is_git_credential(&command) {
            return true;
        }
        pid = parent;
    }
    false
}

/// The command line of a process, word by word, and its parent.
fn process(pid: u32) -> Option<(Vec<String>, u32)> {
    if cfg!(target_os = "linux") {
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let words = words.split(|byte| *byte == 0);
        let words = words.map(|word| String::from_utf8_lossy(word).into_owned());
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // `4711 (name) S 4710 …`; the name may have anything in it.
        let (_, rest) = stat.rsplit_once(')')?;
        let parent = rest.split_ascii_whitespace().nth(1)?.parse().ok()?;
        return Some((words.collect(), parent));
    }
    let pid = pid.to_string();
    let output = std::process::Command::new("ps")
        .args(["-o", "ppid=,command=", "-p", &pid])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (parent, command) = text.trim().split_once(' ')?;
    let words = command.split_ascii_whitespace().map(ToOwned::to_owned);
    Some((words.collect(), parent.parse().ok()?))
}

/// `git credential fill`, `git -c … credential fill`, `/usr/libexec/git-core/git-credential fill`.
fn is_git_credential(words: &[String]) -> bool {
    let Some((program, rest)) = words.split_first() else {
        return false;
    };
    match program.rsplit('/').next().unwrap_or_default() {
        "git" => rest
            .windows(2)
            .any(|two| two[0] == "credential" && two[1] == "fill"),
        name => name == "git-credential",
    }
}

/// Where this program is, for others to run: as it is found by its name, where that leads here (the
/// place that a link leads to may go with the next update), else where it is.
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn program() -> std::io::Result<PathBuf> {
    let here = std::env::current_exe()?.canonicalize()?;
    let name = here.file_name().unwrap_or_default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut named = std::env::split_paths(&path).map(|folder| folder.join(name));
    let is_here = |found: &PathBuf| {
        found.is_absolute() && found.canonicalize().is_ok_and(|found| found == here)
    };
    Ok(named.find(is_here).unwrap_or(here))
}

/// Where a program of this name is found, as a shell would look for it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut named = std::env::split_paths(&path).map(|folder| folder.join(name));
    named.find(|found| is_executable(found))
}

/// docker's file (`docker --help`, `--config`).
#[must_use]
pub fn docker_file() -> Option<PathBuf> {
    let folder = path("DOCKER_CONFIG").or_else(|| Some(home()?.join(".docker")))?;
    Some(folder.join("config.json"))
}

/// The file of podman, buildah and skopeo that a person writes and that outlasts a session (containers-auth.json(5)).
#[must_use]
pub fn podman_file() -> Option<PathBuf> {
    let folder = || path("XDG_CONFIG_HOME").or_else(|| Some(home()?.join(".config")));
    path("REGISTRY_AUTH_FILE").or_else(|| Some(folder()?.join("containers/auth.json")))
}

/// The file in which `podman login` keeps passwords, and which is read before [`podman_file`]; `None`: that one is it.
#[must_use]
pub fn podman_login_file() -> Option<PathBuf> {
    if cfg!(target_os = "macos") || path("REGISTRY_AUTH_FILE").is_some() {
        return None;
    }
    let usual = || PathBuf::from(format!("/run/containers/{}", user_id()));
    let folder = path("XDG_RUNTIME_DIR").map_or_else(usual, |run| run.join("containers"));
    Some(folder.join("auth.json"))
}

/// A path in a variable that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
fn path(name: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
    Some(value.into())
}

/// Whether a path names a program that we may run.
#[must_use]
pub fn is_executable(path: &Path) -> bool {
    path.is_file() && nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).is_ok()
}

/// The variables that name a proxy for https, or hosts that are reached without one, as far as they
/// are set.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn proxy_variables() -> Vec<&'static str> {
    const NAMES: [&str; 6] = [
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ];
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    NAMES.into_iter().filter(is_set).collect()
}

/// Switches core dumps off for this process, so that no crash writes a token to disk (P8), also
/// where the kernel hands them to a program, which no limit prevents. A command that this process
/// becomes has its own again. A system that refuses is left as it is.
#[cfg(target_os = "linux")]
pub fn forbid_core_dumps() {
    nix::sys::prctl::set_dumpable(false).ok();
}

/// The same, by the soft limit, which a command that this process becomes inherits.
#[cfg(not(target_os = "linux"))]
pub fn forbid_core_dumps() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_CORE) {
        setrlimit(Resource::RLIMIT_CORE, 0, hard).ok();
    }
}

/// How many descriptors this process may have, once it asks for them; `None`: the system does not say.
#[cfg(feature = "proxy")]
#[must_use]
pub fn most_open_files() -> Option<u64> {
    use nix::sys::resource::{Resource, getrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    Some(soft.max(hard.min(ENOUGH_FILES)))
}

/// More than glauth needs, and no more than macOS gives (`OPEN_MAX`).
#[cfg(feature = "proxy")]
const ENOUGH_FILES: u64 = if cfg!(target_os = "macos") {
    10_240
} else {
    16_384
};

/// Asks for them.
#[cfg(feature = "proxy")]
pub fn raise_open_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let (Some(most), Ok((_, hard))) = (most_open_files(), getrlimit(Resource::RLIMIT_NOFILE)) {
        setrlimit(Resource::RLIMIT_NOFILE, most, hard).ok();
    }
}

/// What `NO_PROXY` says, with this machine's own address, where the environment names a proxy that a program may
/// take for it.
#[cfg(feature = "proxy")]
#[must_use]
pub fn no_proxy_for_loopback() -> Option<String> {
    const NAMES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
    NAMES.into_iter().find_map(text)?;
    let listed = super::no_proxy();
    // Alone, it stands for all hosts; in a list, for none.
    if listed.trim() == "*" {
        return None;
    }
    let separator = if listed.is_empty() { "" } else { "," };
    Some(format!("{listed}{separator}127.0.0.1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_credential_is_told_from_other_gits() {
        let is = |line: &str| {
            let words: Vec<String> = line.split(' ').map(ToOwned::to_owned).collect();
            is_git_credential(&words)
        };
        for line in [
            "git credential fill",
            "/usr/bin/git credential fill",
            "git -c credential.helper= credential fill",
            "/usr/libexec/git-core/git-credential fill",
        ] {
            assert!(is(line), "{line}");
        }
        for line in [
            "git clone https://gitlab.com/credential/fill.git",
            "git push origin credential",
            "/usr/lib/git-core/git-remote-https origin https://gitlab.com/x",
            "git remote-https origin https://gitlab.com/x",
            "sh -c glauth git-credential get",
            "",
        ] {
            assert!(!is(line), "{line}");
        }
    }

    #[test]
    fn a_process_knows_its_own_command_and_parent() {
        let (words, parent) = process(std::process::id()).unwrap();
        assert!(words[0].contains("glauth"), "{words:?}");
        assert_eq!(parent, std::os::unix::process::parent_id());
    }
}
