//! Leases: a living token that a command holds is not refreshed because it ends soon, and no process waits
//! for longer than until it expires by itself (P6).

// /proc/locks tells who waits.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::authorization_server::{AuthorizationServer, Rotation, Settings, TOKEN};
use crate::support::mounts::{Mounts, skipped};
use crate::support::sandbox::{LIMIT, Running, Sandbox, first_grant, from_now, program};
use crate::support::terminal::Terminal;
use crate::support::watch::{HeldLock, eventually, wait_until_queued_on};

/// A command that has a token, and holds its lease until its standard input ends.
pub struct Holder {
    running: Running,
    pub token: String,
}

impl Holder {
    pub fn start(sandbox: &Sandbox, server: &AuthorizationServer) -> Self {
        Self::run(sandbox, server, &[], "echo $GITLAB_TOKEN; read -r end")
    }

    fn run(
        sandbox: &Sandbox,
        server: &AuthorizationServer,
        options: &[&str],
        script: &str,
    ) -> Self {
        let url = server.url();
        let command = [&url, "--", "/bin/sh", "-c", script];
        let args = [&["exec"], options, &command].concat();
        let mut running = Running::spawn(sandbox.command(&args).stdin(Stdio::piped()));
        let mut stdout = BufReader::new(running.child.stdout.take().unwrap());
        let mut token = String::new();
        stdout.read_line(&mut token).unwrap();
        assert!(token.ends_with('\n'), "no token: {:?}", running.finish());
        token.truncate(token.len() - 1);
        Self { running, token }
    }

    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    pub fn end(mut self) {
        drop(self.running.child.stdin.take());
        self.running.child.wait().unwrap();
    }
}

/// A login whose token is held by a command, and ends so many seconds from now.
fn held(server: &AuthorizationServer, ends_in: i64) -> (Sandbox, Holder) {
    let (sandbox, _) = Sandbox::logged_in(server);
    let holder = Holder::start(&sandbox, server);
    sandbox.ends_in(server, ends_in);
    (sandbox, holder)
}

/// The lease files of the default account.
fn lease_files(sandbox: &Sandbox, server: &AuthorizationServer) -> Vec<PathBuf> {
    let folder = sandbox.file(server, "toml");
    let entries = std::fs::read_dir(folder.parent().unwrap()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "lease"))
        .collect()
}

fn lease_file(sandbox: &Sandbox, server: &AuthorizationServer) -> PathBuf {
    let files = lease_files(sandbox, server);
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn a_token_that_is_held_and_ends_soon_is_handed_out_and_not_refreshed() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 30);

    for _ in 0..2 {
        let token = sandbox.run(&["token", &server.url()]).prints();
        assert_eq!(token, holder.token);
    }
    let other = Holder::start(&sandbox, &server);
    assert_eq!(other.token, holder.token);
    assert_eq!(server.refresh_requests(), 0);

    holder.end();
    let token = sandbox.run(&["token", &server.url()]).prints();
    assert_eq!(token, other.token, "the second lease counts as well");
    other.end();
    let token = sandbox.run(&["token", &server.url()]).prints();
    assert!(server.is_alive(&token));
    assert_eq!(server.rotations(), 1);
}

#[test]
fn a_call_that_demands_more_waits_for_the_lease_and_keeps_no_other_waiting() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 1000);
    let demand = ["token", "--min-ttl", "1h", &server.url()];
    let waiters: Vec<Running> = (0..3).map(|_| sandbox.start(&demand)).collect();
    wait_until_queued_on(&lease_file(&sandbox, &server), &waiters);

    // No process waits with the account's lock in hand.
    assert_eq!(
        sandbox.run(&["token", &server.url()]).prints(),
        holder.token
    );
    HeldLock::take(&sandbox, &server).release();
    let other = Holder::start(&sandbox, &server);
    assert_eq!(server.refresh_requests(), 0);

    holder.end();
    other.end();
    let tokens: Vec<String> = waiters
        .into_iter()
        .map(|waiter| waiter.finish().prints())
        .collect();
    assert!(server.is_alive(&tokens[0]));
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(server.rotations(), 1);
    assert!(lease_files(&sandbox, &server).is_empty());
}

#[test]
fn a_call_that_demands_more_waits_until_the_token_expires_at_most() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 2);
    let started = Instant::now();

    let token = sandbox.run(&["token", "--min-ttl", "1h", "--quiet", &server.url()]);

    let token = token.prints();
    assert_ne!(token, holder.token);
    assert!(started.elapsed() < LIMIT);
    assert_eq!(server.rotations(), 1);
    // The file of a token that has ended goes, and who held it lives on.
    assert!(lease_files(&sandbox, &server).is_empty());
    holder.end();
}

