//! A command for a person to paste: it repeats what the call was told of its logins, and what the environment does
//! not say.

use std::path::PathBuf;

use url::Url;

use super::args::Global;
use super::shell;
use crate::credential::{AccountId, AccountName, Scheme, is_loopback};
use crate::env;
use crate::store::Store;
use crate::time::Timestamp;

/// Where a call finds its logins and its configuration.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    /// The folder with the logins; `None`: no home is known.
    root: Option<PathBuf>,
    /// `--store` and `--config`, as a command repeats them.
    options: String,
    /// Whether the environment names an account, so that a command has to name `default` too.
    account_is_set: bool,
    /// Whether `doctor` runs already, and need not be named.
    is_doctor: bool,
}

impl Call {
    pub(super) fn of(global: &Global) -> Self {
        let named = [
            ("--store", &global.store, "GLAUTH_STORE"),
            ("--config", &global.config, "GLAUTH_CONFIG"),
        ];
        let repeated = named.into_iter().filter_map(|(option, path, variable)| {
            let path = path.as_ref()?;
            // The next command has the same environment.
            let is_typed = env::option(variable).is_none_or(|value| value != path.as_os_str());
            is_typed.then(|| format!(" {option} {}", shell::word(&path.to_string_lossy())))
        });
        Self {
            root: global.store.clone().or_else(env::store_folder),
            options: repeated.collect(),
            account_is_set: env::option("GLAUTH_ACCOUNT").is_some(),
            is_doctor: false,
        }
    }

    /// The same for what `doctor` says.
    pub(super) fn in_doctor(self) -> Self {
        Self {
            is_doctor: true,
            ..self
        }
    }

    /// The command that looks into it, unless it runs already.
    pub(super) fn doctor(&self) -> Option<String> {
        (!self.is_doctor).then(|| self.command("doctor"))
    }

    /// A command about no single login.
    pub(super) fn command(&self, words: &str) -> String {
        format!("`glauth {words}{}`", self.options)
    }

    /// A command about a login, which is reached as its record says.
    pub(super) fn command_for(&self, words: &str, id: &AccountId) -> String {
        self.command_at(words, id, self.scheme(id))
    }

    /// A command about a login that is reached so.
    pub(super) fn command_at(&self, words: &str, id: &AccountId, scheme: Scheme) -> String {
        let host = match scheme {
            Scheme::Https => id.host.to_string(),
            Scheme::Http => id.host.base_url(scheme),
        };
        self.command_about(words, Some(&id.account), &host)
    }

    /// A command about an account of a host that is named as it stands.
    pub(super) fn command_about(
        &self,
        words: &str,
        account: Option<&AccountName>,
        host: &str,
    ) -> String {
        let account = match account.map(AccountName::as_str) {
            None => String::new(),
            Some("default") if !self.account_is_set => String::new(),
            Some(name) => format!(" --account {name}"),
        };
        let host = shell::word(host);
        format!("`glauth {words}{}{account} {host}`", self.options)
    }

    /// How a login is reached. Only a server of this machine is ever reached over plain HTTP.
    fn scheme(&self, id: &AccountId) -> Scheme {
        let url = Url::parse(&id.host.base_url(Scheme::Http));
        if !url.is_ok_and(|url| is_loopback(&url)) {
            return Scheme::Https;
        }
        let store = self
            .root
            .clone()
            .map(|root| Store::new(root, Timestamp::now));
        let snapshot = store.and_then(|store| store.snapshot(id).ok().flatten());
        snapshot.map_or(Scheme::Https, |found| found.record().scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::HostArg;

    fn call(options: &str) -> Call {
        Call {
            root: None,
            options: options.to_owned(),
            account_is_set: false,
            is_doctor: false,
        }
    }

    fn id(host: &str, account: &str) -> AccountId {
        AccountId {
            host: HostArg::parse(host).unwrap().host,
            account: account.parse().unwrap(),
        }
    }

    #[test]
    fn a_command_names_the_account_unless_it_is_the_default_one() {
        let call = call("");
        let command = |account| call.command_for("login", &id("gitlab.com", account));
        assert_eq!(command("default"), "`glauth login gitlab.com`");
        assert_eq!(command("work"), "`glauth login --account work gitlab.com`");
    }

    #[test]
    fn where_the_environment_names_an_account_a_command_names_the_default_one_too() {
        let call = Call {
            account_is_set: true,
            ..call("")
        };
        let command = call.command_for("login", &id("gitlab.com", "default"));
        assert_eq!(command, "`glauth login --account default gitlab.com`");
    }

    #[test]
    fn a_command_repeats_what_the_call_had() {
        let call = call(" --store '/a b' --config c.toml");
        assert_eq!(
            call.command("status"),
            "`glauth status --store '/a b' --config c.toml`"
        );
        assert_eq!(
            call.command_for("logout --local", &id("gitlab.com", "work")),
            "`glauth logout --local --store '/a b' --config c.toml --account work gitlab.com`"
        );
    }

    #[test]
    fn a_host_over_plain_http_is_named_as_a_url_and_quoted_where_a_shell_reads_more_in_it() {
        let at = |host| call("").command_at("login", &id(host, "default"), Scheme::Http);
        assert_eq!(at("127.0.0.1:3000"), "`glauth login http://127.0.0.1:3000`");
        assert_eq!(at("[::1]:3000"), "`glauth login 'http://[::1]:3000'`");
    }
}
