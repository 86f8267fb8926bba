//! One command under one fault, the commands after it, and what is to be said about all that.

use std::path::{Path, PathBuf};

use super::authorization_server::{AuthorizationServer, Pair};
use super::calls::{Paths, Place, strace, words};
use super::fault::{Fault, What};
use super::sandbox::{Finished, Running, Sandbox, wrapped};
use super::scenario::{Desk, NEW_NAME, Prepared, Scenario};

/// The last line of a whole record.
const END: &str = "# end of record\n";

/// What became of it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The call was not made this time.
    Missed,
    /// It did its work.
    Done,
    /// It did its work, and said what had gone wrong.
    Warned,
    /// An exit code of the table.
    Failed(i32),
    Killed,
}

/// A case, judged.
pub struct Judged {
    pub end: End,
    /// The tokens were put where the next call found them.
    pub rescued: bool,
    /// The login was lost, where it may be.
    pub lost: bool,
    /// What is worse than allowed.
    pub complaints: Vec<String>,
}

/// What the server counts.
#[derive(Clone, Copy)]
struct Count {
    rotations: usize,
    replays: usize,
    mistakes: usize,
}

impl Count {
    fn of(server: &AuthorizationServer) -> Self {
        Self {
            rotations: server.rotations(),
            replays: server.replays(),
            mistakes: server.mistakes().len(),
        }
    }
}

/// A case in the making.
struct Case<'a> {
    server: &'a AuthorizationServer,
    scenario: Scenario,
    fault: &'a Fault,
    sandbox: Sandbox,
    before: Count,
    complaints: Vec<String>,
}

/// Runs the command under the fault and judges.
pub fn run(scenario: Scenario, fault: &Fault, desk: &Desk) -> Judged {
    let server = &desk.server;
    let prepared = scenario.prepare(desk);
    let before = Count::of(server);
    let trace = prepared.sandbox.path("trace");
    let mut strace = strace(&trace);
    fault.inject(&mut strace, &Paths::of(&prepared, server));
    let command = prepared.sandbox.command(&words(&scenario.args(server)));
    let mut traced = wrapped(strace, &command);
    let first = Running::spawn_with_input(&mut traced, &prepared.input).finish();
    let struck = std::fs::read_to_string(&trace)
        .unwrap()
        .contains("(INJECTED)");
    std::fs::remove_file(trace).unwrap();
    let Prepared {
        sandbox, old, new, ..
    } = prepared;
    let complaints = Vec::new();
    let mut case = Case {
        server,
        scenario,
        fault,
        sandbox,
        before,
        complaints,
    };
    let end = case.end(&first, struck);
    case.record_is_whole();
    let lost = match scenario {
        Scenario::Login => case.after_login(&first, &old, &new.unwrap()),
        Scenario::Standby => case.after_standby(&first, &old, &new.unwrap()),
        Scenario::Logout => case.after_logout(&first, &old),
        Scenario::Rename => case.after_rename(&first, &old),
        _ => case.after_token(&first),
    };
    case.status();
    case.server_has_no_complaint(lost);
    Judged {
        end,
        rescued: first.stderr.contains("where the next call finds them"),
        lost,
        complaints: case.complaints,
    }
}

