//! `glauth refresh`: for timers, and for people who want to see it work.

mod alert;

use alert::Alerts;
use serde_json::json;

use super::failure_about;
use crate::cli::args::Refresh;
use crate::cli::context::Context;
use crate::cli::failure::{Error, UsageError};
use crate::cli::printer;
use crate::code::Exit;
use crate::credential::{AccountId, Asked, DEFAULT_MIN_TTL, Login, MinTtl, Record, Scheme};
use crate::flow::{self, FlowError, Need, Obtained, Session, What};
use crate::store::Store;
use crate::time::{Timestamp, human};

pub(super) fn run(args: &Refresh, context: &Context<'_>) -> Result<Exit, Error> {
    let store = context.store()?;
    let run = Run {
        args,
        context,
        store: &store,
        need: Need {
            asked: if args.force {
                Asked::Force
            } else {
                Asked::Refresh(args.if_expiring)
            },
            min_ttl: MinTtl::Preferred(DEFAULT_MIN_TTL),
            rejected: None,
            // A person at a terminal means now; a timer can wait.
            impatient: args.force || !args.all && context.is_watched(),
        },
    };
    let Some(after) = args.alert_after else {
        return run.each(|id, done| match done {
            Ok(obtained) => run.told(&obtained).map(|()| Exit::Done),
            Err(error) if args.all => {
                let failure = failure_about(id, &error, context);
                context.printer.failure(&failure);
                Ok(error.code().exit())
            }
            Err(error) => Err(error),
        });
    };
    let alerts = Alerts {
        after,
        store: &store,
        context,
    };
    let done = run.each(|id, done| {
        let warnings = done.and_then(|obtained| {
            if context.global.json {
                report(&obtained, context)?;
            }
            Ok(obtained.warnings)
        });
        Ok(alerts.conclude(id, &warnings))
    });
    match done {
        Ok(exit) => {
            alerts.conclude(None, &Ok(Vec::new()));
            Ok(exit)
        }
        Err(error) => Ok(alerts.conclude(None, &Err(error))),
    }
}

/// One call of the command.
struct Run<'a> {
    args: &'a Refresh,
    context: &'a Context<'a>,
    store: &'a Store,
    need: Need,
}

impl Run<'_> {
    /// Refreshes each login that is meant, and hands over what came of it; the worst exit counts.
    fn each(
        &self,
        mut conclude: impl FnMut(Option<&AccountId>, Result<Obtained, Error>) -> Result<Exit, Error>,
    ) -> Result<Exit, Error> {
        let Self { context, store, .. } = self;
        if !self.args.all {
            let host = context.host(&self.args.target, store)?;
            let session = self.session(host.scheme);
            return match context.find(&host, &session) {
                Ok(record) => self.one(&session, record, &mut conclude),
                Err(error) => match error.id() {
                    Some(id) => conclude(Some(&id), Err(error)),
                    // It is about which login is meant.
                    None => Err(error),
                },
            };
        }
        let host = self.args.target.host.as_ref();
        let session = self.session(host.and_then(|host| host.scheme));
        let ids = context.all(host, store)?;
        if ids.is_empty() {
            return Err(UsageError::NoLogins(store.name()).into());
        }
        let mut exits = Vec::new();
        let mut fixed = 0;
        for id in &ids {
            exits.push(match flow::find(&session, &id.host, Some(&id.account)) {
                Ok(record) if is_renewable(&record) => self.one(&session, record, &mut conclude)?,
                // Nothing to refresh, or removed since the folder was read.
                Ok(_) | Err(FlowError::NoLogin(_)) => {
                    fixed += 1;
                    Exit::Done
                }
                // A record that cannot be read: its error must be seen.
                Err(error) => conclude(Some(id), Err(error.into()))?,
            });
        }
        if fixed == ids.len() && self.args.alert_after.is_none() {
            let text = "there is nothing to refresh: no login has a refresh token";
            context.printer.tell(text);
        }
        Ok(Exit::worst(exits))
    }

    /// Refreshes one login that was found.
    fn one(
        &self,
        session: &Session<'_>,
        record: Record,
        conclude: &mut impl FnMut(Option<&AccountId>, Result<Obtained, Error>) -> Result<Exit, Error>,
    ) -> Result<Exit, Error> {
        let id = record.id.clone();
        let done = flow::obtain(session, record, &self.need);
        conclude(
            Some(&id),
            done.map_err(|error| Error::from(error).about(&id)),
        )
    }

    /// A timer does not say what it waits for.
    fn session(&self, scheme: Option<Scheme>) -> Session<'_> {
        let session = self.context.session(self.store, scheme);
        Session {
            talkative: session.talkative && self.args.alert_after.is_none(),
            ..session
        }
    }

    fn told(&self, obtained: &Obtained) -> Result<(), Error> {
        self.context.warn_of(&obtained.warnings);
        let Obtained { id, login, .. } = obtained;
        for text in flow::refusals(login, Timestamp::now()) {
            self.context.printer.warn(&format!("{id}: {text}"));
        }
        report(obtained, self.context)
    }
}

/// What `--all` is about.
fn is_renewable(record: &Record) -> bool {
    record.login().is_some_and(Login::is_renewable)
}

fn report(obtained: &Obtained, context: &Context<'_>) -> Result<(), Error> {
    let (id, grant) = (&obtained.id, obtained.grant());
    let expires_at = grant.expires_at;
    let (outcome, text) = match obtained.what {
        What::Refreshed => ("refreshed", "refreshed"),
        What::JustRotated => (
            "refreshed_elsewhere",
            "another process has just refreshed it",
        ),
        What::Alive => ("alive", "nothing to do"),
        // One grant could not be refreshed, as a warning has said.
        What::Found => ("alive", "not refreshed"),
    };
    if context.global.json {
        return printer::json_line(&json!({
            "host": id.host.to_string(),
            "account": id.account.as_str(),
            "outcome": outcome,
            "expires_at": expires_at.map(|end| end.to_string()),
            "generation": grant.generation,
        }));
    }
    let lives = match expires_at {
        Some(end) => format!(
            "the token is valid for {}",
            human(end.since(Timestamp::now()))
        ),
        None => "the token has no known expiry".to_owned(),
    };
    context.printer.tell(&format!("{id}: {text}; {lives}"));
    Ok(())
}