#[test]
fn a_call_that_demands_more_gives_up_at_the_deadline_and_names_the_holder() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 1000);
    let named = format!("pid {} on ", holder.running.pid());
    let demand = ["--min-ttl", "1h", "--lock-timeout", "1s", &server.url()];
    let started = Instant::now();

    let said = sandbox.run(&[&["token"], &demand[..]].concat()).fails(4);

    assert!(started.elapsed() >= Duration::from_secs(1));
    assert!(said.contains(&named), "{said}");
    assert!(said.contains("it expires at "), "{said}");
    let as_json = sandbox.run(&[&["token", "--json"], &demand[..]].concat());
    as_json.fails_in_json(4, "lease_timeout");
    let exec = [&["exec"], &demand[..], &["--", "/bin/true"]].concat();
    sandbox.run(&exec).fails(125);
    assert_eq!(server.refresh_requests(), 0);
    holder.end();
}

/// What there is then has nothing to do with the token that was waited for.
#[test]
fn a_call_that_waits_for_a_token_that_is_ended_by_force_gets_the_next_one() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 1000);
    let waiter = sandbox.start(&["token", "--min-ttl", "1h", &server.url()]);
    wait_until_queued_on(&lease_file(&sandbox, &server), [&waiter]);

    sandbox
        .run(&["refresh", "--force", &server.url()])
        .succeeds();

    assert!(server.is_alive(&waiter.finish().prints()));
    assert_eq!(server.rotations(), 1);
    holder.end();
}

/// As with the lock: a file that a program removes locks no process out, and keeps none waiting.
#[test]
fn a_call_that_waits_for_a_lease_whose_file_is_removed_goes_on() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 1000);
    let waiter = sandbox.start(&["token", "--min-ttl", "1h", &server.url()]);
    let lease = lease_file(&sandbox, &server);
    wait_until_queued_on(&lease, [&waiter]);

    std::fs::remove_file(&lease).unwrap();

    assert!(server.is_alive(&waiter.finish().prints()));
    assert_eq!(server.rotations(), 1);
    holder.end();
}

#[test]
fn a_call_that_has_waited_for_a_lease_to_the_deadline_looks_once_more() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 1000);
    let demand = ["token", "--min-ttl", "1h", "--lock-timeout", "2s"];
    let waiter = sandbox.start(&[&demand[..], &[&server.url()]].concat());
    wait_until_queued_on(&lease_file(&sandbox, &server), [&waiter]);

    // No process lets go, and the file stays: only the record tells.
    sandbox.ends_in(&server, 7000);

    assert_eq!(waiter.finish().prints(), holder.token);
    holder.end();
}

#[test]
fn a_person_who_waits_is_told_for_which_command() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 1000);
    let named = format!("waiting for pid {} on ", holder.running.pid());
    let demand = ["token", "--min-ttl", "1h", &server.url()];

    let person = Terminal::spawn(&mut sandbox.command(&demand));
    let script = sandbox.start(&demand);
    let screen = person.wait_for(&named);
    assert!(screen.contains("which uses the token"), "{screen}");
    holder.end();

    let token = person.finish().succeeds();
    assert_eq!(script.finish().prints(), token.trim_end());
}

#[test]
fn a_holder_that_dies_frees_its_lease() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 1000);
    let demand = ["token", "--min-ttl", "1h", &server.url()];
    let waiter = sandbox.start(&demand);
    wait_until_queued_on(&lease_file(&sandbox, &server), [&waiter]);

    holder.running.signal(Signal::SIGKILL);

    assert!(server.is_alive(&waiter.finish().prints()));
}

#[test]
fn a_child_of_the_command_holds_the_lease_when_that_is_gone() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    // The child reads from where the command did, which ends at once.
    let script = "echo $GITLAB_TOKEN; exec 9<&0; { read -r end <&9; } >/dev/null 2>&1 &";
    let mut holder = Holder::run(&sandbox, &server, &[], script);
    let stdin = holder.running.child.stdin.take();
    holder.running.child.wait().unwrap();
    sandbox.ends_in(&server, 30);

    assert_eq!(
        sandbox.run(&["token", &server.url()]).prints(),
        holder.token
    );
    drop(stdin);
    eventually("the child to end", || {
        sandbox.run(&["token", &server.url()]).prints() != holder.token
    });
    assert_eq!(server.rotations(), 1);
}

