//! A process that has too little memory for an answer finds that out before it asks for one (P2).

use serde_json::json;

use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, TOKEN};
use crate::support::sandbox::{Running, Sandbox, after, first_grant};

/// Tokens nearly as long as any may be.
const LONG: usize = 15 * 1024;

/// How far apart the limits are that are tried, in KiB of address space.
const STEP: usize = 64;

/// The same far above the least with which a refresh succeeds: an allocator sets whole regions aside.
const STRIDE: usize = 4 * 1024;

/// How many limits of each kind are tried.
const TRIES: usize = 20;

/// More than a refresh takes, in KiB.
const PLENTY: usize = 512 * 1024;

fn long(name: &str) -> String {
    format!("{name}-SECRET-{}", "x".repeat(LONG))
}

/// A login with long tokens that has expired, at a server whose answers have long ones.
struct Long {
    server: AuthorizationServer,
    sandbox: Sandbox,
    record: String,
}

/// What came of a refresh with little memory.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The server was not asked; the exit code, and what was said.
    NotAsked(Option<i32>, String),
    Stored,
    Lost(String),
}

impl Long {
    fn new() -> Self {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        sandbox.edit(&server, |record| {
            let grant = first_grant(record);
            grant.insert("access_token".to_owned(), long("old-at").into());
            grant.insert("refresh_token".to_owned(), long("old-rt").into());
        });
        sandbox.ends_in(&server, -5);
        let answer = json!({
            "access_token": long("at"),
            "refresh_token": long("rt"),
            "token_type": "Bearer",
            "expires_in": 7200,
        });
        let answer = Behaviour::Answer(Answer::json(200, &answer));
        server.always(TOKEN, Some(answer));
        let record = sandbox.record_text(&server);
        Self {
            server,
            sandbox,
            record,
        }
    }

    /// `token` with so many KiB of address space.
    fn refresh_with(&self, limit: usize) -> End {
        let record = self.sandbox.file(&self.server, "toml");
        drop(std::fs::remove_file(
            self.sandbox.file(&self.server, "toml.answer"),
        ));
        std::fs::write(record, &self.record).unwrap();
        let before = self.server.count(TOKEN);
        let mut command = self.sandbox.command(&["token"]);
        command.env("RUST_BACKTRACE", "0");
        let limited = format!("ulimit -c 0; ulimit -v {limit}");
        let finished = Running::spawn(&mut after(&limited, &command)).finish();
        if self.server.count(TOKEN) == before {
            return End::NotAsked(finished.code(), finished.stderr);
        }
        if finished.code() == Some(0) && finished.stdout.trim_end() == long("at") {
            return End::Stored;
        }
        End::Lost(format!("{finished:?}"))
    }
}

#[test]
fn an_answer_that_came_is_stored_however_little_memory_there_is() {
    let long = Long::new();
    let (mut too_little, mut enough) = (0, PLENTY);
    assert_eq!(long.refresh_with(enough), End::Stored);
    while enough - too_little > STEP {
        let middle = usize::midpoint(too_little, enough);
        match long.refresh_with(middle) {
            End::NotAsked(..) => too_little = middle,
            End::Stored => enough = middle,
            End::Lost(how) => panic!("with {middle} KiB: {how}"),
        }
    }
    let just_below = (0..TRIES).map(|n| enough.saturating_sub(n * STEP));
    let far_below = (1..TRIES).map(|n| enough.saturating_sub(n * 1024));
    let far_above = (0..TRIES).map(|n| enough + n * STRIDE);
    let mut is_said = false;
    for limit in just_below.chain(far_below).chain(far_above) {
        let end = long.refresh_with(limit);
        assert!(!matches!(end, End::Lost(_)), "with {limit} KiB: {end:?}");
        is_said |=
            matches!(&end, End::NotAsked(Some(4), said) if said.contains("set memory aside"));
    }
    assert!(is_said, "too little memory is found out, and said");
}
