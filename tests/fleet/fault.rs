//! What goes wrong between a claim and the end of its refresh, and what is left.

use std::collections::HashMap;

use glauth_test_support::authorization_server::{AuthorizationServer, Held, Pair, Recorded, TOKEN};
use glauth_test_support::postgres::{Standby, Stopped as StoppedStandby};
use glauth_test_support::sandbox::{Finished, Running};
use glauth_test_support::watch::eventually;
use nix::sys::signal::{Signal, kill};

use super::World;

/// How many processes of each machine want the next token at the same time.
const CROWD: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    Restart,
    ImmediateRestart,
    MachineCut,
    DatabaseCut,
    KilledBeforeTheRequest,
    KilledBeforeTheAnswer,
    KilledAfterTheJournal,
    Stopped,
    StoppedForLong,
    HangingCommit,
    AnswerLost,
    ClaimLost,
    AwayForLong,
    AwayFromBothForLong,
}

impl Fault {
    pub const ALL: [Self; 15] = [
        Self::None,
        Self::Restart,
        Self::ImmediateRestart,
        Self::MachineCut,
        Self::DatabaseCut,
        Self::KilledBeforeTheRequest,
        Self::KilledBeforeTheAnswer,
        Self::KilledAfterTheJournal,
        Self::Stopped,
        Self::StoppedForLong,
        Self::HangingCommit,
        Self::AnswerLost,
        Self::ClaimLost,
        Self::AwayForLong,
        Self::AwayFromBothForLong,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Restart => "the database restarts",
            Self::ImmediateRestart => "the database crashes and recovers",
            Self::MachineCut => "the owner's machine is cut off",
            Self::DatabaseCut => "the database is cut off from both machines",
            Self::KilledBeforeTheRequest => "killed after the claim, before the request",
            Self::KilledBeforeTheAnswer => "killed before the answer is synced",
            Self::KilledAfterTheJournal => "killed after the answer is in the journal",
            Self::Stopped => "stopped and continued",
            Self::StoppedForLong => "stopped for longer than the deadline",
            Self::HangingCommit => "COMMIT hangs",
            Self::AnswerLost => "failover to an asynchronous standby without the answer",
            Self::ClaimLost => "failover to an asynchronous standby without the claim",
            Self::AwayForLong => {
                "the database is away from the owner's machine for longer than the deadline"
            }
            Self::AwayFromBothForLong => {
                "the database is away from both machines for longer than the deadline"
            }
        }
    }

    /// How many logins of these rounds may be lost: ARCHITECTURE.md says which windows no client can close.
    pub fn may_lose(self, replay_revokes: bool, rounds: usize) -> usize {
        match self {
            Self::KilledBeforeTheAnswer => rounds,
            Self::AwayForLong | Self::AwayFromBothForLong | Self::StoppedForLong
                if replay_revokes =>
            {
                rounds
            }
            _ => 0,
        }
    }

    /// With which codes a process of the crowd may end, beside 0: while the database is away nothing is refreshed, after
    /// a failover a machine that has seen more refuses, and where another machine presents the token once more, it hears
    /// that the login has ended, for good or until the delivery.
    fn allows(self, code: Option<i32>) -> bool {
        match code {
            Some(0) => true,
            Some(3) => self.is_a_window(),
            Some(4) => self.is_of_the_database() || self.is_a_window(),
            Some(5) => matches!(self, Self::AnswerLost | Self::ClaimLost),
            _ => false,
        }
    }

    /// Whether another machine may present a token whose answer is not in the row.
    fn is_a_window(self) -> bool {
        matches!(
            self,
            Self::KilledBeforeTheAnswer
                | Self::StoppedForLong
                | Self::AwayForLong
                | Self::AwayFromBothForLong
        )
    }

    fn is_of_the_database(self) -> bool {
        matches!(
            self,
            Self::Restart
                | Self::ImmediateRestart
                | Self::MachineCut
                | Self::DatabaseCut
                | Self::HangingCommit
                | Self::AnswerLost
                | Self::ClaimLost
                | Self::AwayForLong
                | Self::AwayFromBothForLong
        )
    }

    /// Where the process that refreshes first dies by itself.
    fn crash_point(self) -> Option<&'static str> {
        match self {
            Self::KilledBeforeTheRequest => Some("claimed:kill"),
            Self::KilledBeforeTheAnswer => Some("answered:kill"),
            Self::KilledAfterTheJournal => Some("written:kill"),
            _ => None,
        }
    }
}

/// What came of some rounds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    pub rounds: usize,
    pub lost: usize,
    pub replays: usize,
    pub unmarked: usize,
    pub without_token: usize,
    /// Processes that ended as nothing about the fault explains.
    pub unexplained: usize,
}

