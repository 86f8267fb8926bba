//! The exit codes: one table for the program, the man pages and README.

use std::process::ExitCode;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Something that nobody foresaw.
    Unexpected = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// A person is needed.
    LoginRequired = 3,
    /// Not now.
    TryAgain = 4,
    /// The store is unusable.
    Store = 5,
}

/// A row: the code, what it means, what a script does, and the `code` of JSON errors.
pub type Row = (Exit, &'static str, &'static str, &'static [&'static str]);

/// Every exit code.
pub const EXIT_CODES: [Row; 6] = [
    (Exit::Done, "done", "go on", &[]),
    (
        Exit::Unexpected,
        "unexpected failure",
        "report it",
        &["unexpected"],
    ),
    (
        Exit::Usage,
        "wrong usage or configuration",
        "fix the call",
        &[
            "usage",
            "config",
            "client_rejected",
            "tls_refused",
            "bad_input",
        ],
    ),
    (
        Exit::LoginRequired,
        "login required: nothing is stored, or the server ended the grant; a person is needed",
        "a person runs `glauth login`",
        &["login_required", "token_refused", "access_denied"],
    ),
    (
        Exit::TryAgain,
        "not now: network, server, rate limit, lock or lease deadline, too little life left, too many files or processes",
        "try again later",
        &[
            "unreachable",
            "unavailable",
            "rate_limited",
            "answer_lost",
            "refresh_refused",
            "lock_timeout",
            "lease_timeout",
            "stale",
            "exhausted",
        ],
    ),
    (
        Exit::Store,
        "the store is unusable",
        "look at the named file",
        &[
            "permission",
            "read_only",
            "corrupt",
            "unsupported_version",
            "disk_full",
            "locking_unsupported",
            "store_failed",
        ],
    ),
];

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The exit code of a JSON error's `code`.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let row = EXIT_CODES.iter().find(|row| row.3.contains(&name));
        row.map_or(Self::Unexpected, |row| row.0)
    }

    /// Of several accounts' results: the first of 1, 2, 5, 3, 4 that occurred.
    #[must_use]
    pub fn worst(exits: impl IntoIterator<Item = Self>) -> Self {
        const ORDER: [Exit; 6] = [
            Exit::Unexpected,
            Exit::Usage,
            Exit::Store,
            Exit::LoginRequired,
            Exit::TryAgain,
            Exit::Done,
        ];
        let rank = |exit: &Self| ORDER.iter().position(|known| known == exit);
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
    fn of_several_exits_the_one_that_needs_somebody_first_counts() {
        use Exit::{Done, LoginRequired, Store, TryAgain, Unexpected, Usage};
        assert_eq!(Exit::worst([]), Done);
        assert_eq!(Exit::worst([Done, TryAgain]), TryAgain);
        assert_eq!(Exit::worst([TryAgain, LoginRequired, Done]), LoginRequired);
        assert_eq!(Exit::worst([LoginRequired, Store]), Store);
        assert_eq!(Exit::worst([Store, Usage]), Usage);
        assert_eq!(Exit::worst([Usage, Unexpected]), Unexpected);
    }

    #[test]
    fn every_code_has_its_number() {
        for (number, row) in (0..).zip(EXIT_CODES) {
            assert_eq!(row.0.code(), number);
        }
    }
}
