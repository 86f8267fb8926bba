//! A store that several machines share: two homes on one PostgreSQL.

mod access;
mod answers;
mod commands;
mod deliveries;
mod failover;
mod fresh;
mod keys;
mod leases;
mod limits;
mod logins;
mod losses;
mod messages;
mod moves;
mod older;
mod seen;
mod wire;
mod writes;

use std::process::Command;
use std::time::Instant;

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, Pair, TOKEN, TOKEN_INFO,
};
use crate::support::crash_points::CrashPoint;
use crate::support::postgres::Postgres;
use crate::support::sandbox::{Finished, LIMIT, Running, Sandbox};

/// Where a process can die that shares its store with other machines, beside the points that it has in a folder.
pub const CRASH_POINTS: [&str; 6] = [
    "claimed",
    "delivered",
    "move_marked",
    "move_arrived",
    "move_arriving",
    "move_left",
];

/// One machine: its own folders, and the shared store.
struct Machine {
    sandbox: Sandbox,
    store: String,
}

impl Machine {
    fn new(postgres: &Postgres, key: &str) -> Self {
        let sandbox = Sandbox::new();
        let path = sandbox.path("glauth.key");
        std::fs::write(&path, key).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, private).unwrap();
        Self {
            sandbox,
            store: postgres.address(),
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.command(args);
        command
            .env("GLAUTH_STORE", &self.store)
            .env("GLAUTH_KEY_FILE", self.sandbox.path("glauth.key"))
            .env("GLAUTH_CACHE", self.sandbox.path("cache"))
            .env("GLAUTH_HASTE", "20");
        command
    }

    fn run(&self, args: &[&str]) -> Finished {
        self.start(args).finish()
    }

    fn start(&self, args: &[&str]) -> Running {
        Running::spawn(&mut self.command(args))
    }

    /// The same with deadlines that are so many times shorter than in real life.
    fn start_hastened(&self, haste: u32, args: &[&str]) -> Running {
        Running::spawn(self.command(args).env("GLAUTH_HASTE", haste.to_string()))
    }

    /// Says that a token was refused.
    fn reject(&self, token: &str, url: &str) -> Finished {
        self.run_with_input(&["token", "--rejected", url], token)
    }

    /// A file of this machine's for a login, by its ending.
    fn file(&self, server: &AuthorizationServer, ending: &str) -> std::path::PathBuf {
        let stores = std::fs::read_dir(self.sandbox.path("cache")).unwrap();
        let store = stores.flatten().next().unwrap().path();
        let host = server.host().replace(':', "%3A");
        store.join(host).join(format!("default.{ending}"))
    }

    /// What a command prints, without the newline.
    #[track_caller]
    fn prints(&self, args: &[&str]) -> String {
        self.run(args).succeeds().trim_end().to_owned()
    }

    fn run_with_input(&self, args: &[&str], input: &str) -> Finished {
        Running::spawn_with_input(&mut self.command(args), input).finish()
    }
}

/// A database with its tables, and so many machines with one key; `None`: there is no PostgreSQL here.
fn machines<const N: usize>() -> Option<(Postgres, [Machine; N])> {
    let postgres = Postgres::start()?;
    let key = Sandbox::new().run(&["store", "key", "new"]).succeeds();
    let machines = [(); N].map(|()| Machine::new(&postgres, &key));
    machines[0].run(&["store", "init"]).succeeds();
    Some((postgres, machines))
}

#[test]
fn two_machines_share_one_login_and_its_rotations() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = server.log_in();
    let (id, url) = (server.client_id(), server.url());
    let login = ["login", "--import", "--client-id", &id, &url];
    one.run_with_input(&login, &pair.response).succeeds();
    assert_eq!(one.prints(&["token", &url]), pair.access_token);
    // The other machine has never seen it.
    assert_eq!(other.prints(&["token", &url]), pair.access_token);
    other.run(&["refresh", "--force", &url]).succeeds();
    let new = server.current_pair(&pair.access_token).access_token;
    assert_eq!(other.prints(&["token", &url]), new);
    // This machine's cache is from before; a program that got a 401 says so.
    assert_eq!(one.prints(&["token", &url]), pair.access_token);
    let again = one.run_with_input(&["token", "--rejected", &url], &pair.access_token);
    assert_eq!(again.succeeds().trim_end(), new);
    assert_eq!(one.prints(&["token", &url]), new);
}

/// A login that both machines have seen, and its first tokens.
fn logged_in(one: &Machine, other: &Machine, server: &AuthorizationServer) -> Pair {
    let pair = server.log_in();
    let (id, url) = (server.client_id(), server.url());
    let login = ["login", "--import", "--client-id", &id, &url];
    one.run_with_input(&login, &pair.response).succeeds();
    assert_eq!(other.prints(&["token", &url]), pair.access_token);
    pair
}

