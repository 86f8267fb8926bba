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
    let read = context.config_path().and_then(|path| {
        context.config()?;
        Ok(path)
    });
    match read {
        Err(error) => {
            let check = Check::error(Topic::Configuration, &error);
            let remedy = "`config.toml` is described in README";
            Check {
                remedy: check.remedy.or(Some(remedy.to_owned())),
                ..check
            }
        }
        Ok(path) if path.exists() => Check::ok(
            Topic::Configuration,
            format!("the configuration is `{}`", path.display()),
        ),
        Ok(path) => Check::ok(
            Topic::Configuration,
            format!(
                "there is no configuration in `{}`, and none is needed",
                path.display()
            ),
        ),
    }
}
