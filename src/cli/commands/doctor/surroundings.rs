//! The configuration and the environment.

use std::path::Path;

use super::check::{Check, Topic, drop_repeated};
use crate::cli::context::Context;
use crate::cli::failure::remedy_of_file;
use crate::code::Code;
use crate::config::Config;
use crate::credential::{AccountId, AccountName, Record};
use crate::user_file::Unusable;
use crate::{env, user_file};

pub(super) fn checks(context: &Context<'_>, records: &[Record]) -> Vec<Check> {
    let mut checks = configuration(context);
    let remembered = records.iter().filter_map(|record| {
        let client = record.client()?;
        client.ca_file.as_deref()
    });
    checks.extend(named_files(remembered));
    drop_repeated(&mut checks);
    checks.extend(trusted_by_variables());
    let proxies = env::proxy_variables();
    if !proxies.is_empty() {
        let names: Vec<String> = proxies.iter().map(|name| format!("`{name}`")).collect();
        let text = format!(
            "how https goes through a proxy is set by {}",
            names.join(", ")
        );
        checks.push(Check::ok(Topic::Proxy, text));
    }
    checks
}

/// The files that decide whom glauth trusts: one that another user can write is not read.
fn named_files<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<Check> {
    let bad = paths.filter_map(|path| Some((path, user_file::check(path).err()?)));
    bad.map(|(path, unusable)| {
        let otherwise = "put it back, or log in without it".to_owned();
        bad_file(path, &unusable, "", otherwise)
    })
    .collect()
}

/// The same where the environment names them.
fn trusted_by_variables() -> Vec<Check> {
    let bad = env::authorities()
        .into_iter()
        .filter_map(|(variable, path)| {
            let (path, unusable) = user_file::check_authorities(&path).err()?;
            let named_by = format!(", which is trusted because of `{variable}`,");
            let otherwise = format!("correct `{variable}`");
            Some(bad_file(&path, &unusable, &named_by, otherwise))
        });
    bad.collect()
}

fn bad_file(path: &Path, unusable: &Unusable, named_by: &str, otherwise: String) -> Check {
    Check::fail(
        Topic::Configuration,
        Code::Config,
        format!("`{}`{named_by} {unusable}", path.display()),
        remedy_of_file(unusable, path).unwrap_or(otherwise),
    )
}

fn configuration(context: &Context<'_>) -> Vec<Check> {
    let config = match context.config() {
        Ok(config) => config,
        Err(error) => {
            let check = Check::error(Topic::Configuration, &error, &context.call().in_doctor());
            let remedy = "docs/configuration.md describes `config.toml`";
            return vec![Check {
                remedy: check.remedy.or(Some(remedy.to_owned())),
                ..check
            }];
        }
    };
    let text = match context.config_path() {
        None => "there is no home folder for a configuration, and none is needed".to_owned(),
        Some(path) if path.exists() => format!("the configuration is `{}`", path.display()),
        Some(path) => format!(
            "there is no configuration in `{}`, and none is needed",
            path.display()
        ),
    };
    let mut checks = vec![Check::ok(Topic::Configuration, text)];
    checks.extend(named_files(config.files()));
    checks.extend(choices(context, config));
    checks
}

/// The accounts that the configuration chooses: each must be there, and no account called `default` beside it.
fn choices(context: &Context<'_>, config: &Config) -> Vec<Check> {
    let Ok(store) = context.store() else {
        return Vec::new();
    };
    let call = context.call();
    let wrong = config.accounts().filter_map(|id| {
        let default = AccountId {
            account: AccountName::default_name(),
            host: id.host.clone(),
        };
        let is_there = |id: &AccountId| !matches!(store.snapshot(id), Ok(None));
        let undo = call.command(&format!("switch {} default", id.host));
        if !is_there(&id) {
            let text = format!("the configuration chooses {id}, and there is no such login");
            let log_in = call.command_for("login", &id);
            return Some((text, format!("run {undo}, or {log_in}")));
        }
        let is_passed_over = id != default && is_there(&default);
        is_passed_over.then(|| {
            let text = format!(
                "the configuration chooses {id}, but the account called `default` goes before"
            );
            (text, format!("run {undo}"))
        })
    });
    wrong
        .map(|(text, remedy)| Check::warn(Topic::Configuration, text, remedy))
        .collect()
}
