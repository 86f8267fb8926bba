//! What the process is told, as its command line. Other users can read that: nothing of it is secret.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::credential::{AccountId, Cause, Host};
use crate::log::Level;

/// What glauth is started with to be such a process: no option, so that no help and no completion has to
/// hide it.
const CALL: &str = "a-process-for-a-refresh";

/// The version that understands it: elsewhere than on Linux, an upgrade may have put another program in the
/// place of the caller's.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// By whose configuration the server is reached.
const AS_GIT: &str = "as-git";
const AS_ITSELF: &str = "as-glauth";

/// What is to be refreshed, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    pub(super) level: Level,
    pub(super) root: PathBuf,
    pub(super) id: AccountId,
    pub(super) grant: usize,
    pub(super) cause: Cause,
    /// Whether git's own way to the server is taken.
    pub(super) as_git: bool,
    /// Of the last attempt in the record that the caller has decided on.
    pub(super) sequence: u64,
}

impl Order {
    pub(super) fn arguments(&self) -> Vec<OsString> {
        vec![
            CALL.into(),
            VERSION.into(),
            self.level.count().to_string().into(),
            self.root.clone().into_os_string(),
            self.id.host.key().into(),
            self.id.account.as_str().into(),
            self.grant.to_string().into(),
            self.cause.as_str().into(),
            self.sequence.to_string().into(),
            if self.as_git { AS_GIT } else { AS_ITSELF }.into(),
        ]
    }

    /// Whether git's own way to the server is taken.
    #[must_use]
    pub fn goes_as_git(&self) -> bool {
        self.as_git
    }

    /// Whether this is the command line of such a process.
    #[must_use]
    pub fn is_given(args: &[OsString]) -> bool {
        args.get(1).is_some_and(|call| call == CALL)
    }

    /// Reads that command line. `None`: another version of glauth wrote it.
    #[must_use]
    pub fn read(args: &[OsString]) -> Option<Self> {
        let [_, _, version, level, root, words @ ..] = args else {
            return None;
        };
        let words: Option<Vec<&str>> = words.iter().map(|word| word.to_str()).collect();
        let [host, account, grant, cause, sequence, way] = words?[..] else {
            return None;
        };
        let ours = version == VERSION;
        ours.then_some(Self {
            level: Level::of_count(level.to_str()?.parse().ok()?),
            root: root.into(),
            id: AccountId {
                host: Host::from_key(host)?,
                account: account.parse().ok()?,
            },
            grant: grant.parse().ok()?,
            cause: Cause::parse(cause)?,
            sequence: sequence.parse().ok()?,
            as_git: match way {
                AS_GIT => true,
                AS_ITSELF => false,
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;
    use crate::credential::HostArg;

    fn order() -> Order {
        Order {
            level: Level::Trace,
            root: PathBuf::from(OsString::from_vec(b"a store/\xff".to_vec())),
            id: AccountId {
                host: HostArg::parse("gitlab.example.com:8443/path").unwrap().host,
                account: "work".parse().unwrap(),
            },
            grant: 1,
            cause: Cause::Refused,
            sequence: 57,
            as_git: true,
        }
    }

    fn line(order: &Order) -> Vec<OsString> {
        let mut line = vec!["glauth".into()];
        line.extend(order.arguments());
        line
    }

    #[test]
    fn an_order_is_read_as_it_was_written() {
        let line = line(&order());
        assert!(Order::is_given(&line));
        assert_eq!(Order::read(&line), Some(order()));
    }

    #[test]
    fn an_order_of_another_version_is_not_carried_out() {
        let mut line = line(&order());
        line[2] = "0.0.9".into();
        assert!(Order::is_given(&line));
        assert_eq!(Order::read(&line), None);
    }

    #[test]
    fn an_order_with_a_word_too_few_or_too_many_is_not_carried_out() {
        let whole = line(&order());
        assert_eq!(Order::read(&whole[..whole.len() - 1]), None);
        let longer = [&whole[..], &["more".into()]].concat();
        assert_eq!(Order::read(&longer), None);
    }
}
