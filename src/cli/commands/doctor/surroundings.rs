//! The configuration and the environment.

use std::path::Path;

use super::check::{Check, Topic, drop_repeated};
use crate::cli::context::Context;
use crate::cli::failure::remedy_of_file;
use crate::code::Code;
use crate::credential::Record;
use crate::{env, user_file};

pub(super) fn checks(context: &Context<'_>, records: &[Record]) -> Vec<Check> {
    let mut checks = configuration(context);
    let remembered = records.iter().filter_map(|record| {
        let client = record.client()?;
        client.ca_file.as_deref()
    });
    checks.extend(named_files(remembered));
    drop_repeated(&mut checks);
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
        let remedy = remedy_of_file(&unusable, path);
        Check::fail(
            Topic::Configuration,
            Code::Config,
            format!("`{}` {unusable}", path.display()),
            remedy.unwrap_or_else(|| "put it back, or log in without it".to_owned()),
        )
    })
    .collect()
}

fn configuration(context: &Context<'_>) -> Vec<Check> {
    let config = match context.config() {
        Ok(config) => config,
        Err(error) => {
            let check = Check::error(Topic::Configuration, &error);
            let remedy = "`config.toml` is described in README";
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
    checks
}
