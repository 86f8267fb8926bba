//! The database of a shared store: whether it can be trusted with the logins, and whether this machine has the keys.

use std::time::Duration;

use super::check::{Check, Topic};
use crate::cli::call::Call;
use crate::code::Code;
use crate::store::{KeyUse, SharedReport, Store, StoreError, grants};
use crate::time::human;

/// The most that the clocks of a database and its standby are assumed to differ by.
const CLOCK_LIMIT: Duration = Duration::from_secs(5);

/// Nothing, where the store is a folder.
pub(super) fn checks(store: &Store, call: &Call) -> Vec<Check> {
    let mut checks = match store.examine_shared() {
        None => return Vec::new(),
        Some(Err(error)) => {
            let error = StoreError::from(error);
            vec![Check::error(Topic::Database, &error.into(), call)]
        }
        Some(Ok(report)) => judged(&report, &store.name().display().to_string()),
    };
    checks.extend(undelivered(store));
    checks
}

/// The answers that this machine still has alone.
fn undelivered(store: &Store) -> Vec<Check> {
    let known = store.accounts().unwrap_or_default().into_iter();
    let waiting = known.filter(|id| store.is_undelivered(id));
    waiting
        .map(|id| {
            Check::warn(
                Topic::Database,
                format!("{id}: the answer to a refresh waits here, and the database does not have it yet"),
                "keep this machine's folder; once the database can be reached, the next refresh delivers it",
            )
            .about(&id)
        })
        .collect()
}

fn judged(report: &SharedReport, store: &str) -> Vec<Check> {
    let ok = |text: String| Check::ok(Topic::Database, text);
    let encrypted = if report.is_encrypted {
        "over TLS, with its certificate checked"
    } else {
        "on this machine, without TLS"
    };
    let logins = match report.logins {
        1 => "1 login".to_owned(),
        count => format!("{count} logins"),
    };
    let mut checks = vec![ok(format!(
        "`{store}` (PostgreSQL {}) has {logins} and is reached {encrypted}",
        report.version
    ))];
    checks.extend(settings(report));
    checks.extend(keys(report));
    checks
}

/// What the database is set to, and where it stands.
fn settings(report: &SharedReport) -> Vec<Check> {
    let ok = |text: String| Check::ok(Topic::Database, text);
    let mut checks = Vec::new();
    // No connection is made to a standby.
    checks.push(ok(
        "the database takes writes: it is not in recovery".to_owned()
    ));
    if !report.forbidden.is_empty() {
        checks.push(Check::fail(
            Topic::Database,
            Code::ReadOnly,
            format!(
                "the database's user may not do what glauth needs: {}",
                report.forbidden.join(", ")
            ),
            format!(
                "let the owner of the tables run `{}`",
                grants(&report.role).join(" ")
            ),
        ));
    }
    checks.push(if report.fsync {
        ok("a commit survives a power loss (fsync = on)".to_owned())
    } else {
        Check::warn(
            Topic::Database,
            "the database does not sync what it commits (fsync = off): a crash of its machine can lose a login",
            "switch `fsync` on in postgresql.conf",
        )
    });
    let commit = &report.synchronous_commit;
    checks.push(if commit == "on" || commit == "remote_apply" {
        ok(format!(
            "a commit is on disk before glauth goes on (synchronous_commit = {commit})"
        ))
    } else {
        Check::note(
            Topic::Database,
            format!(
                "synchronous_commit is `{commit}`; glauth raises it to `on` for its own writes"
            ),
        )
    });
    checks.push(if report.clock <= CLOCK_LIMIT {
        ok("the database's clock agrees with this machine's".to_owned())
    } else {
        Check::note(
            Topic::Database,
            format!(
                "the database's clock is {} from this machine's; glauth takes that into account",
                human(report.clock)
            ),
        )
    });
    if report.is_pooled {
        checks.push(Check::note(
            Topic::Database,
            "a pooler stands before the database; glauth keeps no state in a connection",
        ));
    }
    checks
}

/// Whether this machine can open every row, and which keys it could do without.
fn keys(report: &SharedReport) -> Vec<Check> {
    let mut checks = Vec::new();
    for (at, key) in report.keys.iter().enumerate() {
        checks.push(if key.is_here {
            Check::ok(Topic::Database, use_of(key, at == 0))
        } else {
            Check::fail(
                Topic::Database,
                Code::StoreFailed,
                format!("this machine lacks the key {}; {}", key.id, needed_by(key)),
                "add the line of that key to the file that GLAUTH_KEY_FILE names",
            )
        });
    }
    if report.without_key > 0 {
        checks.push(Check::fail(
            Topic::Database,
            Code::StoreFailed,
            match report.without_key {
                1 => "1 login names no key that glauth could have written".to_owned(),
                many => format!("{many} logins name no key that glauth could have written"),
            },
            "ask the database's administrator who writes there; log in again where a login does not open",
        ));
    }
    checks
}

fn use_of(key: &KeyUse, seals: bool) -> String {
    let id = key.id;
    match (seals, key.logins + key.journals) {
        (true, 0) => format!("the key {id} seals on this machine; nothing needs it yet"),
        (true, _) => format!("the key {id} seals on this machine; {}", needed_by(key)),
        (false, 0) => format!("nothing that this machine can see needs the key {id}"),
        (false, _) => format!("the key {id} opens what is older; {}", needed_by(key)),
    }
}

/// `2 logins and 1 journal of this machine still need it`
fn needed_by(key: &KeyUse) -> String {
    let logins = match key.logins {
        0 => None,
        1 => Some("1 login".to_owned()),
        many => Some(format!("{many} logins")),
    };
    let journals = match key.journals {
        0 => None,
        1 => Some("1 journal of this machine".to_owned()),
        many => Some(format!("{many} journals of this machine")),
    };
    let verb = if key.logins + key.journals == 1 {
        "needs"
    } else {
        "need"
    };
    let all: Vec<String> = logins.into_iter().chain(journals).collect();
    format!("{} still {verb} it", all.join(" and "))
}
