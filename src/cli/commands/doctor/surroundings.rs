//! The configuration and the environment.

use super::check::{Check, Topic};
use crate::cli::context::Context;
use crate::env;

pub(super) fn checks(context: &Context<'_>) -> Vec<Check> {
    let mut checks = vec![configuration(context)];
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

fn configuration(context: &Context<'_>) -> Check {
    if let Err(error) = context.config() {
        let check = Check::error(Topic::Configuration, &error);
        let remedy = "`config.toml` is described in README";
        return Check {
            remedy: check.remedy.or(Some(remedy.to_owned())),
            ..check
        };
    }
    let text = match context.config_path() {
        None => "there is no home folder for a configuration, and none is needed".to_owned(),
        Some(path) if path.exists() => format!("the configuration is `{}`", path.display()),
        Some(path) => format!(
            "there is no configuration in `{}`, and none is needed",
            path.display()
        ),
    };
    Check::ok(Topic::Configuration, text)
}
