//! The one place that asks the operating system about the user, the folders and the environment.
//!
//! Variables that stand for options (`GLAUTH_HOST` and its like) are declared beside the options
//! in `cli/args.rs`.

#[cfg(feature = "cli")]
mod command_line;

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User};
#[cfg(feature = "postgres")]
use zeroize::Zeroizing;

#[cfg(feature = "cli")]
pub use command_line::{
    PROCESSOR, SYSTEM, docker_file, forbid_core_dumps, has_browser, has_escapes, has_utf8, in_path,
    is_an_argument, is_called_for_another_program, is_executable, podman_file, podman_login_file,
    program, proxy_variables, store_folder_without_xdg, unusable_browser,
};
#[cfg(feature = "proxy")]
pub use command_line::{most_open_files, no_proxy_for_loopback, raise_open_files};

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

/// The name of the user whose files we may use, or its number where it has none.
#[cfg(feature = "postgres")]
#[must_use]
pub fn user_name() -> String {
    match User::from_uid(Uid::effective()) {
        Ok(Some(user)) => user.name,
        _ => user_id().to_string(),
    }
}

/// The password of the database's user, as libpq takes it.
#[cfg(feature = "postgres")]
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn pg_password() -> Option<Zeroizing<String>> {
    let password = std::env::var("PGPASSWORD").ok()?;
    (!password.is_empty()).then(|| Zeroizing::new(password))
}

/// The file with passwords of databases, as libpq finds it; it need not be there.
#[cfg(feature = "postgres")]
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn pg_passfile() -> Option<PathBuf> {
    let named = std::env::var_os("PGPASSFILE").filter(|path| !path.is_empty());
    named
        .map(PathBuf::from)
        .or_else(|| Some(home()?.join(".pgpass")))
}

/// Whether `PGPASSFILE` names the password file.
#[cfg(feature = "postgres")]
#[must_use]
pub fn names_passfile() -> bool {
    option("PGPASSFILE").is_some_and(|path| !path.is_empty())
}

/// What names the file with the keys of a shared store.
#[cfg(feature = "postgres")]
#[must_use]
pub fn key_file_named_by() -> &'static str {
    if option("GLAUTH_KEY_FILE").is_some_and(|path| !path.is_empty()) {
        "GLAUTH_KEY_FILE"
    } else {
        "systemd's credential `glauth.key`"
    }
}

/// The file with the keys of a shared store: named by `GLAUTH_KEY_FILE`, or handed over by systemd as the credential
/// `glauth.key` (systemd.exec(5)).
#[cfg(feature = "postgres")]
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn key_file() -> Option<PathBuf> {
    let named = std::env::var_os("GLAUTH_KEY_FILE").filter(|path| !path.is_empty());
    let credentials = || std::env::var_os("CREDENTIALS_DIRECTORY");
    named
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(credentials()?).join("glauth.key")))
}

/// A user by name and number, `user jane (1000)`; by number alone where no name is known.
#[must_use]
pub fn user_named(id: u32) -> String {
    match User::from_uid(Uid::from_raw(id)) {
        Ok(Some(user)) => format!("user {} ({id})", user.name),
        _ => format!("user {id}"),
    }
}

/// Whether `user` is the only member of a group. Systems that give each user a group of their own give it the user's
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

/// The owner of the home that a path is in, if root works there: `HOME` may still be that of the user who called sudo.
/// Users other than root can create nothing in a home that is not their own.
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

/// Where logins are kept by default: in the platform's local data folder. `None`: no home is
/// known.
#[must_use]
pub fn store_folder() -> Option<PathBuf> {
    Some(folders()?.data_local_dir().join("credentials"))
}

/// The folder of this machine for the caches of shared stores: `GLAUTH_CACHE`, or one in the platform's local data
/// folder. `None`: no home is known.
#[cfg(feature = "postgres")]
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn cache_folder() -> Option<PathBuf> {
    let named = std::env::var_os("GLAUTH_CACHE").filter(|path| !path.is_empty());
    let usual = || folders().map(|folders| folders.data_local_dir().join("shared"));
    named.map(PathBuf::from).or_else(usual)
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

/// This very program, for itself to start once more. On Linux that is what the kernel runs, though an
/// upgrade may have put another file in its place; elsewhere it is what the path names now.
pub fn itself() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe()
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
