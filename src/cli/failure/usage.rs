//! The errors of a call that cannot be carried out as it stands.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::docker::BadDockerFile;
use super::{Failure, file, meant, plain, quoted, status};
use crate::cli::args::Cli;
use crate::cli::call::Call;
use crate::cli::help;
use crate::code::Code;
use crate::credential::{AccountId, AccountName, Host, Scheme, known_host};
use crate::env;
use crate::flow::list;
use crate::gitcred::BadQuestion;
use crate::oauth::BadImport;
use crate::store::BadStore;
use crate::terminal::clean;

/// No server gives shorter tokens, in bytes.
const SECRET_LENGTH: usize = 8;

/// What to look at if the logins are somewhere else, as they may be in cron.
const CHECK_VARIABLES: &str = "if you have logins, check HOME, GLAUTH_STORE and XDG_DATA_HOME";

/// A call that cannot be carried out as it stands.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum UsageError {
    #[error("no HOST was given, and there is no login")]
    NoHost,
    #[error("there are no logins in `{}`", .0.display())]
    NoLogins(PathBuf),
    #[error("no login for {id} in `{}`", store.display())]
    NoLogin {
        id: AccountId,
        /// As HOST says it.
        scheme: Option<Scheme>,
        store: PathBuf,
    },
    #[error("no login with account {account} in `{}`", store.display())]
    NoAccount {
        account: AccountName,
        store: PathBuf,
    },
    #[error("no login for {id} in `{}`", store.display())]
    NothingToEnd { id: AccountId, store: PathBuf },
    #[error("several hosts have logins: {}", list(.0))]
    SeveralHosts(Vec<Host>),
    #[error("cannot run `{program}`: {source}")]
    NotRun {
        program: String,
        source: std::io::Error,
    },
    #[error("`{}` cannot be changed: {source}", path.display())]
    ConfigNotWritten {
        path: PathBuf,
        host: Host,
        /// As it should be; `None`: it should have none.
        account: Option<AccountName>,
        source: std::io::Error,
    },
    #[error("{} has an account called `default`, which is used wherever no account is named", default.host)]
    DefaultGoesBefore {
        default: AccountId,
        /// Whether a person has logged out of it.
        is_ended: bool,
    },
    #[error("git's configuration cannot be changed: {0}")]
    GitNotWritten(String),
    #[error("there is no login for the registry {0}, and glauth keeps no passwords")]
    NoLoginForRegistry(Host),
    #[error("the registry of {0} is not known")]
    NoRegistry(Host),
    #[error("`{}`{problem}", path.display())]
    DockerFile {
        path: PathBuf,
        #[source]
        problem: BadDockerFile,
    },
    #[error("{0}")]
    NoVariable(&'static str),
    #[error("HOST looks like a token, and is not shown")]
    TokenAsHost,
    #[error(transparent)]
    BadStore(BadStore),
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "of the shared store")
    )]
    #[error("`{}` is a folder of this machine, and needs no tables", .0.display())]
    NotShared(PathBuf),
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "of the shared store")
    )]
    #[error("a login cannot move from a store to itself")]
    OneStore,
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "of the shared store")
    )]
    #[error("a login moves between a folder and a database, and these are two of a kind")]
    TwoOfAKind,
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "of the shared store")
    )]
    #[error("`{}` is not there", .0.display())]
    NoKeyFile(PathBuf),
    #[error("git's question {0}")]
    BadQuestion(BadQuestion),
    #[error("the token response {0}")]
    BadResponse(BadImport),
    #[error("{0}")]
    BadInput(String),
    #[error("{0}")]
    Call(String),
}

/// Where the login is that was not found, if `XDG_DATA_HOME` has moved the store away from it.
fn moved(error: &UsageError) -> Option<String> {
    match error {
        UsageError::NoLogins(store) | UsageError::NoAccount { store, .. } => {
            file::moved_from(store, None)
        }
        UsageError::NoLogin { id, store, .. } | UsageError::NothingToEnd { id, store } => {
            file::moved_from(store, Some(&id.host))
        }
        _ => None,
    }
}

