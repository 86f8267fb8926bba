//! The workers of docs/programs.md (`examples/programs/`): what a careful program does, in each
//! language, while others rotate the token under its hands.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, Recorded, Settings, TOKEN, TOKEN_INFO, USER,
};
use crate::support::program::program;
use crate::support::sandbox::{Finished, Running, Sandbox};

/// An interpreter, and the worker that is written for it.
const LANGUAGES: [(&str, &str); 3] = [
    ("sh", "worker.sh"),
    ("python3", "worker.py"),
    ("node", "worker.mjs"),
];

/// How many of each language work side by side, and how much each does.
const SIDE_BY_SIDE: usize = 3;
const PIECES: usize = 30;

/// How often a process rotates by force while they work.
const FORCED: usize = 5;

/// A worker that is to request the resource `count` times. `None`: its language is not here.
fn worker(
    sandbox: &Sandbox,
    server: &AuthorizationServer,
    (interpreter, name): (&str, &str),
    count: usize,
) -> Option<Command> {
    let mut command = program(sandbox, interpreter)?;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/programs");
    let url = server.url();
    command.arg(format!("{folder}/{name}"));
    command.args([&url, &format!("{url}{USER}"), &count.to_string()]);
    Some(command)
}

/// Does something with a worker of each language that is here, each with a login of its own.
fn in_every_language(count: usize, work: impl Fn(&AuthorizationServer, &Sandbox, Command)) {
    for language in LANGUAGES {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        if let Some(worker) = worker(&sandbox, &server, language, count) {
            work(&server, &sandbox, worker);
        }
    }
}

fn was_served(one: &Recorded) -> bool {
    one.request.path == USER && one.status == Some(200)
}

/// Whether the machine was so busy that a token had expired by the time it was stored. A worker that is told "not now"
/// comes again.
fn was_too_late(worker: &Finished) -> bool {
    worker.code() == Some(4) && worker.stderr.contains("is valid for long enough")
}

#[test]
fn workers_in_every_language_go_on_while_their_token_is_rotated() {
    let server = AuthorizationServer::start_with(Settings {
        expires_in: Some(Duration::from_secs(2)),
        ..Settings::default()
    });
    let (sandbox, _) = Sandbox::logged_in(&server);
    let here: Vec<(&str, &str)> = LANGUAGES
        .into_iter()
        .filter(|language| worker(&sandbox, &server, *language, 0).is_some())
        .collect();
    let work = |language| {
        loop {
            let mut command = worker(&sandbox, &server, language, PIECES).unwrap();
            let worker = Running::spawn(&mut command).finish();
            if !was_too_late(&worker) {
                assert_eq!(worker.succeeds(), format!("{PIECES} served\n"));
                return;
            }
        }
    };
    let all = here.len() * SIDE_BY_SIDE * PIECES;

    thread::scope(|scope| {
        for language in here.iter().cycle().take(here.len() * SIDE_BY_SIDE) {
            scope.spawn(|| work(*language));
        }
        for time in 1..=FORCED {
            let so_many = all * time / (FORCED + 1);
            let enough = |seen: &[Recorded]| seen.iter().filter(|one| was_served(one)).count();
            server.wait_until(|seen| enough(seen) >= so_many, "the workers' requests");
            sandbox.run(&["refresh", "--force", "--quiet"]);
        }
    });

    assert!(server.rotations() >= FORCED);
    assert_eq!(server.refresh_requests(), server.rotations());
    assert_eq!(server.replays(), 0);
}

#[test]
fn a_worker_whose_token_is_rotated_in_mid_work_goes_on_with_the_newer_one() {
    in_every_language(2, |server, sandbox, mut worker| {
        let underway = server.hold_requests(USER);
        let worker = Running::spawn(&mut worker);
        // Its request is on its way, and the token in it dies.
        underway.wait_for(1);
        sandbox.run(&["refresh", "--force"]).succeeds();
        underway.release();

        assert_eq!(worker.finish().prints(), "2 served");
        assert_eq!(server.refused_resource_requests(), 1);
        assert_eq!(server.refresh_requests(), 1);
        // It had been replaced: no server needs to be asked about it.
        assert_eq!(server.count(TOKEN_INFO), 0);
    });
}

#[test]
fn a_worker_whose_login_has_ended_stops_and_calls_for_a_person() {
    in_every_language(2, |server, sandbox, mut worker| {
        server.revoke_everything();
        sandbox.ends_in(server, -5);

        let said = ends_with(3, &mut worker);

        assert!(
            said.contains("worker: stopped: a person must log in"),
            "{said}"
        );
        assert!(said.contains("glauth login"), "{said}");
        assert_eq!(server.count(USER), 0);
        assert_eq!(server.refresh_requests(), 1);
    });
}

