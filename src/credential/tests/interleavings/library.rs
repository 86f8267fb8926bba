//! The shipped rules, asked once for each question. A record is kept once and named by a number, so
//! that a state of the world is small, and every record is the shipped type.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::time::Duration;

use super::brief::{Brief, Kind};
use super::mutants::Mutant;
use super::world::{Command, Pair, Reply, Said, ServerKind};
use crate::credential::{
    self, AccountId, AccountName, Asked, AuthMethod, Cause, CheckVerdict, Checked, Client, Content,
    Demand, Ending, Endpoint, Failed, Grant, GrantState, Host, Independence, Login, LoginKind,
    LoginMeans, MinTtl, Outcome, Record, ReuseDetection, Rotation, RotationEffect, Scheme, Seen,
    Tombstone, Verdict,
};
use crate::secret::{AccessToken, RefreshToken};
use crate::time::Timestamp;

/// 2026-11-23T10:00:00Z.
const NOW: i64 = 1_795_428_000_000;

/// A tick, in seconds: below the longest `Retry-After` that is believed, and so long that nothing
/// but the ends of tokens matters within one.
pub const TICK: u64 = 1000;

/// What every access token lives, in ticks.
pub const LIFE: u8 = 2;

/// More than a token has after a tick, and less than a new one has.
const DEMANDED: Duration = Duration::from_secs(1500);

/// A record's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u16);

impl Id {
    /// A file that a power loss has torn.
    pub const TORN: Self = Self(0);
}

/// What `decide` is told beside the record and the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Asks {
    pub command: Command,
    pub checked: Option<(Pair, Said)>,
    pub seen: Option<Id>,
    pub leased: Option<Pair>,
}

/// What is done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Change {
    Begin(usize, u8),
    End(Reply),
    CutOff,
    MarkRefused(usize),
    MarkEnded(usize),
    LogIn(u8),
    Bury,
}

pub struct Library {
    server: ServerKind,
    mutant: Option<Mutant>,
    records: Vec<(Option<Record>, Brief)>,
    ids: HashMap<String, Id>,
    verdicts: HashMap<(Id, u8, Asks), Verdict>,
    fallbacks: HashMap<(Id, u8, Asks, bool), Option<usize>>,
    goings_on: HashMap<(Id, u8, Asks, bool), bool>,
    changes: HashMap<(Id, u8, Change), Id>,
    endings: HashMap<(Id, Id), bool>,
}

impl Library {
    pub fn new(server: ServerKind, mutant: Option<Mutant>) -> Self {
        let torn = Brief {
            kind: Kind::Torn,
            grants: [None; 2],
            generation: 0,
            pending: None,
            last: None,
        };
        Self {
            server,
            mutant,
            records: vec![(None, torn)],
            ids: HashMap::new(),
            verdicts: HashMap::new(),
            fallbacks: HashMap::new(),
            goings_on: HashMap::new(),
            changes: HashMap::new(),
            endings: HashMap::new(),
        }
    }

    /// A login whose access tokens end at these ticks.
    pub fn first_login(&mut self, ends: &[u8]) -> Id {
        let mut login = Login {
            kind: LoginKind::OAuth,
            client: client(self.server),
            grants: Vec::new(),
            last_attempt: None,
        };
        for (family, end) in (0..).zip(ends) {
            let issued_at = at(*end).minus(ticks(LIFE));
            login
                .grants
                .push(grant(Pair { family, number: 1 }, issued_at));
        }
        login.count_on_from(0);
        self.keep(&record(Content::Login(login)))
    }

    fn keep(&mut self, record: &Record) -> Id {
        let text = format!("{record:?}");
        if let Some(id) = self.ids.get(&text) {
            return *id;
        }
        let id = Id(u16::try_from(self.records.len()).expect("fewer records"));
        self.records.push((Some(record.clone()), Brief::of(record)));
        self.ids.insert(text, id);
        id
    }

    pub fn brief(&self, id: Id) -> Brief {
        self.records[usize::from(id.0)].1
    }

