//! `glauth exec`: becomes a command that has a token, and leaves it a lease to hold.

mod hand_over;

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use super::token::variables;
use crate::cli::args::Exec;
use crate::cli::context::Context;
use crate::cli::failure::{Error, UsageError};
use crate::code::Exit;
use crate::credential::{Client, EXEC_MIN_TTL};
use crate::flow::{self, Need};
use crate::secret::AccessToken;
use hand_over::{MemoryFile, stays_open};

/// A failure of glauth's own, as with `env` and `timeout`.
const FAILED: u8 = 125;
/// The command is there and cannot be run, as in a shell (POSIX, 2.8.2).
const NOT_EXECUTABLE: u8 = 126;
/// There is no such command, as in a shell.
const NOT_FOUND: u8 = 127;

/// Comes back only where the command is not run.
pub(super) fn run(args: &Exec, context: &Context<'_>) -> Result<Exit, Error> {
    // Before anything of ours is open: what is in the way then is the caller's.
    let on_descriptor = args.fd.map(MemoryFile::at).transpose();
    let on_descriptor = on_descriptor.map_err(|error| UsageError::Call(error.to_string()))?;
    let store = context.store()?;
    let host = context.host(&args.target, &store)?;
    let need = Need::token(args.min_ttl, EXEC_MIN_TTL);
    let session = context.session(&store, host.scheme);
    let record = context.find(&host, &session)?;
    let id = record.id.clone();
    let obtained = flow::obtain_with_lease(&session, record, &need);
    let (obtained, lease) = obtained.map_err(|error| Error::from(error).about(&id))?;
    context.warn_of(&obtained.warnings);
    let token = &obtained.grant().access_token;
    let [program, arguments @ ..] = &args.command[..] else {
        return Err(UsageError::Call("there is no command to run".to_owned()).into());
    };
    let mut command = Command::new(program);
    command.args(arguments);
    command.envs(environment(args, &obtained.login.client, token)?);
    hand_over(args, &mut command, on_descriptor.as_ref(), token).map_err(Error::system(
        "cannot hand over the token in a file in memory",
    ))?;
    if let Some(lease) = &lease {
        stays_open(lease.as_fd()).map_err(Error::system("cannot hand over the lease"))?;
    }
    // Nothing of ours runs after this, unless it fails.
    Err(UsageError::NotRun {
        program: program.to_string_lossy().into_owned(),
        source: command.exec(),
    }
    .into())
}

/// Leaves the token to the command in the files in memory that were asked for.
fn hand_over(
    args: &Exec,
    command: &mut Command,
    on_descriptor: Option<&MemoryFile>,
    token: &AccessToken,
) -> io::Result<()> {
    if let Some(file) = on_descriptor {
        file.fill(token)?;
    }
    if let Some(name) = &args.token_file {
        let file = MemoryFile::new()?;
        file.fill(token)?;
        command.env(name, file.path_that_stays()?);
    }
    Ok(())
}

/// How glauth ends where the command was not run.
pub(in crate::cli) fn exit_code(error: &Error) -> u8 {
    match error {
        Error::Usage(UsageError::NotRun { source, .. }) => match source.kind() {
            io::ErrorKind::NotFound => NOT_FOUND,
            _ => NOT_EXECUTABLE,
        },
        _ => FAILED,
    }
}

/// How glauth ends where the call was not understood.
pub(in crate::cli) fn exit_code_of_usage() -> ExitCode {
    FAILED.into()
}

/// What the command finds in its environment: what was asked for, else what the server's tools read.
fn environment<'a>(
    args: &'a Exec,
    client: &'a Client,
    token: &'a AccessToken,
) -> Result<Vec<(&'a str, String)>, UsageError> {
    if !args.env.is_empty() || args.fd.is_some() || args.token_file.is_some() {
        let named = args.env.iter();
        return Ok(named
            .map(|name| (name.as_str(), token.expose().to_owned()))
            .collect());
    }
    if client.environment.is_empty() {
        let message = "glauth knows no variable that the tools for this server read";
        return Err(UsageError::NoVariable(message));
    }
    Ok(variables(client, token).collect())
}
