//! What a command works with: which store, which host, which account, how long to wait.

use std::cell::OnceCell;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::args::{self, Cli, Command, Global, HostTarget};
use super::audible::Audible;
use super::call::Call;
use super::failure::{Error, Failure, UsageError};
use super::hidden::{self, Until};
use super::printer::{self, Printer};
use crate::config::{CallConfig, Config};
use crate::credential::{AccountId, AccountName, Host, HostArg, Record, Scheme};
use crate::env;
use crate::flow::{self, FlowError, RefreshesIn, Session, Step, Warning};
use crate::http::Network;
use crate::log::{Level, Log};
use crate::secret::text_of;
use crate::store::{BadStore, NamedBy, Store};
use crate::time::Timestamp;

/// Everything that the global options say.
pub(super) struct Context<'a> {
    pub global: &'a Global,
    pub printer: &'a Printer,
    log: Log,
    config: CallConfig<'a>,
    pub network: Audible<Network>,
    /// The login that this call is.
    login: Option<&'a args::Login>,
    /// The client id that a person typed in it.
    typed_client_id: OnceCell<String>,
}

impl<'a> Context<'a> {
    pub(super) fn new(cli: &'a Cli, printer: &'a Printer) -> Self {
        let global = &cli.global;
        let level = Level::of_count(global.verbose);
        Self {
            global,
            printer,
            log: Log::new(level, printer::note),
            config: CallConfig::new(global.config.as_deref()),
            network: Audible {
                http: Network,
                is_watched: !global.quiet && !global.json && printer::is_watched(),
            },
            login: match &cli.command {
                Command::Login(args) => Some(args),
                _ => None,
            },
            typed_client_id: OnceCell::new(),
        }
    }

    /// Keeps the client id that a person typed, for commands that repeat the login.
    pub(super) fn keep_client_id(&self, typed: &str) {
        self.typed_client_id.set(typed.to_owned()).ok();
    }

    /// The store: `--store`, else `credentials/` in the platform's local data folder.
    pub(super) fn store(&self) -> Result<Store, Error> {
        let Some(root) = &self.global.store else {
            let root = env::store_folder().ok_or_else(no_home)?;
            return Ok(Store::new(root, Timestamp::now));
        };
        // Nearly always, and never what a shell would have expanded.
        let store = Store::at(root.clone(), Timestamp::now);
        if root.is_absolute() || store.is_shared() && !store.has_password() {
            return Ok(store);
        }
        let by = match env::option("GLAUTH_STORE") {
            Some(variable) if variable == root.as_os_str() => NamedBy::Variable,
            _ => NamedBy::Option,
        };
        let named = Store::named(root.clone(), by, Timestamp::now);
        let named = named.map_err(UsageError::BadStore)?;
        // The same text in the arguments, too, by way of a shell: what is in it is seen there.
        if named.has_password() && env::is_an_argument(root.as_os_str()) {
            let by = NamedBy::Option;
            return Err(UsageError::BadStore(BadStore::Password { by }).into());
        }
        Ok(named)
    }

    /// The configuration: `--config`, else `config.toml` in the platform's place, else nothing.
    pub(super) fn config(&self) -> Result<&Config, Error> {
        Ok(self.config.get()?)
    }

    /// Where the configuration is, or would be. `None`: no home is known.
    pub(super) fn config_path(&self) -> Option<PathBuf> {
        self.global.config.clone().or_else(env::config_file)
    }

    pub(super) fn session<'s>(&'s self, store: &'s Store, scheme: Option<Scheme>) -> Session<'s> {
        Session {
            store,
            http: &self.network,
            lock_timeout: self.global.lock_timeout,
            log: &self.log,
            talkative: !self.global.quiet && !self.global.json,
            watched: self.is_watched(),
            scheme,
            refreshes: RefreshesIn::Apart,
            config: &self.config,
        }
    }

    /// Warns of what a person should know all the same.
    pub(super) fn warn_of(&self, warnings: &[Warning]) {
        for warning in warnings {
            self.printer.warn(&self.text_of(warning));
        }
    }

    /// Whether a person sees what is said meanwhile.
    pub(super) fn is_watched(&self) -> bool {
        self.network.is_watched
    }

    /// Whether there is a person to ask.
    pub(super) fn can_ask(&self) -> bool {
        !self.global.json && printer::is_watched() && io::stdin().is_terminal()
    }

    /// HOST, else `--host`, else the configuration's, else the only one in the store.
    pub(super) fn host(&self, target: &HostTarget, store: &Store) -> Result<HostArg, Error> {
        if let Some(host) = target.host.clone().or_else(|| self.global.host.clone()) {
            return Ok(host);
        }
        if let Some(host) = &self.config()?.default_host {
            return Ok(host.clone());
        }
        let all = store.accounts()?;
        let used = flow::in_use(store, &all);
        let none_is = used.is_empty();
        let candidates = if none_is { &all } else { &used };
        let mut hosts: Vec<_> = candidates.iter().map(|id| id.host.clone()).collect();
        hosts.dedup();
        match <[_; 1]>::try_from(hosts) {
            Ok([host]) => Ok(HostArg { host, scheme: None }),
            Err(hosts) if hosts.is_empty() => Err(UsageError::NoLogins(store.name()).into()),
            Err(_) if none_is => Err(FlowError::AllLoggedOut(all).into()),
            Err(hosts) => Err(UsageError::SeveralHosts(hosts).into()),
        }
    }

