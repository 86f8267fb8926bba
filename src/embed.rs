//! What a program that embeds the store has to know: the way from a host to a working token.

mod consent;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::code::{Code, Exit};
use crate::config::CallConfig;
use crate::credential::{
    AccountId, AccountName, DEFAULT_MIN_TTL, EXEC_MIN_TTL, HostArg, Record, Scheme,
};
use crate::env;
use crate::flow::{self, FlowError, LOCK_TIMEOUT, Need, Obtained, RefreshesIn, Session};
use crate::http::Network;
use crate::log::{Level, Log};
use crate::secret::AccessToken;
use crate::signals;
use crate::store::{Lease, NamedBy, Store};
use crate::time::Timestamp;

pub use consent::{ClientSettings, ConsentPrompt};

/// The logins of a user: a folder of records that other processes, and `glauth` on the command line,
/// use at the same time.
#[derive(Debug)]
pub struct Logins {
    store: Store,
    lock_timeout: Duration,
    /// The configuration that the environment names.
    config: Option<PathBuf>,
}

impl Logins {
    /// Those that `glauth` uses: in `GLAUTH_STORE`, else in the platform's local data folder. Nothing is
    /// read yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] where `GLAUTH_STORE` is empty or not the full path of a folder, or is not set and no
    /// home folder is known.
    pub fn open() -> Result<Self, Error> {
        Self::open_named(env::option("GLAUTH_STORE").map(PathBuf::from))
    }

    /// An empty name is a mistake, and does not mean the user's own logins.
    fn open_named(folder: Option<PathBuf>) -> Result<Self, Error> {
        if folder
            .as_ref()
            .is_some_and(|path| path.as_os_str().is_empty())
        {
            return Err(Error::usage("GLAUTH_STORE is empty"));
        }
        if let Some(folder) = folder {
            let store = Store::named(folder, NamedBy::Variable, Timestamp::now);
            return Ok(Self {
                store: store.map_err(|error| Error::usage(&error.to_string()))?,
                lock_timeout: LOCK_TIMEOUT,
                config: named_config(),
            });
        }
        let no_home = || Error::usage("no home folder is known; set GLAUTH_STORE");
        Ok(Self::open_at(env::store_folder().ok_or_else(no_home)?))
    }

    /// Those in a folder of the program's own. Nothing is read yet.
    #[must_use]
    pub fn open_at(folder: PathBuf) -> Self {
        Self {
            store: Store::new(folder, Timestamp::now),
            lock_timeout: LOCK_TIMEOUT,
            config: named_config(),
        }
    }

    /// How long to wait for another process's refresh, instead of two minutes.
    #[must_use]
    pub fn lock_timeout(mut self, longest: Duration) -> Self {
        self.lock_timeout = longest;
        self
    }

    /// The login at `host`: a host name, one with a port, or a URL. `name` tells several logins at one
    /// host apart; `None` is the one called `default`, else the one that `config.toml` chooses, else the only one
    /// there. Nothing is read yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] for what is no host or no name.
    pub fn login(&self, host: &str, name: Option<&str>) -> Result<Login<'_>, Error> {
        // A URL with more in it than counts may have a password there.
        let shown = if host.contains(['@', '?', '#']) {
            "the host".to_owned()
        } else {
            format!("`{}`", host.escape_debug())
        };
        let host = HostArg::parse_below(host);
        let name = name.map(|name| {
            let parsed = name.parse::<AccountName>();
            parsed.map_err(|problem| Error::usage(&format!("`{}` {problem}", name.escape_debug())))
        });
        Ok(Login {
            logins: self,
            host: host.map_err(|problem| Error::usage(&format!("{shown} {problem}")))?,
            name: name.transpose()?,
        })
    }
}

/// The configuration that the environment names.
fn named_config() -> Option<PathBuf> {
    let named = env::option("GLAUTH_CONFIG").filter(|path| !path.is_empty());
    named.map(PathBuf::from)
}

/// One login, of one account at one host.
#[derive(Debug)]
pub struct Login<'a> {
    logins: &'a Logins,
    host: HostArg,
    name: Option<AccountName>,
}