/// A refresh of a machine's that dies at this point; `false`: the binary has no such points.
fn dies_at(machine: &Machine, point: &str, url: &str) -> bool {
    let Some(point) = CrashPoint::of_the_binary(point) else {
        return false;
    };
    let mut command = machine.command(&["refresh", "--force", url]);
    Running::spawn(point.set(&mut command)).finish().fails(4);
    true
}

/// Whether the binary has deadlines that a test can wait for; a release build has those of real life.
fn hastens() -> bool {
    CrashPoint::of_the_binary("claimed").is_some()
}

#[test]
fn a_claim_whose_owner_died_is_over_at_once_on_its_machine() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    for point in ["claimed", "sent", "answered"] {
        let server = AuthorizationServer::start();
        let pair = logged_in(&one, &other, &server);
        if !dies_at(&one, point, &server.url()) {
            return;
        }
        server.allow_replays(1);
        let next = one.run(&["refresh", "--force", &server.url()]);
        if point == "claimed" {
            next.succeeds();
            let new = server.current_pair(&pair.access_token).access_token;
            assert_eq!(one.prints(&["token", &server.url()]), new);
            assert_eq!(server.refresh_requests(), 1, "{point}");
        } else {
            // The answer is lost, and the refresh token is spent: the window that no client can close.
            next.fails(3);
            assert_eq!(server.refresh_requests(), 2, "{point}");
        }
    }
}

#[test]
fn another_machine_waits_for_the_end_of_a_claim() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    if !dies_at(&one, "claimed", &server.url()) {
        return;
    }
    // Before the deadline nothing is sent, whatever is asked for.
    let early = [
        "--lock-timeout",
        "100ms",
        "refresh",
        "--force",
        &server.url(),
    ];
    other.run(&early).fails(4);
    assert_eq!(server.refresh_requests(), 0);
    let left = "SELECT deadline > clock_timestamp() FROM glauth.record";
    assert_eq!(postgres.sql(left), "t");
    other.run(&["refresh", "--force", &server.url()]).succeeds();
    assert_eq!(server.refresh_requests(), 1);
    let new = server.current_pair(&pair.access_token).access_token;
    assert_eq!(other.prints(&["token", &server.url()]), new);
}

#[test]
fn an_answer_that_reached_the_journal_is_delivered_by_the_next_process_of_the_machine() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    for point in ["written", "delivered"] {
        let server = AuthorizationServer::start();
        let pair = logged_in(&one, &other, &server);
        if !dies_at(&one, point, &server.url()) {
            return;
        }
        let refused = ["token", "--rejected", &server.url()];
        let new = server.current_pair(&pair.access_token).access_token;
        let next = one.run_with_input(&refused, &pair.access_token);
        assert_eq!(next.succeeds().trim_end(), new, "{point}");
        let next = other.run_with_input(&refused, &pair.access_token);
        assert_eq!(next.succeeds().trim_end(), new, "{point}");
        assert_eq!(server.refresh_requests(), 1, "{point}");
    }
}

#[test]
fn without_the_database_what_is_cached_is_handed_out_and_nothing_is_sent() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    postgres.stop();
    assert_eq!(one.prints(&["token", &server.url()]), pair.access_token);
    let refresh = one.run(&["refresh", "--force", &server.url()]);
    assert!(
        refresh.stderr.contains("cannot reach the shared store"),
        "{refresh:?}"
    );
    refresh.fails(4);
    assert_eq!(server.refresh_requests(), 0);
    assert_eq!(one.prints(&["token", &server.url()]), pair.access_token);
    postgres.start_server();
    // What a process has learnt of the database counts for a moment for the others, too (P4).
    let deadline = Instant::now() + LIMIT;
    loop {
        let refresh = one.run(&["refresh", "--force", &server.url()]);
        if refresh.code() == Some(0) {
            break;
        }
        assert!(refresh.stderr.contains("cannot reach the shared store"));
        assert!(Instant::now() < deadline, "{refresh:?}");
    }
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn an_answer_that_comes_while_the_database_is_away_is_kept_and_delivered_later() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let held = server.hold_answers(TOKEN);
    let mut command = one.command(&["refresh", "--force", &server.url()]);
    // The database is away for less than the deadline of a claim.
    command.env("GLAUTH_HASTE", "2");
    let refreshing = Running::spawn(&mut command);
    held.wait_for(1);
    postgres.stop();
    held.release();
    let refreshed = refreshing.finish();
    assert!(
        refreshed.stderr.contains("cannot reach the shared store"),
        "{refreshed:?}"
    );
    refreshed.succeeds();
    let new = server.current_pair(&pair.access_token).access_token;
    assert_eq!(one.prints(&["token", &server.url()]), new);
    postgres.start_server();
    // The process that refreshed goes on, though its caller has ended.
    let has_arrived = || postgres.sql("SELECT outcome FROM glauth.record") == "rotated";
    let deadline = Instant::now() + LIMIT;
    while !has_arrived() {
        assert!(Instant::now() < deadline, "{}", postgres.log());
    }
    let refused = ["token", "--rejected", &server.url()];
    let adopted = other.run_with_input(&refused, &pair.access_token);
    assert_eq!(adopted.succeeds().trim_end(), new);
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn a_logout_reaches_the_other_machine_at_its_next_look() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    one.run(&["logout", &server.url()]).succeeds();
    // The cache is not looked behind before the token's end, or its refusal.
    assert_eq!(other.prints(&["token", &server.url()]), pair.access_token);
    let refused = ["token", "--rejected", &server.url()];
    other.run_with_input(&refused, &pair.access_token).fails(3);
    other.run(&["token", &server.url()]).fails(3);
    let again = server.log_in();
    let login = ["login", "--import", &server.url()];
    other.run_with_input(&login, &again.response).succeeds();
    one.run(&["refresh", &server.url()]);
    assert_eq!(one.prints(&["token", &server.url()]), again.access_token);
}

