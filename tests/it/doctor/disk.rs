//! Owners and modes, the kind of file system, locks, renames, room.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{checks_of, found, none_fails, offline, only};
use crate::permissions::bound;
use crate::support::authorization_server::AuthorizationServer;
use crate::support::mounts::{Mounts, is_root, skipped};
use crate::support::sandbox::{Running, Sandbox};
use crate::support::watch::{eventually, next_line};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_is_open_to_others_fails_until_its_remedy_is_run() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let record = sandbox.file(&server, "toml");
    for (path, mode) in [
        (sandbox.store(), 0o755),
        (record.parent().unwrap().to_owned(), 0o710),
        (record.clone(), 0o640),
        (sandbox.file(&server, "lock"), 0o606),
    ] {
        set_mode(&path, mode);
        let checks = offline(&sandbox, 5);
        let failed: Vec<_> = checks.iter().filter(|c| c["verdict"] == "fail").collect();
        assert_eq!(failed.len(), 1, "said once: {failed:#?}");
        assert_eq!(failed[0]["code"], "permission");
        let remedy = failed[0]["remedy"].as_str().unwrap();
        let command = remedy.split('`').nth(1).unwrap();
        let mended = Command::new("sh").args(["-c", command]).status();
        assert!(mended.unwrap().success(), "{command}");
        none_fails(&offline(&sandbox, 0));
    }
}

#[test]
fn a_store_that_is_no_folder_is_one_failure() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("file");
    fs::write(&file, "").unwrap();
    for store in [file.clone(), file.join("store")] {
        let mut command = sandbox.command(&["--json", "doctor", "--offline"]);
        let checks = checks_of(
            &Running::spawn(command.env("GLAUTH_STORE", store)).finish(),
            5,
        );
        let failed: Vec<_> = checks.iter().filter(|c| c["verdict"] == "fail").collect();
        assert_eq!(failed.len(), 1, "{failed:#?}");
        let (_, remedy) = only(&checks, "files", "fail", "file` is not a folder");
        assert!(remedy.contains("--store"), "{remedy}");
    }
}

#[test]
fn a_folder_that_is_closed_to_its_owner_is_named_until_its_remedy_is_run() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let record = sandbox.file(&server, "toml");
    for folder in [sandbox.store(), record.parent().unwrap().to_owned()] {
        let Some(mut command) = bound(&sandbox, &["--json", "doctor", "--offline"]) else {
            return;
        };
        set_mode(&folder, 0o500);
        let checks = checks_of(&Running::spawn(&mut command).finish(), 5);
        let failed: Vec<_> = checks.iter().filter(|c| c["verdict"] == "fail").collect();
        assert_eq!(failed.len(), 1, "said once: {failed:#?}");
        let said = format!("`{}` is closed to its owner (mode 0500)", folder.display());
        let (_, remedy) = only(&checks, "files", "fail", &said);
        assert_eq!(remedy, format!("run `chmod 700 '{}'`", folder.display()));
        set_mode(&folder, 0o700);
        none_fails(&checks_of(&Running::spawn(&mut command).finish(), 0));
    }
}

#[test]
fn links_and_what_belongs_to_another_user_fail() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let lock = sandbox.file(&server, "lock");
    fs::remove_file(&lock).unwrap();
    symlink("/dev/null", &lock).unwrap();
    let checks = offline(&sandbox, 5);
    only(&checks, "files", "fail", "default.lock` is a symbolic link");
    fs::remove_file(&lock).unwrap();
    if !is_root() {
        return skipped("files of another user's, which only root can make");
    }
    let record = sandbox.file(&server, "toml");
    for (path, topic) in [(sandbox.store(), "files"), (record, "login")] {
        chown(&path, Some(4711), None).unwrap();
        let checks = checks_of(&sandbox.run(&["--json", "doctor", "--offline"]), 5);
        only(&checks, topic, "fail", "is owned by user 4711");
        chown(&path, Some(0), None).unwrap();
    }
    none_fails(&offline(&sandbox, 0));
}

