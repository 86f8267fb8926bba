//! Which errors have a row in docs/errors.md: every variant of every error that glauth ends with.

use std::collections::BTreeSet;

use super::*;
use crate::config::ConfigError;
use crate::credential::BadHost;
use crate::flow::{AuthorizeError, ClientError, FlowError, NewTokens, NoAnswer, NotAdded, Refusal};
use crate::gitcred::BadQuestion;
use crate::http::{ClientFileKind, FileProblem, SendError, TlsProblem};
use crate::oauth::{BadImport, DeviceError, DiscoveryError, RegistrationError, RevokeError};
use crate::secret::BadSecret;
use crate::store::{BadStore, Kept, Lasts, LockError, SharedError};
use crate::user_file::Unusable;

/// The variants that some row shows, as `Error::Variant`.
pub(super) type Seen = BTreeSet<&'static str>;

/// What no row can show, and why.
const NEVER_AN_ERROR: [(&str, &str); 6] = [
    ("Outcome::Pending", "no refresh ends so"),
    ("Outcome::Rotated", "no refresh fails so"),
    ("Outcome::CutOff", "what the next process writes"),
    (
        "AuthorizeError::LeftOut",
        "why a login has no standby grant",
    ),
    (
        "BadSecret::EndsLine",
        "what git asks to keep; its helper says nothing",
    ),
    (
        "Unusable::Readable",
        "an error of the shared store has its words",
    ),
];

/// An error that notes its own variant, and those of the errors in it.
pub(super) trait Variants {
    fn note(&self, seen: &mut Seen);
}

impl<T: Variants> Variants for Box<T> {
    fn note(&self, seen: &mut Seen) {
        (**self).note(seen);
    }
}

impl<T: Variants> Variants for Option<T> {
    fn note(&self, seen: &mut Seen) {
        if let Some(error) = self {
            error.note(seen);
        }
    }
}

/// Lists the variants of each error, with the fields of a variant that hold another error of this list.
///
/// The `match` has no wildcard: the compiler complains of a variant that is missing here. The test below complains
/// of one without a row.
macro_rules! errors {
    ($($error:ident { $($variant:ident $(($($field:tt: $inner:ident),*))?,)* })*) => {
        const ALL: &[&str] = &[
            $($(concat!(stringify!($error), "::", stringify!($variant)),)*)*
        ];

        $(impl Variants for $error {
            fn note(&self, seen: &mut Seen) {
                match self {
                    $(Self::$variant { $($($field: $inner,)*)? .. } => {
                        seen.insert(concat!(stringify!($error), "::", stringify!($variant)));
                        $($($inner.note(seen);)*)?
                    })*
                }
            }
        })*
    };
}

