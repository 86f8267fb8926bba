//! What must hold on every disk.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::disks::Disk;
use super::extent;
use super::recording::{Moment, Recording, Run};
use crate::support::authorization_server::{AuthorizationServer, Past};
use crate::support::sandbox::{Finished, Sandbox};

/// How many failures are shown.
const SHOWN: usize = 8;

/// Something that is recorded, and lost power in.
pub struct Scenario<'a> {
    name: &'static str,
    server: &'a AuthorizationServer,
    sandbox: &'a Sandbox,
}

/// What is there when it has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    LoggedIn,
    /// The same under another name.
    Renamed,
    /// With two grants: whatever becomes of the one, a token is there.
    WithStandby,
    LoggedOut,
}

/// What `token` must find on a disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    /// A token that the server calls alive, without a replay.
    Alive,
    /// This one: it was printed, or the login that has it was acknowledged.
    This(String),
    /// The same as `Alive`, or that there is no login yet.
    AliveOrNothing,
    /// The same as `Alive`, or one replay, and the word that an answer was lost: the one window.
    AliveOrLost,
    /// A logout was not acknowledged, and has reached the server: the login is there or has ended.
    Ending,
    /// That a person must log in, and no token anywhere.
    Gone,
}

impl Scenario<'_> {
    pub fn new<'a>(
        name: &'static str,
        server: &'a AuthorizationServer,
        sandbox: &'a Sandbox,
    ) -> Scenario<'a> {
        Scenario {
            name,
            server,
            sandbox,
        }
    }

    /// Records the runs, and tries what is left of them at each moment.
    pub fn survives(&self, runs: &[Run<'_>], end: End) {
        let began = self.generation();
        let recording = Recording::of(self.server, self.sandbox, runs, extent());
        let Some(Recording { moments, history }) = recording else {
            return;
        };
        let at_the_end = (self.generation(), self.wanted_at_the_end(end));
        let mut tried = BTreeSet::new();
        let mut failures = Vec::new();
        for moment in &moments {
            for &past in &moment.pasts {
                let (floor, wanted) = if moment.is_acknowledged {
                    at_the_end.clone()
                } else {
                    (began, wanted(moment, past, began, end))
                };
                for disk in &moment.disks {
                    if !tried.insert((disk, past, floor, wanted.clone())) {
                        continue;
                    }
                    if let Err(why) = self.try_disk(disk, &history[past], floor, &wanted) {
                        let after = &moment.after;
                        failures.push(format!(
                            "after {after}, {past} requests done, wanted {wanted:?}: {why}\n{disk}"
                        ));
                    }
                }
            }
        }
        let (name, calls, disks) = (self.name, moments.len() - 1, tried.len());
        eprintln!("{name}: {calls} system calls, {disks} disks");
        self.server.go_back(history.last().unwrap());
        let few = failures.iter().take(SHOWN).cloned().collect::<Vec<_>>();
        assert!(
            failures.is_empty(),
            "{name}: {} of {disks} disks\n{}",
            failures.len(),
            few.join("\n")
        );
    }

    fn wanted_at_the_end(&self, end: End) -> Wanted {
        match end {
            End::LoggedOut => Wanted::Gone,
            End::LoggedIn | End::Renamed | End::WithStandby => {
                let rotations = self.server.rotations();
                let token = self.token().prints();
                assert_eq!(self.server.rotations(), rotations, "it was fresh");
                Wanted::This(token)
            }
        }
    }

    fn try_disk(
        &self,
        disk: &Disk,
        past: &Past,
        floor: i64,
        wanted: &Wanted,
    ) -> Result<(), String> {
        disk.lay_down(&self.sandbox.path(""));
        self.server.go_back(past);
        let replays = self.server.replays();

        let status = self.sandbox.run(&["status", "--json"]);
        let is_read = matches!(status.code(), Some(0 | 3)) && !status.stdout.contains("unreadable");
        holds(is_read, || format!("something is torn: {status:?}"))?;
        let records = self.records();
        holds(records.len() <= 1, || format!("two have it: {records:?}"))?;
        let before = self.generation();
        holds(before >= floor, || {
            format!("generation {before}, and {floor} was reached")
        })?;

        let token = self.token();
        self.judge(&token, self.server.replays() - replays, wanted)?;
        let after = self.generation();
        holds(after >= before, || {
            format!("generation {before} became {after}")
        })
    }

    fn judge(&self, token: &Finished, replays: usize, wanted: &Wanted) -> Result<(), String> {
        let printed = token.stdout.trim_end();
        let is_alive = token.code() == Some(0) && self.server.is_alive(printed);
        let needs_login = token.code() == Some(3);
        let no_replay = || holds(replays == 0, || format!("{replays} replays: {token:?}"));
        match wanted {
            Wanted::Alive => {
                no_replay()?;
                holds(is_alive, || format!("the login is lost: {token:?}"))
            }
            Wanted::This(wanted) => {
                no_replay()?;
                let is_it = is_alive && printed == wanted;
                holds(is_it, || format!("another token, or none: {token:?}"))
            }
            Wanted::AliveOrNothing => {
                no_replay()?;
                let nothing = needs_login && self.generation() == 0;
                holds(is_alive || nothing, || {
                    format!("a part of a login: {token:?}")
                })
            }
            Wanted::AliveOrLost if is_alive => no_replay(),
            Wanted::AliveOrLost => self.lost(token, replays),
            Wanted::Ending => {
                no_replay()?;
                let is_either = token.code() == Some(0) || needs_login;
                holds(is_either, || format!("neither: {token:?}"))
            }
            Wanted::Gone => {
                no_replay()?;
                holds(needs_login, || format!("it is back: {token:?}"))?;
                let secrets = self.server.every_secret();
                let files = self.sandbox.files();
                let is_kept = |secret: &String| files.iter().any(|(_, text)| text.contains(secret));
                holds(!secrets.iter().any(is_kept), || {
                    "a token was kept".to_owned()
                })
            }
        }
    }

    /// An answer was lost: that is found out once, said, and nothing is thrown away.
    fn lost(&self, token: &Finished, replays: usize) -> Result<(), String> {
        let said = token.code() == Some(3)
            && token.stderr.contains("the answer to a refresh was lost")
            && replays == 1;
        holds(said, || format!("{replays} replays: {token:?}"))?;
        let record = self.sandbox.record(self.server);
        let is_kept = |key| record["grants"][0].get(key).is_some();
        holds(is_kept("access_token") && is_kept("refresh_token"), || {
            "tokens were thrown away".to_owned()
        })?;
        let before = self.server.replays();
        let once_more = self.token();
        let is_settled = once_more.code() == Some(3) && self.server.replays() == before;
        holds(is_settled, || format!("a second replay: {once_more:?}"))
    }

    fn token(&self) -> Finished {
        self.sandbox.run(&["token", &self.server.url()])
    }

    /// The record of the login, under whatever name.
    fn records(&self) -> Vec<PathBuf> {
        let folder = self.sandbox.file(self.server, "toml");
        let entries = std::fs::read_dir(folder.parent().unwrap());
        let paths = entries
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path());
        let is_record = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "toml");
        paths.filter(is_record).collect()
    }

    /// The generation in the record; none where there is none.
    fn generation(&self) -> i64 {
        let Some(path) = self.records().pop() else {
            return 0;
        };
        let text = std::fs::read_to_string(path).unwrap();
        let record: toml::Table = text.parse().unwrap();
        let number = |table: &toml::Value| table["generation"].as_integer().unwrap();
        match record.get("grants") {
            Some(grants) => grants.as_array().unwrap().iter().map(number).max().unwrap(),
            None => number(&record["logged_out"]),
        }
    }
}

/// What must be found as long as nothing was acknowledged.
fn wanted(moment: &Moment, past: usize, began: i64, end: End) -> Wanted {
    let has_arrived = |before: Option<usize>| before.is_some_and(|before| past > before);
    if has_arrived(moment.revoked) {
        Wanted::Ending
    } else if has_arrived(moment.window) && end != End::WithStandby {
        Wanted::AliveOrLost
    } else if began == 0 {
        Wanted::AliveOrNothing
    } else {
        Wanted::Alive
    }
}

fn holds(condition: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    condition.then_some(()).ok_or_else(otherwise)
}