#[test]
fn a_machine_without_the_key_names_the_one_that_it_lacks() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    let key = Sandbox::new().run(&["store", "key", "new"]).succeeds();
    let stranger = Machine::new(&postgres, &key);
    let asked = server.requests().len();
    let refused = stranger.run(&["token", &server.url()]);
    let id = postgres.sql("SELECT encode(key_id, 'hex') FROM glauth.record");
    assert!(refused.stderr.contains(&id), "{refused:?}");
    refused.fails(5);
    assert_eq!(server.requests().len(), asked);
}

/// `store move` between the folder of a machine and the database, ended at this point.
fn moves(machine: &Machine, way: [&str; 3], point: Option<&str>) -> Option<Finished> {
    let [from, to, host] = way;
    let mut command = machine.command(&["store", "move", from, to, host]);
    if let Some(point) = point {
        CrashPoint::of_the_binary(point)?.set(&mut command);
    }
    Some(Running::spawn(&mut command).finish())
}

#[test]
fn a_login_moves_into_the_database_and_back_and_a_crash_leaves_one_that_can_refresh() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let points = [None, Some("move_marked"), Some("move_arrived")];
    let points_back = [None, Some("move_arriving"), Some("move_left")];
    for (point, back) in points.into_iter().zip(points_back) {
        let server = AuthorizationServer::start();
        one.sandbox.log_in(&server);
        let folder = one.sandbox.store().display().to_string();
        let moved = moves(&one, [&folder, &postgres.address(), &server.url()], point);
        let Some(moved) = moved else { return };
        let in_folder = |args: &[&str]| {
            one.sandbox
                .command(args)
                .env("GLAUTH_KEY_FILE", one.sandbox.path("glauth.key"))
                .env("GLAUTH_CACHE", one.sandbox.path("cache"))
                .output()
                .unwrap()
        };
        if point.is_some() {
            assert_eq!(moved.code(), None, "{moved:?}");
            // What finds it finishes it, and refreshes nothing here.
            let found = in_folder(&["refresh", "--force", &server.url()]);
            assert_eq!(found.status.code(), Some(3), "{found:?}");
        } else {
            moved.succeeds();
        }
        assert_eq!(server.refresh_requests(), 0);
        let found = in_folder(&["token", &server.url()]);
        let said = String::from_utf8_lossy(&found.stderr).into_owned();
        assert_eq!(found.status.code(), Some(3), "{said}");
        for machine in [&one, &other] {
            machine
                .run(&["refresh", "--force", &server.url()])
                .succeeds();
        }
        assert_eq!(server.refresh_requests(), 2);

        let moved = moves(&one, [&postgres.address(), &folder, &server.url()], back).unwrap();
        if back.is_some() {
            assert_eq!(moved.code(), None, "{moved:?}");
        } else {
            moved.succeeds();
        }
        let here = in_folder(&["refresh", "--force", &server.url()]);
        let there = other.run(&["refresh", "--force", &server.url()]);
        let can = [here.status.code() == Some(0), there.code() == Some(0)];
        let expected = if back == Some("move_arriving") {
            [false, true]
        } else {
            [true, false]
        };
        assert_eq!(can, expected, "{back:?} {here:?} {there:?}");
        assert_eq!(server.refresh_requests(), 3, "{back:?}");
        assert_eq!(server.replays(), 0);
    }
}

#[test]
fn a_crowd_on_two_machines_causes_one_request() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let refused = ["token", "--rejected", &server.url()];
    server.always(TOKEN_INFO, Some(Behaviour::Answer(Answer::new(401))));
    let crowd: Vec<Running> = [&one, &other]
        .into_iter()
        .flat_map(|machine| {
            (0..8).map(|_| {
                let mut command = machine.command(&refused);
                Running::spawn_with_input(&mut command, &pair.access_token)
            })
        })
        .collect();
    let new: Vec<String> = crowd
        .into_iter()
        .map(|running| running.finish().succeeds())
        .collect();
    assert_eq!(server.rotations(), 1, "{new:?}");
    let current = server.current_pair(&pair.access_token).access_token;
    assert!(
        new.iter().all(|token| token.trim_end() == current),
        "{new:?}"
    );
}