impl Outcome {
    pub fn add(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.lost += other.lost;
        self.replays += other.replays;
        self.unmarked += other.unmarked;
        self.without_token += other.without_token;
        self.unexplained += other.unexplained;
    }
}

/// One refresh that a crowd on both machines waits for, and the fault in the middle of it.
pub fn round(
    world: &mut World,
    server: &AuthorizationServer,
    account: &str,
    fault: Fault,
) -> Outcome {
    let pair = log_in(world, server, account);
    let mut standby =
        matches!(fault, Fault::AnswerLost | Fault::ClaimLost).then(|| world.postgres.standby());
    let without_claim = (fault == Fault::ClaimLost).then(|| standby.take().unwrap().stop());
    let before = server.requests().len();
    let url = server.url();
    let args = ["-vv", "-a", account, "token", "--rejected", &url];
    let reject = |mut command: std::process::Command| {
        Running::spawn_with_input(&mut command, &pair.access_token)
    };
    // The first one is this machine's, so that it is known which machine the fault meets.
    let held = server.hold_answers(TOKEN);
    let mut first = world.machines[0].command(&args);
    if let Some(point) = fault.crash_point() {
        first.env("GLAUTH_CRASH_AT", point);
    }
    let first = reject(first);
    let is_claimed = || world.outcome_of(account) == "pending";
    eventually("the claim", is_claimed);
    if fault != Fault::KilledBeforeTheRequest {
        held.wait_for(1);
    }
    let crowd = world.machines.iter().flat_map(|machine| {
        let commands = (0..CROWD).map(|_| machine.command(&args));
        commands.map(reject).collect::<Vec<_>>()
    });
    let crowd: Vec<Running> = crowd.collect();
    match (standby, without_claim) {
        (Some(standby), _) => lose_answer(world, account, standby, held),
        (_, Some(standby)) => lose_claim(world, standby, held),
        (None, None) => inject(world, server, account, fault, held),
    }
    let mut done: Vec<Finished> = crowd.into_iter().map(Running::finish).collect();
    let codes = done.iter().map(Finished::code);
    let without_token = codes.filter(|code| *code != Some(0)).count();
    let is_explained = |done: &&Finished| fault.allows(done.code());
    let unexplained = done.iter().filter(|done| !is_explained(done));
    let unexplained = unexplained
        .inspect(|done| eprintln!("{account}: {done:?}"))
        .count();
    done.push(first.finish());
    let lost = !can_refresh(world, server, account, &mut done);
    let (replays, unmarked) = replays(&server.requests()[before..], &done);
    Outcome {
        rounds: 1,
        lost: usize::from(lost),
        replays,
        unmarked,
        without_token,
        unexplained,
    }
}

/// How often a refresh token was presented that had been presented before, as the server has it, and how often of these
/// no process said that it knew.
fn replays(requests: &[Recorded], done: &[Finished]) -> (usize, usize) {
    let mut presented: HashMap<String, usize> = HashMap::new();
    for token in requests
        .iter()
        .filter_map(|recorded| recorded.request.parameter("refresh_token"))
    {
        *presented.entry(fingerprint(token)).or_default() += 1;
    }
    let mut marked: HashMap<&str, usize> = HashMap::new();
    for token in done.iter().flat_map(marked_presentations) {
        *marked.entry(token).or_default() += 1;
    }
    let (mut replays, mut unmarked) = (0, 0);
    for (token, times) in presented {
        let again = times - 1;
        let known = marked.get(&*token).copied().unwrap_or_default();
        replays += again;
        unmarked += again.saturating_sub(known);
    }
    (replays, unmarked)
}