    fn record(&self, id: Id) -> &Record {
        self.records[usize::from(id.0)].0.as_ref().expect("whole")
    }

    fn login(&self, id: Id) -> &Login {
        self.record(id).login().expect("a login")
    }

    pub fn decide(&mut self, id: Id, now: u8, asks: Asks) -> Verdict {
        let key = (id, now, asks);
        if let Some(known) = self.verdicts.get(&key) {
            return *known;
        }
        let verdict = self.ask(id, asks, |login, need, mutant| {
            Mutant::decide(mutant, login, at(now), need)
        });
        self.verdicts.insert(key, verdict);
        verdict
    }

    pub fn fall_back(&mut self, id: Id, now: u8, asks: Asks, ended: bool) -> Option<usize> {
        let key = (id, now, asks, ended);
        if let Some(known) = self.fallbacks.get(&key) {
            return *known;
        }
        let found = self.ask(id, asks, |login, need, _| {
            credential::fall_back(login, at(now), need, ended)
        });
        self.fallbacks.insert(key, found);
        found
    }

    pub fn goes_on(&mut self, id: Id, now: u8, asks: Asks, ended: bool) -> bool {
        let key = (id, now, asks, ended);
        if let Some(known) = self.goings_on.get(&key) {
            return *known;
        }
        let found = self.ask(id, asks, |login, need, mutant| {
            let goes_on = credential::goes_on(login, at(now), need, ended);
            let refreshes = || {
                let verdict = credential::decide(login, at(now), need);
                matches!(verdict, Verdict::Refresh { .. })
            };
            goes_on && (mutant != Some(Mutant::GoesOnToRefreshesOnly) || refreshes())
        });
        self.goings_on.insert(key, found);
        found
    }

