//! A refresh that dies at each of its crash points, by SIGABRT and by SIGKILL: what is on disk
//! then, what the next process does, and what the server has seen (P5).

use std::fmt;
use std::path::Path;

use crate::support::authorization_server::{AuthorizationServer, Pair, TOKEN};
use crate::support::crash_points::CrashPoint;
use crate::support::mounts::skipped;
use crate::support::sandbox::{Finished, Running, Sandbox};
use crate::support::watch::wait_until_queued;

/// The last line of a whole record.
pub const END: &str = "# end of record\n";

/// One row of the table in ARCHITECTURE.md, checked by a test each.
struct Crash {
    point: &'static str,
    /// The outcome of the last attempt in the record that is left.
    outcome: Option<&'static str>,
    answer: Answer,
    next: Next,
    /// What both processes together asked of the server.
    requests: usize,
    replays: usize,
}

/// What `.toml.answer` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Absent,
    /// Reserved, and no record.
    Room,
    Whole,
}

/// What the next `glauth token` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Refreshes as if nothing had been.
    Refreshes,
    /// Presents the refresh token once more, which is still good.
    FindsItGood,
    /// The same, and it is spent: the answer was lost.
    FindsItSpent,
    /// Puts the answer in place.
    Finishes,
    /// Prints what is there.
    Prints,
}

const CRASHES: [Crash; 6] = [
    Crash {
        point: "reserved",
        outcome: None,
        answer: Answer::Room,
        next: Next::Refreshes,
        requests: 1,
        replays: 0,
    },
    Crash {
        point: "pending",
        outcome: Some("pending"),
        answer: Answer::Room,
        next: Next::FindsItGood,
        requests: 1,
        replays: 0,
    },
    Crash {
        point: "sent",
        outcome: Some("pending"),
        answer: Answer::Room,
        next: Next::FindsItSpent,
        requests: 2,
        replays: 1,
    },
    Crash {
        point: "answered",
        outcome: Some("pending"),
        answer: Answer::Room,
        next: Next::FindsItSpent,
        requests: 2,
        replays: 1,
    },
    Crash {
        point: "written",
        outcome: Some("pending"),
        answer: Answer::Whole,
        next: Next::Finishes,
        requests: 1,
        replays: 0,
    },
    Crash {
        point: "renamed",
        outcome: Some("rotated"),
        answer: Answer::Absent,
        next: Next::Prints,
        requests: 1,
        replays: 0,
    },
];

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = match self.outcome {
            None => "the record as it was".to_owned(),
            Some(outcome) => format!("attempt `{outcome}`"),
        };
        let answer = match self.answer {
            Answer::Absent => "no `.toml.answer`",
            Answer::Room => "`.toml.answer` is empty space",
            Answer::Whole => "`.toml.answer` is whole",
        };
        let next = match self.next {
            Next::Refreshes => "refreshes as if nothing had happened: exit 0",
            Next::FindsItGood => {
                "`cut_off`, doubtful; presents the refresh token, which is good: exit 0"
            }
            Next::FindsItSpent => {
                "`cut_off`, doubtful; presents the refresh token, which is spent: exit 3, says that an answer was lost, keeps the tokens"
            }
            Next::Finishes => "puts the answer in place and sends no request: exit 0",
            Next::Prints => "prints the new token and sends no request: exit 0",
        };
        let count = |number: usize, what: &str| match number {
            0 => format!("no {what}"),
            1 => format!("1 {what}"),
            number => format!("{number} {what}s"),
        };
        let server = [
            count(self.requests, "request"),
            count(1, "rotation"),
            count(self.replays, "replay"),
        ];
        let point = self.point;
        write!(
            f,
            "| `{point}` | {record}, {answer} | {next} | {} |",
            server.join(", ")
        )
    }
}

/// The table, as it stands in ARCHITECTURE.md.
fn table() -> String {
    let head =
        "| dies at | on disk | the next `token` | the server saw |\n| --- | --- | --- | --- |\n";
    let rows = CRASHES.iter().map(|crash| format!("{crash}\n"));
    rows.fold(head.to_owned(), |table, row| table + &row)
}

