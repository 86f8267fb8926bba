//! docs/errors.md: every error with its exit code, its name and its hint, to be read as a whole.

mod calls;
mod logins;
mod servers;
mod shared;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;

use super::*;
use crate::credential::{AccountName, Host, HostArg, LoginKind};
use crate::flow::{AuthorizeError, ClientError, FlowError, NewTokens};
use crate::http::{FileProblem, SendError};
use crate::oauth::{DeviceError, DiscoveryError, RevokeError};
use crate::store::{Kept, Lasts, LockError};
use crate::time::Timestamp;
use crate::user_file::Unusable;

fn id() -> AccountId {
    AccountId {
        host: host(),
        account: AccountName::default_name(),
    }
}

fn work() -> AccountId {
    AccountId {
        account: "work".parse().unwrap(),
        ..id()
    }
}

fn host() -> Host {
    HostArg::parse("gitlab.example.com").unwrap().host
}

pub(super) fn at() -> Timestamp {
    Timestamp::from_unix_millis(1_795_428_000_000)
}

fn path() -> PathBuf {
    "/home/jane/.local/share/glauth/credentials/gitlab.example.com/default.toml".into()
}

fn lock() -> PathBuf {
    path().with_extension("lock")
}

/// As the system says it, not as Rust calls its kind.
fn no(errno: Errno) -> io::Error {
    io::Error::from(errno)
}

fn origin() -> String {
    "https://gitlab.example.com".to_owned()
}

pub(super) use calls::{arguments, bad_hosts};

