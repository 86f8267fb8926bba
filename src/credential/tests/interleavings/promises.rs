//! What must hold in every state that can be reached, and at every step (P1 to P10).

use super::brief::{Brief, BriefGrant, Kind};
use super::disk::{Answer, Folder};
use super::library::Id;
use super::mutants::Mutant;
use super::steps::Model;
use super::world::{Command, FAMILIES, Pair, Process, Step, World};
use crate::credential::{GrantState, Outcome};

/// A promise that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    pub promise: &'static str,
    pub what: &'static str,
}

pub fn kept(holds: bool, promise: &'static str, what: &'static str) -> Result<(), Broken> {
    if holds {
        Ok(())
    } else {
        Err(Broken { promise, what })
    }
}

impl Model<'_> {
    /// What the next process would find, after it has finished what was left.
    fn restored(&mut self, folder: Folder) -> Brief {
        let id = match folder.answer {
            Answer::Whole(answer) if self.library.is_ended_by(folder.record, answer) => answer,
            _ => folder.record,
        };
        self.library.brief(id)
    }

    /// Wherever the power goes now, nothing that was stored is gone.
    pub fn check(&mut self, world: &World) -> Result<(), Broken> {
        for folder in world.disk.outcomes() {
            let brief = self.restored(folder);
            kept(brief.kind != Kind::Torn, "P5", "the record is torn")?;
            kept(
                brief.generation >= world.truth.shown,
                "I5",
                "a generation goes back behind one that was handed out",
            )?;
            for family in (0..).take(FAMILIES) {
                self.check_family(world, &brief, family)?;
            }
        }
        Ok(())
    }

    fn check_family(&self, world: &World, brief: &Brief, family: u8) -> Result<(), Broken> {
        let truth = &world.truth;
        let stored = truth.stored[usize::from(family)];
        let found = brief.of_family(family);
        if truth.gone & 1 << family != 0 {
            return kept(found.is_none(), "I5", "a login that has ended is back");
        }
        if stored == 0 || truth.ending & 1 << family != 0 {
            return Ok(());
        }
        let broken = |what| Broken {
            promise: "P5",
            what,
        };
        let found = found.ok_or(broken("the tokens of a login are gone"))?;
        kept(
            found.pair.number >= stored,
            "P5",
            "a token that was stored is gone, and an older one is back",
        )?;
        let server = world.server.families[usize::from(family)];
        let newest = found.pair.number == server.latest;
        let mut living = world.living().filter(|process| process.is_in_window());
        let unsynced = world.disk.unsynced().map(|id| self.library.brief(id));
        let in_window = living.any(|process| self.presented(process).family == family)
            || unsynced.is_some_and(|brief| brief.of_family(family).is_some());
        if truth.is_lost(family) {
            let known = found.state != GrantState::Active || brief.pending.is_some();
            return kept(
                known || newest || in_window || server.revoked,
                "P5",
                "an answer may be lost, and the record does not say so",
            );
        }
        kept(
            !server.revoked,
            "P5",
            "a login that no process ended is revoked",
        )?;
        let ended = matches!(found.state, GrantState::LoginRequired { .. });
        kept(!ended, "P5", "a login that is good is called dead")?;
        kept(
            in_window || newest,
            "P5",
            "the newest tokens are lost, and nothing died in the window",
        )
    }

    /// Just before the refresh token leaves.
    pub fn may_send(&self, world: &World, index: usize) -> Result<(), Broken> {
        let process = world.process(index);
        let brief = self.library.brief(process.memory);
        let grant = brief.grants[usize::from(process.grant)].expect("a grant");
        let pair = grant.pair;
        let stored = world.truth.stored[usize::from(pair.family)];
        kept(
            pair.number >= stored,
            "P1",
            "a refresh token is presented whose answer was stored",
        )?;
        kept(
            !self.is_under_way(world, index, pair),
            "P1",
            "two processes present one refresh token at once",
        )?;
        kept(
            !process.unreported,
            "P1",
            "a call sends a request while its first one may be under way",
        )?;
        for folder in world.disk.outcomes() {
            kept(
                folder.record == process.memory,
                "P5",
                "a refresh token leaves without a mark that is safe",
            )?;
            kept(
                folder.answer == Answer::Room,
                "P2",
                "a refresh token leaves without room for the answer",
            )?;
        }
        kept(
            world.now >= world.truth.quiet_until,
            "P4",
            "a server is asked that wants to be left alone",
        )?;
        if process.command == Command::Logout {
            return Ok(());
        }
        may_be_first(process)?;
        self.may_end_token(world, process, grant)
    }

    /// Just before an attempt begins: the wait after a failure is over, unless a person insists.
    pub fn may_begin(&self, world: &World, process: &Process, pair: Pair) -> Result<(), Broken> {
        let insists = process.command == Command::Force;
        kept(
            insists || !world.truth.is_paused(pair.family, world.now),
            "P4",
            "a server that fails is asked before the wait is over",
        )?;
        let brief = self.library.brief(process.memory);
        let grant = brief.of_family(pair.family).expect("a grant");
        let rejected = process.command.rejected();
        let usable = |grant: BriefGrant| {
            grant.ends > world.now && !grant.refused && rejected != Some(grant.pair)
        };
        if grant.state != GrantState::Active {
            return Ok(());
        }
        let mut others = brief.grants().filter(|other| other.pair != grant.pair);
        let sooner = others.any(|other| {
            other.state == GrantState::Active
                && (!usable(other) || other.ends < grant.ends)
                // One that waits ranks behind.
                && !world.truth.is_paused(other.pair.family, world.now)
        });
        kept(
            !(sooner && usable(grant)),
            "P6",
            "the token that callers hold is rotated, and not the other one",
        )
    }

    /// A verdict is safe: how long others wait now.
    pub fn note_wait(&self, world: &mut World, id: Id) {
        let brief = self.library.brief(id);
        let Some((grant, outcome)) = brief.last else {
            return;
        };
        let family = usize::from(brief.grants[grant].expect("a grant").pair.family);
        // Time may have passed since it was written.
        let waits = self.library.waits(id, world.now, grant);
        let until = if waits { world.now + 1 } else { 0 };
        match outcome {
            Outcome::Rotated => world.truth.refused_until[family] = 0,
            Outcome::AnswerLost => world.truth.lost_until[family] = until,
            Outcome::RefreshRefused => world.truth.refused_until[family] = until,
            Outcome::Unreachable | Outcome::Unavailable => world.truth.paused_until = until,
            _ => {}
        }
    }

    fn is_under_way(&self, world: &World, index: usize, pair: Pair) -> bool {
        let mut others = (0..world.processes.len()).filter(|other| *other != index);
        others.any(|other| {
            world.processes[other].is_some_and(|other| {
                other.is_in_window() && self.presented(&other).family == pair.family
            })
        })
    }

    /// Whether the token of the grant that is refreshed may end now.
    fn may_end_token(
        &self,
        world: &World,
        process: &Process,
        grant: BriefGrant,
    ) -> Result<(), Broken> {
        let rejected = process.command.rejected();
        let usable = |grant: BriefGrant| {
            grant.ends > world.now && !grant.refused && rejected != Some(grant.pair)
        };
        let good = |grant: BriefGrant| world.server.is_alive(grant.pair, world.now, self.server);
        let active = grant.state == GrantState::Active;
        if !active && self.server.revokes && process.command != Command::Force {
            kept(
                !(usable(grant) && good(grant)),
                "P5",
                "a doubtful token is presented while its access token lives",
            )?;
        }
        if !active {
            return Ok(());
        }
        let claimed = rejected == Some(grant.pair) && grant.ends > world.now;
        kept(
            !(claimed && self.server.check && good(grant)),
            "P7",
            "a good token is rotated for a mistaken claim",
        )?;
        kept(
            process.command == Command::Force
                || !(self.server.kills
                    && world.is_leased(grant.pair)
                    && usable(grant)
                    && good(grant)),
            "P6",
            "a living token is ended that a command holds",
        )?;
        let demands = matches!(process.command, Command::Force | Command::MinTtl);
        if self.server.kills && usable(grant) && good(grant) {
            kept(
                demands,
                "P6",
                "a living token is ended that no process asked to end",
            )?;
        }
        Ok(())
    }

    /// Which token a caller gets.
    pub fn may_hand_out(&self, world: &World, index: usize, place: usize) -> Result<(), Broken> {
        let process = world.process(index);
        let brief = self.library.brief(process.memory);
        let grant = brief.grants[place].expect("a grant");
        kept(
            process.command.rejected() != Some(grant.pair),
            "P7",
            "a caller gets the token that it was refused",
        )?;
        kept(
            grant.ends > world.now,
            "P6",
            "a token is handed out that has expired",
        )?;
        let long = process.command != Command::MinTtl || grant.ends > world.now + 1;
        kept(long, "P6", "a token is handed out that ends too soon")?;
        let family = grant.pair.family;
        let replaced = grant.pair.number < world.server.family(grant.pair).latest;
        kept(
            !(self.server.kills && replaced) || world.truth.is_lost(family),
            "P6",
            "a token is handed out that a rotation has killed",
        )
    }

    /// Whatever happens now, a token that is shown is kept. That of a login is the exception, between
    /// its rename and the sync of the folder (ARCHITECTURE.md, I6).
    pub fn may_show(&mut self, world: &World, pair: Pair) -> Result<(), Broken> {
        let not_yet =
            world.truth.stored[usize::from(pair.family)] == 0 && !self.is(Mutant::P3ToTheLetter);
        if not_yet || world.truth.ending & 1 << pair.family != 0 {
            return Ok(());
        }
        for folder in world.disk.outcomes() {
            let found = self.restored(folder).of_family(pair.family);
            kept(
                found.is_some_and(|found| found.pair.number >= pair.number),
                "P3",
                "a token is seen that a power loss can take back",
            )?;
        }
        Ok(())
    }

    /// Whether a person is needed.
    pub fn may_give_up(&self, world: &World, index: usize) -> Result<(), Broken> {
        let brief = self.library.brief(world.process(index).memory);
        let good = brief.grants().any(|grant| {
            let family = world.server.family(grant.pair);
            let newest = grant.pair.number == family.latest && !family.revoked;
            grant.state == GrantState::Active && newest
        });
        kept(!good, "P4", "a login is given up that can be refreshed")?;
        let process = world.process(index);
        let living = brief.grants().any(|grant| {
            let ended = matches!(grant.state, GrantState::LoginRequired { .. });
            let refused = grant.refused || process.command.rejected() == Some(grant.pair);
            let long = process.command != Command::MinTtl || grant.ends > world.now + 1;
            let alive = world.server.is_alive(grant.pair, world.now, self.server);
            alive && !ended && !refused && long
        });
        kept(
            !(living && process.command.wants_token()),
            "P10",
            "a person is asked for while a token lives",
        )
    }
}

/// A process that queued behind another one takes what that one got.
fn may_be_first(process: &Process) -> Result<(), Broken> {
    let meanwhile = process.meanwhile;
    kept(
        !meanwhile.rotated,
        "P1",
        "what another one has just rotated is rotated again",
    )?;
    let failed = meanwhile.server_failed || meanwhile.grants_failed[usize::from(process.grant)];
    kept(!failed, "P4", "the verdict of another one is not adopted")
}

/// A process can always go on.
pub fn is_stuck(world: &World, moves: usize) -> Result<(), Broken> {
    let waiting = world.living().any(|process| process.step != Step::Ready);
    kept(moves > 0 || !waiting, "P10", "no process can go on")
}
