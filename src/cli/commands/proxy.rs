//! `glauth proxy`: a command, and beside it a reverse proxy on loopback that gives each of its requests a token.

mod address;
mod body;
mod forward;
mod gate;
mod headers;
mod report;
mod server;
mod tokens;

use std::ffi::{OsStr, OsString};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::Arc;

use tokio::sync::Semaphore;
use url::Url;

use crate::cli::args::Proxy;
use crate::cli::context::Context;
use crate::cli::failure::{Error, UsageError};
use crate::code::Exit;
use crate::credential::{DEFAULT_MIN_TTL, Record};
use crate::env;
use crate::flow::{self, FlowError, Need};
use crate::http::Upstream;
use crate::log::Level;
use crate::signals::{self, SignalsForChild, end_as};
use address::LocalAddress;
use forward::Served;
use report::Reporter;
use server::LocalServer;
use tokens::{ProxyLogin, ProxyTokens};

/// Where the command finds its address.
const ADDRESS: &str = "GLAUTH_PROXY_URL";

/// The same in two parts, for a program that builds addresses of its own: the host with its port, and what it shows
/// there as its token.
const HOST: &str = "GLAUTH_PROXY_HOST";
const SECRET: &str = "GLAUTH_PROXY_SECRET";

/// What stands for the address in the arguments.
const IN_ARGUMENTS: &str = "{url}";

/// What a shell adds to the number of the signal that ended a command.
const SIGNALLED: i32 = 128;

/// Runs the command, and ends as it does.
pub(super) fn run(args: &Proxy, context: &Context<'_>) -> Result<ExitCode, Error> {
    let [program, arguments @ ..] = &args.command[..] else {
        return Err(UsageError::Call("there is no command to run".to_owned()).into());
    };
    let store = context.store()?;
    let host = context.host(&args.target, &store)?;
    let session = context.session(&store, host.scheme);
    let record = context.find(&host, &session)?;
    let reporter = Reporter::new(context.printer.clone(), context.call());
    ready(context, &session, record.clone(), &reporter)?;
    // A signal that came meanwhile ends glauth here: the command has not begun.
    signals::told();
    let server = LocalServer::bind().map_err(Error::system("cannot listen on this machine"))?;
    let all = served(context, &record, server.port, host.host.path(), reporter)?;
    let url = all.address.url();
    let variables = [
        (ADDRESS, url.clone()),
        (HOST, all.address.authority.clone()),
        (SECRET, all.address.secret.clone()),
    ];
    let mut signals = SignalsForChild::take().map_err(Error::system("cannot take signals"))?;
    let started = server.start(all);
    started.map_err(Error::system("cannot start the proxy"))?;
    let mut command = Command::new(filled(program, &url));
    command.args(arguments.iter().map(|argument| filled(argument, &url)));
    command.envs(variables);
    if let Some(list) = env::no_proxy_for_loopback() {
        command.env("NO_PROXY", &list).env("no_proxy", &list);
    }
    let mut child = signals
        .start(&mut command)
        .map_err(|source| UsageError::NotRun {
            program: program.to_string_lossy().into_owned(),
            source,
        })?;
    // The command has the limit as it was.
    env::raise_open_files();
    let ended = signals.pass_to(&mut child);
    Ok(as_it_ended(
        ended.map_err(Error::system("cannot wait for the command"))?,
    ))
}

/// Gets a token for the first request. A login that needs a person is told of before the command runs; what passes by
/// itself may have passed when the command asks.
fn ready(
    context: &Context<'_>,
    session: &flow::Session<'_>,
    record: Record,
    reporter: &Reporter,
) -> Result<(), Error> {
    let id = record.id.clone();
    match flow::obtain(session, record, &Need::token(None, DEFAULT_MIN_TTL)) {
        Ok(obtained) => {
            context.warn_of(&obtained.warnings);
            Ok(())
        }
        Err(error) if error.code().exit() == Exit::TryAgain => {
            reporter.tell(&Error::from(error).about(&id));
            Ok(())
        }
        Err(error) => Err(Error::from(error).about(&id)),
    }
}

fn served(
    context: &Context<'_>,
    record: &Record,
    port: u16,
    path: &str,
    reporter: Reporter,
) -> Result<Served, Error> {
    let id = record.id.clone();
    let client = record
        .client()
        .ok_or_else(|| FlowError::NoLogin(id.clone()))?;
    let origin = id.host.origin().base_url(record.scheme);
    let origin = Url::parse(&origin).map_err(|error| Error::Unexpected(error.into()))?;
    let address = LocalAddress::new(port, path, origin.clone())
        .map_err(|error| Error::Unexpected(error.into()))?;
    let upstream = Upstream::at(origin, client.ca_file.as_deref(), client.server_user)
        .map_err(|trouble| FlowError::no_answer(id.clone(), trouble))?;
    Ok(Served {
        address,
        upstream,
        tokens: ProxyTokens::of(ProxyLogin {
            id,
            scheme: record.scheme,
            store: context.store()?,
            config: context.global.config.clone(),
            lock_timeout: context.global.lock_timeout,
            level: Level::of_count(context.global.verbose),
        }),
        reporter,
        kept: Arc::new(Semaphore::new(body::KEPT_UNITS)),
    })
}

/// An argument with the address in it.
fn filled(argument: &OsStr, url: &str) -> OsString {
    match argument.to_str() {
        Some(text) => text.replace(IN_ARGUMENTS, url).into(),
        None => argument.to_owned(),
    }
}

/// Ends this process as the command ended.
fn as_it_ended(status: ExitStatus) -> ExitCode {
    if let Some(signal) = status.signal() {
        end_as(signal);
    }
    let signalled = || status.signal().map(|signal| SIGNALLED + signal);
    let code = status.code().or_else(signalled);
    let code = code.and_then(|code| u8::try_from(code).ok());
    code.unwrap_or(u8::MAX).into()
}