#[test]
fn users_that_can_replace_the_store_from_above_are_told() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let above = sandbox.path("");
    let of = |checks: &[serde_json::Value], verdict: &str| {
        let told = found(checks, "files", verdict, "another store in the place");
        told.len()
    };
    let before = of(&offline(&sandbox, 0), "warn");
    set_mode(&above, 0o777);
    let checks = offline(&sandbox, 5);
    let (check, remedy) = only(&checks, "files", "fail", "everybody can put");
    assert_eq!(check["code"], "permission");
    assert!(remedy.contains("chmod +t "), "{remedy}");
    set_mode(&above, 0o1777);
    assert_eq!(of(&offline(&sandbox, 0), "fail"), 0);
    if is_root() {
        set_mode(&above, 0o770);
        chown(&above, None, Some(4711)).unwrap();
        only(&offline(&sandbox, 0), "files", "warn", "group 4711 can put");
        chown(&above, Some(4711), Some(0)).unwrap();
        only(&offline(&sandbox, 0), "files", "warn", "user 4711 can put");
        chown(&above, Some(0), Some(0)).unwrap();
    }
    set_mode(&above, 0o700);
    assert_eq!(of(&offline(&sandbox, 0), "warn"), before);
}

#[test]
fn files_that_are_not_ours_are_named_and_leases_are_ours() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let folder = sandbox.file(&server, "toml").parent().unwrap().to_owned();
    for name in ["default.0123456789.lease", "default.toml.bak"] {
        fs::write(folder.join(name), "").unwrap();
        set_mode(&folder.join(name), 0o600);
    }
    // There is a process with this number, and it is no `doctor`.
    let scratch = sandbox.store().join(".doctor-1");
    fs::create_dir(&scratch).unwrap();
    fs::write(scratch.join("alive"), "").unwrap();
    set_mode(&scratch.join("alive"), 0o600);
    fs::write(sandbox.store().join("no host"), "").unwrap();
    // What a timer has told.
    fs::write(sandbox.store().join(".alert"), "").unwrap();
    let checks = offline(&sandbox, 0);
    only(&checks, "files", "warn", "default.toml.bak` is not one");
    only(&checks, "files", "warn", "no host` is not one");
    only(&checks, "files", "warn", ".doctor-1` was left");
    let strangers = found(&checks, "files", "warn", "` is not one of glauth's files");
    assert_eq!(strangers.len(), 2);
}

#[test]
fn a_store_in_memory_is_warned_of_and_one_that_is_full_fails() {
    let sandbox = Sandbox::new();
    let disk = sandbox.path("disk");
    fs::create_dir(&disk).unwrap();
    let script = "mount -t tmpfs -o size=128k,mode=700 tmpfs \"$DISK\"";
    let Some(mounts) = Mounts::new(script, &[("DISK", &disk)]) else {
        return;
    };
    let mut command = sandbox.command(&["--json", "doctor", "--offline"]);
    let mut inside = mounts.inside(command.env("GLAUTH_STORE", &disk));
    let checks = checks_of(&Running::spawn(&mut inside).finish(), 5);
    only(&checks, "file_system", "warn", "tmpfs: it is in memory");
    let (check, _) = only(&checks, "room", "fail", "no space left");
    assert_eq!(check["code"], "disk_full");
    only(&checks, "lock", "ok", "excludes another one");
    assert_eq!(fs::read_dir(mounts.path(&disk)).unwrap().count(), 0);
}

#[test]
fn a_store_that_is_mounted_read_only_is_a_warning() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let mirror = sandbox.path("mirror");
    fs::create_dir(&mirror).unwrap();
    let script = "mount --bind \"$STORE\" \"$MIRROR\"
                  mount -o remount,bind,ro \"$MIRROR\"";
    let paths = [("STORE", &*sandbox.store()), ("MIRROR", &*mirror)];
    let Some(mounts) = Mounts::new(script, &paths) else {
        return;
    };
    let mirrored = |mode: u32, code: i32| {
        set_mode(&sandbox.file(&server, "toml"), mode);
        let mut command = sandbox.command(&["--json", "doctor", "--offline"]);
        let mut inside = mounts.inside(command.env("GLAUTH_STORE", &mirror));
        checks_of(&Running::spawn(&mut inside).finish(), code)
    };
    let checks = mirrored(0o644, 5);
    let (_, remedy) = only(&checks, "login", "fail", "is open to other users");
    assert!(remedy.contains("mounted from"), "{remedy}");
    // As a container's mounted secret may be. What was not looked at is not praised.
    let checks = mirrored(0o640, 0);
    none_fails(&checks);
    assert!(found(&checks, "files", "ok", "closed to others").is_empty());
    only(&checks, "file_system", "warn", "read-only");
    only(&checks, "login", "ok", "fresh");
    assert!(found(&checks, "lock", "ok", "").is_empty());
}

