//! The errors of a store that several machines share.

use std::path::PathBuf;

use super::*;
use crate::store::{Denied, SharedError};

pub(super) fn shared() -> Vec<Error> {
    let store = || "postgres://glauth@db.example.com/glauth?sslmode=verify-full".to_owned();
    let account = || id().to_string();
    let refused = |reason: &str, denied| SharedError::Refused {
        store: store(),
        reason: reason.to_owned(),
        denied,
    };
    [
        SharedError::Address {
            reason: "names no host".to_owned(),
            instead: None,
        },
        SharedError::Address {
            reason: "has `sslmode=require`, and glauth always checks the certificate of a server on another machine".to_owned(),
            instead: Some("leave out `sslmode`".to_owned()),
        },
        SharedError::NoCache {
            path: PathBuf::new(),
        },
        SharedError::NoCache {
            path: "cache".into(),
        },
        SharedError::NotShared {
            what: "rename an account".to_owned(),
        },
        SharedError::Away {
            store: store(),
            reason: "connection refused".to_owned(),
        },
        SharedError::Away {
            store: store(),
            reason: "error connecting to server: failed to lookup address information: Name or service not known".to_owned(),
        },
        SharedError::Untrusted {
            store: store(),
            reason: "error performing TLS handshake: invalid peer certificate: UnknownIssuer"
                .to_owned(),
            is_other_name: false,
        },
        SharedError::Untrusted {
            store: store(),
            reason: "error performing TLS handshake: invalid peer certificate: certificate not valid for name \"db.example.com\""
                .to_owned(),
            is_other_name: true,
        },
        SharedError::ReadOnly {
            store: store(),
            reason: "it is in recovery".to_owned(),
        },
        SharedError::Unanswered {
            store: store(),
            reason: "the connection was closed".to_owned(),
        },
        SharedError::Changed { account: account() },
        refused(
            "password authentication failed for user \"glauth\"",
            Denied::User,
        ),
        refused("database \"glauth\" does not exist", Denied::Database),
        refused("permission denied for schema glauth", Denied::Tables),
        refused("permission denied for database glauth", Denied::NewTables),
        refused("out of shared memory", Denied::Statement),
        SharedError::NoTables { store: store() },
        SharedError::NoKeys { store: store() },
        SharedError::File {
            path: "/etc/glauth/key".into(),
            reason: "can be read by every user (mode 0644)".to_owned(),
            is_open: true,
            named_by: Some("GLAUTH_KEY_FILE".to_owned()),
        },
        SharedError::File {
            path: "/etc/glauth/key".into(),
            reason: "has no key in it".to_owned(),
            is_open: false,
            named_by: Some("GLAUTH_KEY_FILE".to_owned()),
        },
        SharedError::File {
            path: "/home/jane/.pgpass".into(),
            reason: "is not a regular file".to_owned(),
            is_open: false,
            named_by: None,
        },
        SharedError::Sealed {
            account: account(),
            reason: "it is sealed with key 7f3a9c01, which this machine does not have".to_owned(),
            is_newer: false,
        },
        SharedError::Sealed {
            account: account(),
            reason: "its seal has version 2, which this glauth does not know".to_owned(),
            is_newer: true,
        },
        SharedError::Unreadable {
            store: store(),
            reason: "`outcome` is not one that this glauth knows".to_owned(),
        },
        SharedError::CommitsLost {
            store: store(),
            account: account(),
            found: 11,
            seen: 12,
            by: "runner-2".to_owned(),
        },
        SharedError::Taken {
            store: store(),
            account: account(),
            folder: "/home/jane/.local/share/glauth/credentials".to_owned(),
        },
        SharedError::Strayed {
            store: store(),
            account: account(),
            folder: "/home/jane/.local/share/glauth/credentials".to_owned(),
        },
        SharedError::NoRandom,
    ]
    .into_iter()
    .map(|error| Error::from(FlowError::Store(error.into())).about(&id()))
    .collect()
}
