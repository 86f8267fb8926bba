//! `glauth setup-git`: git's global configuration, changed by git itself, so that all else in it stays as
//! it was.

pub(in crate::cli) mod git;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::args::SetupGit as Args;
use crate::cli::context::{Context, absolute};
use crate::cli::failure::{Error, UsageError};
use crate::cli::{printer, shell};
use crate::code::Exit;
use crate::credential::{Host, HostArg, Scheme};
use crate::env;
use crate::oauth::is_for_mcp;
use crate::store::Store;
use crate::terminal::is_unfit;

/// The first git that asks again after a 401, and so survives a rotation in the middle of its work.
pub(super) const ASKS_AGAIN: (u32, u32) = (2, 46);

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    not_in_a_foreign_home()?;
    let named = args.target.host.clone();
    let named = named.or_else(|| context.global.host.clone());
    if args.undo {
        return undo(named, context);
    }
    let store = context.store()?;
    let logins = logins(&store)?;
    let hosts = match named {
        Some(host) => {
            let host = with_login(&host, &logins);
            let known = logins.get(&host.host).copied();
            if known.is_none() {
                let id = context.login_at(&host.host);
                let scheme = host.scheme.unwrap_or(Scheme::Https);
                context.printer.warn(&format!(
                    "there is no login for {} yet; {} makes one",
                    host.host,
                    context.call().command_at("login", &id, scheme)
                ));
            }
            vec![reached(host, known)]
        }
        None if logins.is_empty() => return Err(UsageError::NoHost.into()),
        None => logins.into_iter().collect(),
    };
    let version = git::version()?;
    let ours = helper(context)?;
    let Set {
        results,
        lines,
        refused,
    } = put_in(&hosts, &ours, context)?;
    if context.global.json {
        printer::json_line(&json!({ "git": results }))?;
    } else {
        printer::data(&lines)?;
    }
    if let Some(error) = refused {
        return Err(error);
    }
    if !context.global.json && version.is_some_and(|version| version < ASKS_AGAIN) {
        context.printer.tell(
            "this git is older than 2.46: it does not ask again when a token is rotated in the middle of its work",
        );
    }
    Ok(Exit::Done)
}

/// What came of it, host by host.
struct Set {
    results: Vec<Value>,
    /// What was to be written, where nothing could be.
    lines: String,
    refused: Option<Error>,
}

