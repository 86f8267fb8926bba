//! docs/errors.md: every error with its exit code, its name and its hint, to be read as a whole.

mod logins;
mod servers;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;

use super::*;
use crate::credential::{AccountName, Host, HostArg, Scheme};
use crate::flow::{AuthorizeError, ClientError, NewTokens, NotAdded, Refusal, ToRegister};
use crate::oauth::{DeviceError, DiscoveryError, RevokeError};
use crate::secret::BadSecret;
use crate::store::{BadStore, LockError, NamedBy};
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

fn at() -> Timestamp {
    Timestamp::from_unix_millis(1_795_428_000_000)
}

fn path() -> PathBuf {
    "/home/jane/.local/share/glauth/credentials/gitlab.example.com/default.toml".into()
}

/// As the system says it, not as Rust calls its kind.
fn no(errno: Errno) -> io::Error {
    io::Error::from(errno)
}

fn origin() -> String {
    "https://gitlab.example.com".to_owned()
}

/// Errors of one subject.
pub(super) type Group = (&'static str, Vec<anyhow::Error>);

pub(super) fn groups() -> Vec<Group> {
    vec![
        ("A call", calls()),
        ("A token", tokens()),
        ("A refresh", refreshes()),
        ("The store", stores()),
        ("The server", servers::servers()),
        ("The client of a login", logins::clients()),
        ("A login", logins::logins()),
        ("A standby grant", logins::standbys()),
    ]
}

fn calls() -> Vec<anyhow::Error> {
    let not_run = |errno| -> anyhow::Error {
        UsageError::NotRun {
            program: "glab".to_owned(),
            source: no(errno),
        }
        .into()
    };
    let hosts = vec![host(), HostArg::parse("gitlab.com").unwrap().host];
    vec![
        UsageError::NoHost.into(),
        UsageError::NoLogins("/home/jane/.local/share/glauth/credentials".into()).into(),
        UsageError::SeveralHosts(hosts).into(),
        UsageError::NoLogin {
            id: id(),
            store: "/home/jane/.local/share/glauth/credentials".into(),
        }
        .into(),
        UsageError::NoAccount {
            account: work().account,
            store: "/home/jane/.local/share/glauth/credentials".into(),
        }
        .into(),
        UsageError::NothingToEnd {
            id: id(),
            store: "/home/jane/.local/share/glauth/credentials".into(),
        }
        .into(),
        FlowError::AllLoggedOut(vec![id(), work()]).into(),
        FlowError::SeveralAccounts {
            host: host(),
            accounts: ["home", "work"].map(|name| name.parse().unwrap()).into(),
        }
        .into(),
        FlowError::NotNamedByGit {
            host: host(),
            scheme: Scheme::Https,
            accounts: ["home", "work"].map(|name| name.parse().unwrap()).into(),
            is_ended: false,
        }
        .into(),
        UsageError::NoPerson(id()).into(),
        UsageError::NoVariable("no variable is known that tools for this server read").into(),
        not_run(Errno::ENOENT),
        not_run(Errno::EACCES),
        UsageError::GitNotWritten(
            "error: could not lock config file: Read-only file system".to_owned(),
        )
        .into(),
        UsageError::BadStore(BadStore::Relative("logins".into())).into(),
        UsageError::BadStore(BadStore::Unexpanded {
            by: NamedBy::Option,
            path: "$LOGINS/work".into(),
            start: '$',
        })
        .into(),
        UsageError::BadStore(BadStore::Address {
            by: NamedBy::Variable,
            scheme: "postgres".to_owned(),
        })
        .into(),
        UsageError::BadInput("the refused token is empty".to_owned()).into(),
        FlowError::OtherScheme {
            id: id(),
            scheme: Scheme::Https,
        }
        .into(),
        FlowError::HeldElsewhere {
            id: AccountId {
                account: "work".parse().unwrap(),
                ..id()
            },
            other: id(),
        }
        .into(),
    ]
}

fn tokens() -> Vec<anyhow::Error> {
    let ended = |lost_at, said: Option<&str>| FlowError::LoginRequired {
        id: id(),
        lost_at,
        said: said.map(ToOwned::to_owned),
    };
    vec![
        FlowError::NoLogin(id()).into(),
        FlowError::LoggedOut { id: id(), at: at() }.into(),
        ended(None, Some("invalid_grant: The refresh token is invalid.")).into(),
        ended(Some(at()), None).into(),
        FlowError::StandbyLost {
            id: id(),
            lost_at: None,
            said: None,
        }
        .into(),
        FlowError::NotRenewable(id()).into(),
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
        FlowError::TooManyTurns(id()).into(),
    ]
}

fn refreshes() -> Vec<anyhow::Error> {
    let failed = |outcome, message: &str| -> anyhow::Error {
        FlowError::Failed {
            id: id(),
            outcome,
            message: format!("{} {message}", origin()).into(),
            said: None,
            retry_at: None,
            advice: None,
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
            message: format!("gitlab.example.com asked to be left alone until {}", at()).into(),
            said: None,
            retry_at: Some(at()),
            advice: None,
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

fn stores() -> Vec<anyhow::Error> {
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
        StoreError::ReadOnly { path: path() },
        crate::store::without_client_id(&path()),
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
        StoreError::AnswerNotStored {
            path: path(),
            rescued: Some(crate::store::Kept {
                path: "/home/jane/glauth-rescue-1000/0123456789abcdef".into(),
                lasts: crate::store::Lasts::OverRestart,
            }),
            reason: StoreError::DiskFull {
                path: path(),
                source: no(Errno::ENOSPC),
            }
            .to_string(),
        },
        StoreError::AnswerNotStored {
            path: path(),
            rescued: Some(crate::store::Kept {
                path: "/run/user/1000/glauth-rescue-1000/0123456789abcdef".into(),
                lasts: crate::store::Lasts::UntilLogout,
            }),
            reason: StoreError::DiskFull {
                path: path(),
                source: no(Errno::ENOSPC),
            }
            .to_string(),
        },
        StoreError::AnswerNotStored {
            path: path(),
            rescued: None,
            reason: StoreError::ReadOnly { path: path() }.to_string(),
        },
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
    .map(|error| FlowError::Store(error).into())
    .collect()
}