impl UsageError {
    /// Its error code.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::NoLogins(_)
            | Self::NoLogin { .. }
            | Self::NoAccount { .. }
            | Self::NoLoginForRegistry(_)
            | Self::NothingToEnd { .. } => Code::LoginRequired,
            Self::NotRun { source, .. } | Self::ConfigNotWritten { source, .. }
                if env::is_exhausted(source) =>
            {
                Code::Exhausted
            }
            Self::DockerFile { problem, .. } => problem.code(),
            Self::BadStore(_)
            | Self::NotShared(_)
            | Self::OneStore
            | Self::TwoOfAKind
            | Self::NoKeyFile(_)
            | Self::NoHost
            | Self::NoRegistry(_)
            | Self::SeveralHosts(_)
            | Self::NoVariable(_)
            | Self::TokenAsHost
            | Self::Call(_)
            | Self::DefaultGoesBefore { .. }
            | Self::NotRun { .. } => Code::Usage,
            Self::GitNotWritten(_) | Self::ConfigNotWritten { .. } => Code::Config,
            Self::BadQuestion(error) => error.code(),
            Self::BadResponse(_) | Self::BadInput(_) => Code::BadInput,
        }
    }

    /// The account that it is about.
    pub(super) fn id(&self) -> Option<&AccountId> {
        match self {
            Self::NoLogin { id, .. }
            | Self::NothingToEnd { id, .. }
            | Self::DefaultGoesBefore { default: id, .. } => Some(id),
            Self::NoHost
            | Self::NoLogins(_)
            | Self::NoAccount { .. }
            | Self::SeveralHosts(_)
            | Self::NotRun { .. }
            | Self::GitNotWritten(_)
            | Self::ConfigNotWritten { .. }
            | Self::NoLoginForRegistry(_)
            | Self::NoRegistry(_)
            | Self::DockerFile { .. }
            | Self::NoVariable(_)
            | Self::TokenAsHost
            | Self::BadStore(_)
            | Self::NotShared(_)
            | Self::OneStore
            | Self::TwoOfAKind
            | Self::NoKeyFile(_)
            | Self::BadQuestion(_)
            | Self::BadResponse(_)
            | Self::BadInput(_)
            | Self::Call(_) => None,
        }
    }
}

pub(super) fn of_usage_error(error: &UsageError, call: &Call) -> Failure {
    let failure = plain(error.code(), error.to_string());
    let failure = failure.hint(moved(error).or_else(|| next_step(error, call)));
    match error.id() {
        Some(id) => failure.about(id),
        None => failure,
    }
}

/// Which store to name instead.
fn which_store(error: &UsageError) -> &'static str {
    match error {
        UsageError::NotShared(_) => {
            "name a database: `export GLAUTH_STORE='postgres://USER@HOST/DATABASE'`"
        }
        UsageError::TwoOfAKind => "name one folder and one database, as `postgres://…`",
        _ => "name two stores, the one that has the login first",
    }
}

fn next_step(error: &UsageError, call: &Call) -> Option<String> {
    Some(match error {
        UsageError::BadStore(error) => file::store_to_name(error),
        UsageError::NotShared(_) | UsageError::OneStore | UsageError::TwoOfAKind => {
            which_store(error).to_owned()
        }
        UsageError::NoKeyFile(path) => format!(
            "run `(umask 077; glauth store key new > {})`, which makes the first key",
            quoted(path)
        ),
        UsageError::NoHost => format!("run {}", call.command_about("login", None, "HOST")),
        UsageError::NoLogins(_) => format!(
            "run {}; {CHECK_VARIABLES}",
            call.command_about("login", None, "HOST")
        ),
        UsageError::NoLogin { id, scheme, store } => no_login(id, *scheme, store, call),
        UsageError::NoAccount { account, store } => {
            asked(meant::other_account(account, store), status(call))
        }
        UsageError::NothingToEnd { id, store } => {
            asked(meant::other_login(id, store), status(call))
        }
        UsageError::SeveralHosts(_) => {
            "name one, set GLAUTH_HOST, or set `default_host` in config.toml".to_owned()
        }
        UsageError::GitNotWritten(_) => format!(
            "change it by hand, or where it is made (Home Manager, a dotfile manager); {} prints the lines to add",
            call.command("setup-git")
        ),
        UsageError::ConfigNotWritten { host, account, .. } => match account {
            Some(account) => {
                format!("write `account = \"{account}\"` below `[hosts.\"{host}\"]` in it yourself")
            }
            None => format!("remove `account` below `[hosts.\"{host}\"]` in it yourself"),
        },
        UsageError::DefaultGoesBefore { default, is_ended } => {
            without_default(default, *is_ended, call)
        }
        UsageError::TokenAsHost => {
            "name the host, and give the token on standard input: `glauth login --with-token HOST`"
                .to_owned()
        }
        UsageError::NoLoginForRegistry(registry) => no_login_for(registry, call),
        UsageError::NoRegistry(host) => {
            let line = registries_line(host.as_str(), "registry.example.com");
            format!("write {line} in config.toml")
        }
        UsageError::DockerFile { path, problem } => return problem.hint(path),
        UsageError::NoVariable(_) => "name one, as in `glauth exec --env TOKEN -- CMD`".to_owned(),
        UsageError::Call(_)
        | UsageError::NotRun { .. }
        | UsageError::BadQuestion(_)
        | UsageError::BadResponse(_)
        | UsageError::BadInput(_) => return None,
    })
}

