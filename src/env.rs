//! The one place that asks the operating system who and where we are.
//!
//! Variables that stand for options (`GLAUTH_HOST` and its like) are declared beside the options
//! in `cli/args.rs`.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User};

/// The process as others may see it, for the lock file and for `last_attempt.by`:
/// `pid 4711 on build7`. Whatever a host name may hold, only printable ASCII gets through.
#[must_use]
pub fn process_name() -> String {
    format!("pid {} on {}", std::process::id(), machine_name())
}

/// The machine's name, as it stands in [`process_name`].
#[must_use]
pub fn machine_name() -> String {
    let host = nix::unistd::gethostname().unwrap_or_default();
    let printable = host.to_string_lossy();
    let printable = printable.chars().filter(char::is_ascii_graphic);
    printable.take(64).collect()
}

/// The user whose files we may use, by number.
#[must_use]
pub fn user_id() -> u32 {
    Uid::effective().as_raw()
}

/// A user by name and number, `user jane (1000)`; by number alone where no name is known.
#[must_use]
pub fn user_named(id: u32) -> String {
    match User::from_uid(Uid::from_raw(id)) {
        Ok(Some(user)) => format!("user {} ({id})", user.name),
        _ => format!("user {id}"),
    }
}

/// Whether a group has one member, who is `user`: systems that give each user a group give it the user's
/// name, and make new files writable for it.
#[must_use]
pub fn is_private_group(group: u32, user: u32) -> bool {
    let (Ok(Some(group)), Ok(Some(user))) = (
        Group::from_gid(Gid::from_raw(group)),
        User::from_uid(Uid::from_raw(user)),
    ) else {
        return false;
    };
    let only_user = group.mem.iter().all(|member| *member == user.name);
    group.gid == user.gid && group.name == user.name && only_user
}

/// Whether the system has too little of something now: descriptors, threads, processes or memory.
#[must_use]
pub fn is_exhausted(error: &std::io::Error) -> bool {
    use nix::errno::Errno;
    let few = [Errno::EMFILE, Errno::ENFILE, Errno::EAGAIN, Errno::ENOMEM];
    let number = error.raw_os_error().map(Errno::from_raw);
    number.is_some_and(|number| few.contains(&number))
}

/// Folders of the user's that end with the last session: an answer that the store could not take goes
/// there where no place that lasts takes it (docs/refresh.md, "The rescue places"). All are searched for
/// one, whatever the environment of the process that wrote it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn session_folders() -> Vec<PathBuf> {
    let named = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let usual = PathBuf::from(format!("/run/user/{}", user_id()));
    let folders = named.into_iter().chain([usual]);
    folders.filter(|folder| folder.is_absolute()).collect()
}

/// Folders that every user has, for the same: they are emptied at a restart.
#[must_use]
pub fn scratch_folders() -> Vec<PathBuf> {
    let folders = [std::env::temp_dir(), PathBuf::from("/tmp")];
    let folders = folders.into_iter();
    folders.filter(|folder| folder.is_absolute()).collect()
}

/// The user's home; `None`: no home is known.
#[must_use]
pub fn home_folder() -> Option<PathBuf> {
    let folders = directories::BaseDirs::new()?;
    Some(folders.home_dir().to_owned())
}

/// The user's home.
#[must_use]
pub fn home() -> Option<PathBuf> {
    Some(directories::BaseDirs::new()?.home_dir().to_owned())
}

/// The user in whose home a path is, where root works there: `HOME` may still be that of the user who called
/// sudo. Another user than root can make nothing in a home that is not their own.
#[must_use]
pub fn owner_of_foreign_home(path: &Path) -> Option<u32> {
    if user_id() != 0 {
        return None;
    }
    let absolute = std::path::absolute(path).ok()?;
    let resolved = absolute
        .ancestors()
        .find_map(|folder| folder.canonicalize().ok())?;
    let named = home().and_then(|home| home.canonicalize().ok());
    resolved.ancestors().find_map(|folder| {
        let owner = folder.metadata().ok()?.uid();
        let is_home = || {
            let user = User::from_uid(Uid::from_raw(owner)).ok().flatten();
            named.as_deref() == Some(folder) || user.is_some_and(|user| user.dir == folder)
        };
        (owner != 0 && is_home()).then_some(owner)
    })
}

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

/// Where logins are kept where nobody says where: in the platform's local data folder. `None`: no home is
/// known.
#[must_use]
pub fn store_folder() -> Option<PathBuf> {
    Some(folders()?.data_local_dir().join("credentials"))
}

/// The configuration, in the platform's place for such.
#[must_use]
pub fn config_file() -> Option<PathBuf> {
    Some(folders()?.config_dir().join("config.toml"))
}

fn folders() -> Option<directories::ProjectDirs> {
    directories::ProjectDirs::from("", "", "glauth")
}

/// A variable that stands for an option, where no option is read.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn option(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

/// Whether there is a browser that a person would see: one that is named, or a display that is not
/// another machine's. Root in a container has none: browsers refuse it, and nobody looks.
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

/// Whether this is Linux inside of Windows, where the browser is one of Windows.
#[must_use]
pub fn is_wsl() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    release.to_ascii_lowercase().contains("microsoft")
}

/// Whether the kernel may have put this number in the place of another one: it does where we are in
/// a user namespace that has no number for that user (`user_namespaces(7)`).
#[must_use]
pub fn hides_user(uid: u32) -> bool {
    const EVERYBODY: &str = "4294967295";
    let number = |path| std::fs::read_to_string(path).ok()?.trim().parse().ok();
    let overflow = number("/proc/sys/kernel/overflowuid").unwrap_or(65534);
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    uid == overflow && !map.split_ascii_whitespace().any(|word| word == EVERYBODY)
}

/// How many processes may stand between git and us: a shell, and a script of somebody's.
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

/// This very program, for itself to start once more. On Linux that is what the kernel runs, though an
/// upgrade may have put another file in its place; elsewhere it is what the path names now.
pub fn itself() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe()
}

/// Where a program of this name is found, as a shell would look for it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut named = std::env::split_paths(&path).map(|folder| folder.join(name));
    named.find(|found| is_executable(found))
}

/// Whether a path names a program that we may run.
#[must_use]
pub fn is_executable(path: &Path) -> bool {
    path.is_file() && nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).is_ok()
}

/// The first variable that names a proxy for https, and what it says. One that is empty does not
/// count, as with curl.
#[must_use]
pub fn proxy() -> Option<(&'static str, String)> {
    const NAMES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    NAMES.into_iter().find_map(|name| Some((name, text(name)?)))
}

/// The hosts that are reached without a proxy, as `NO_PROXY` lists them.
#[must_use]
pub fn no_proxy() -> String {
    let mut names = ["NO_PROXY", "no_proxy"].into_iter();
    names.find_map(text).unwrap_or_default()
}

/// The variables that say where the system's certificate authorities are, and each file or folder that they
/// name.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn authorities() -> Vec<(&'static str, PathBuf)> {
    let value = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let file = value("SSL_CERT_FILE").map(|path| ("SSL_CERT_FILE", PathBuf::from(path)));
    let folders = value("SSL_CERT_DIR").unwrap_or_default();
    let folders = std::env::split_paths(&folders).filter(|path| !path.as_os_str().is_empty());
    let folders = folders.map(|path| ("SSL_CERT_DIR", path));
    file.into_iter().chain(folders).collect()
}

/// A variable that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
fn text(name: &str) -> Option<String> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
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