#[test]
fn a_worker_that_is_refused_a_good_token_stops_after_one_question() {
    in_every_language(2, |server, _, mut worker| {
        server.always(USER, Some(Behaviour::Answer(Answer::new(401))));

        let said = ends_with(6, &mut worker);

        assert!(said.contains("the token is good"), "{said}");
        assert_eq!(server.count(USER), 1);
        assert_eq!(server.count(TOKEN_INFO), 1);
        assert_eq!(server.refresh_requests(), 0);
    });
}

#[test]
fn a_worker_that_is_refused_three_tokens_in_a_row_gives_up() {
    in_every_language(1, |server, _, mut worker| {
        let refusal = || Some(Behaviour::Answer(Answer::new(401)));
        server.always(USER, refusal());
        server.always(TOKEN_INFO, refusal());

        ends_with(1, &mut worker);

        assert_eq!(server.count(USER), 3);
        assert_eq!(server.refresh_requests(), 2);
    });
}

#[test]
fn a_worker_that_cannot_have_a_token_now_leaves_it_to_the_next_run() {
    in_every_language(2, |server, sandbox, mut worker| {
        sandbox.ends_in(server, -5);
        server.script(TOKEN, Behaviour::Answer(Answer::new(429)));

        let said = ends_with(4, &mut worker);

        assert!(said.contains("worker: not now"), "{said}");
        assert_eq!(server.refresh_requests(), 1);
    });
}

#[test]
fn a_worker_that_is_sent_elsewhere_reports_it_and_does_not_go_there() {
    const ELSEWHERE: &str = "/elsewhere";
    in_every_language(1, |server, _, mut worker| {
        let redirect = Answer::new(302).header("Location", &format!("{}{ELSEWHERE}", server.url()));
        server.script(USER, Behaviour::Answer(redirect));
        server.script(ELSEWHERE, Behaviour::Answer(Answer::new(200)));

        let said = ends_with(1, &mut worker);

        assert!(said.contains("the server answered 302"), "{said}");
        assert_eq!(server.count(ELSEWHERE), 0);
    });
}

#[test]
fn a_worker_whose_answer_is_cut_short_leaves_it_to_the_next_run() {
    in_every_language(1, |server, _, mut worker| {
        let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".to_vec();
        server.script(USER, Behaviour::Raw(cut));

        let said = ends_with(4, &mut worker);

        assert!(said.contains("worker: not now"), "{said}");
    });
}

#[test]
fn a_worker_whose_store_is_broken_reports_it() {
    in_every_language(2, |server, sandbox, mut worker| {
        fs::write(sandbox.file(server, "toml"), "torn").unwrap();

        let said = ends_with(5, &mut worker);

        assert!(said.contains("worker: please report this"), "{said}");
        assert!(said.contains("default.toml"), "{said}");
        assert_eq!(server.requests().len(), 0);
    });
}

/// P8: everybody on the machine can read every process's arguments.
#[test]
fn a_worker_puts_no_token_into_an_argument() {
    in_every_language(1, |server, sandbox, worker| {
        let Some(mut traced) = program(sandbox, "strace") else {
            return;
        };
        server.script(USER, Behaviour::Answer(Answer::new(401)));
        server.script(TOKEN_INFO, Behaviour::Answer(Answer::new(401)));
        let log = sandbox.path("execve");
        traced.args(["-f", "-qq", "-s", "4096", "-e", "trace=execve", "-o"]);
        traced.arg(&log).arg(worker.get_program());
        traced.args(worker.get_args());

        assert_eq!(Running::spawn(&mut traced).finish().prints(), "1 served");

        let log = fs::read_to_string(log).unwrap();
        assert!(log.contains("--rejected"), "{log}");
        assert!(!log.contains("-SECRET-"), "{log}");
    });
}

/// That exit code; returns what was said.
#[track_caller]
fn ends_with(code: i32, worker: &mut Command) -> String {
    let done = Running::spawn(worker).finish();
    assert_eq!(done.code(), Some(code), "{done:?}");
    assert_eq!(done.stdout, "", "{done:?}");
    done.stderr
}

#[test]
fn a_worker_without_its_arguments_says_what_they_are() {
    let sandbox = Sandbox::new();
    for (interpreter, name) in LANGUAGES {
        let Some(mut command) = program(&sandbox, interpreter) else {
            continue;
        };
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/programs");
        let finished = Running::spawn(command.arg(format!("{folder}/{name}"))).finish();
        assert_eq!(finished.code(), Some(2), "{finished:?}");
        let usage = format!("usage: {name} HOST URL COUNT\n");
        assert_eq!(finished.stderr, usage, "{finished:?}");
    }
}