/// How the name `default` becomes free.
fn without_default(default: &AccountId, is_ended: bool, call: &Call) -> String {
    let command = if is_ended {
        call.command_for("logout --forget", default)
    } else {
        call.command(&format!("rename {} default NAME", default.host))
    };
    format!("run {command} first")
}

/// What a person writes to name the registry of a host.
fn registries_line(host: &str, registry: &str) -> String {
    format!("`registries = [\"{registry}\"]` below `[hosts.\"{host}\"]`")
}

/// How to get a login that a registry takes.
fn no_login_for(registry: &Host, call: &Call) -> String {
    if let Some(host) = known_host(registry) {
        return format!("run {}", call.command_about("login", None, host.as_str()));
    }
    let login = call.command_about("login", None, "HOST");
    let line = registries_line("HOST", registry.as_str());
    format!("run {login}; if HOST is not the registry itself, write {line} in config.toml")
}

/// The login that may have been meant, or how to get one.
fn no_login(id: &AccountId, scheme: Option<Scheme>, store: &Path, call: &Call) -> String {
    let login = call.command_at("login", id, scheme.unwrap_or(Scheme::Https));
    match meant::other_login(id, store) {
        Some(question) => format!("{question} if not, run {login}"),
        None if meant::is_empty(store) => format!("run {login}; {CHECK_VARIABLES}"),
        None => format!("run {login}; {}", status(call)),
    }
}

/// A question, and what to do in any case.
fn asked(question: Option<String>, rest: String) -> String {
    match question {
        Some(question) => format!("{question} {rest}"),
        None => rest,
    }
}

/// What clap says, in this program's form.
pub(in crate::cli) fn of_usage(mut error: clap::Error, command: Option<&str>) -> Failure {
    clean_context(&mut error);
    keep_best_suggestion(&mut error);
    if let Some(variable) = empty_variable(&error) {
        let hint = format!("set it to a value, or run `unset {variable}`");
        return plain(Code::Usage, format!("`{variable}` is empty")).hint(hint);
    }
    let (message, hint) = sentences(&error.to_string(), command);
    // What is glued to a flag that takes none may be a token (P8).
    let message = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::TooManyValues, Some(flag)) => {
            format!("`{flag}` takes no value; the one that was given is not shown")
        }
        _ => message,
    };
    let found = error.get(ContextKind::InvalidArg).map(ToString::to_string);
    let is_word = found.is_some_and(|found| !found.starts_with('-'));
    let runs_another = command.filter(|name| ["exec", "proxy"].contains(name));
    let without_dashes = runs_another.filter(|_| {
        is_word
            && matches!(
                error.kind(),
                ErrorKind::UnknownArgument | ErrorKind::MissingRequiredArgument
            )
    });
    let unknown = error.get(ContextKind::InvalidSubcommand);
    let meant = unknown.and_then(|word| help::meant_by(&word.to_string()));
    plain(Code::Usage, message).hint(if let Some(command) = without_dashes {
        format!("write the command after `--`: `glauth {command} HOST -- CMD`")
    } else if let Some(command) = meant {
        format!("run `{command}`")
    } else if error.kind() == ErrorKind::MissingRequiredArgument
        && let Some(call) = command.and_then(whole_call)
    {
        format!("run `{call}`")
    } else {
        hint
    })
}