impl Case<'_> {
    fn check(&mut self, good: bool, text: impl FnOnce() -> String) {
        if !good {
            self.complaints.push(text());
        }
    }

    fn next(&self, args: &[&str]) -> Finished {
        self.sandbox.run(args)
    }

    /// How the command ended, and what it said.
    fn end(&mut self, first: &Finished, struck: bool) -> End {
        let said: Vec<&str> = first.stderr.lines().collect();
        match (first.code(), first.signal()) {
            (None, Some(9)) if self.fault.what == What::Kill => return End::Killed,
            (Some(0), _) => {
                let host = self.server.host();
                let is_report = |line: &str| {
                    let rest = line.strip_prefix(&*host);
                    rest.is_some_and(|rest| rest.starts_with(": ") || rest.starts_with(" ("))
                };
                let warnings = said.iter().filter(|line| !is_report(line));
                let mut ours = warnings.clone();
                self.check(ours.all(|line| line.starts_with("glauth: ")), || {
                    format!("{first:?}")
                });
                return match (struck, warnings.count()) {
                    (false, _) => End::Missed,
                    (true, 0) => End::Done,
                    (true, _) => End::Warned,
                };
            }
            (Some(code @ 4..=5), _) => {
                let shape = match said[..] {
                    [line] => line.starts_with("glauth: "),
                    [line, hint] => line.starts_with("glauth: ") && hint.starts_with("hint: "),
                    _ => false,
                };
                self.check(shape && first.stdout.is_empty(), || {
                    format!("said: {first:?}")
                });
                return End::Failed(code);
            }
            _ => {}
        }
        self.complaints.push(format!("unforeseen: {first:?}"));
        End::Failed(first.code().unwrap_or(-1))
    }

    /// The record, whatever the account is called by now.
    fn record(&self) -> PathBuf {
        let path = self.sandbox.file(self.server, "toml");
        let renamed = path.with_file_name(format!("{NEW_NAME}.toml"));
        if renamed.exists() { renamed } else { path }
    }

    /// Whatever happens, no process ever sees half a record.
    fn record_is_whole(&mut self) {
        let text = std::fs::read_to_string(self.record()).unwrap_or_default();
        let whole = text.ends_with(END) && text.parse::<toml::Table>().is_ok();
        self.check(whole, || {
            format!("the record is torn: {} bytes", text.len())
        });
    }

    /// The next process gets a token, or the grant was lost where it may be, and that is said.
    fn after_token(&mut self, first: &Finished) -> bool {
        let url = self.server.url();
        let printed = first.stdout.trim_end();
        if first.code() == Some(0) {
            self.check(self.server.is_alive(printed), || {
                format!("a dead token: {first:?}")
            });
        }
        // Whatever failed, a token that lives is printed; but for who cannot read it.
        let must = self.scenario == Scenario::Ending && self.fault.is_before_the_request();
        let did = first.code() == Some(0) || self.fault.what == What::Kill;
        self.check(did || !must, || {
            format!("a living token was kept back: {first:?}")
        });
        // An attempt that failed keeps the next one back for a moment.
        self.sandbox.let_waits_pass(self.server);
        let second = self.next(&["token", &url]);
        if second.code() != Some(0) {
            let rotated = self.server.rotations() > self.before.rotations;
            let told = second.code() == Some(3) && second.stderr.contains("refresh was lost");
            let admitted = match first.code() {
                None => true,
                // Where the process that refreshes was killed, its caller says so.
                Some(4) => self.fault.call.place == Place::Network || self.fault.what == What::Kill,
                Some(5) => first.stderr.contains("they are lost"),
                Some(_) => false,
            };
            let good = self.fault.may_lose(rotated) && told && admitted;
            self.check(good, || {
                format!("the login is gone: {first:?}\nthen {second:?}")
            });
            return true;
        }
        let token = second.stdout.trim_end();
        self.check(self.server.is_alive(token), || {
            format!("a dead token: {second:?}")
        });
        let rotations = self.server.rotations() - self.before.rotations;
        self.check(rotations == self.scenario.rotations(), || {
            format!("{rotations} rotations")
        });
        let third = self.next(&["token", &url]);
        let settled = third.stdout == second.stdout && third.stderr.is_empty();
        self.check(settled, || format!("not settled: {third:?}"));
        self.nothing_is_left_behind();
        false
    }

    /// One login or the other, as the exit code says.
    fn after_login(&mut self, first: &Finished, old: &Pair, new: &Pair) -> bool {
        let second = self.next(&["token", &self.server.url()]);
        let token = second.stdout.trim_end();
        let (is_old, is_new) = (token == old.access_token, token == new.access_token);
        self.check(is_old || is_new, || format!("neither login: {second:?}"));
        match first.code() {
            Some(0) => self.check(is_new, || format!("stored, and not there: {first:?}")),
            Some(_) => self.check(is_old, || format!("failed, and there: {first:?}")),
            None => {}
        }
        self.check(self.server.is_alive(token), || "a dead token".to_owned());
        // Who is killed cannot clean up: the next one that writes does.
        if self.fault.what != What::Kill {
            self.nothing_is_left_behind();
        }
        false
    }

    /// The login that was there is good, with one grant or with two, as the exit code says.
    fn after_standby(&mut self, first: &Finished, old: &Pair, new: &Pair) -> bool {
        let record = self.sandbox.record(self.server);
        let count = record["grants"].as_array().map_or(0, Vec::len);
        match first.code() {
            Some(0) => self.check(count == 2, || format!("stored, and not there: {first:?}")),
            Some(_) => self.check(count == 1, || format!("failed, and there: {first:?}")),
            None => {}
        }
        let token = self.next(&["token", &self.server.url()]).stdout;
        let token = token.trim_end();
        let is_known = token == old.access_token || token == new.access_token;
        self.check(is_known && self.server.is_alive(token), || {
            "a dead token".to_owned()
        });
        // Who brought it keeps it, whatever became of it here.
        for pair in [old, new] {
            self.check(self.server.is_alive(&pair.access_token), || {
                "a grant was ended".to_owned()
            });
        }
        if self.fault.what != What::Kill {
            self.nothing_is_left_behind();
        }
        false
    }

    /// What was not ended the next one ends.
    fn after_logout(&mut self, first: &Finished, old: &Pair) -> bool {
        let url = self.server.url();
        if first.code() == Some(0) {
            let ended = !self.server.is_alive(&old.access_token);
            self.check(ended, || format!("logged out, and alive: {first:?}"));
        }
        let second = self.next(&["logout", &url]);
        let ended = second.code() == Some(0) && !self.server.is_alive(&old.access_token);
        self.check(ended, || format!("no logout: {first:?}\nthen {second:?}"));
        let token = self.next(&["token", &url]);
        self.check(token.code() == Some(3), || {
            format!("after the logout: {token:?}")
        });
        self.nothing_is_left_behind();
        false
    }

    /// One of the two names has the login, as the exit code says, and the next rename does what is left to do.
    fn after_rename(&mut self, first: &Finished, old: &Pair) -> bool {
        let url = self.server.url();
        let has = |case: &Self, name: &str| {
            let token = case.next(&["token", "--no-refresh", "-a", name, &url]);
            token.stdout.trim_end() == old.access_token
        };
        let (is_old, is_new) = (has(self, "default"), has(self, NEW_NAME));
        self.check(is_old != is_new, || {
            format!("default: {is_old}, {NEW_NAME}: {is_new}, after {first:?}")
        });
        match first.code() {
            Some(0) => self.check(is_new, || format!("renamed, and not there: {first:?}")),
            Some(_) => self.check(is_old, || format!("failed, and renamed: {first:?}")),
            None => {}
        }
        if is_old {
            let second = self.next(&["rename", &url, "default", NEW_NAME]);
            let is_done = second.code() == Some(0) && has(self, NEW_NAME) && !has(self, "default");
            self.check(is_done, || format!("no rename: {first:?}\nthen {second:?}"));
        }
        self.check(self.server.is_alive(&old.access_token), || {
            "a dead token".to_owned()
        });
        if self.fault.what != What::Kill {
            self.nothing_is_left_behind();
        }
        false
    }

    /// Tokens are in records alone. A rescued answer that was put in place goes when the folder is
    /// synced: who is cut short there, or cannot sync it, leaves a copy of what is in the record.
    fn nothing_is_left_behind(&mut self) {
        let record = self.record();
        let kept = std::fs::read_to_string(&record).unwrap_or_default();
        let secrets = |text: &str| -> Vec<String> {
            let words = text.split('"').filter(|word| word.contains("-SECRET-"));
            words.map(str::to_owned).collect()
        };
        let is_copy = |path: &Path, text: &str| {
            path.to_string_lossy().contains("/glauth-rescue-") && secrets(text) == secrets(&kept)
        };
        let rest = self.sandbox.files().into_iter();
        let rest = rest.filter(|(path, text)| {
            *path != record && text.contains("-SECRET-") && !is_copy(path, text)
        });
        let rest: Vec<_> = rest.map(|(path, _)| path).collect();
        self.check(rest.is_empty(), || format!("tokens left in {rest:?}"));
    }

    /// The record can be read, whatever became of the login.
    fn status(&mut self) {
        let status = self.next(&["status", "--json", &self.server.url()]);
        let good = matches!(status.code(), Some(0 | 3)) && !status.stdout.contains("unreadable");
        self.check(good, || format!("status: {status:?}"));
    }

    fn server_has_no_complaint(&mut self, lost: bool) {
        let now = Count::of(self.server);
        let mistakes = now.mistakes - self.before.mistakes;
        self.check(mistakes == 0, || format!("{mistakes} mistakes"));
        let replays = now.replays - self.before.replays;
        self.check(replays <= usize::from(lost), || {
            format!("{replays} replays")
        });
    }
}