/// An expired login, and a `token` that died over its refresh. `None`: the binary has no crash points.
pub fn dead_at(chosen: &str) -> Option<(AuthorizationServer, Sandbox, Pair)> {
    let point = CrashPoint::of_the_binary(chosen)?;
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    judge_caller(crashing(&sandbox, &server, point).finish(), chosen, &server);
    Some((server, sandbox, pair))
}

/// The process that waited for the one that died asks no second time: it prints what that one had put in
/// its place, or says that it does not know.
fn judge_caller(caller: Finished, chosen: &str, server: &AuthorizationServer) {
    if chosen.starts_with("renamed") {
        assert!(server.is_alive(&caller.prints()), "{chosen}");
        return;
    }
    let said = caller.fails(4);
    let wanted = ", which was refreshing the login for ";
    assert!(said.contains(wanted), "{chosen}: {said}");
    assert!(
        said.contains("ended before it said what came of it"),
        "{said}"
    );
}

fn crashing(sandbox: &Sandbox, server: &AuthorizationServer, point: CrashPoint<'_>) -> Running {
    let mut command = sandbox.command(&["token", &server.url()]);
    Running::spawn(point.set(&mut command))
}

fn answer_at(path: &Path) -> Answer {
    match std::fs::read(path) {
        Err(_) => Answer::Absent,
        Ok(bytes) if bytes.ends_with(END.as_bytes()) => Answer::Whole,
        Ok(bytes) => {
            assert!(bytes.len() > 64 * 1024, "room for an answer");
            Answer::Room
        }
    }
}

fn outcome(record: &toml::Table) -> Option<&str> {
    record.get("last_attempt")?.get("outcome")?.as_str()
}

/// Dies at a point in both ways, and sees whether all is as its row says.
fn check(point: &str) {
    let crash = CRASHES.iter().find(|crash| crash.point == point).unwrap();
    for chosen in [point.to_owned(), format!("{point}:kill")] {
        let Some((server, sandbox, old)) = dead_at(&chosen) else {
            return;
        };
        server.allow_replays(crash.replays);
        let record = sandbox.record(&server);
        assert_eq!(outcome(&record), crash.outcome, "{chosen}");
        assert_eq!(record["grants"][0]["state"].as_str(), Some("active"));
        let answer = sandbox.file(&server, "toml.answer");
        assert_eq!(answer_at(&answer), crash.answer, "{chosen}");
        assert!(!sandbox.file(&server, "toml.new").exists(), "{chosen}");

        let next = sandbox.run(&["token", &server.url()]);
        crash.judge_next(&chosen, next, &server, &sandbox, &old);
        assert_eq!(answer_at(&answer), Answer::Absent, "{chosen}");
        assert_eq!(server.refresh_requests(), crash.requests, "{chosen}");
        assert_eq!(server.rotations(), 1, "{chosen}");
        assert_eq!(server.replays(), crash.replays, "{chosen}");

        // Whatever it was, it is recovered: no process asks the server again.
        let last = sandbox.run(&["token", &server.url()]);
        let expected = i32::from(crash.next == Next::FindsItSpent) * 3;
        assert_eq!(last.code(), Some(expected), "{chosen}: {last:?}");
        assert_eq!(server.refresh_requests(), crash.requests, "{chosen}");
    }
}

impl Crash {
    fn judge_next(
        &self,
        chosen: &str,
        next: Finished,
        server: &AuthorizationServer,
        sandbox: &Sandbox,
        old: &Pair,
    ) {
        let record = sandbox.record(server);
        let grant = &record["grants"][0];
        let sequence = record["last_attempt"]["sequence"].as_integer();
        if self.next == Next::FindsItSpent {
            let said = next.fails(3);
            assert!(
                said.contains("the answer to a refresh was lost at "),
                "{said}"
            );
            assert!(said.contains("hint: run `glauth login"), "{said}");
            assert_eq!(grant["state"].as_str(), Some("login_required"), "{chosen}");
            assert_eq!(grant["access_token"].as_str(), Some(&*old.access_token));
            assert_eq!(grant["refresh_token"].as_str(), Some(&*old.refresh_token));
            assert_eq!(
                (outcome(&record), sequence),
                (Some("login_required"), Some(2))
            );
            return;
        }
        let new = server.current_pair(&old.refresh_token);
        assert_eq!(next.prints(), new.access_token, "{chosen}");
        assert_eq!(grant["state"].as_str(), Some("active"), "{chosen}");
        assert_eq!(grant["access_token"].as_str(), Some(&*new.access_token));
        assert_eq!(grant["refresh_token"].as_str(), Some(&*new.refresh_token));
        let attempts = 1 + i64::from(self.next == Next::FindsItGood);
        assert_eq!(
            (outcome(&record), sequence),
            (Some("rotated"), Some(attempts))
        );
    }
}

