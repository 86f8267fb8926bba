//! Callers that are killed at any moment of a refresh, as tools do that put a time limit on their helpers.

use std::os::unix::process::CommandExt as _;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::authorization_server::{AuthorizationServer, Replay, Settings};
use crate::commands::wait_until;
use crate::sandbox::{Running, Sandbox};

/// How long the server takes for a refresh.
const DELAY: Duration = Duration::from_millis(300);

/// At how many moments a caller is killed, and how far they are apart: from before the request to after
/// the answer.
const MOMENTS: u32 = 60;
const APART: Duration = Duration::from_millis(8);

/// Who is killed, and what the login is like.
#[derive(Clone, Copy, Debug)]
struct Kind {
    on_replay: Replay,
    grants: usize,
    group: bool,
}

/// What came of the calls of one kind.
struct Counted {
    killed: usize,
    rotations: usize,
    lost: usize,
    replays: usize,
}

pub fn run() -> Vec<String> {
    let mut kinds = Vec::new();
    for on_replay in [Replay::Refuse, Replay::RevokeGrant] {
        for grants in [1, 2] {
            kinds.extend([false, true].map(|group| Kind {
                on_replay,
                grants,
                group,
            }));
        }
    }
    println!(
        "{MOMENTS} callers of each kind are killed {APART:?} apart, at a server that takes {DELAY:?}\n"
    );
    println!("| killed | grants | a replay | calls killed | rotations | logins lost | replays |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let counted: Vec<Counted> = thread::scope(|scope| {
        let runs: Vec<_> = kinds
            .iter()
            .map(|kind| scope.spawn(|| count(*kind)))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let mut broken = Vec::new();
    for (kind, counted) in kinds.into_iter().zip(counted) {
        println!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            if kind.group {
                "the group"
            } else {
                "the caller"
            },
            kind.grants,
            match kind.on_replay {
                Replay::Refuse => "is refused",
                Replay::RevokeGrant => "revokes",
            },
            counted.killed,
            counted.rotations,
            counted.lost,
            counted.replays
        );
        if counted.lost + counted.replays > 0 {
            broken.push(format!("{kind:?}: a login was lost, or a token replayed"));
        }
        if counted.killed < 20 || counted.rotations < 20 {
            broken.push(format!("{kind:?}: too few were killed in mid-refresh"));
        }
    }
    println!();
    broken
}

fn count(kind: Kind) -> Counted {
    let server = AuthorizationServer::start_with(Settings {
        on_replay: kind.on_replay,
        token_delay: DELAY,
        ..Settings::default()
    });
    // They are counted.
    server.allow_replays(usize::MAX);
    let sandbox = if kind.grants == 2 {
        Sandbox::with_standby(&server).0
    } else {
        Sandbox::logged_in(&server).0
    };
    let (mut killed, mut lost) = (0, 0);
    for moment in 0..MOMENTS {
        sandbox.grants_end_in(&server, &[-5, -9][..kind.grants]);
        let args = ["token", &server.url()];
        let started = Instant::now();
        let call = Running::spawn(sandbox.command(&args).process_group(0));
        wait_until(started + APART * moment);
        let pid = Pid::from_raw(i32::try_from(call.pid()).unwrap());
        if kind.group {
            killpg(pid, Signal::SIGKILL).unwrap();
        } else {
            kill(pid, Signal::SIGKILL).unwrap();
        }
        killed += usize::from(call.finish().signal() == Some(9));
        // It waits for what is under way, as whatever calls next does.
        let next = sandbox.run(&args);
        let good = next.code() == Some(0) && server.is_alive(next.stdout.trim());
        lost += usize::from(!good);
        if !good {
            println!("{kind:?}, {:?}: {next:?}", APART * moment);
            break;
        }
    }
    Counted {
        killed,
        rotations: server.rotations(),
        lost,
        replays: server.replays(),
    }
}
