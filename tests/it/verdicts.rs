//! P4 and P5: what comes of a refresh that fails, for the one that tried, for those who queued
//! behind it, and for the next one.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;

use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, TOKEN};
use crate::support::sandbox::{Running, Sandbox, from_now};
#[cfg(target_os = "linux")]
use crate::support::{sandbox::Finished, watch::wait_until_queued};

/// A login whose access token has expired.
fn expired(server: &AuthorizationServer) -> Sandbox {
    let (sandbox, _) = Sandbox::logged_in(server);
    sandbox.ends_in(server, -5);
    sandbox
}

/// One process whose refresh gets `behaviour`, and `count` more that are certain to wait for the
/// lock before the server answers. The one that asked the server comes first.
#[cfg(target_os = "linux")]
fn queue_behind(
    server: &AuthorizationServer,
    sandbox: &Sandbox,
    count: usize,
    args: &[&str],
    behaviour: Behaviour,
) -> Vec<Finished> {
    server.script(TOKEN, behaviour);
    let answer = server.hold_answers(TOKEN);
    let mut processes = vec![sandbox.start(args)];
    answer.wait_for(1);
    processes.extend((0..count).map(|_| sandbox.start(args)));
    wait_until_queued(sandbox, server, &processes[1..]);
    answer.release();
    processes.into_iter().map(Running::finish).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn processes_that_queue_behind_a_refresh_that_gets_a_503_take_its_verdict() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", "--json", &server.url()];

    let unavailable = Behaviour::Answer(Answer::new(503));
    let all = queue_behind(&server, &sandbox, 49, &args, unavailable);

    for process in all {
        assert_eq!(process.stdout, "");
        process.fails_in_json(4, "unavailable");
    }
    assert_eq!(server.refresh_requests(), 1);

    // One that starts after the wait asks for itself.
    sandbox.let_waits_pass(&server);
    let token = sandbox.run(&args[..1]).prints();
    assert!(server.is_alive(&token));
    assert_eq!(server.refresh_requests(), 2);
    assert_eq!(server.replays(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn processes_that_queue_behind_a_refresh_that_fails_are_told_which_one_tried() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", &server.url()];

    let unavailable = Behaviour::Answer(Answer::new(503));
    let mut all = queue_behind(&server, &sandbox, 2, &args, unavailable);

    let first = all.remove(0).fails(4);
    assert!(first.contains("(status 503)"), "{first}");
    let record = sandbox.record(&server);
    let by = record["last_attempt"]["by"].as_str().unwrap();
    for process in all {
        let said = process.fails(4);
        assert!(said.contains(by), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn processes_that_queue_behind_a_refresh_that_finds_the_login_ended_take_its_verdict() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", "--json", &server.url()];
    server.revoke_everything();

    let refused = Answer::json(400, &r#"{"error":"invalid_grant"}"#);
    let all = queue_behind(&server, &sandbox, 19, &args, Behaviour::Answer(refused));

    for process in all {
        assert_eq!(process.stdout, "");
        process.fails_in_json(3, "login_required");
    }
    assert_eq!(server.refresh_requests(), 1);
}

/// The queue takes the verdict, and each of it the token that still lives.
#[cfg(target_os = "linux")]
#[test]
fn processes_that_queue_behind_a_429_get_the_token_that_lives_with_a_warning() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 50);
    let args = ["token", &server.url()];

    let limited = Behaviour::Answer(Answer::new(429));
    let all = queue_behind(&server, &sandbox, 9, &args, limited);

    for process in all {
        assert!(process.stderr.contains("warning: "), "{process:?}");
        assert!(process.stderr.contains("the token at hand lives for "));
        assert_eq!(process.succeeds().trim_end(), pair.access_token);
    }
    assert_eq!(server.refresh_requests(), 1);
}

/// `Retry-After` holds for every process and for every way to ask.
fn no_process_asks_again_before_the_time(status: u16, name: &str) {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let url = server.url();
    let answer = Answer::new(status).header("Retry-After", "30");
    server.script(TOKEN, Behaviour::Answer(answer));
    let before = jiff::Timestamp::now().as_second();

    sandbox
        .run(&["token", "--json", &url])
        .fails_in_json(4, name);

    let record = sandbox.record(&server);
    // A 503 can come after the rotation, whatever it says of when to come back.
    let state = record["grants"][0]["state"].as_str();
    let expected = if status == 503 { "doubtful" } else { "active" };
    assert_eq!(state, Some(expected));
    let retry_at = record["last_attempt"]["retry_at"].to_string();
    let left = retry_at.parse::<jiff::Timestamp>().unwrap().as_second() - before;
    assert!((30..=90).contains(&left), "{left} s");
    for command in [
        &["token"][..],
        &["token", "--min-ttl", "1m"],
        &["refresh"],
        &["refresh", "--force"],
    ] {
        let again = sandbox.run(&[command, &[&url]].concat()).fails(4);
        assert!(again.contains(" asks to wait until "), "{again}");
        let again = sandbox.run(&[command, &["--json", &url]].concat());
        again.fails_in_json(4, name);
    }
    assert_eq!(server.refresh_requests(), 1);
    let attempt = &sandbox.record(&server)["last_attempt"];
    assert_eq!(*attempt, record["last_attempt"]);

    // When the time has come, the server is asked.
    sandbox.edit(&server, |record| {
        let attempt = record["last_attempt"].as_table_mut().unwrap();
        attempt.insert("finished_at".to_owned(), from_now(-31));
        attempt.insert("retry_at".to_owned(), from_now(-1));
    });
    sandbox.let_waits_pass(&server);
    let token = sandbox.run(&["token", &url]).prints();
    assert!(server.is_alive(&token));
    assert_eq!(server.refresh_requests(), 2);
}

#[test]
fn after_a_429_with_retry_after_no_process_asks_before_the_time() {
    no_process_asks_again_before_the_time(429, "rate_limited");
}

#[test]
fn after_a_503_with_retry_after_no_process_asks_before_the_time() {
    no_process_asks_again_before_the_time(503, "unavailable");
}

#[test]
fn a_retry_after_of_a_day_counts_for_an_hour() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let answer = Answer::new(429).header("Retry-After", "86400");
    server.script(TOKEN, Behaviour::Answer(answer));
    sandbox.run(&["token", &server.url()]).fails(4);

    sandbox.edit(&server, |record| {
        let attempt = record["last_attempt"].as_table_mut().unwrap();
        attempt.insert("finished_at".to_owned(), from_now(-3601));
        attempt.insert("retry_at".to_owned(), from_now(86400 - 3601));
    });
    sandbox.let_waits_pass(&server);
    sandbox.run(&["token", &server.url()]).prints();
    assert_eq!(server.rotations(), 1);
}

/// No server listens on port 1, and no other test can be given it.
#[test]
fn a_server_that_cannot_be_reached_costs_nothing_but_a_note() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    sandbox.edit(&server, |record| {
        record["client"]["token_endpoint"] = "http://127.0.0.1:1/oauth/token".into();
    });
    let mut before = sandbox.record(&server);
    let args = ["token", &server.url()];

    let said = sandbox.run(&args).fails(4);

    assert!(
        said.starts_with("glauth: cannot connect to `http://127.0.0.1:1`: "),
        "{said}"
    );
    assert!(said.contains("\nhint: is the network up"), "{said}");
    let mut after = sandbox.record(&server);
    let attempt = after.remove("last_attempt").unwrap();
    assert_eq!(attempt["outcome"].as_str(), Some("unreachable"));
    before.remove("last_attempt");
    assert_eq!(after, before);

    // The next one tries again.
    sandbox.let_waits_pass(&server);
    sandbox
        .run(&["token", "--json", &server.url()])
        .fails_in_json(4, "unreachable");
    let again = &sandbox.record(&server)["last_attempt"]["sequence"];
    assert_eq!(
        again.as_integer(),
        attempt["sequence"].as_integer().map(|n| n + 1)
    );
}

/// A socket of datagrams keeps what is written in one call apart from the next.
#[test]
fn each_line_on_stderr_is_one_write_so_that_a_crowd_that_shares_it_stays_legible() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    server.always(TOKEN, Some(Behaviour::Answer(Answer::new(429))));
    for (options, count) in [(&[][..], 2), (&["--json"], 1), (&["-vv"], 3)] {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let url = server.url();
        let args = [&["token", &url], options].concat();
        let mut command = sandbox.command(&args);
        let process = Running::spawn(command.stderr(OwnedFd::from(theirs)));
        assert_eq!(process.finish().code(), Some(4));
        ours.set_nonblocking(true).unwrap();
        let mut written = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(length) = ours.recv(&mut buffer) {
            written.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        let is_line = |text: &String| text.ends_with('\n') && text.lines().count() == 1;
        assert!(written.iter().all(is_line), "{written:?}");
        assert!(written.len() >= count, "{written:?}");
    }
}