fn put_in(hosts: &[(Host, Scheme)], ours: &str, context: &Context<'_>) -> Result<Set, Error> {
    let (mut results, mut lines, mut refused) = (Vec::new(), String::new(), None);
    for (host, scheme) in hosts {
        let url = host.base_url(*scheme);
        let below_a_path = host.to_string().contains('/');
        match git::put_in(&url, ours, below_a_path) {
            Ok(changes) => {
                tell(&url, &changes, false, context);
                results.push(json!({"url": url, "changes": changes}));
            }
            // Where another program writes it, as Nix does, that program is told.
            Err(error) if is_not_written(&error) => {
                let section = git::section(&url, ours, below_a_path);
                lines.push_str(&section);
                results.push(json!({"url": url, "changes": [], "lines": section}));
                refused = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Set {
        results,
        lines,
        refused,
    })
}

/// Root in another user's home (`HOME` is still that of the user who called sudo) would leave a file there that
/// its owner cannot write.
fn not_in_a_foreign_home() -> Result<(), Error> {
    let named = env::option("GIT_CONFIG_GLOBAL").is_some();
    let home = env::home().filter(|_| !named);
    if let Some(owner) = home.and_then(|home| env::owner_of_foreign_home(&home)) {
        return Err(UsageError::Call(format!(
            "git's configuration is that of {}, and glauth runs as {}; nothing was changed",
            env::user_named(owner),
            env::user_named(env::user_id())
        ))
        .into());
    }
    Ok(())
}

/// Takes glauth out for the host, else wherever it is, also for hosts whose logins are gone.
fn undo(named: Option<HostArg>, context: &Context<'_>) -> Result<Exit, Error> {
    let urls = match named {
        Some(host) => {
            let logins = logins(&context.store()?)?;
            let host = with_login(&host, &logins);
            let known = logins.get(&host.host).copied();
            let (host, scheme) = reached(host, known);
            BTreeSet::from([host.base_url(scheme)])
        }
        None => git::ours()?,
    };
    if urls.is_empty() {
        context.printer.tell("git asks glauth for no host");
    }
    let mut results = Vec::new();
    for url in urls {
        let changes = git::take_out(&url)?;
        tell(&url, &changes, true, context);
        results.push(json!({"url": url, "changes": changes}));
    }
    if context.global.json {
        printer::json_line(&json!({ "git": results }))?;
    }
    Ok(Exit::Done)
}

/// The host, or the longest path that it is below and that has a login.
fn with_login(named: &HostArg, logins: &BTreeMap<Host, Scheme>) -> HostArg {
    let mut hosts = std::iter::once(named.host.clone()).chain(named.host.parents());
    let found = hosts.find(|host| logins.contains_key(host));
    let host = found.unwrap_or_else(|| named.host.clone());
    HostArg {
        host,
        scheme: named.scheme,
    }
}

/// How a host is reached: as it was written, else as its login is.
fn reached(host: HostArg, known: Option<Scheme>) -> (Host, Scheme) {
    let scheme = host.scheme.or(known).unwrap_or(Scheme::Https);
    (host.host, scheme)
}

/// Whether git's configuration cannot be written, so that a person has to add the lines.
fn is_not_written(error: &Error) -> bool {
    matches!(error, Error::Usage(UsageError::GitNotWritten(_)))
}

/// Every host with a login, and how it is reached. A record that cannot be read is none here, and an MCP server has
/// nothing for git.
fn logins(store: &Store) -> Result<BTreeMap<Host, Scheme>, Error> {
    let mut found = BTreeMap::new();
    for id in store.all_accounts()? {
        if let Ok(Some(snapshot)) = store.snapshot(&id)
            && let Some(login) = snapshot.record().login()
            && !is_for_mcp(&login.client)
        {
            found.insert(id.host, snapshot.record().scheme);
        }
    }
    Ok(found)
}

/// What git runs: a command line for a shell, to which git adds the operation.
fn helper(context: &Context<'_>) -> Result<String, Error> {
    let program = env::program().map_err(Error::system("cannot tell where glauth is"))?;
    let mut words = vec![text(&program)?];
    if let Some(named) = &context.global.store {
        let store = context.store()?;
        let named = if store.is_shared() {
            store.name()
        } else {
            absolute(named)?
        };
        words.extend(["--store".to_owned(), text(&named)?]);
    }
    if let Some(account) = &context.global.account {
        words.extend(["--account".to_owned(), account.to_string()]);
    }
    words.push("git-credential".to_owned());
    if words.iter().all(|word| shell::is_plain(word)) {
        return Ok(words.join(" "));
    }
    let quoted: Vec<String> = words.iter().map(|word| shell::quote(word)).collect();
    // Only what begins with a slash is taken for a path; this is taken for a shell's command.
    Ok(format!("!{}", quoted.join(" ")))
}

fn text(path: &Path) -> Result<String, Error> {
    let text = path.to_str().filter(|text| !text.contains(is_unfit));
    Ok(text.map(ToOwned::to_owned).ok_or_else(|| {
        UsageError::Call(format!(
            "git cannot run `{}`, which is not plain text",
            path.display()
        ))
    })?)
}

fn tell(url: &str, changes: &[String], undo: bool, context: &Context<'_>) {
    let state = match (undo, changes.is_empty()) {
        (false, false) => "git now asks only glauth for",
        (false, true) => "git already asks only glauth for",
        (true, false) => "git no longer asks glauth for",
        (true, true) => "git does not ask glauth for",
    };
    context.printer.tell(&format!("{state} {url}"));
    for change in changes {
        context.printer.tell(&format!("  {change}"));
    }
}