/// Errors of one subject.
pub(super) type Group = (&'static str, Vec<Error>);

pub(super) fn groups() -> Vec<Group> {
    vec![
        ("A call", calls::calls()),
        ("config.toml", calls::configuration()),
        ("A token", tokens()),
        ("A refresh", refreshes()),
        ("The store", stores()),
        ("A shared store", shared::shared()),
        ("The server", servers::servers()),
        ("The client of a login", logins::clients()),
        ("A login", logins::logins()),
        ("A standby grant", logins::standbys()),
    ]
}

fn tokens() -> Vec<Error> {
    let ended = |lost_at, is_registered, said: Option<&str>| FlowError::LoginRequired {
        id: id(),
        lost_at,
        is_registered,
        said: said.map(ToOwned::to_owned),
    };
    vec![
        FlowError::NoLogin(id()).into(),
        FlowError::LoggedOut { id: id(), at: at() }.into(),
        FlowError::MovedAway {
            id: id(),
            to: "postgres://glauth@db.example.com/glauth".into(),
            at: at(),
        }
        .into(),
        FlowError::MovedAway {
            id: id(),
            to: "/home/jane/.local/share/glauth/credentials".into(),
            at: at(),
        }
        .into(),
        ended(
            None,
            false,
            Some("invalid_grant: The refresh token is invalid."),
        )
        .into(),
        ended(Some(at()), false, None).into(),
        ended(None, true, Some("invalid_client: Unknown client.")).into(),
        FlowError::StandbyLost {
            id: id(),
            lost_at: None,
            said: None,
        }
        .into(),
        FlowError::NotRenewable {
            id: id(),
            kind: LoginKind::OAuth,
        }
        .into(),
        FlowError::NotRenewable {
            id: id(),
            kind: LoginKind::Token,
        }
        .into(),
        FlowError::UnknownToken(id()).into(),
        FlowError::TokenRefused(id()).into(),
        FlowError::NothingFresh(id()).into(),
        FlowError::TooShort {
            id: id(),
            until: Some(at()),
        }
        .into(),
        FlowError::Leased {
            id: id(),
            holder: Some("pid 4711 on build7".to_owned()),
            until: Some(at()),
            waited: Duration::from_secs(120),
        }
        .into(),
        FlowError::Lock(LockError::Timeout {
            holder: Some("pid 4711 on build7".to_owned()),
            waited: Duration::from_secs(120),
        })
        .into(),
        AuthorizeError::from(FlowError::TooManyTurns(id())).into(),
    ]
}

fn refreshes() -> Vec<Error> {
    let failed = |outcome, message: &str| -> Error {
        FlowError::Failed {
            id: id(),
            outcome,
            message: format!("{} {message}", origin()).into(),
            said: None,
            retry_at: None,
            trouble: None,
        }
        .into()
    };
    vec![
        failed(Outcome::Unreachable, "could not be reached"),
        failed(
            Outcome::Unavailable,
            "cannot refresh now (status 503); the next try is in 4s",
        ),
        failed(Outcome::RateLimited, "asks for fewer requests (status 429)"),
        FlowError::Failed {
            id: id(),
            outcome: Outcome::RateLimited,
            message: format!("gitlab.example.com asks to wait until {}", at()).into(),
            said: None,
            retry_at: Some(at()),
            trouble: None,
        }
        .into(),
        failed(
            Outcome::RefreshRefused,
            "refused to refresh (status 400): invalid_target: unknown resource; the next try is in 4s",
        ),
        FlowError::RefusesToRefresh {
            id: id(),
            since: at(),
            said: Some("invalid_target: unknown resource".into()),
            next: "; the next try is in 1m".into(),
        }
        .into(),
        failed(Outcome::AnswerLost, "gave no usable answer"),
        failed(
            Outcome::ClientRejected,
            "refused the request (status 401): invalid_client",
        ),
        failed(Outcome::Config, "is not a token endpoint (status 404)"),
        failed(Outcome::TlsRefused, "could not be reached over TLS"),
        FlowError::NotRefreshed {
            id: id(),
            outcome: Outcome::Unavailable,
            message: format!("{} cannot refresh now (status 503)", origin()),
        }
        .into(),
        FlowError::NotRevoked {
            id: id(),
            source: RevokeError::NoEndpoint,
        }
        .into(),
        FlowError::NotRevoked {
            id: id(),
            source: servers::unreachable().into(),
        }
        .into(),
        FlowError::NotRevoked {
            id: id(),
            source: RevokeError::Unavailable(503),
        }
        .into(),
        FlowError::NotRevoked {
            id: id(),
            source: RevokeError::Refused(403),
        }
        .into(),
    ]
}

fn stores() -> Vec<Error> {
    [
        StoreError::OpenFolder {
            path: "/home/jane/.local/share/glauth/credentials".into(),
            mode: 0o777,
        },
        StoreError::Permission {
            path: path(),
            problem: "is open to other users (mode 0644)".to_owned(),
            wanted_mode: Some(0o600),
        },
        StoreError::Permission {
            path: path(),
            problem: "is owned by user jane (1000), but glauth runs as user root (0)".to_owned(),
            wanted_mode: None,
        },
        StoreError::WrongKind {
            path: path(),
            found: "a symbolic link, which is not followed".into(),
        },
        StoreError::WrongKind {
            path: path(),
            found: "a symbolic link, which is not followed".into(),
        },
        crate::store::without_client_id(&path()),
        StoreError::Corrupt {
            path: path(),
            line: Some(12),
            problem: "`state` is missing".to_owned(),
        },
        StoreError::UnsupportedVersion {
            path: path(),
            version: "2".to_owned(),
        },
        StoreError::NewerValue {
            path: path(),
            line: Some(38),
            problem: "`state` is not one that this glauth knows".to_owned(),
        },
        StoreError::DiskFull {
            path: path(),
            source: no(Errno::ENOSPC),
        },
        StoreError::LockingUnsupported {
            path: path(),
            source: no(Errno::EOPNOTSUPP),
        },
        StoreError::LockReplaced { path: path() },
        StoreError::Io {
            action: "read".into(),
            path: path(),
            source: no(Errno::EIO),
        },
        StoreError::Io {
            action: "open".into(),
            path: path(),
            source: no(Errno::EMFILE),
        },
    ]
    .into_iter()
    .chain(answers_not_stored())
    .map(Error::from)
    .chain([
        Error::from(FlowError::Store(StoreError::ReadOnly { path: path() })).about(&id()),
        FlowError::Lock(StoreError::ReadOnly { path: lock() }.into()).into(),
        FlowError::Unreadable {
            id: id(),
            others: vec![work().account],
            source: Box::new(crate::store::without_client_id(&path())),
        }
        .into(),
    ])
    .collect()
}

fn answers_not_stored() -> impl Iterator<Item = StoreError> {
    let kept = |folder: &str, lasts| {
        let path = format!("{folder}/glauth-rescue-1000/0123456789abcdef").into();
        Some(Kept { path, lasts })
    };
    let places = [
        kept("/home/jane", Lasts::OverRestart),
        kept("/run/user/1000", Lasts::UntilLogout),
        kept("/tmp", Lasts::UntilRestart),
        None,
    ];
    let full = || StoreError::DiskFull {
        path: path(),
        source: no(Errno::ENOSPC),
    };
    places
        .into_iter()
        .map(move |rescued| StoreError::AnswerNotStored {
            path: path(),
            rescued,
            reason: full().to_string(),
        })
}
