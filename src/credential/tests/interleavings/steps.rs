//! What can happen next. Each step of a process ends where another one, a crash or a power loss can
//! tell the difference; every rule in it is the shipped one.

use super::disk::Disk;
use super::library::Library;
use super::mutants::Mutant;
use super::promises::Broken;
use super::world::{Command, End, Pair, Process, Reply, Said, ServerKind, Step, Where, World};
use crate::credential::GrantState;

pub type Next = Result<World, Broken>;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    pub by: Option<Command>,
    pub what: &'static str,
    /// No process wants it to happen.
    pub mishap: bool,
}

/// What can go wrong, and how long the world lasts.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub ticks: u8,
    pub mishaps: u8,
}

pub struct Model<'a> {
    pub library: &'a mut Library,
    pub server: ServerKind,
    pub mutant: Option<Mutant>,
    pub limits: Limits,
}

impl Model<'_> {
    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Everything that can happen next.
    pub fn events(&mut self, world: &World, out: &mut Vec<(Event, Next)>) {
        for index in 0..world.processes.len() {
            if world.processes[index].is_some_and(|process| !process.is_over()) {
                self.steps(world, index, out);
            }
        }
        let event = |what, mishap| Event {
            by: None,
            what,
            mishap,
        };
        for (place, pair) in world.stray.iter().enumerate() {
            if let Some(pair) = *pair {
                let mut next = *world;
                next.stray[place] = None;
                next.stray.sort_unstable();
                self.arrives_unasked(&mut next, pair);
                out.push((
                    event("a request that no process waits for arrives", true),
                    Ok(next),
                ));
            }
        }
        if world.now < self.limits.ticks {
            let mut next = *world;
            next.now += 1;
            next.truth.pass(next.now);
            forget_rotations(&mut next);
            out.push((event("time passes", true), Ok(next)));
        }
        if world.mishaps > 0 && world.disk.outcomes().nth(1).is_some() {
            for folder in world.disk.outcomes() {
                let next = self.power_loss(*world, Disk::after_power_loss(folder));
                out.push((event("the power goes", true), Ok(next)));
            }
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table: an arm for each step")]
    fn steps(&mut self, world: &World, index: usize, out: &mut Vec<(Event, Next)>) {
        let process = *world.process(index);
        let mut push = |what, mishap, next| {
            let event = Event {
                by: Some(process.command),
                what,
                mishap,
            };
            out.push((event, next));
        };
        let may_fail = world.mishaps > 0;
        let mut failed = *world;
        failed.mishaps = failed.mishaps.saturating_sub(1);
        if may_fail && (self.has_lock(&process) || process.is_in_window()) {
            let mut next = failed;
            self.kill(&mut next, index);
            push("dies", true, Ok(next));
        }
        if may_fail && process.refreshes == Where::Apart && process.is_refreshing() {
            let mut next = failed;
            next.process_mut(index).refreshes = Where::Orphaned;
            push("loses its caller", true, Ok(next));
        }
        match process.step {
            Step::Ready => push("starts", false, self.start(*world, index)),
            Step::Asking(pair, _) => {
                let said = if world.server.is_alive(pair, world.now, self.server) {
                    Said::Alive
                } else {
                    Said::Dead
                };
                push(
                    "asks about a token",
                    false,
                    self.asked(*world, index, pair, said),
                );
                if may_fail {
                    let next = self.asked(failed, index, pair, Said::Nothing);
                    push("asks about a token and gets no answer", true, next);
                }
            }
            Step::Doubting(pair) => {
                let said = if world.server.is_alive(pair, world.now, self.server) {
                    Said::Alive
                } else {
                    Said::Dead
                };
                let next = self.told(*world, index, pair, said);
                push("asks about a token that was refused", false, next);
                if may_fail {
                    let next = self.told(failed, index, pair, Said::Nothing);
                    push("asks about it and gets no answer", true, next);
                }
            }
            Step::Queued => {
                let locked = world.living().any(|process| self.has_lock(process));
                if !locked {
                    push("takes the lock", false, self.turn(*world, index));
                }
            }
            Step::Settled => {
                let mut next = *world;
                next.disk.sync_folder();
                push(
                    "has finished what was left",
                    false,
                    self.under_lock(next, index),
                );
            }
            Step::Starting => {
                push(
                    "hands the lock over",
                    false,
                    Ok(self.reserve(*world, index, Where::Apart)),
                );
                if may_fail {
                    let next = self.reserve(failed, index, Where::Here);
                    push("can start no process", true, Ok(next));
                }
            }
            Step::Reserved => push("marks the attempt", false, Ok(self.mark(*world, index))),
            Step::Marked => {
                let mut next = *world;
                if !self.is(Mutant::NoSyncAfterMark) {
                    next.disk.sync_folder();
                }
                next.process_mut(index).step = Step::Staged;
                push("syncs the mark", false, Ok(next));
            }
            Step::Staged => {
                let mut next = *world;
                next.process_mut(index).step = Step::InTransit;
                let next = self.may_send(world, index).map(|()| next);
                push("sends the refresh token", false, next);
                if may_fail {
                    push(
                        "reaches no process",
                        true,
                        Ok(reply(failed, index, Reply::Unreachable)),
                    );
                }
            }
            Step::InTransit => {
                let pair = self.presented(&process);
                let mut next = *world;
                let answer = next.server.present(pair, next.now, self.server);
                push("is answered", false, Ok(reply(next, index, answer)));
                if may_fail {
                    let mut gone = failed;
                    gone.stray(pair);
                    push("gives up", true, Ok(reply(gone, index, Reply::Lost)));
                    let limited = reply(failed, index, Reply::RateLimited);
                    push("is asked to wait", true, Ok(limited));
                    let early = reply(failed, index, Reply::Unavailable);
                    push("gets a 503", true, Ok(early));
                    if self.may_be_mistaken(world, &process) {
                        let mistaken = reply(failed, index, Reply::Mistaken);
                        push("is refused by mistake", true, Ok(mistaken));
                    }
                    let mut late = failed;
                    self.arrives_unasked(&mut late, pair);
                    let late = reply(late, index, Reply::Unavailable);
                    push("gets a 502 after the rotation", true, Ok(late));
                }
            }
            Step::Answered(answer) => {
                if self.is(Mutant::PrintsBeforeCommit)
                    && let Reply::Tokens(pair) = answer
                {
                    push("prints", false, self.may_show(world, pair).map(|()| *world));
                }
                let written = self.write(*world, index, answer);
                push("writes the answer", false, Ok(written));
                if may_fail && let Reply::Tokens(pair) = answer {
                    let mut next = failed;
                    next.truth.lose(pair.family);
                    push(
                        "loses the answer",
                        true,
                        Ok(reply(next, index, Reply::Lost)),
                    );
                }
            }
            Step::Written(answer) => {
                push(
                    "syncs the answer",
                    false,
                    Ok(self.sync_answer(*world, index, answer)),
                );
            }
            Step::Synced(answer) => {
                let mut next = *world;
                next.disk.install();
                self.note_ended(&mut next, process.memory, Some(index));
                next.process_mut(index).step = Step::Renamed(answer);
                push("puts the answer in place", false, Ok(next));
            }
            Step::Renamed(answer) => {
                let mut next = *world;
                if !self.is(Mutant::NoLastSync) {
                    next.disk.sync_folder();
                }
                let next = match process.refreshes {
                    Where::Here => self.after(next, index, answer),
                    Where::Apart => {
                        next.process_mut(index).step = Step::Reported(answer);
                        Ok(next)
                    }
                    Where::Orphaned => {
                        next.process_mut(index).step = Step::Dead;
                        Ok(next)
                    }
                };
                push("lets the lock go", false, next);
            }
            Step::Reported(answer) => {
                push("hears of it", false, self.take_up(*world, index, answer));
            }
            Step::Unreported => push("hears nothing", false, self.unreported(*world, index)),
            Step::Waiting(pair) => {
                let over = !world.is_leased(pair) || world.server.has_expired(pair, world.now);
                if over {
                    let mut next = *world;
                    next.process_mut(index).step = Step::Queued;
                    next.process_mut(index).turns = 0;
                    push("has waited for a lease", false, Ok(next));
                }
                let next = self.fail(*world, index, false);
                push("comes to its deadline", false, next);
            }
            Step::Running(_) => {
                push(
                    "its command ends",
                    false,
                    Ok(done(*world, index, End::Good)),
                );
            }
            Step::Replaced => push("has logged in", false, Ok(self.replaced(*world, index))),
            Step::Revoking => {
                push(
                    "revokes what it replaced",
                    false,
                    Ok(self.revoke_next(*world, index, true)),
                );
                if may_fail {
                    let next = self.revoke_next(failed, index, false);
                    push("cannot revoke what it replaced", true, Ok(next));
                }
            }
            Step::Ending => {
                let mut next = *world;
                let pair = self.presented(&process);
                next.server.revoke(pair, next.now);
                next.truth.ending |= 1 << pair.family;
                next.process_mut(index).step = Step::Ended;
                push("revokes a grant", false, Ok(next));
                if may_fail {
                    push(
                        "cannot revoke a grant",
                        true,
                        Ok(done(failed, index, End::Failed)),
                    );
                }
            }
            Step::Ended => {
                let mut next = *world;
                let (memory, grant) = (process.memory, usize::from(process.grant));
                let marked = self.library.mark_ended(memory, next.now, grant);
                next.disk.put(marked);
                next.disk.sync_folder();
                forget_rotations(&mut next);
                next.process_mut(index).step = Step::Queued;
                push("marks a grant as ended", false, Ok(next));
            }
            Step::Buried => push("has logged out", false, Ok(self.buried(*world, index))),
            Step::Done(_) | Step::Dead => {}
        }
    }

    /// A server is mistaken about a grant that is good and not in doubt, and whose token lives by our
    /// own clock, too.
    fn may_be_mistaken(&self, world: &World, process: &Process) -> bool {
        let brief = self.library.brief(process.memory);
        let grant = brief.grants[usize::from(process.grant)].expect("a grant");
        let pair = grant.pair;
        grant.state == GrantState::Active
            && !grant.refused
            && grant.ends > world.now
            && process.command.rejected() != Some(pair)
            && world.server.is_alive(pair, world.now, self.server)
    }

    pub fn has_lock(&self, process: &Process) -> bool {
        if self.is(Mutant::HandOverUnlocks)
            && process.refreshes == Where::Apart
            && process.is_refreshing()
        {
            return false;
        }
        let early = self.is(Mutant::ReleasesBeforeCommit)
            && matches!(
                process.step,
                Step::InTransit
                    | Step::Answered(_)
                    | Step::Written(_)
                    | Step::Synced(_)
                    | Step::Renamed(_)
            );
        process.has_lock() && !early
    }

    /// The pair whose refresh token a process presents, or is about to.
    pub fn presented(&self, process: &Process) -> Pair {
        let grant = self.library.brief(process.memory).grants[usize::from(process.grant)];
        grant.expect("a grant").pair
    }
}

pub fn done(mut world: World, index: usize, end: End) -> World {
    world.process_mut(index).step = Step::Done(end);
    world
}

pub fn reply(mut world: World, index: usize, reply: Reply) -> World {
    world.process_mut(index).step = Step::Answered(reply);
    world
}

/// What was rotated is not new any more.
pub fn forget_rotations(world: &mut World) {
    for process in world.processes.iter_mut().flatten() {
        process.meanwhile.rotated = false;
    }
}
