//! Whose files and folders are, and who may see them (P8): closed to others from birth, refused
//! where they are not, with the command that mends it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::authorization_server::{AuthorizationServer, TOKEN};
use crate::support::mounts::{become_other, is_root, skipped};
use crate::support::sandbox::{Finished, Running, Sandbox, after};

fn mode_of(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Every file and folder from `top` on is closed to others; returns how many there are.
#[track_caller]
fn all_is_closed(top: &Path) -> usize {
    assert_eq!(mode_of(top), 0o700, "{}", top.display());
    let mut count = 0;
    for entry in fs::read_dir(top).unwrap() {
        let path = entry.unwrap().path();
        count += 1;
        if path.is_dir() {
            count += all_is_closed(&path);
        } else {
            assert_eq!(mode_of(&path), 0o600, "{}", path.display());
        }
    }
    count
}

#[test]
fn whatever_the_umask_folders_and_files_are_closed_from_birth_and_their_owners() {
    for umask in ["umask 000", "umask 077", "umask 277", "umask 777"] {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        let url = server.url();
        let store = sandbox.path("above/store");
        let command = |args: &[&str]| {
            let mut command = sandbox.command(args);
            after(umask, command.env("GLAUTH_STORE", &store))
        };
        let pair = server.log_in();
        let login = ["login", "--import", "--client-id", "the-client", &url];
        Running::spawn_with_input(&mut command(&login), &pair.response)
            .finish()
            .succeeds();
        assert_eq!(all_is_closed(&sandbox.path("above")), 4);

        let answer = server.hold_answers(TOKEN);
        let refreshing = Running::spawn(&mut command(&["refresh", "--force", &url]));
        answer.wait_for(1);
        // The record, the lock, and the room for the answer.
        assert_eq!(all_is_closed(&store), 4);
        answer.release();
        refreshing.finish().succeeds();
        assert_eq!(all_is_closed(&store), 3);
        Running::spawn(&mut command(&["logout", &url]))
            .finish()
            .succeeds();
        assert_eq!(all_is_closed(&store), 3);
    }
}

/// What the hint says mends it: `run` fails until then, and succeeds after it.
#[track_caller]
fn is_mended_by_its_hint(path: &Path, mode: u32, run: impl Fn() -> Finished) {
    let right = mode_of(path);
    set_mode(path, mode);
    let said = run().fails(5);
    let lines: Vec<&str> = said.lines().collect();
    let what = if path.is_dir() && mode & 0o022 != 0 {
        "can be written by other users"
    } else {
        "is open to other users"
    };
    let problem = format!("`{}` {what} (mode {mode:04o})", path.display());
    assert_eq!(lines[0], format!("glauth: {problem}"));
    let command = format!("chmod {right:o} '{}'", path.display());
    assert_eq!(lines[1..], [format!("hint: run `{command}`")]);
    let mended = Command::new("sh").args(["-c", &command]).status();
    assert!(mended.unwrap().success());
    run().succeeds();
}

#[test]
fn a_record_that_others_can_read_or_write_is_refused_even_for_reading() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let record = sandbox.file(&server, "toml");
    let token = || sandbox.run(&["token", &server.url()]);
    for mode in [0o640, 0o620, 0o604, 0o602, 0o666, 0o777] {
        is_mended_by_its_hint(&record, mode, token);
    }
    let url = server.url();
    set_mode(&record, 0o640);
    sandbox
        .run(&["token", "--json", &url])
        .fails_in_json(5, "permission");
}

#[test]
fn nothing_is_refreshed_in_a_place_that_is_open_to_others() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let record = sandbox.file(&server, "toml");
    let folder = record.parent().unwrap();
    for (place, mode) in [
        (sandbox.store(), 0o755),
        (sandbox.store(), 0o770),
        (folder.to_owned(), 0o710),
        (folder.to_owned(), 0o701),
        (sandbox.file(&server, "lock"), 0o644),
        (sandbox.file(&server, "lock"), 0o606),
    ] {
        sandbox.ends_in(&server, -5);
        let rotations = server.rotations();
        is_mended_by_its_hint(&place, mode, || {
            assert_eq!(server.refresh_requests(), rotations);
            sandbox.run(&["token", &server.url()])
        });
        assert_eq!(server.rotations(), rotations + 1);
    }
}

#[test]
fn a_login_is_not_stored_in_a_place_that_is_open_to_others() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.store()).unwrap();
    set_mode(&sandbox.store(), 0o755);
    let pair = server.log_in();
    let url = server.url();
    let login = [
        "login",
        "--import",
        "--json",
        "--client-id",
        "the-client",
        &url,
    ];
    let failed = sandbox.run_with_input(&login, &pair.response);
    failed.fails_in_json(5, "permission");
    assert_eq!(fs::read_dir(sandbox.store()).unwrap().count(), 0);
}

