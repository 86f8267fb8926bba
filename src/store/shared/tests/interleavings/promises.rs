//! What must hold in every state that can be reached, and before every request.

use super::brief::{Brief, BriefGrant};
use super::mutants::Mutant;
use super::steps::Model;
use super::world::{Command, FAMILIES, Process, Step, World};
use crate::credential::GrantState;
use crate::credential::tests::interleavings::promises::{Broken, kept};
use crate::credential::tests::interleavings::world::Reply;

impl Model<'_> {
    /// No login is lost, none is back that has ended, and none is called dead that is good.
    pub fn check(&self, world: &World) -> Result<(), Broken> {
        let row = world.database.now.row;
        let row = row.map(|row| self.library.brief(row.record));
        for family in (0..).take(FAMILIES) {
            self.check_family(world, row.as_ref(), family)?;
        }
        Ok(())
    }

    fn check_family(&self, world: &World, row: Option<&Brief>, family: u8) -> Result<(), Broken> {
        let truth = &world.truth;
        let bit = 1 << family;
        let found = row.and_then(|row| row.of_family(family));
        if truth.gone & bit != 0 && !truth.fell_back {
            kept(found.is_none(), "I5", "a login that has ended is back")?;
        }
        let is_excused = (truth.excused & bit != 0) && !self.is(Mutant::NoExcuse);
        let had = truth.in_row[usize::from(family)];
        kept(
            is_excused || found.is_none_or(|found| found.pair.number >= had),
            "P5",
            "an answer that the database had is overwritten",
        )?;
        let is_over = truth.gone & bit != 0 || truth.ending & bit != 0;
        if truth.stored[usize::from(family)] == 0 || is_over || is_excused {
            return Ok(());
        }
        let server = world.server.families[usize::from(family)];
        if truth.lost & bit != 0 {
            return self.check_lost(world, row, found, family);
        }
        kept(
            !server.revoked,
            "P5",
            "a login that no process ended is revoked",
        )?;
        let in_row = found.map_or(0, |found| found.pair.number);
        kept(
            in_row == server.latest || self.is_elsewhere(world, family, server.latest),
            "P5",
            "the newest tokens of a login are nowhere",
        )?;
        let is_dead =
            found.is_some_and(|found| matches!(found.state, GrantState::LoginRequired { .. }));
        kept(
            !(is_dead && in_row == server.latest),
            "P5",
            "a login that is good is called dead",
        )
    }

    /// The newest tokens can reach no process: the row says so.
    fn check_lost(
        &self,
        world: &World,
        row: Option<&Brief>,
        found: Option<BriefGrant>,
        family: u8,
    ) -> Result<(), Broken> {
        let server = world.server.families[usize::from(family)];
        let is_marked = found.is_none_or(|found| {
            found.state != GrantState::Active || found.pair.number == server.latest
        });
        let is_pending = row.is_some_and(|row| row.pending);
        let waits = world
            .database
            .now
            .row
            .is_some_and(|row| row.timeline != world.database.timeline);
        let is_told = world.living().any(|process| {
            matches!(process.step, Step::Failing(_)) && self.presented(process).family == family
        });
        kept(
            is_marked
                || is_pending
                || waits
                || is_told
                || server.revoked
                || self.is_elsewhere(world, family, server.latest),
            "P5",
            "an answer may be lost, and the record does not say so",
        )
    }

    /// Whether the newest tokens are in a journal that can be delivered, in a process's hands, in a write on its way or
    /// in the folder.
    fn is_elsewhere(&self, world: &World, family: u8, latest: u8) -> bool {
        let has = |brief: Brief| {
            brief
                .of_family(family)
                .is_some_and(|grant| grant.pair.number == latest)
        };
        let login = world.database.now.row.map(|row| row.login);
        let mut journals = world.machines.iter().filter_map(|machine| machine.journal);
        let in_hands = |process: &Process| match process.step {
            Step::Answered(Reply::Tokens(pair)) => pair.family == family,
            _ => false,
        };
        let at_home = world.home.filter(|home| !home.is_tombstone);
        journals.any(|journal| {
            let brief = self.library.brief(journal.record);
            Some(journal.login) == login && has(brief)
        }) || world.living().any(in_hands)
            || at_home.is_some_and(|home| has(self.library.brief(home.record)))
    }

    /// Just before the refresh token leaves.
    pub fn may_send(&self, world: &mut World, index: usize) -> Result<(), Broken> {
        let process = *world.process(index);
        let brief = self.library.brief(process.memory);
        let grant = brief.grants[usize::from(process.grant)].expect("a grant");
        let pair = grant.pair;
        let server = world.server.family(pair);
        let is_marked = grant.state != GrantState::Active;
        let (under_way, is_harmless) = self.under_way(world, index, grant);
        let machine = world.machines[usize::from(process.machine)];
        let login = process.known.map_or(0, |known| known.login);
        let knew = machine.knows.0 == login && machine.knows.1 > brief.generation;
        let is_unknown = world.truth.restored && !knew && !self.is(Mutant::NoExcuse);
        kept(
            !under_way || is_harmless || is_unknown,
            "P1",
            "a refresh token is presented while its first request may be under way",
        )?;
        let is_replay = pair.number < server.latest || under_way;
        kept(
            !is_replay || is_marked || is_unknown,
            "P1",
            "a refresh token is presented again, and the record does not say so",
        )?;
        if is_replay && self.server.revokes {
            // Marked, and after the end of the claim before.
            world.truth.excused |= 1 << pair.family;
        }
        if let Some(journal) = machine.journal {
            let own = self.library.brief(journal.record);
            let newer = own
                .of_family(pair.family)
                .is_some_and(|own| own.pair.number > pair.number);
            kept(
                !newer || process.command == Command::Home,
                "P5",
                "a refresh token is presented whose answer is in the machine's own journal",
            )?;
        }
        let ends = self.server.kills && process.command != Command::Force && !is_marked;
        let is_living = pair.number == server.latest && !server.revoked;
        kept(
            !(ends && is_living && world.is_held(pair)),
            "P6",
            "a living token is ended that a command on another machine holds",
        )
    }

    /// Whether a request with this token may be under way, and whether that is the one of a process of this machine
    /// that has died, where a replay is harmless.
    fn under_way(&self, world: &World, index: usize, grant: BriefGrant) -> (bool, bool) {
        let machine = world.process(index).machine;
        let strays = world
            .strays
            .iter()
            .flatten()
            .filter(|stray| stray.pair == grant.pair);
        let dead = strays.clone().count();
        let here = strays.filter(|stray| stray.machine == machine).count();
        let mut others = (0..world.processes.len()).filter(|other| *other != index);
        let is_living = others.any(|other| {
            world.processes[other].is_some_and(|other| {
                other.step == Step::InTransit && self.presented(&other) == grant.pair
            })
        });
        // Its death is proven on its own machine; others see the mark.
        let is_told = here == dead || grant.state != GrantState::Active;
        let is_harmless = !is_living && is_told && !self.server.revokes;
        (is_living || dead > 0, is_harmless)
    }
}

/// A process can always go on.
pub fn is_stuck(world: &World, moves: usize) -> Result<(), Broken> {
    let waiting = world.living().any(|process| process.step != Step::Ready);
    kept(moves > 0 || !waiting, "P10", "no process can go on")
}