    fn ask<T>(
        &self,
        id: Id,
        asks: Asks,
        rule: impl FnOnce(&Login, &Demand<'_>, Option<Mutant>) -> T,
    ) -> T {
        let rejected = asks.command.rejected().map(access_token);
        let checked = asks.checked.map(|(pair, said)| Checked {
            token: access_token(pair),
            verdict: match said {
                Said::Alive => CheckVerdict::Alive,
                Said::Dead => CheckVerdict::Dead,
                Said::Nothing => CheckVerdict::Silent(Outcome::Unavailable),
            },
        });
        let leased = asks.leased.map(access_token);
        let seen = asks.seen.map(|seen| Seen::of(self.record(seen)));
        let (asked, min_ttl) = match asks.command {
            Command::Refresh => (Asked::Refresh(None), MinTtl::Preferred(Duration::ZERO)),
            Command::Force => (Asked::Force, MinTtl::Preferred(Duration::ZERO)),
            Command::MinTtl => (Asked::Token, MinTtl::Demanded(DEMANDED)),
            _ => (Asked::Token, MinTtl::Preferred(credential::DEFAULT_MIN_TTL)),
        };
        let need = Demand {
            asked,
            min_ttl,
            rejected: rejected.as_ref(),
            checked: checked.as_ref(),
            seen: seen.as_ref(),
            leased: leased.as_ref(),
            impatient: asks.command == Command::Force,
        };
        rule(self.login(id), &need, self.mutant)
    }

    pub fn asks_first(&self, id: Id, now: u8, grant: usize) -> bool {
        credential::asks_first(self.login(id), grant, at(now))
    }

    pub fn heeds_leases(&self, id: Id, now: u8, grant: usize, cause: Cause) -> bool {
        self.login(id).heeds_leases(grant, cause, at(now))
    }

    pub fn living(&self, id: Id, now: u8, asks: Asks) -> Option<usize> {
        self.ask(id, asks, |login, need, _| {
            credential::living(login, at(now), need)
        })
    }

    pub fn begin(&mut self, id: Id, now: u8, grant: usize, cause: Cause) -> Id {
        self.change(id, now, Change::Begin(grant, cause as u8), |login| {
            login.begin_attempt(grant, cause, "a process".to_owned(), at(now));
        })
    }

    pub fn end(&mut self, id: Id, now: u8, reply: Reply) -> Id {
        let mutant = self.mutant;
        self.change(id, now, Change::End(reply), |login| {
            login.end_attempt(&ending(reply, mutant), at(now));
            let grant = login.last_attempt.as_ref().map_or(0, |last| last.grant);
            if reply == Reply::Mistaken && mutant == Some(Mutant::OneWordEnds) {
                login.grants[grant].state = GrantState::LoginRequired { since: at(now) };
            }
        })
    }

    pub fn cut_off(&mut self, id: Id, now: u8) -> Id {
        let careless = self.mutant == Some(Mutant::CutOffIsForgotten);
        self.change(id, now, Change::CutOff, |login| {
            if careless {
                login.last_attempt = None;
            }
            login.cut_off(at(now));
        })
    }

    pub fn mark_refused(&mut self, id: Id, now: u8, grant: usize) -> Id {
        self.change(id, now, Change::MarkRefused(grant), |login| {
            login.grants[grant].refused = true;
        })
    }

    pub fn mark_ended(&mut self, id: Id, now: u8, grant: usize) -> Id {
        self.change(id, now, Change::MarkEnded(grant), |login| {
            login.grants[grant].state = GrantState::LoginRequired { since: at(now) };
        })
    }

    fn change(&mut self, id: Id, now: u8, key: Change, change: impl FnOnce(&mut Login)) -> Id {
        if let Some(known) = self.changes.get(&(id, now, key)) {
            return *known;
        }
        let mut login = self.login(id).clone();
        change(&mut login);
        let changed = self.keep(&record(Content::Login(login)));
        self.changes.insert((id, now, key), changed);
        changed
    }

    /// A login of this family in the place of `before`.
    pub fn log_in(&mut self, before: Id, now: u8, family: u8) -> Id {
        let key = (before, now, Change::LogIn(family));
        if let Some(known) = self.changes.get(&key) {
            return *known;
        }
        let mut login = Login {
            kind: LoginKind::OAuth,
            client: client(self.server),
            grants: vec![grant(Pair { family, number: 1 }, at(now))],
            last_attempt: None,
        };
        if self.mutant != Some(Mutant::LoginCountsAnew) {
            login.count_on_from(self.record(before).generation());
        }
        let id = self.keep(&record(Content::Login(login)));
        self.changes.insert(key, id);
        id
    }

    pub fn bury(&mut self, id: Id, now: u8) -> Id {
        let key = (id, now, Change::Bury);
        if let Some(known) = self.changes.get(&key) {
            return *known;
        }
        let tombstone = Tombstone {
            client: client(self.server),
            generation: self.record(id).generation(),
            at: at(now),
            reason: "asked".to_owned(),
        };
        let buried = self.keep(&record(Content::LoggedOut(tombstone)));
        self.changes.insert(key, buried);
        buried
    }

    pub fn is_ended_by(&mut self, id: Id, answer: Id) -> bool {
        match self.endings.entry((id, answer)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(_) => {
                let whole = |id: Id| self.records[usize::from(id.0)].0.as_ref()?.login();
                let ended = match (whole(id), whole(answer)) {
                    (Some(pending), Some(answer)) => pending.is_ended_by(answer),
                    _ => false,
                };
                self.endings.insert((id, answer), ended);
                ended
            }
        }
    }

    pub fn asks_for_quiet(&self, id: Id, now: u8) -> bool {
        credential::backoff(self.login(id), at(now)).is_some()
    }

    pub fn waits(&self, id: Id, now: u8, grant: usize) -> bool {
        credential::pause(self.login(id), grant, at(now)).is_some()
    }

    pub fn is_refreshed_to_be_revoked(&self, id: Id, now: u8, grant: usize) -> bool {
        self.login(id).grants[grant].is_refreshed_to_be_revoked(at(now))
    }
}

pub fn at(tick: u8) -> Timestamp {
    Timestamp::from_unix_millis(NOW).plus(ticks(tick))
}

fn ticks(count: u8) -> Duration {
    Duration::from_secs(TICK * u64::from(count))
}

pub fn ending(reply: Reply, mutant: Option<Mutant>) -> Ending {
    let doubtful = |outcome| match mutant {
        Some(Mutant::LostAnswerIsForgotten) => Failed::unchanged(outcome),
        _ => Failed::doubtful(outcome),
    };
    let failed = match reply {
        Reply::Tokens(pair) => {
            return Ending::Rotated(Rotation {
                access_token: access_token(pair),
                refresh_token: Some(refresh_token(pair)),
                token_type: "Bearer".to_owned(),
                scopes: None,
                expires_in: Some(ticks(LIFE)),
                refresh_expires_in: None,
            });
        }
        Reply::InvalidGrant | Reply::Mistaken => Failed::unchanged(Outcome::LoginRequired),
        Reply::Lost => doubtful(Outcome::AnswerLost),
        Reply::Unavailable => doubtful(Outcome::Unavailable),
        Reply::Unreachable => Failed::unsent(Outcome::Unreachable),
        Reply::RateLimited => Failed {
            retry_after: Some(ticks(1)),
            ..Failed::unchanged(Outcome::RateLimited)
        },
    };
    Ending::Failed(failed, None)
}

pub fn record(content: Content) -> Record {
    Record {
        id: AccountId {
            host: Host::from_key("gitlab.example.com").expect("a host"),
            account: AccountName::default_name(),
        },
        scheme: Scheme::Https,
        identity: None,
        content,
    }
}

pub fn grant(pair: Pair, issued_at: Timestamp) -> Grant {
    let token = refresh_token(pair);
    Grant {
        generation: 1,
        origin: token.fingerprint(),
        access_token: access_token(pair),
        refresh_token: Some((&token).into()),
        token_type: "Bearer".to_owned(),
        scopes: Vec::new(),
        issued_at,
        expires_at: Some(issued_at.plus(ticks(LIFE))),
        refresh_expires_at: None,
        cause: Cause::Login,
        state: GrantState::Active,
        refused: false,
        answer_lost_at: None,
        issued_boot: credential::IssuedBoot::default(),
        refusals: None,
    }
}

pub fn access_token(pair: Pair) -> AccessToken {
    AccessToken::new(format!("access {} {}", pair.family, pair.number)).expect("printable")
}

pub fn refresh_token(pair: Pair) -> RefreshToken {
    RefreshToken::new(format!("refresh {} {}", pair.family, pair.number)).expect("printable")
}

/// Both tokens of a grant are of one pair: no rule mixes them up.
pub fn pair(grant: &Grant) -> Pair {
    let mut words = grant.access_token.expose().split(' ').skip(1);
    let mut number = || words.next().and_then(|word| word.parse().ok());
    let pair = Pair {
        family: number().expect("a family"),
        number: number().expect("a number"),
    };
    assert_eq!(grant.refresh_token, Some((&refresh_token(pair)).into()));
    pair
}

pub fn client(server: ServerKind) -> Client {
    let endpoint = |path: &str| Endpoint::new(&format!("https://gitlab.example.com/{path}")).ok();
    Client {
        provider: "gitlab".to_owned(),
        client_id: Some("id".to_owned()),
        auth: AuthMethod::None,
        parameters: std::collections::BTreeMap::new(),
        token_endpoint: endpoint("token"),
        revocation_endpoint: endpoint("revoke"),
        check_endpoint: server.check.then(|| endpoint("check")).flatten(),
        git_username: "oauth2".to_owned(),
        environment: std::collections::BTreeMap::new(),
        rotation: if server.kills {
            RotationEffect::Kills
        } else {
            RotationEffect::Keeps
        },
        replay: if server.revokes {
            ReuseDetection::Revokes
        } else {
            ReuseDetection::Harmless
        },
        grants: Independence::Independent,
        ca_file: None,
        server_user: None,
        login: LoginMeans::default(),
    }
}
