//! What an error comes to: its name in JSON, and how a command ends for it. One table for the program, the man
//! pages, README and the schemas.

use std::fmt;
use std::process::ExitCode;

use serde::{Serialize, Serializer};

use crate::credential::Outcome;

/// Makes the codes, their list and their names of one list, so that none can be left out.
macro_rules! codes {
    ($($code:ident = $name:literal,)*) => {
        /// The `code` of a JSON error.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = concat!("`", $name, "`.")] $code,)*
        }

        impl Code {
            /// All of them, in the order of their exit codes.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// Its name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }
        }
    };
}

codes! {
    Unexpected = "unexpected",
    Usage = "usage",
    Config = "config",
    ClientRejected = "client_rejected",
    TlsRefused = "tls_refused",
    BadInput = "bad_input",
    LoginRequired = "login_required",
    AccessDenied = "access_denied",
    Unreachable = "unreachable",
    Unavailable = "unavailable",
    RateLimited = "rate_limited",
    AnswerLost = "answer_lost",
    RefreshRefused = "refresh_refused",
    LockTimeout = "lock_timeout",
    LeaseTimeout = "lease_timeout",
    Stale = "stale",
    Exhausted = "exhausted",
    Permission = "permission",
    ReadOnly = "read_only",
    Corrupt = "corrupt",
    UnsupportedVersion = "unsupported_version",
    DiskFull = "disk_full",
    LockingUnsupported = "locking_unsupported",
    StoreFailed = "store_failed",
    TokenRefused = "token_refused",
}

impl Code {
    /// How a command ends for it.
    #[must_use]
    pub fn exit(self) -> Exit {
        match self {
            Self::Unexpected => Exit::Unexpected,
            Self::Usage
            | Self::Config
            | Self::ClientRejected
            | Self::TlsRefused
            | Self::BadInput => Exit::Usage,
            Self::LoginRequired | Self::AccessDenied => Exit::LoginRequired,
            Self::Unreachable
            | Self::Unavailable
            | Self::RateLimited
            | Self::AnswerLost
            | Self::RefreshRefused
            | Self::LockTimeout
            | Self::LeaseTimeout
            | Self::Stale
            | Self::Exhausted => Exit::TryAgain,
            Self::Permission
            | Self::ReadOnly
            | Self::Corrupt
            | Self::UnsupportedVersion
            | Self::DiskFull
            | Self::LockingUnsupported
            | Self::StoreFailed => Exit::Store,
            Self::TokenRefused => Exit::TokenRefused,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Code {
    /// Of an answer with this status from a server that does not do now what it was asked for: 429, 5xx, and what
    /// stands between glauth and the server.
    #[must_use]
    pub fn of_unavailable(status: u16) -> Self {
        if status == 429 {
            Self::RateLimited
        } else {
            Self::Unavailable
        }
    }
}

/// What a refresh that failed so comes to.
impl From<Outcome> for Code {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Unreachable => Self::Unreachable,
            Outcome::Unavailable => Self::Unavailable,
            Outcome::RateLimited => Self::RateLimited,
            Outcome::AnswerLost => Self::AnswerLost,
            Outcome::ClientRejected => Self::ClientRejected,
            Outcome::Config => Self::Config,
            Outcome::TlsRefused => Self::TlsRefused,
            Outcome::RefreshRefused => Self::RefreshRefused,
            Outcome::LoginRequired => Self::LoginRequired,
            Outcome::Pending | Outcome::Rotated | Outcome::CutOff => Self::Unexpected,
        }
    }
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The command did what it was called for.
    Done = 0,
    /// What was not foreseen.
    Unexpected = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// A person is needed.
    LoginRequired = 3,
    /// Not now.
    TryAgain = 4,
    /// The store is unusable.
    Store = 5,
    /// The token that was called refused is good.
    TokenRefused = 6,
}

impl Exit {
    /// All of them, by their numbers.
    pub const ALL: [Self; 7] = [
        Self::Done,
        Self::Unexpected,
        Self::Usage,
        Self::LoginRequired,
        Self::TryAgain,
        Self::Store,
        Self::TokenRefused,
    ];

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What it means.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unexpected => "unexpected failure",
            Self::Usage => "wrong usage or configuration",
            Self::LoginRequired => {
                "login required: nothing is stored, or the server ended the grant"
            }
            Self::TryAgain => {
                "not now: network, server, rate limit, lock or lease deadline, too little lifetime left, too many files or processes"
            }
            Self::Store => "the store is unusable",
            Self::TokenRefused => {
                "`--rejected` named a token that is good: the request was refused for another reason"
            }
        }
    }

    /// What a script does about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Done => "go on",
            Self::Unexpected => "report it",
            Self::Usage => "fix the call",
            Self::LoginRequired => "a person runs `glauth login`",
            Self::TryAgain => "try again later",
            Self::Store => "look at the named file",
            Self::TokenRefused => "look at the token's scopes and the account's permissions",
        }
    }

    /// The codes that end so.
    pub fn codes(self) -> impl Iterator<Item = Code> {
        let all = Code::ALL.iter().copied();
        all.filter(move |code| code.exit() == self)
    }

    /// Of several accounts' results: the first of 1, 2, 5, 3, 6, 4 that occurred.
    #[must_use]
    pub fn worst(exits: impl IntoIterator<Item = Self>) -> Self {
        let rank = |exit: &Self| match exit {
            Self::Unexpected => 0,
            Self::Usage => 1,
            Self::Store => 2,
            Self::LoginRequired => 3,
            Self::TokenRefused => 4,
            Self::TryAgain => 5,
            Self::Done => 6,
        };
        exits.into_iter().min_by_key(rank).unwrap_or(Self::Done)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_exits_the_most_urgent_one_counts() {
        use Exit::{Done, LoginRequired, Store, TokenRefused, TryAgain, Unexpected, Usage};
        assert_eq!(Exit::worst([]), Done);
        assert_eq!(Exit::worst([Done, TryAgain]), TryAgain);
        assert_eq!(Exit::worst([TryAgain, TokenRefused, Done]), TokenRefused);
        assert_eq!(Exit::worst([TryAgain, LoginRequired, Done]), LoginRequired);
        assert_eq!(Exit::worst([LoginRequired, Store]), Store);
        assert_eq!(Exit::worst([Store, Usage]), Usage);
        assert_eq!(Exit::worst([Usage, Unexpected]), Unexpected);
    }

    #[test]
    fn every_exit_has_its_number_and_the_codes_stand_in_their_order() {
        for (number, exit) in (0..).zip(Exit::ALL) {
            assert_eq!(exit.code(), number);
        }
        let by_exit: Vec<Code> = Exit::ALL.into_iter().flat_map(Exit::codes).collect();
        assert_eq!(by_exit, Code::ALL);
    }
}