impl Login<'_> {
    /// A working token. It is read from the store; only where it ends soon it is refreshed, once,
    /// whatever other process asks at the same moment (P1). `least` is how long it must live, nine tenths of its
    /// lifetime at most, with a warning where that is less; `None` prefers a minute.
    ///
    /// # Errors
    ///
    /// What each [`ErrorKind`] asks the program to do.
    pub fn token(&self, least: Option<Duration>) -> Result<Token, Error> {
        let need = Need::token(least, DEFAULT_MIN_TTL);
        self.obtain(|session, record| flow::obtain(session, record, &need))
            .map(Token::of)
    }

    /// Another token than this one, which a server refused with a 401: the one that has replaced it, or
    /// a refreshed one. The refused one is never returned again (P7).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TokenRefused`] where the server says that the token is good: then something else
    /// is wrong, and asking again does not help.
    pub fn rejected(&self, refused: &AccessToken) -> Result<Token, Error> {
        let need = Need {
            rejected: Some(refused.clone()),
            ..Need::token(None, DEFAULT_MIN_TTL)
        };
        self.obtain(|session, record| flow::obtain(session, record, &need))
            .map(Token::of)
    }

    /// A working token that no other process ends early while the lease is kept: for work that takes minutes.
    /// `None` prefers five of them. There is no lease where none is needed (a refresh leaves the old token
    /// alive), or where none can be had; then one of [`Token::warnings`] says why.
    ///
    /// # Errors
    ///
    /// As for [`token`](Self::token).
    pub fn lease(&self, least: Option<Duration>) -> Result<(Token, Option<Lease>), Error> {
        let need = Need::token(least, EXEC_MIN_TTL);
        self.obtain(|session, record| flow::obtain_with_lease(session, record, &need))
            .map(|(obtained, lease)| (Token::of(obtained), lease))
    }

    fn obtain<T>(
        &self,
        act: impl FnOnce(&Session<'_>, Record) -> Result<T, FlowError>,
    ) -> Result<T, Error> {
        let mut scheme = self.host.scheme;
        let done = self.in_session(|session| {
            let record = flow::find(session, &self.host.host, self.name.as_ref())?;
            scheme = Some(record.scheme);
            act(session, record)
        });
        done.map_err(|error| Error::of(&error, scheme))
    }

    fn in_session<T>(&self, act: impl FnOnce(&Session<'_>) -> T) -> T {
        let done = act(&Session {
            store: &self.logins.store,
            http: &Network,
            lock_timeout: self.logins.lock_timeout,
            log: &Log::new(Level::Normal, |_| {}),
            talkative: false,
            watched: false,
            scheme: self.host.scheme,
            refreshes: RefreshesIn::Here,
            config: &CallConfig::new(self.logins.config.as_deref()),
        });
        signals::told();
        done
    }
}

/// A token, as it was handed out. It may be refreshed by others at any moment: ask again for the next
/// piece of work instead of keeping it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "the terms of RFC 6749")]
pub struct Token {
    access_token: AccessToken,
    token_type: String,
    scopes: Vec<String>,
    expires_at: Option<SystemTime>,
    warnings: Vec<String>,
}

impl Token {
    fn of(obtained: Obtained) -> Self {
        let grant = obtained.grant();
        Self {
            access_token: grant.access_token.clone(),
            token_type: grant.token_type.clone(),
            scopes: grant.scopes.clone(),
            expires_at: grant.expires_at.map(Timestamp::to_system_time),
            warnings: obtained.warnings.into_iter().map(|one| one.text).collect(),
        }
    }

    /// The secret; [`expose`](AccessToken::expose) is its text.
    #[must_use]
    pub fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    /// How it is presented, nearly always `Bearer` (RFC 6749 §7.1).
    #[must_use]
    pub fn token_type(&self) -> &str {
        &self.token_type
    }

    /// What it may be used for (RFC 6749 §3.3).
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// When it ends by itself; `None` where the server does not say.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// What a person should know all the same, a sentence each: that the server could not be reached,
    /// that a grant has ended, that no token lives as long as was asked for.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// What the program does about an error: the exit codes of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was not foreseen (exit code 1): report it.
    Unexpected,
    /// The call, the client or the configuration (2): correct it.
    Usage,
    /// Nothing is stored, or the server has ended the login (3): a person runs `glauth login`.
    LoginRequired,
    /// The token that was called refused is good (6): look at scopes and permissions.
    TokenRefused,
    /// The network, the server, the lock, too little life (4): later, and not in a loop.
    TryAgain,
    /// The store cannot be used (5): look at the file that the message names.
    Store,
}

/// Why there is no token. Its text is a sentence for people, without any secret.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    code: Code,
    message: String,
    login: Option<NeededLogin>,
}

/// The login that a person makes next: with it, the call that failed may succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededLogin {
    host: String,
    account: AccountName,
}

impl NeededLogin {
    fn of(id: &AccountId, scheme: Option<Scheme>) -> Self {
        Self {
            host: match scheme {
                Some(scheme @ Scheme::Http) => id.host.base_url(scheme),
                Some(Scheme::Https) | None => id.host.to_string(),
            },
            account: id.account.clone(),
        }
    }

    /// The host, as [`Logins::login`] takes it: a URL where it is reached over plain HTTP.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The name of the account, nearly always `default`.
    #[must_use]
    pub fn account(&self) -> &str {
        self.account.as_str()
    }
}

impl Error {
    fn of(error: &FlowError, scheme: Option<Scheme>) -> Self {
        let id = match error {
            // Any of them will do.
            FlowError::AllLoggedOut(ids) => ids.first(),
            other => other.id(),
        };
        Self::with_code(error.code(), error.to_string(), id, scheme)
    }

    fn with_code(
        code: Code,
        message: String,
        id: Option<&AccountId>,
        scheme: Option<Scheme>,
    ) -> Self {
        let kind = ErrorKind::from(code.exit());
        let id = id.filter(|_| kind == ErrorKind::LoginRequired);
        Self {
            kind,
            code,
            message,
            login: id.map(|id| NeededLogin::of(id, scheme)),
        }
    }

    fn usage(message: &str) -> Self {
        Self {
            kind: ErrorKind::Usage,
            code: Code::Usage,
            message: message.to_owned(),
            login: None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What it is, more exactly: the `code` of the command line's JSON errors, such as `unreachable`.
    #[must_use]
    pub fn code(&self) -> &str {
        self.code.as_str()
    }

    /// The login that a person has to make, where [`kind`](Self::kind) is [`ErrorKind::LoginRequired`].
    #[must_use]
    pub fn login(&self) -> Option<&NeededLogin> {
        self.login.as_ref()
    }
}

impl From<Exit> for ErrorKind {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done | Exit::Unexpected => Self::Unexpected,
            Exit::Usage => Self::Usage,
            Exit::LoginRequired => Self::LoginRequired,
            Exit::TryAgain => Self::TryAgain,
            Exit::Store => Self::Store,
            Exit::TokenRefused => Self::TokenRefused,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_store_is_an_error_as_on_the_command_line() {
        let error = Logins::open_named(Some(PathBuf::new())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert_eq!(error.to_string(), "GLAUTH_STORE is empty");
        for name in ["logins", "~/logins", "mysql://db/logins"] {
            let error = Logins::open_named(Some(PathBuf::from(name))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{name}");
        }
    }
}