/// The variable that stands for the option that clap complains of, where it is set and empty: nothing of it was
/// typed.
fn empty_variable(error: &clap::Error) -> Option<String> {
    let argument = error.get(ContextKind::InvalidArg)?.to_string();
    let name = argument.strip_prefix("--")?.split(' ').next()?;
    let variable = format!("GLAUTH_{}", name.to_uppercase().replace('-', "_"));
    let is_empty = env::option(&variable).is_some_and(|value| value.is_empty());
    is_empty.then_some(variable)
}

/// Cleans what was typed before clap makes its text, which is taken apart by its lines.
fn clean_context(error: &mut clap::Error) {
    let cleaned: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(typed) => {
                let shown = without_glued(&without_password(typed));
                Some((kind, ContextValue::String(clean(&shown).into_owned())))
            }
            ContextValue::Strings(typed) => {
                let typed = typed.iter().map(|typed| clean(typed).into_owned());
                Some((kind, ContextValue::Strings(typed.collect())))
            }
            _ => None,
        })
        .collect();
    for (kind, value) in cleaned {
        error.insert(kind, value);
    }
}

/// clap names every command that is similar, and the most similar one last.
fn keep_best_suggestion(error: &mut clap::Error) {
    let Some(typed) = error.get(ContextKind::InvalidSubcommand) else {
        return;
    };
    let typed = typed.to_string();
    if let Some(ContextValue::Strings(similar)) = error.get(ContextKind::SuggestedSubcommand)
        && let Some(best) = meant::best(&typed, similar).cloned()
    {
        let best = ContextValue::Strings(vec![best]);
        error.insert(ContextKind::SuggestedSubcommand, best);
    }
}

/// A URL without its user and password, which may be a token (I8).
fn without_password(typed: &str) -> Cow<'_, str> {
    let Some((before, host)) = typed.rsplit_once('@') else {
        return typed.into();
    };
    let (scheme, secret) = match before.split_once("//") {
        Some((scheme, secret)) => (format!("{scheme}//"), secret),
        None => (String::new(), before),
    };
    if scheme.is_empty() && !secret.contains(':') {
        return typed.into();
    }
    format!("{scheme}…@{host}").into()
}

/// An argument without what is glued to the name of a flag, long enough for a secret: `--rejectedTOKEN`.
fn without_glued(typed: &str) -> String {
    let mut command = Cli::command();
    command.build();
    let all = std::iter::once(&command).chain(command.get_subcommands());
    let flags = all
        .flat_map(clap::Command::get_arguments)
        .filter(|argument| !argument.get_action().takes_values())
        .filter_map(clap::Arg::get_long);
    let glued = flags.filter_map(|flag| {
        let rest = typed.strip_prefix("--")?.strip_prefix(flag)?;
        (rest.len() >= SECRET_LENGTH).then_some(flag)
    });
    let longest = glued.max_by_key(|flag| flag.len());
    longest.map_or_else(|| typed.to_owned(), |flag| format!("--{flag}…"))
}

/// The call with what it needs, where that is more than one name: `glauth switch HOST ACCOUNT`.
fn whole_call(command: &str) -> Option<String> {
    let root = Cli::command();
    let found = root.find_subcommand(command)?;
    let needed = found
        .get_positionals()
        .filter(|name| name.is_required_set());
    let names = needed.flat_map(|name| name.get_value_names().into_iter().flatten());
    let names: Vec<&str> = names.map(clap::builder::Str::as_str).collect();
    (names.len() > 1).then(|| format!("glauth {command} {}", names.join(" ")))
}

/// The first paragraph of clap's text as one line, and its tip, or where to read on: clap shows no
/// usage where a value does not fit.
pub(super) fn sentences(text: &str, command: Option<&str>) -> (String, String) {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let lines: Vec<&str> = paragraph.lines().map(str::trim).collect();
    let message = lines.join(" ");
    let message = message.trim_start_matches("error: ").replace('\'', "`");
    let tip = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("tip: "))
        .filter(|tip| tip.contains("similar"))
        .map(|tip| tip.replace('\'', "`"));
    let usage = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("Usage: "));
    let known = command.map_or_else(|| "glauth".to_owned(), |name| format!("glauth {name}"));
    let command: Vec<&str> = usage
        .unwrap_or(&known)
        .split_whitespace()
        .take_while(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        .filter(|word| !word.starts_with('-'))
        .collect();
    let help = format!("see `{} --help`", command.join(" "));
    (message, tip.unwrap_or(help))
}
