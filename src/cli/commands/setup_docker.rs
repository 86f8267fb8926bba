//! `glauth setup-docker`: the files in which docker and podman look for a registry's helper.

mod edit;
mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use serde_json::json;

use super::docker_credential::NAME;
use crate::cli::args::SetupDocker as Args;
use crate::cli::context::Context;
use crate::cli::failure::{Error, UsageError};
use crate::cli::{printer, shell};
use crate::code::Exit;
use crate::config::Config;
use crate::credential::{Host, HostArg, Record, Scheme, known_host, known_registries, registry};
use crate::env;
use crate::flow::{self, images, registries_of};
use file::{Edit, ToolFile, password_before};

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let named = args.target.host.clone();
    let named = named.or_else(|| context.global.host.clone());
    let mut files = ToolFile::all()?;
    if args.undo {
        let meant = named.map(|named| to_take_out(&named, &files, context));
        let meant = meant.transpose()?;
        let edit = |file: &mut ToolFile| {
            let keys = match &meant {
                Some(meant) => meant.iter().map(|one| file.tool.key(one)).collect(),
                None => file.ours()?,
            };
            keys.iter().try_for_each(|key| file.take_out(key))
        };
        change(&mut files, &edit, context)?;
        return Ok(Exit::Done);
    }
    let setup = DockerSetup::read(context)?;
    let registries = setup.registries(named.as_ref())?;
    let edit = |file: &mut ToolFile| {
        let tool = file.tool;
        let mut keys = registries.iter().map(|registry| tool.key(registry));
        keys.try_for_each(|key| file.put_in(&key))
    };
    change(&mut files, &edit, context)?;
    setup.warn_of(&registries)?;
    Ok(Exit::Done)
}

/// The registries for which glauth is taken out, also where logins and configuration are gone.
fn to_take_out(
    named: &HostArg,
    files: &[ToolFile],
    context: &Context<'_>,
) -> Result<BTreeSet<Host>, Error> {
    let mut there = BTreeSet::new();
    for registry in known_registries(&named.host).chain([itself(named)]) {
        for file in files {
            if file.ours()?.contains(&file.tool.key(&registry)) {
                there.insert(registry.clone());
            }
        }
    }
    match DockerSetup::read(context).and_then(|setup| setup.meant_by(named)) {
        Ok(meant) => Ok(there.union(&meant).cloned().collect()),
        Err(_) if !there.is_empty() => Ok(there),
        Err(Error::Usage(UsageError::NoRegistry(host))) => Ok(BTreeSet::from([host])),
        Err(error) => Err(error),
    }
}

/// What is named, as a registry.
fn itself(named: &HostArg) -> Host {
    let typed = named.host.to_string();
    registry(&typed).map_or_else(|_| named.host.origin(), |found| found.host)
}

/// Changes the files, and says what was changed, up to the first that cannot be.
fn change(files: &mut [ToolFile], edit: Edit<'_>, context: &Context<'_>) -> Result<(), Error> {
    // Both or none, as far as that is known before.
    files.iter_mut().try_for_each(edit)?;
    for index in 0..files.len() {
        if let Err(error) = files[index].write(edit) {
            if index > 0 {
                report(&files[..index], context)?;
            }
            return Err(error);
        }
    }
    report(files, context)
}

/// What was changed: JSON, or lines for a person.
fn report(files: &[ToolFile], context: &Context<'_>) -> Result<(), Error> {
    if context.global.json {
        let files = files.iter().map(|file| {
            json!({
                "tool": file.tool.name(),
                "file": file.path.to_string_lossy(),
                "changes": file.changes,
            })
        });
        return printer::json_line(&json!({"docker": files.collect::<Vec<_>>()}));
    }
    if files.iter().all(|file| file.said.is_empty()) {
        let text = "neither docker nor podman uses glauth for any registry";
        context.printer.tell(text);
    }
    for file in files {
        for line in &file.said {
            context.printer.tell(line);
        }
        if !file.changes.is_empty() {
            context.printer.tell(&format!("{}:", file.path.display()));
        }
        for change in &file.changes {
            context.printer.tell(&format!("  {change}"));
        }
    }
    Ok(())
}

/// What decides which registries are meant.
struct DockerSetup<'a> {
    context: &'a Context<'a>,
    config: &'a Config,
    /// One of each host that has any.
    logins: BTreeMap<Host, Record>,
}

impl<'a> DockerSetup<'a> {
    fn read(context: &'a Context<'a>) -> Result<Self, Error> {
        Ok(Self {
            context,
            config: context.config()?,
            logins: flow::logins_by_host(&context.store()?)?,
        })
    }

    /// The registries of the host that is named, or that registry, else every one that is known to have a login.
    fn registries(&self, named: Option<&HostArg>) -> Result<BTreeSet<Host>, Error> {
        let Some(named) = named else {
            return self.all_registries();
        };
        let meant = self.meant_by(named)?;
        for registry in &meant {
            let host = self.host_of(registry);
            if self.logins.contains_key(&host) || self.logins.contains_key(registry) {
                continue;
            }
            let id = self.context.login_at(&host);
            let scheme = named.scheme.unwrap_or(Scheme::Https);
            let login = self.context.call().command_at("login", &id, scheme);
            let other = if host == *registry && !self.logins.is_empty() {
                "; if it takes the tokens of another host, name it there in config.toml, with `registries`"
            } else {
                ""
            };
            let text = format!("there is no login for {host} yet; {login} makes one{other}");
            self.context.printer.warn(&text);
        }
        Ok(meant)
    }

