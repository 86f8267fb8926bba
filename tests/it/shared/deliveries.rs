//! Which process gives the database an answer that it has not taken.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::*;

/// A refresh whose answer the database does not take, since it is away; `None`: the binary has deadlines of real life.
fn undelivered(
    postgres: &mut Postgres,
    one: &Machine,
    server: &AuthorizationServer,
    mut refresh: Command,
) -> Option<Running> {
    hastens().then_some(())?;
    let held = server.hold_answers(TOKEN);
    let refreshing = Running::spawn(refresh.env("GLAUTH_HASTE", HASTE));
    held.wait_for(1);
    postgres.stop();
    held.release();
    let deadline = Instant::now() + LIMIT;
    while !text(one, server).contains("\nundelivered = true\n") {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    Some(refreshing)
}

/// What this machine knows of the login.
fn text(machine: &Machine, server: &AuthorizationServer) -> String {
    std::fs::read_to_string(machine.file(server, "toml")).unwrap()
}

/// A database that is away is tried for 4 s, however short other deadlines are.
const HASTE: &str = "6";

/// The processes that deliver to this database.
fn deliveries(postgres: &Postgres) -> Vec<Pid> {
    let port = format!(":{}/", postgres.port());
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let ours = processes.filter(|process| {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        // What traces it has more words before these.
        line.starts_with("glauth\0a-process-for-a-delivery\0") && line.contains(&port)
    });
    let ids = ours.filter_map(|process| process.file_name().to_str()?.parse().ok());
    ids.map(Pid::from_raw).collect()
}

fn arrives(postgres: &Postgres) {
    postgres.wait_for("SELECT outcome FROM glauth.record", "rotated");
}

#[test]
fn a_fresh_token_of_a_cache_that_is_ahead_begins_one_delivery() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let url = server.url();
    let refresh = one.command(&["refresh", "--force", &url]);
    let Some(refreshing) = undelivered(&mut postgres, &one, &server, refresh) else {
        return;
    };
    refreshing.finish().succeeds();
    let first = deliveries(&postgres);
    assert_eq!(first.len(), 1);
    kill(first[0], Signal::SIGKILL).unwrap();
    let new = server.current_pair(&pair.access_token).access_token;
    let prints = || {
        let mut token = one.command(&["token", &url]);
        let printed = Running::spawn(token.env("GLAUTH_HASTE", HASTE)).finish();
        assert_eq!(printed.succeeds().trim_end(), new);
    };
    let cache = text(&one, &server);
    let own_try = cache.lines().find(|line| line.starts_with("deliver_at"));
    let own_try = own_try.unwrap().to_owned();
    // The try of the process that refreshed counts for a while.
    prints();
    assert!(deliveries(&postgres).iter().all(|pid| *pid == first[0]));
    let deadline = Instant::now() + LIMIT;
    while deliveries(&postgres).iter().all(|pid| *pid == first[0]) {
        assert!(Instant::now() < deadline);
        prints();
    }
    // Once it has begun its try, that counts.
    while text(&one, &server).contains(&own_try) {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    let one_of_them = deliveries(&postgres);
    for _ in 0..8 {
        prints();
        assert_eq!(deliveries(&postgres), one_of_them);
    }
    postgres.start_server();
    arrives(&postgres);
    assert_eq!(server.refresh_requests(), 1);
    let adopted = other.reject(&pair.access_token, &url).succeeds();
    assert_eq!(adopted.trim_end(), new);
}

#[test]
fn an_answer_that_the_caller_got_by_itself_is_delivered_when_it_has_ended() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    // The process of its own does not become ready.
    let slow = one.command(&["refresh", "--force", "-v", &server.url()]);
    let mut refresh = Command::new("strace");
    refresh
        .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=setsid"])
        .args(["-e", "inject=setsid:delay_enter=10s"])
        .arg(slow.get_program())
        .args(slow.get_args())
        .env_clear();
    refresh.envs(
        slow.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    if Command::new("strace").arg("--version").output().is_err() {
        eprintln!("skipped: strace is not installed");
        return;
    }
    refresh.stdin(std::process::Stdio::null());
    refresh
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let Some(refreshing) = undelivered(&mut postgres, &one, &server, refresh) else {
        return;
    };
    postgres.start_server();
    arrives(&postgres);
    // What traces them waits for the delivery, too.
    let refreshed = refreshing.finish();
    assert!(
        refreshed.stderr.contains("this process refreshes"),
        "{refreshed:?}"
    );
    refreshed.succeeds();
    assert_eq!(server.refresh_requests(), 1);
    let new = server.current_pair(&pair.access_token).access_token;
    assert_eq!(
        other
            .reject(&pair.access_token, &server.url())
            .succeeds()
            .trim_end(),
        new
    );
}