/// As glauth shows a token.
fn fingerprint(token: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
    let bytes = digest.as_ref()[..5].iter();
    bytes.fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Lets the answer come, with the fault around it.
fn inject(
    world: &mut World,
    server: &AuthorizationServer,
    account: &str,
    fault: Fault,
    held: Held,
) {
    let journal = world.machines[0].file(server, account, "toml.journal");
    let requests = server.refresh_requests();
    let owner = world.owner_of(account);
    let until_kept = |held: Held| {
        held.release();
        eventually("the answer to be kept", || journal.exists());
    };
    let until_taken_over = |held: Held| {
        held.release();
        eventually("another machine to present the token", || {
            server.refresh_requests() > requests
        });
    };
    match fault {
        Fault::None
        | Fault::KilledBeforeTheRequest
        | Fault::KilledBeforeTheAnswer
        | Fault::KilledAfterTheJournal => held.release(),
        Fault::Restart | Fault::ImmediateRestart => {
            if fault == Fault::Restart {
                world.postgres.stop_in_order();
            } else {
                world.postgres.stop();
            }
            until_kept(held);
            world.postgres.start_server();
        }
        Fault::MachineCut | Fault::DatabaseCut => {
            let both = [0, 1];
            let cut = &both[..=usize::from(fault == Fault::DatabaseCut)];
            world.plug(cut, false);
            until_kept(held);
            world.plug(cut, true);
        }
        Fault::Stopped => {
            kill(owner, Signal::SIGSTOP).unwrap();
            held.release();
            until_others_wait(world, server, account);
            kill(owner, Signal::SIGCONT).unwrap();
        }
        Fault::StoppedForLong => {
            kill(owner, Signal::SIGSTOP).unwrap();
            until_taken_over(held);
            kill(owner, Signal::SIGCONT).unwrap();
        }
        Fault::HangingCommit => hang(world, held),
        // These need a standby.
        Fault::AnswerLost | Fault::ClaimLost => {}
        Fault::AwayForLong => {
            world.plug(&[0], false);
            until_taken_over(held);
            world.plug(&[0], true);
        }
        Fault::AwayFromBothForLong => {
            world.plug(&[0, 1], false);
            until_kept(held);
            until_deadline(world, account);
            world.plug(&[0, 1], true);
        }
    }
}

/// The COMMIT of the delivery hangs, and comes through when its standby is not asked for any more.
fn hang(world: &World, held: Held) {
    world.postgres.hang_commits(true);
    held.release();
    world.postgres.wait_for_glauth("SyncRep");
    world.postgres.hang_commits(false);
}

/// Until the claim's deadline has passed on the database's clock.
fn until_deadline(world: &World, account: &str) {
    let is_over = "SELECT deadline < clock_timestamp() FROM glauth.record WHERE account";
    let statement = format!("{is_over} = '{account}'");
    world.postgres.wait_for(&statement, "t");
}

/// The standby has all but the answer.
fn lose_answer(world: &mut World, account: &str, standby: Standby, held: Held) {
    world.postgres.wait_for_standby();
    let standby = standby.stop();
    held.release();
    let is_delivered = || world.outcome_of(account) == "rotated";
    eventually("the answer to be delivered", is_delivered);
    world.postgres.fail_over_to(standby);
}

/// The standby has all but the claim, whose request is at the server.
fn lose_claim(world: &mut World, standby: StoppedStandby, held: Held) {
    world.postgres.fail_over_to(standby);
    held.release();
}

/// Until the other machine has found the claim in the row.
fn until_others_wait(world: &World, server: &AuthorizationServer, account: &str) {
    let cache = world.machines[1].file(server, account, "toml");
    eventually("the other machine to wait", || {
        std::fs::read_to_string(&cache).is_ok_and(|text| text.contains("elsewhere_until"))
    });
}

/// A login that both machines know.
fn log_in(world: &World, server: &AuthorizationServer, account: &str) -> Pair {
    let pair = server.log_in();
    let (id, url) = (server.client_id(), server.url());
    let mut login = vec!["login", "--import", "--client-id", &id, "-a", account];
    if world.replay_revokes {
        login.extend(["--provider", "oidc"]);
    }
    login.push(&url);
    let [one, other] = &world.machines;
    one.run_with_input(&login, &pair.response).succeeds();
    let token = other.run(&["-a", account, "token", &url]);
    assert_eq!(token.prints(), pair.access_token);
    pair
}

/// Whether each machine can refresh the login, once the fault is over.
fn can_refresh(
    world: &World,
    server: &AuthorizationServer,
    account: &str,
    done: &mut Vec<Finished>,
) -> bool {
    let url = server.url();
    world.machines.iter().all(|machine| {
        let mut last = None;
        eventually("the login to be refreshed, or to have ended", || {
            // One that has ended is not presented once more, as `--force` does.
            let found = machine.run(&["-vv", "-a", account, "token", &url]);
            last = found.code();
            done.push(found);
            if last == Some(0) {
                let forced = machine.run(&["-vv", "-a", account, "refresh", "--force", &url]);
                last = forced.code();
                done.push(forced);
            }
            matches!(last, Some(0 | 3))
        });
        last == Some(0)
    })
}

/// The refresh tokens that a process presented although it knew that they were doubtful.
fn marked_presentations(done: &Finished) -> Vec<&str> {
    let mut is_doubtful = false;
    let mut found = Vec::new();
    for line in done.stderr.lines() {
        if line.contains("read the record") {
            is_doubtful = line.contains("doubtful");
        }
        if let Some((_, token)) = line.split_once("presented the refresh token ")
            && is_doubtful
        {
            found.extend(token.split_whitespace().next());
        }
    }
    found
}