    fn meant_by(&self, named: &HostArg) -> Result<BTreeSet<Host>, Error> {
        let itself = itself(named);
        if self.host_of(&itself) != itself {
            return Ok(BTreeSet::from([itself]));
        }
        let mut hosts = std::iter::once(named.host.clone()).chain(named.host.parents());
        let host = hosts.find(|host| self.logins.contains_key(host));
        let host = host.unwrap_or_else(|| named.host.clone());
        let known = registries_of(self.config, &host, self.kind(&host));
        if !known.is_empty() {
            return Ok(known.into_iter().collect());
        }
        if images(self.kind(&host)).is_some() {
            return Err(UsageError::NoRegistry(host).into());
        }
        // Of a server of another kind, what is named may be a registry.
        Ok(BTreeSet::from([itself]))
    }

    fn all_registries(&self) -> Result<BTreeSet<Host>, Error> {
        let mut all = BTreeSet::new();
        let mut unknown = Vec::new();
        for host in self.logins.keys() {
            let known = registries_of(self.config, host, self.kind(host));
            if known.is_empty() && images(self.kind(host)).is_some() {
                unknown.push(host.clone());
            }
            all.extend(known);
        }
        if self.logins.is_empty() {
            return Err(UsageError::NoHost.into());
        }
        if all.is_empty() {
            let first = self.logins.keys().next();
            let host = unknown.into_iter().next().or_else(|| first.cloned());
            return Err(host
                .map_or(UsageError::NoHost, UsageError::NoRegistry)
                .into());
        }
        for host in unknown {
            self.context.printer.warn(&format!(
                "the registry of {host} is not known; name it in config.toml, with `registries`"
            ));
        }
        Ok(all)
    }

    /// The host whose login a registry takes.
    fn host_of(&self, registry: &Host) -> Host {
        let known = known_host(registry);
        let configured = || self.config.host_of_registry(registry).cloned();
        known
            .or_else(configured)
            .unwrap_or_else(|| registry.clone())
    }

    /// The kind of server, as the login or the configuration says it.
    fn kind(&self, host: &Host) -> Option<&str> {
        let login = self.logins.get(host).and_then(Record::client);
        let configured = || self.config.host(host)?.provider.as_deref();
        login.map(|client| &*client.provider).or_else(configured)
    }

    /// What would still go wrong.
    fn warn_of(&self, registries: &BTreeSet<Host>) -> Result<(), Error> {
        let printer = self.context.printer;
        for registry in registries {
            if let Some(path) = password_before(registry) {
                printer.warn(&format!(
                    "podman uses the password for {registry} in `{}` first; run `podman logout {registry}`",
                    path.display()
                ));
            }
            self.warn_of_scopes(registry);
        }
        let unseen = self.options_that_docker_does_not_pass();
        if !unseen.is_empty() {
            printer.warn(&format!(
                "docker and podman call glauth without options; set {} where they run",
                unseen.join(" and ")
            ));
        }
        if env::in_path(NAME).is_none() {
            printer.warn(&format!("{NAME} is not in PATH; run `{}`", link()?));
        }
        Ok(())
    }

    /// A login without a scope for its registry is refused there.
    fn warn_of_scopes(&self, registry: &Host) {
        let host = self.host_of(registry);
        let record = self.logins.get(&host);
        let Some((record, login)) = record.and_then(|record| Some((record, record.login()?)))
        else {
            return;
        };
        let wanted = images(Some(&login.client.provider)).map_or(&[][..], |images| images.scopes);
        let mut scopes = login
            .grants
            .iter()
            .flat_map(|grant| &grant.scopes)
            .peekable();
        if wanted.is_empty() || scopes.peek().is_none() {
            return;
        }
        if !scopes.any(|scope| wanted.contains(&scope.as_str())) {
            let options = format!("login --scope {}", wanted[wanted.len() - 1]);
            self.context.printer.warn(&format!(
                "the login of {} has no scope for its registry ({}); {} asks for one",
                record.id,
                wanted.join(", "),
                self.context.call().command_for(&options, &record.id)
            ));
        }
    }

    /// The variables that say to docker's glauth what this call was told by an option.
    fn options_that_docker_does_not_pass(&self) -> Vec<&'static str> {
        let global = self.context.global;
        let path =
            |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.clone().into());
        let account = global.account.as_ref().map(|name| name.as_str().into());
        let options = [
            ("GLAUTH_STORE", path(&global.store)),
            ("GLAUTH_CONFIG", path(&global.config)),
            ("GLAUTH_ACCOUNT", account),
        ];
        let is_unseen = |(name, value): &(&str, Option<std::ffi::OsString>)| {
            value.is_some() && env::option(name) != *value
        };
        let unseen = options.into_iter().filter(is_unseen);
        unseen.map(|(name, _)| name).collect()
    }
}

/// The command that lets docker find glauth by the helper's name.
fn link() -> Result<String, Error> {
    let program = env::program().map_err(Error::system("cannot tell where glauth is"))?;
    let name = program.file_name().and_then(OsStr::to_str);
    let is_found = name.and_then(env::in_path).as_ref() == Some(&program);
    let folder = program.parent().filter(|_| is_found);
    // In the same folder, if glauth itself is found there.
    let link = match folder {
        Some(folder) => shell::word(&folder.join(NAME).to_string_lossy()).clone(),
        None => format!("FOLDER_IN_PATH/{NAME}"),
    };
    let program = program.to_string_lossy();
    Ok(format!("ln -sf {} {link}", shell::word(&program)))
}