#[test]
fn a_lock_is_tried_by_a_second_process_of_glauth() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.store()).unwrap();
    let file = sandbox.store().join("scratch");
    fs::write(&file, "").unwrap();
    set_mode(&file, 0o600);
    let second = || sandbox.run(&["a-second-process-for-doctor", file.to_str().unwrap()]);
    assert_eq!(second().prints(), "free");
    let held = crate::support::watch::HeldLock::try_take(&file).unwrap();
    assert_eq!(second().prints(), "busy");
    held.release();
    assert_eq!(second().prints(), "free");
}

#[test]
fn an_interrupted_look_at_a_slow_disk_tells_what_is_waited_for() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.store()).unwrap();
    set_mode(&sandbox.store(), 0o700);
    let log = sandbox.path("strace.log");
    // A disk that takes three seconds, so that the signal comes meanwhile.
    let slow = "inject=fsync:delay_enter=3000000:when=1";
    let options = ["-o", log.to_str().unwrap(), "-e", slow];
    let Some(mut traced) = sandbox.under_strace(&options, &["doctor", "--offline"]) else {
        return skipped("a slow disk: there is no strace");
    };
    let mut doctor = Running::spawn(&mut traced);
    let scratch = || {
        let mut names = fs::read_dir(sandbox.store()).unwrap();
        let name = names.next()?.unwrap().file_name().into_string().unwrap();
        name.strip_prefix(".doctor-")?.parse().ok()
    };
    eventually("the scratch folder", || scratch().is_some());
    kill(Pid::from_raw(scratch().unwrap()), Signal::SIGINT).unwrap();
    let line = next_line(&mut doctor);
    let told = "glauth: finishing the look at the store first, so that nothing is left there (up to 30s for each login)";
    assert_eq!(line.trim_end(), told);
    let finished = doctor.finish();
    assert_eq!(
        finished.signal(),
        Some(Signal::SIGINT as i32),
        "{finished:?}"
    );
    assert_eq!(finished.stdout, "");
    assert_eq!(fs::read_dir(sandbox.store()).unwrap().count(), 0);
}

/// `doctor --offline` where a system call is tampered with, also in the second process.
#[track_caller]
fn tampered(sandbox: &Sandbox, inject: &str, code: i32) -> Option<Vec<serde_json::Value>> {
    let file = sandbox.path("strace.log");
    let log = file.to_str().unwrap();
    let inject = format!("inject={inject}");
    let options = ["-o", log, "-e", &inject];
    let args = ["--json", "doctor", "--offline"];
    let Some(mut traced) = sandbox.under_strace(&options, &args) else {
        skipped("a file system that does not keep its word: there is no strace");
        return None;
    };
    let checks = checks_of(&Running::spawn(&mut traced).finish(), code);
    fs::remove_file(file).unwrap();
    Some(checks)
}

#[test]
fn a_file_system_that_does_not_keep_its_word_is_seen() {
    for (inject, topic, said, name) in [
        (
            "flock:retval=0",
            "lock",
            "two processes had one lock",
            "locking_unsupported",
        ),
        (
            "flock:error=ENOLCK",
            "lock",
            "cannot be locked on this file system",
            "locking_unsupported",
        ),
        ("fsync:error=EIO", "sync", "cannot write", "store_failed"),
        (
            "fallocate:error=EDQUOT",
            "room",
            "no space left",
            "disk_full",
        ),
        (
            "rename:error=EIO",
            "rename",
            "cannot replace",
            "store_failed",
        ),
    ] {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        let Some(checks) = tampered(&sandbox, inject, 5) else {
            return;
        };
        let (check, remedy) = only(&checks, topic, "fail", said);
        assert_eq!(check["code"], name, "{check}");
        assert!(!remedy.contains("glauth doctor"), "who reads this ran it");
        assert!(!remedy.is_empty() || name == "store_failed", "{check}");
        assert_eq!(
            fs::read_dir(sandbox.store()).unwrap().count(),
            1,
            "{inject}"
        );
    }
}

#[test]
fn doctors_at_the_same_time_do_not_take_each_other_for_dead() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.store()).unwrap();
    set_mode(&sandbox.store(), 0o700);
    let start = |_| sandbox.start(&["--json", "doctor", "--offline"]);
    let running: Vec<Running> = (0..4).map(start).collect();
    for doctor in running {
        let checks = checks_of(&doctor.finish(), 0);
        assert!(found(&checks, "files", "warn", "was left by").is_empty());
        only(&checks, "lock", "ok", "excludes");
    }
    assert_eq!(fs::read_dir(sandbox.store()).unwrap().count(), 0);
}