    /// The login at the host with the account that was named, else `default`.
    pub(super) fn login_at(&self, host: &Host) -> AccountId {
        let named = self.global.account.clone();
        AccountId {
            host: host.clone(),
            account: named.unwrap_or_else(AccountName::default_name),
        }
    }

    /// Every account of the host that is named, else of all hosts.
    pub(super) fn all(
        &self,
        host: Option<&HostArg>,
        store: &Store,
    ) -> Result<Vec<AccountId>, Error> {
        let Some(host) = host else {
            return Ok(store.all_accounts()?);
        };
        let ids = store.all_accounts_of(&flow::stored_host(store, &host.host)?)?;
        if ids.is_empty() {
            return Err(Self::no_login(self.login_at(&host.host), host.scheme, store).into());
        }
        Ok(ids)
    }

    /// Finds the login that is meant: the named one, else `default`, else the chosen one, else the only one of the host.
    pub(super) fn find(&self, host: &HostArg, session: &Session<'_>) -> Result<Record, Error> {
        Self::found(
            flow::find(session, &host.host, self.global.account.as_ref()),
            session,
        )
    }

    /// Finds this login alone.
    pub(super) fn find_named(id: &AccountId, session: &Session<'_>) -> Result<Record, Error> {
        Self::found(flow::find(session, &id.host, Some(&id.account)), session)
    }

    fn found(found: Result<Record, FlowError>, session: &Session<'_>) -> Result<Record, Error> {
        found.map_err(|error| match error {
            FlowError::NoLogin(id) => Self::no_login(id, session.scheme, session.store).into(),
            other => other.into(),
        })
    }

    /// That nothing is stored for an account of a host that was named.
    pub(super) fn no_login(id: AccountId, scheme: Option<Scheme>, store: &Store) -> UsageError {
        let store = store.name();
        UsageError::NoLogin { id, scheme, store }
    }

    /// What commands for a person to paste repeat.
    pub(super) fn call(&self) -> Call {
        match self.login {
            Some(args) => {
                let typed = self.typed_client_id.get().map(String::as_str);
                Call::of_login(self.global, args, typed)
            }
            None => Call::of(self.global),
        }
    }

    /// What a person or a script is told of an error.
    pub(super) fn failure(&self, error: &Error) -> Failure {
        Failure::of(error, &self.call())
    }

    /// A warning, with the command that it leads to.
    pub(super) fn text_of(&self, warning: &Warning) -> String {
        let Warning { text, step } = warning;
        let call = self.call();
        match step {
            None => text.clone(),
            Some(Step::AddStandby(id)) => {
                let command = call.command_for("login --standby", id);
                format!("{text}; {command} adds another")
            }
            Some(Step::TakeOneGrant(id)) => {
                let command = call.command_for("login --no-standby", id);
                format!("{text}; {command} takes one")
            }
            Some(Step::ChooseDefault(host)) => {
                let command = call.command(&format!("switch {host} default"));
                format!("{text}; {command} undoes that")
            }
            Some(Step::LogOut(id)) => {
                let command = call.command_for("logout", id);
                format!("{text}; {command} removes this one")
            }
            Some(Step::NameKind(id)) => {
                let command = call.login(" --provider KIND", id);
                format!("{text}; if it is another kind, run {command}")
            }
        }
    }
}

fn no_home() -> UsageError {
    UsageError::Call("no home folder is known; set GLAUTH_STORE".to_owned())
}

/// Reads a secret from standard input, up to `limit` bytes: one line of text, with a mark in the place of what is
/// none. At a terminal it is not shown.
pub(super) fn read_line_of_stdin(what: &str, limit: usize) -> Result<Zeroizing<String>, Error> {
    Ok(text_of(&read_stdin(what, limit, Until::Enter)?))
}

/// Reads a secret from standard input, up to `limit` bytes. At a terminal it is not shown, and ends there.
pub(super) fn read_stdin(
    what: &str,
    limit: usize,
    until: Until,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let stdin = io::stdin();
    let read = if stdin.is_terminal() {
        let key = until.key();
        printer::note(&format!(
            "paste {what}, which is not shown, and press {key}"
        ));
        hidden::read(until, limit)
    } else {
        to_the_end(limit)
    };
    within(what, limit, read)
}

/// Reads all of standard input, up to `limit` bytes, in the same way at a terminal. A secret may be in it.
pub(super) fn read_stdin_to_the_end(limit: usize) -> Result<Zeroizing<String>, Error> {
    let what = "standard input";
    let bytes = within(what, limit, to_the_end(limit))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| UsageError::BadInput(format!("{what} is not text")))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Up to one byte more than the limit: it shows that there is more.
fn to_the_end(limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // Allocated once: a buffer that grows leaves copies of secrets behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
    let mut stdin = io::stdin().lock().take(limit as u64 + 1);
    stdin.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn within(
    what: &str,
    limit: usize,
    read: io::Result<Zeroizing<Vec<u8>>>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let bytes =
        read.map_err(|error| UsageError::BadInput(format!("{what} cannot be read: {error}")))?;
    if bytes.len() > limit {
        return Err(UsageError::BadInput(format!("{what} is longer than {limit} bytes")).into());
    }
    Ok(bytes)
}

/// Makes a path that a record keeps independent of the working folder.
pub(super) fn absolute(path: &std::path::Path) -> Result<PathBuf, Error> {
    let doing = format!("cannot tell the full path of `{}`", path.display());
    std::path::absolute(path).map_err(Error::system(doing))
}