#[test]
fn dying_with_the_room_reserved_is_as_if_nothing_had_been() {
    check("reserved");
}

#[test]
fn dying_before_the_request_leaves_costs_nothing() {
    check("pending");
}

#[test]
fn dying_when_the_answer_begins_to_arrive_is_told_and_keeps_the_tokens() {
    check("sent");
}

#[test]
fn dying_with_the_answer_in_memory_is_told_and_keeps_the_tokens() {
    check("answered");
}

#[test]
fn dying_with_the_answer_written_loses_nothing() {
    check("written");
}

#[test]
fn dying_with_the_record_renamed_loses_nothing() {
    check("renamed");
}

/// Five processes that have queued behind one, which has died then at `point`.
fn queued_behind(
    sandbox: &Sandbox,
    server: &AuthorizationServer,
    point: CrashPoint<'_>,
) -> Vec<Running> {
    let answer = server.hold_answers(TOKEN);
    let dying = crashing(sandbox, server, point);
    answer.wait_for(1);
    let url = server.url();
    let queued: Vec<Running> = (0..5).map(|_| sandbox.start(&["token", &url])).collect();
    wait_until_queued(sandbox, server, &queued);
    answer.release();
    judge_queued(&dying.finish());
    queued
}

/// By the time that the caller looks at the record, another process may have finished what was left.
fn judge_queued(caller: &Finished) {
    assert!(matches!(caller.code(), Some(0 | 3 | 4)), "{caller:?}");
}

/// A process that queued behind the dead one finishes its work: none asks the server for what is on disk.
#[test]
fn processes_that_queue_behind_one_that_dies_with_the_answer_written_all_get_it() {
    let Some(point) = CrashPoint::of_the_binary("written:kill") else {
        return;
    };
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let queued = queued_behind(&sandbox, &server, point);
    let new = server.current_pair(&old.access_token).access_token;
    for process in queued {
        assert_eq!(process.finish().prints(), new);
    }
    assert_eq!(server.refresh_requests(), 1);
}

/// The first of them presents the token once more, and all others take its verdict (P4).
#[test]
fn processes_that_queue_behind_one_that_dies_with_the_answer_in_memory_ask_once_more_and_no_more() {
    let Some(point) = CrashPoint::of_the_binary("answered:kill") else {
        return;
    };
    let server = AuthorizationServer::start();
    server.allow_replays(1);
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let queued = queued_behind(&sandbox, &server, point);
    for process in queued {
        process.finish().fails(3);
    }
    assert_eq!(server.refresh_requests(), 2);
}

#[test]
fn every_crash_point_of_the_source_has_its_row() {
    let mut points = Vec::new();
    for (_, text) in crate::layers::sources() {
        let calls = text.split("fault::point(\"").skip(1);
        points.extend(calls.map(|call| call.split('"').next().unwrap().to_owned()));
    }
    // `rename::` and `shared::` try these, which are on no way of a refresh in a folder.
    let elsewhere = [
        &crate::rename::CRASH_POINTS[..],
        &crate::shared::CRASH_POINTS,
    ]
    .concat();
    points.retain(|point| !elsewhere.contains(&&**point));
    points.sort();
    points.dedup();
    let mut rows: Vec<&str> = CRASHES.iter().map(|crash| crash.point).collect();
    rows.sort_unstable();
    assert_eq!(points, rows);
}

#[test]
fn the_table_in_the_architecture_is_the_one_that_is_checked_here() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let Ok(text) = std::fs::read_to_string(path) else {
        return skipped("the table of crashes in ARCHITECTURE.md, which is not there");
    };
    let section = text
        .split_once("<!-- crash table -->\n")
        .and_then(|(_, rest)| rest.split_once("<!-- end of crash table -->"))
        .map(|(section, _)| section.trim().to_owned() + "\n");
    let table = table();
    assert_eq!(section.as_ref(), Some(&table), "it should be:\n{table}");
}