#[test]
fn force_rotates_a_token_that_a_command_holds() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 1000);

    sandbox.run(&["refresh", &server.url()]).succeeds();
    assert_eq!(server.rotations(), 0, "a refresh ends no living token");
    sandbox
        .run(&["refresh", "--force", &server.url()])
        .succeeds();

    assert_eq!(server.rotations(), 1);
    assert!(!server.is_alive(&holder.token));
    assert!(lease_files(&sandbox, &server).is_empty());
    holder.end();
}

/// No process waits for a dead token.
#[test]
fn a_refused_token_is_refreshed_even_if_a_command_holds_it() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 1000);
    server.expire_access_tokens();

    let args = ["token", "--rejected", &server.url()];
    let token = sandbox.run_with_input(&args, &holder.token).prints();

    assert_ne!(token, holder.token);
    assert!(server.is_alive(&token));
    holder.end();
}

#[test]
fn git_never_waits_for_a_lease() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 30);
    let question = format!("protocol=http\nhost={}\n\n", server.host());

    let answer = sandbox.run_with_input(&["git-credential", "get"], &question);

    let answer = answer.prints();
    assert!(
        answer.contains(&format!("password={}\n", holder.token)),
        "{answer}"
    );
    assert_eq!(server.refresh_requests(), 0);
    holder.end();
}

/// Scripts use descriptors with one digit as they please (POSIX, 2.7).
#[test]
fn a_script_that_uses_descriptors_of_its_own_keeps_its_lease() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let own = (3..10).map(|number| format!("{number}</dev/null"));
    let own = own.collect::<Vec<_>>().join(" ");
    let script = format!("exec {own}; cat \"$F\"; echo; read -r end");
    let holder = Holder::run(&sandbox, &server, &["--token-file", "F"], &script);
    sandbox.ends_in(&server, 30);

    assert_eq!(
        sandbox.run(&["token", &server.url()]).prints(),
        holder.token
    );
    assert_eq!(server.refresh_requests(), 0);
    holder.end();
}

#[test]
fn commands_in_commands_do_not_wait_for_each_other() {
    let server = AuthorizationServer::start();
    let (sandbox, outer) = held(&server, 250);
    let glauth = program();
    let script = format!(
        "'{0}' exec {1} -- '{0}' exec {1} -- /bin/sh -c 'echo $GITLAB_TOKEN; read -r end'",
        glauth.display(),
        server.url()
    );

    let inner = Holder::run(&sandbox, &server, &[], &script);

    assert_eq!(inner.token, outer.token);
    assert_eq!(server.refresh_requests(), 0);
    inner.end();
    outer.end();
}

#[test]
fn where_a_rotation_ends_no_token_no_command_takes_a_lease() {
    let server = AuthorizationServer::start_with(Settings {
        rotation: Rotation::Keeps,
        ..Settings::default()
    });
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.edit(&server, |record| {
        record["client"]["rotation"] = "keeps".into();
    });
    let holder = Holder::start(&sandbox, &server);
    sandbox.ends_in(&server, 30);

    let token = sandbox.run(&["token", &server.url()]).prints();

    assert_ne!(token, holder.token);
    assert!(lease_files(&sandbox, &server).is_empty());
    holder.end();
}

#[test]
fn a_lease_is_the_users_own_file_and_goes_with_the_token_that_it_is_for() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 1000);
    let lease = lease_file(&sandbox, &server);
    let mode = lease.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let folder = lease.parent().unwrap();
    // What a process that died left, what is another account's, and what is no lease at all.
    let left = folder.join("default.0123456789.lease");
    let other = folder.join("default.x.0123456789.lease");
    let foreign = folder.join("default.notes.lease");
    for path in [&left, &other, &foreign] {
        std::fs::write(path, "").unwrap();
    }

    sandbox.run(&["logout", &server.url()]).succeeds();

    assert!(!lease.exists() && !left.exists());
    assert!(other.exists() && foreign.exists());
    holder.end();
}

#[test]
fn a_login_in_the_place_of_another_one_takes_its_leases_away() {
    let server = AuthorizationServer::start();
    let (sandbox, holder) = held(&server, 1000);
    let old = lease_file(&sandbox, &server);

    sandbox.log_in(&server);

    assert!(!old.exists());
    holder.end();
}

