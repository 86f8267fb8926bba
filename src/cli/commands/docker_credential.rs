//! `glauth docker-credential`: what docker, podman, buildah and skopeo call (docs/docker.md).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::args::{DockerCredential as Args, DockerOperation};
use crate::cli::context::{Context, read_stdin_to_the_end};
use crate::cli::failure::{Error, UsageError};
use crate::cli::printer;
use crate::code::Exit;
use crate::credential::{EXEC_MIN_TTL, Host, HostArg, Record, registry};
use crate::flow::{self, Need, Session, image_username};
use crate::secret::AccessToken;
use crate::store::Store;
use crate::terminal::{clean, json_text};

/// The name that docker calls its helper by: `docker-credential-` and what `credHelpers` says.
pub(super) const NAME: &str = "docker-credential-glauth";

/// What docker and its like know as the answer that there is nothing, word by word.
const NOT_FOUND: &str = "credentials not found in native keychain\n";

/// The longest name of a registry, in bytes: that of a URL.
const NAME_LIMIT: usize = 8 * 1024;

/// The longest credentials, in bytes: many times what a server gives out.
const CREDENTIALS_LIMIT: usize = 1024 * 1024;

/// Puts in the command where glauth is called by the helper's name.
pub(in crate::cli) fn put_in_command(args: &mut Vec<OsString>) {
    let is_helper = |called: &OsString| {
        // Seen at once for nearly every call (P9).
        called.as_encoded_bytes().ends_with(NAME.as_bytes())
            && Path::new(called).file_name() == Some(NAME.as_ref())
    };
    if args.first().is_some_and(is_helper) {
        args.splice(..1, ["glauth".into(), "docker-credential".into()]);
    }
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let done = match args.operation {
        DockerOperation::Get => get(context),
        DockerOperation::Store => keep(context),
        DockerOperation::Erase => erase(context),
        DockerOperation::List => list(context),
    };
    // skopeo shows only what stands here, and docker only stderr.
    done.inspect_err(|error| {
        let failure = context.failure(error);
        let hint = failure.hint.map(|hint| format!(": {hint}"));
        let line = format!("glauth: {}{}", failure.message, hint.unwrap_or_default());
        printer::data(&format!("{}\n", clean(&line))).ok();
    })
}

/// A login for a registry, as it was asked for.
struct ImageLogin<'a> {
    registry: HostArg,
    session: Session<'a>,
    record: Option<Record>,
}

fn find<'a>(
    name: &str,
    store: &'a Store,
    context: &'a Context<'_>,
) -> Result<ImageLogin<'a>, Error> {
    let name = name.trim();
    if name.is_empty() {
        let missing = "standard input names no registry";
        return Err(UsageError::BadInput(missing.to_owned()).into());
    }
    let registry = registry(name).map_err(|problem| {
        UsageError::BadInput(format!("the registry on standard input {problem}"))
    })?;
    let session = Session {
        // docker shows what is said here, and a person is rarely there.
        talkative: context.is_watched(),
        ..context.session(store, None)
    };
    let account = context.global.account.as_ref();
    let record = flow::login_for_registry(&session, &registry, account)?;
    Ok(ImageLogin {
        registry,
        session,
        record,
    })
}

/// Prints a token. What asks once and then works for a while, as a push does, gets one with more time left.
fn get(context: &Context<'_>) -> Result<Exit, Error> {
    let name = read_stdin_to_the_end(NAME_LIMIT)?;
    let store = context.store()?;
    let found = find(&name, &store, context)?;
    let Some(record) = found.record else {
        return not_found();
    };
    let id = record.id.clone();
    let obtained = flow::obtain(&found.session, record, &Need::token(None, EXEC_MIN_TTL));
    let obtained = obtained.map_err(|error| Error::from(error).about(&id))?;
    if context.is_watched() {
        context.warn_of(&obtained.warnings);
    }
    let token = obtained.grant().access_token.expose();
    let answer = Zeroizing::new(json_text(&json!({
        "ServerURL": name.trim(),
        "Username": image_username(&obtained.login.client),
        "Secret": token,
    })));
    printer::data(&Zeroizing::new(format!("{}\n", *answer)))?;
    Ok(Exit::Done)
}

/// That there is no login: docker and its like then go on without one.
fn not_found() -> Result<Exit, Error> {
    printer::data(NOT_FOUND)?;
    Ok(Exit::Unexpected)
}

/// What docker wants to be kept.
#[derive(Deserialize)]
struct Credentials {
    #[serde(rename = "ServerURL")]
    server_url: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// Keeps nothing. `docker login` wants to have kept what it got here, and that is done already.
fn keep(context: &Context<'_>) -> Result<Exit, Error> {
    let text = read_stdin_to_the_end(CREDENTIALS_LIMIT)?;
    // The parser's own message may quote a secret.
    let credentials: Credentials = serde_json::from_str(&text).map_err(|_| {
        UsageError::BadInput(
            "the credentials on standard input are not JSON as docker writes it".to_owned(),
        )
    })?;
    // Wiped, whatever it is.
    let secret = AccessToken::new(credentials.secret);
    let store = context.store()?;
    let found = find(&credentials.server_url, &store, context)?;
    let login = found.record.as_ref().and_then(Record::login);
    let (Some(record), Some(login)) = (&found.record, login) else {
        return Err(UsageError::NoLoginForRegistry(found.registry.host).into());
    };
    let is_ours = |token: AccessToken| login.grants.iter().any(|one| one.access_token == token);
    if !secret.is_ok_and(is_ours) {
        context.printer.warn(&format!(
            "glauth keeps no password for {}: it gets the token of {}",
            found.registry.host, record.id
        ));
    }
    Ok(Exit::Done)
}

/// Ends no login: docker's `logout` is about what docker itself keeps.
fn erase(context: &Context<'_>) -> Result<Exit, Error> {
    let name = read_stdin_to_the_end(NAME_LIMIT)?;
    let store = context.store()?;
    let found = find(&name, &store, context)?;
    let Some(record) = found.record.filter(|record| record.login().is_some()) else {
        return not_found();
    };
    if !context.global.quiet {
        let logout = context.call().command_for("logout", &record.id);
        printer::note(&format!(
            "the login of {} stays; {logout} ends it",
            record.id
        ));
    }
    Ok(Exit::Done)
}

/// The registries that have a login, and the user name of each.
fn list(context: &Context<'_>) -> Result<Exit, Error> {
    let config = context.config()?;
    let mut users: BTreeMap<Host, String> = BTreeMap::new();
    for (host, record) in flow::logins_by_host(&context.store()?)? {
        let Some(client) = record.client() else {
            continue;
        };
        for registry in flow::registries_of(config, &host, Some(&client.provider)) {
            let user = users.entry(registry);
            user.or_insert_with(|| image_username(client).to_owned());
        }
    }
    let users = users.into_iter();
    let users: BTreeMap<String, String> =
        users.map(|(host, user)| (host.to_string(), user)).collect();
    printer::json_line(&json!(users))?;
    Ok(Exit::Done)
}
