//! `--standby`: a second grant, beside the login that is there or together with a new one.

use super::given;
use crate::cli::args::Login as Args;
use crate::cli::failure::{Error, UsageError};
use crate::config::Config;
use crate::credential::{AccountId, Record};
use crate::flow::{self, Beside, Change, LoggedIn, Newcomer, Plan, Second, Session, Tokens, Wish};
use crate::secret::RefreshToken;
use crate::time::Timestamp;

/// The login that a second grant would be added to.
pub(super) enum There {
    /// There is none, or it has ended, or a new one is asked for.
    None,
    /// It has room for one.
    One,
    /// It has two good grants.
    Both(LoggedIn),
}

pub(super) fn what_is_there(args: &Args, plan: &Plan<'_>) -> There {
    let record = plan.replaces().filter(|_| args.standby);
    let good = record.filter(|record| Beside::of(record, Timestamp::now()).is_some());
    match good {
        None => There::None,
        Some(record) if has_room(record) => There::One,
        Some(record) => There::Both(LoggedIn::as_it_is(record, Change::StandbyThere)),
    }
}

/// What was asked for, where a page that is `opened` could lead to a second one.
pub(super) fn wish(args: &Args, opened: bool) -> Wish {
    if args.standby {
        Wish::Always
    } else if args.no_standby {
        Wish::Never
    } else if !opened {
        Wish::Later
    } else {
        Wish::WhereItHelps
    }
}

/// `--import --standby`
pub(super) fn bring(
    args: &Args,
    session: &Session<'_>,
    id: &AccountId,
    config: &Config,
    tokens: Tokens,
) -> Result<LoggedIn, Error> {
    flow::held_by_no_other(session.store, id, &tokens)?;
    let mut plan = Plan::new(session, id, tokens.kind, given(args)?, config)?;
    let nothing = || UsageError::NothingToStandBeside(id.clone());
    let record = plan.replaces().ok_or_else(nothing)?.clone();
    let beside = Beside::of(&record, session.now()).ok_or_else(nothing)?;
    let token = tokens.rotation.refresh_token.as_ref();
    let is_known = |token: &RefreshToken| {
        let login = record.login();
        login.is_some_and(|login| login.is_known_by(token.fingerprint()))
    };
    if token.is_some_and(is_known) {
        return Ok(LoggedIn::as_it_is(&record, Change::Unchanged));
    }
    if !has_room(&record) {
        return Ok(LoggedIn::as_it_is(&record, Change::StandbyThere));
    }
    plan.find_endpoints(session)?;
    let setup = plan.setup()?;
    let new = Newcomer {
        id: id.clone(),
        client: setup.client,
        userinfo_endpoint: setup.userinfo_endpoint,
        tokens,
        asked: setup.scopes,
        imported: true,
    };
    let warnings = flow::add_standby(session, new, &beside)?;
    Ok(LoggedIn {
        standby: Second::Taken,
        warnings,
        ..LoggedIn::as_it_is(&record, Change::StandbyAdded)
    })
}

fn has_room(record: &Record) -> bool {
    let login = record.login();
    login.is_some_and(|login| login.room_for_standby().is_some())
}