/// Refused by reader and writer, without a hang and without a request.
#[track_caller]
fn is_refused(server: &AuthorizationServer, sandbox: &Sandbox, problem: &str) {
    let url = server.url();
    let pair = server.log_in();
    for args in [
        &["token", "--json", &url][..],
        &["refresh", "--json", "--force", &url],
        &["logout", "--json", "--local", &url],
        &[
            "login",
            "--json",
            "--import",
            "--client-id",
            "the-client",
            &url,
        ],
    ] {
        let failed = sandbox.run_with_input(args, &pair.response);
        let error = failed.fails_in_json(5, "permission");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(problem), "{args:?}: {message}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_record_that_is_no_file_is_refused_and_blocks_no_call() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let record = sandbox.file(&server, "toml");
    fs::remove_file(&record).unwrap();
    let mode = nix::sys::stat::Mode::S_IRUSR | nix::sys::stat::Mode::S_IWUSR;
    nix::unistd::mkfifo(&record, mode).unwrap();
    is_refused(&server, &sandbox, "default.toml` is not a regular file");
    fs::remove_file(&record).unwrap();
    fs::create_dir(&record).unwrap();
    is_refused(&server, &sandbox, "default.toml` is not a regular file");
    assert!(record.is_dir());
}

#[test]
fn a_record_or_a_folder_that_is_a_link_is_refused() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let record = sandbox.file(&server, "toml");
    let elsewhere = sandbox.path("elsewhere");
    fs::rename(&record, &elsewhere).unwrap();
    symlink(&elsewhere, &record).unwrap();
    is_refused(&server, &sandbox, "default.toml` is a symbolic link");
    assert_eq!(fs::read_link(&record).unwrap(), elsewhere);

    // A link that leads nowhere is no missing record either.
    fs::rename(&elsewhere, sandbox.path("kept")).unwrap();
    is_refused(&server, &sandbox, "default.toml` is a symbolic link");
    fs::remove_file(&record).unwrap();
    fs::rename(sandbox.path("kept"), &record).unwrap();
    sandbox.run(&["token", &server.url()]).prints();

    sandbox.ends_in(&server, -5);
    let folder = record.parent().unwrap();
    fs::rename(folder, &elsewhere).unwrap();
    symlink(&elsewhere, folder).unwrap();
    let said = sandbox.run(&["token", &server.url()]).fails(5);
    assert!(said.contains("is not a folder"), "{said}");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_lock_that_is_a_link_or_a_pipe_is_refused() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let lock = sandbox.file(&server, "lock");
    let elsewhere = sandbox.path("elsewhere");
    let token = || sandbox.run(&["token", &server.url()]);
    fs::remove_file(&lock).unwrap();
    symlink(&elsewhere, &lock).unwrap();
    let said = token().fails(5);
    assert!(said.contains("default.lock` is a symbolic link"), "{said}");
    assert!(!elsewhere.exists());
    fs::write(&elsewhere, "somebody's").unwrap();
    token().fails(5);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "somebody's");
    fs::remove_file(&lock).unwrap();
    nix::unistd::mkfifo(&lock, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let said = token().fails(5);
    assert!(
        said.contains("default.lock` is not a regular file"),
        "{said}"
    );
    assert_eq!(server.requests().len(), 0);
}

/// Lets modes bind: what root starts becomes another user, whose everything here then is. `None`:
/// not possible here, which is said.
pub fn bound(sandbox: &Sandbox, args: &[&str]) -> Option<Command> {
    let mut command = sandbox.command(args);
    if is_root() && !become_other(sandbox, &mut command, 65534) {
        return None;
    }
    Some(command)
}

/// A login whose folder does not let its owner write. `None`: not possible here.
fn closed_folder(ends_in: i64) -> Option<(AuthorizationServer, Sandbox, String, PathBuf, Command)> {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, ends_in);
    let command = bound(&sandbox, &["token", &server.url()])?;
    let record = sandbox.file(&server, "toml");
    let folder = record.parent().unwrap().to_owned();
    set_mode(&folder, 0o500);
    Some((server, sandbox, pair.access_token, folder, command))
}

#[test]
fn an_expired_token_in_a_folder_that_cannot_be_written_is_not_refreshed() {
    let Some((server, sandbox, _, folder, mut command)) = closed_folder(-5) else {
        return;
    };
    let before = sandbox.record_text(&server);
    let failed = Running::spawn(command.arg("--json")).finish();
    failed.fails_in_json(5, "permission");
    assert_eq!(server.requests().len(), 0);
    assert_eq!(sandbox.record_text(&server), before);

    // Not even the lock can be made there.
    set_mode(&folder, 0o700);
    fs::remove_file(sandbox.file(&server, "lock")).unwrap();
    set_mode(&folder, 0o500);
    Running::spawn(&mut command)
        .finish()
        .fails_in_json(5, "permission");
    assert_eq!(server.requests().len(), 0);

    set_mode(&folder, 0o700);
    Running::spawn(&mut command).finish().succeeds();
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn a_token_that_lives_is_printed_from_a_folder_that_cannot_be_written_with_a_warning() {
    let Some((server, _sandbox, token, folder, mut command)) = closed_folder(30) else {
        return;
    };
    let printed = Running::spawn(&mut command).finish();
    assert!(
        printed
            .stderr
            .contains("is closed to user nobody (65534): "),
        "{printed:?}"
    );
    assert_eq!(printed.succeeds(), token + "\n");
    assert_eq!(server.requests().len(), 0);
    set_mode(&folder, 0o700);
}

#[test]
fn a_fresh_token_comes_from_a_folder_that_cannot_be_written() {
    let Some((_server, _sandbox, token, folder, mut command)) = closed_folder(600) else {
        return;
    };
    assert_eq!(Running::spawn(&mut command).finish().prints(), token);
    set_mode(&folder, 0o700);
}

#[test]
fn a_store_of_another_user_is_not_written() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    if !is_root() {
        return skipped("a store of another user's, which only root can make");
    }
    let store = sandbox.store();
    let record = sandbox.file(&server, "toml");
    let whole = [record.parent().unwrap(), &store, &record];
    for path in whole {
        chown(path, Some(4711), None).unwrap();
        let said = sandbox.run(&["token", &server.url()]).fails(5);
        let problem = format!(
            "`{}` is owned by user 4711, but glauth runs as user root (0)",
            path.display()
        );
        assert!(said.contains(&problem), "{said}");
        chown(path, Some(0), None).unwrap();
    }
    assert_eq!(server.requests().len(), 0);
    sandbox.run(&["token", &server.url()]).prints();
}