#[test]
fn a_standby_in_the_place_of_a_grant_that_has_ended_takes_its_leases_away() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::with_standby(&server);
    let end = |record: &mut toml::Table| {
        let grant = first_grant(record);
        grant.insert("state".to_owned(), "login_required".into());
        grant.insert("state_since".to_owned(), from_now(-60));
    };
    sandbox.edit(&server, end);
    let old = sandbox.file(&server, "0123456789.lease");
    std::fs::write(&old, "").unwrap();
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o600)).unwrap();

    let new = server.log_in();
    let import = ["login", "--import", "--standby", &server.url()];
    sandbox.run_with_input(&import, &new.response).succeeds();

    assert!(!old.exists());
}

#[test]
fn a_command_that_cannot_have_a_lease_runs_with_a_warning() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let url = server.url();
    let exec = [
        "exec",
        "--lock-timeout",
        "1s",
        &url,
        "--",
        "/bin/sh",
        "-c",
        "echo $GITLAB_TOKEN",
    ];
    let warned = |done: crate::support::sandbox::Finished, why: &str| {
        assert!(
            done.stderr
                .contains("a refresh may invalidate this token early"),
            "{done:?}"
        );
        assert!(done.stderr.contains(why), "{done:?}");
        assert_eq!(done.succeeds().trim_end(), pair.access_token);
    };

    let lock = HeldLock::take(&sandbox, &server);
    warned(sandbox.run(&exec), "the lock was held by ");
    lock.release();

    // A link is not followed: it could make a file anywhere.
    let holder = Holder::start(&sandbox, &server);
    let lease = lease_file(&sandbox, &server);
    holder.end();
    std::fs::remove_file(&lease).unwrap();
    symlink(sandbox.path("elsewhere"), &lease).unwrap();
    warned(sandbox.run(&exec), "symbolic link");
    assert!(!sandbox.path("elsewhere").exists());
}

/// What was read before a long wait may be dead by now.
#[test]
fn a_command_that_waited_for_its_lease_in_vain_gets_what_is_good_then() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let exec = ["exec", "--lock-timeout", "2s", &url, "--", "/bin/sh", "-c"];
    let exec = [&exec[..], &["echo $GITLAB_TOKEN"]].concat();
    let set = |key: &str, value: toml::Value| {
        sandbox.edit(&server, |record| {
            first_grant(record).insert(key.to_owned(), value);
        });
    };
    let lock = HeldLock::take(&sandbox, &server);

    let command = sandbox.start(&exec);
    wait_until_queued_on(&sandbox.file(&server, "lock"), [&command]);
    set("access_token", "the-next-one".into());
    let done = command.finish();
    assert!(done.stderr.contains("the lock was held by "), "{done:?}");
    assert_eq!(done.succeeds().trim_end(), "the-next-one");

    let command = sandbox.start(&exec);
    wait_until_queued_on(&sandbox.file(&server, "lock"), [&command]);
    set("refused", true.into());
    let said = command.finish().fails(125);
    assert!(said.contains("the lock was held by "), "{said}");
    lock.release();
}

#[test]
fn a_command_runs_with_a_fresh_token_out_of_a_store_that_is_read_only() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let script = "mount -o bind \"$STORE\" \"$STORE\"; mount -o remount,bind,ro \"$STORE\"";
    let Some(mounts) = Mounts::new(script, &[("STORE", &*sandbox.store())]) else {
        return skipped("a store that is mounted read-only");
    };
    let url = server.url();
    let args = ["exec", &url, "--", "/bin/sh", "-c", "echo $GITLAB_TOKEN"];

    let done = Running::spawn(&mut mounts.inside(&sandbox.command(&args))).finish();

    assert!(done.stderr.contains("read-only"), "{done:?}");
    assert_eq!(done.succeeds().trim_end(), pair.access_token);
}

/// Whichever process gets the lock first, the one that took a lease keeps its token, or has the new one.
#[test]
fn a_lease_and_a_rotation_at_once_end_with_a_living_token_in_hand() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 1000);
    let requests = server.hold_requests(TOKEN);
    let demand = sandbox.start(&["token", "--min-ttl", "1h", &server.url()]);
    requests.wait_for(1);
    let args = [
        "exec",
        &server.url(),
        "--",
        "/bin/sh",
        "-c",
        "echo $GITLAB_TOKEN; read -r end; true",
    ];
    let mut command = sandbox.command(&args);
    let mut running = Running::spawn(command.stdin(Stdio::piped()));
    wait_until_queued_on(&sandbox.file(&server, "lock"), [&running]);
    requests.release();

    let token = demand.finish().prints();
    drop(running.child.stdin.take());
    assert_eq!(running.finish().prints(), token);
    assert!(server.is_alive(&token));
    assert_eq!(server.rotations(), 1);
}