errors! {
    Error {
        Usage(0: error), Config(0: error), Flow(0: error), Login(0: error), Exhausted, Unexpected, About(1: error),
    }
    FlowError {
        NoLogin, SeveralAccounts, Unreadable(source: error), NotNamedByGit, AllLoggedOut, LoggedOut, MovedAway,
        LoginRequired, RefusesToRefresh, StandbyLost, TokenRefused, UnknownToken, OtherScheme, HeldElsewhere, NameTaken,
        NotRenewable, NothingFresh, TooShort, Failed(outcome: outcome), Lock(0: error), Leased, Store(0: error), Config(0: error),
        NotRefreshed(outcome: outcome), TooManyTurns, NotRevoked(source: error),
    }
    Outcome {
        Pending, Rotated, Unreachable, Unavailable, RateLimited, RefreshRefused, AnswerLost, ClientRejected, Config,
        TlsRefused, LoginRequired, CutOff,
    }
    LockError { Timeout, Store(0: error), }
    StoreError {
        Permission, WrongKind, OpenFolder, ReadOnly, Corrupt, UnsupportedVersion, NewerValue, DiskFull,
        LockingUnsupported, LockReplaced, AnswerNotStored(rescued: kept), Shared(0: error), Io,
    }
    SharedError {
        Address, NoCache, Away, Untrusted, Unanswered, Refused, NoTables, ReadOnly, File, NoKeys, Sealed, Unreadable, CommitsLost, Changed,
        Taken, Strayed, NotShared, NoRandom,
    }
    Lasts { OverRestart, UntilRestart, UntilLogout, }
    RevokeError { NoEndpoint, Send(0: error), Unavailable, Refused, }
    UsageError {
        NoHost, NoLogins, NoLogin, NoAccount, NothingToEnd, SeveralHosts, NotRun, GitNotWritten, ConfigNotWritten, DefaultGoesBefore,
        NoVariable, BadStore(0: error), BadQuestion(0: error), BadResponse(0: error), BadInput,
        Call, TokenAsHost, NoLoginForRegistry, NoRegistry, NotShared, OneStore, TwoOfAKind, NoKeyFile, DockerFile(problem: problem),
    }
    BadDockerFile { Unusable(0: unusable), Unparsed, NotObject, OtherForm, Unchangeable, NotWritten, }
    BadStore { Address, Password, Unexpanded, Relative, }
    BadQuestion {
        Read, NoEquals, ControlCharacter, NotText, TooLongValue, TooLongLine, TooLong, TooManyLines,
    }
    BadImport { NotJson, Error, NoToken, }
    BadHost { Invalid, Port, Extra, Scheme, Cleartext, }
    NoAnswer { NotGiven, Unfit, }
    ClientError {
        NoClientId, NoClientIdOfTokens, NoClientSecret, SharedClient, NoEndpoint, BadEndpoint, ForeignEndpoint, BadRedirectUri,
        File(source: error), BadSecret(0: error), SecretMissing, UnknownAuthMethod, UnknownProvider, EmptyClientId,
        OurParameter, UnknownKind(problem: error), NoDocument, NoResource, Registration(0: error), ControlCharacter,
        Discovery(0: error),
    }
    BadSecret { Empty, TooLong, NotPrintable, EndsLine, }
    Unusable { Io, NotRegular, Foreign, Writable, Readable, TooLarge, }
    DiscoveryError { Send(0: error), Unavailable, Missing, Unsound, ForeignEndpoint, BadResource, }
    RegistrationError { Send(0: error), Unavailable, Refused, Unsound, }
    SendError {
        Unreachable, UnknownName, Proxy, BadProxy, TlsRefused(problem: problem), NotTls, CaFile(problem: problem),
        ClientFile(kind: kind, problem: problem), ForeignServer, AnswerLost,
    }
    TlsProblem {
        UnknownAuthority, OtherAuthority, NoAuthorities, Dates, Name, NoName, Version, ClientCertificate, Other,
    }
    FileProblem { Content, Writable, Untrusted, }
    ClientFileKind { Secret, Key, }
    AuthorizeError {
        Client(0: error), NoPerson, NoAnswer(0: error), NothingToStandBeside, Flow(0: error), NoRandomness, NotListening, Refused, OtherIssuer, NoIssuer,
        TimedOut,
        NoDeviceGrant, Device(0: error), NotRedeemed(outcome: outcome), LeftOut, NotAdded(0: error),
        NotStored(source: error, tokens: tokens),
    }
    DeviceError { Send(0: error), Refused, UnknownClient, Unavailable, BadAnswer, }
    NewTokens { Revoked, LiveOn(0: error), LeftAlone, MayBeStored, }
    Refusal {
        NotRenewable, SameTokens, OtherScopes, OtherUser, Nameless, NotIdentified, OtherClient, NoClient, LoginGone, Full,
        NotStored(0: error),
    }
}

impl Variants for Kept {
    fn note(&self, seen: &mut Seen) {
        self.lasts.note(seen);
    }
}

impl Variants for NotAdded {
    fn note(&self, seen: &mut Seen) {
        self.why.note(seen);
        self.tokens.note(seen);
    }
}

impl Variants for ConfigError {
    fn note(&self, seen: &mut Seen) {
        self.unusable.note(seen);
    }
}

#[test]
fn every_variant_of_an_error_has_a_row() {
    let mut seen = Seen::new();
    for error in groups().iter().flat_map(|(_, errors)| errors) {
        error.note(&mut seen);
    }
    for (_, problem) in table::bad_hosts() {
        problem.note(&mut seen);
    }
    let exempt = NEVER_AN_ERROR.map(|(name, _)| name);
    let without: Vec<_> = ALL
        .iter()
        .filter(|name| !seen.contains(*name) && !exempt.contains(name))
        .collect();
    assert!(without.is_empty(), "no row of the table shows {without:?}");
    let shown: Vec<_> = exempt.iter().filter(|name| seen.contains(*name)).collect();
    assert!(shown.is_empty(), "a row of the table shows {shown:?}");
}

#[test]
fn every_code_has_a_row() {
    let failures: Vec<Failure> = rows()
        .flat_map(|(_, rows)| rows)
        .map(|(_, row)| row)
        .collect();
    for code in Code::ALL {
        assert!(
            failures.iter().any(|failure| failure.code == *code),
            "no row of the table has the code `{code}`"
        );
    }
}
