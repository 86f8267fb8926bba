//! A record that cannot be replaced from the moment on at which the server has answered: it is a mount point by
//! then, over which nothing can be renamed. The answer is safe beside it (P5, I6).

use std::process::Command;

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, Pair, Replay, Settings, TOKEN,
};
use crate::support::mounts::Mounts;
use crate::support::sandbox::{Finished, Running, Sandbox};

struct World {
    server: AuthorizationServer,
    sandbox: Sandbox,
    old: Pair,
    mounts: Mounts,
}

impl World {
    /// With an expired login, at a server that ends a login whose spent token comes again. `None`: not possible
    /// here, which is said.
    fn new() -> Option<Self> {
        let server = AuthorizationServer::start_with(Settings {
            on_replay: Replay::RevokeGrant,
            ..Settings::default()
        });
        let (sandbox, old) = Sandbox::logged_in(&server);
        sandbox.ends_in(&server, -5);
        let mounts = Mounts::new(":", &[])?;
        Some(Self {
            server,
            sandbox,
            old,
            mounts,
        })
    }

    fn run(&self, args: &[&str]) -> Running {
        let command = self.sandbox.command(args);
        Running::spawn(&mut self.mounts.inside(&command))
    }

    /// Runs it, and makes the record a mount point while the server keeps its answer.
    fn run_to_the_answer(&self, args: &[&str]) -> Finished {
        let answer = self.server.hold_answers(TOKEN);
        let running = self.run(args);
        answer.wait_for(1);
        let record = self.sandbox.file(&self.server, "toml");
        let mut mount = Command::new("mount");
        mount.arg("--bind").args([&record, &record]);
        mount.env("PATH", std::env::var_os("PATH").unwrap());
        let done = Running::spawn(&mut self.mounts.inside(&mount)).finish();
        assert!(done.status.success(), "{done:?}");
        answer.release();
        running.finish()
    }
}

#[test]
fn new_tokens_beside_a_record_that_cannot_be_replaced_are_handed_out_with_a_warning() {
    let Some(world) = World::new() else { return };
    let finished = world.run_to_the_answer(&["token"]);
    assert!(finished.stderr.contains("warning: "), "{finished:?}");
    let token = finished.stdout.trim();
    assert_ne!(token, world.old.access_token);
    assert!(world.server.is_alive(token), "{finished:?}");
    // The next one finds them, too, and asks for nothing.
    let again = world.run(&["token"]).finish();
    assert_eq!(again.stdout.trim(), token, "{again:?}");
    // So does one that sees the record as it is.
    assert_eq!(world.sandbox.run(&["token"]).prints(), token);
    assert_eq!((world.server.rotations(), world.server.replays()), (1, 0));
}

#[test]
fn a_verdict_that_cannot_be_written_counts_for_the_call_that_got_it() {
    let refusal = Answer::json(400, &r#"{"error":"invalid_grant"}"#);
    for (answer, exit) in [(refusal, 3), (Answer::new(500), 4)] {
        let Some(world) = World::new() else { return };
        world.server.script(TOKEN, Behaviour::Answer(answer));
        let finished = world.run_to_the_answer(&["token"]);
        assert_eq!(finished.code(), Some(exit), "{finished:?}");
    }
}

/// The server has refused before it did anything: what lives is good.
#[test]
fn a_token_that_lives_is_handed_out_where_the_verdict_cannot_be_written() {
    let Some(world) = World::new() else { return };
    world.sandbox.ends_in(&world.server, 30);
    world
        .server
        .script(TOKEN, Behaviour::Answer(Answer::new(429)));
    let finished = world.run_to_the_answer(&["token"]);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert_eq!(finished.stdout.trim(), world.old.access_token);
    assert!(finished.stderr.contains("warning: "), "{finished:?}");
}

#[test]
fn a_logout_goes_on_with_the_tokens_beside_a_record_that_cannot_be_replaced() {
    let Some(world) = World::new() else { return };
    let finished = world.run_to_the_answer(&["logout", &world.server.url()]);
    // It cannot be written down that it is over; but the server knows.
    assert_eq!(finished.code(), Some(5), "{finished:?}");
    let new = world.server.current_pair(&world.old.access_token);
    assert!(!world.server.is_alive(&new.access_token), "{finished:?}");
    assert_eq!(world.server.replays(), 0);
}
