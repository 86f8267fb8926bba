//! A command for a person to paste: it repeats what the call was told of its logins, and what the environment does
//! not say.

use std::path::PathBuf;

use url::Url;

use super::args::{self, Global};
use super::shell;
use crate::credential::{
    AccountId, AccountName, AuthMethod, LoginKind, Record, Scheme, is_loopback,
};
use crate::env;
use crate::store::{Snapshot, Store};
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
    /// The login that this call is.
    login: Option<LoginCall>,
}

/// What a login was told, for a command that repeats it.
#[derive(Debug, Clone)]
struct LoginCall {
    scheme: Option<Scheme>,
    /// Each option, as it is typed again.
    options: Vec<(&'static str, String)>,
}

/// The options that say where the tokens come from: one takes the place of another.
const SOURCES: [&str; 5] = [
    "--device",
    "--no-browser",
    "--import",
    "--with-token",
    "--client-credentials",
];

impl LoginCall {
    fn of(args: &args::Login, scheme: Option<Scheme>, typed_client_id: Option<&str>) -> Self {
        let text = |path: &Option<PathBuf>| path.as_deref().map(|p| p.to_string_lossy().into());
        let client_id = args.client_id.as_deref().or(typed_client_id);
        let one: [(&str, Option<String>); 13] = [
            ("--provider", args.provider.clone()),
            ("--client-id", client_id.map(ToOwned::to_owned)),
            ("--client-secret-file", text(&args.client_secret_file)),
            ("--client-key-file", text(&args.client_key_file)),
            ("--client-key-id", args.client_key_id.clone()),
            ("--client-key-audience", args.client_key_audience.clone()),
            ("--auth-method", args.auth_method.clone()),
            ("--redirect-uri", args.redirect_uri.clone()),
            ("--ca-file", text(&args.ca_file)),
            (
                "--authorization-endpoint",
                args.authorization_endpoint.clone(),
            ),
            ("--device-endpoint", args.device_endpoint.clone()),
            ("--token-endpoint", args.token_endpoint.clone()),
            ("--revocation-endpoint", args.revocation_endpoint.clone()),
        ];
        let one = one
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let parameters = args
            .parameter
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        let many = args.scope.iter().cloned().map(|scope| ("--scope", scope));
        let many = many.chain(parameters.map(|pair| ("--parameter", pair)));
        let flags = [
            ("--device", args.device),
            ("--no-browser", args.no_browser),
            ("--replace-scopes", args.replace_scopes),
            ("--import", args.import),
            ("--with-token", args.with_token),
            ("--client-credentials", args.client_credentials),
            ("--standby", args.standby),
            ("--no-standby", args.no_standby),
        ];
        let flags = flags.into_iter().filter(|(_, is_given)| *is_given);
        let values = one.chain(many);
        let values = values.map(|(name, value)| (name, format!(" {name} {}", shell::word(&value))));
        Self {
            scheme,
            options: flags
                .map(|(name, _)| (name, format!(" {name}")))
                .chain(values)
                .collect(),
        }
    }

    /// The options, but for those whose place others take.
    fn but_for(&self, others: &str) -> String {
        let others: Vec<&str> = others.split(' ').collect();
        let has_source = others.iter().any(|other| SOURCES.contains(other));
        let is_replaced =
            |name: &str| others.contains(&name) || has_source && SOURCES.contains(&name);
        let options = self.options.iter().filter(|(name, _)| !is_replaced(name));
        options.map(|(_, text)| text.as_str()).collect()
    }
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
            login: None,
        }
    }

    /// The same where the call is a login: commands repeat what it was told, and the client id that a person typed.
    pub(super) fn of_login(
        global: &Global,
        args: &args::Login,
        typed_client_id: Option<&str>,
    ) -> Self {
        let host = args.target.host.as_ref().or(global.host.as_ref());
        let scheme = host.and_then(|host| host.scheme);
        Self {
            login: Some(LoginCall::of(args, scheme, typed_client_id)),
            ..Self::of(global)
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

    /// The command that logs in, with these options in the place of those that go with them. In a login it repeats
    /// the others.
    pub(super) fn login(&self, options: &str, id: &AccountId) -> String {
        let Some(login) = &self.login else {
            return self.command_for(&format!("login{options}"), id);
        };
        let words = format!("login{options}{}", login.but_for(options));
        let scheme = login.scheme.unwrap_or_else(|| self.scheme(id));
        self.command_at(&words, id, scheme)
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

    /// How a login is reached, or else another one at its host. Only a server of this machine is ever reached over
    /// plain HTTP.
    pub(super) fn scheme(&self, id: &AccountId) -> Scheme {
        let url = Url::parse(&id.host.base_url(Scheme::Http));
        if !url.is_ok_and(|url| is_loopback(&url)) {
            return Scheme::Https;
        }
        let others = || {
            let all = self.store()?.accounts_of(&id.host).ok()?;
            all.iter().find_map(|other| self.record(other))
        };
        let found = self.record(id).or_else(others);
        found.map_or(Scheme::Https, |found| found.scheme)
    }

    /// Whether a personal token is the way to log in, since the login there is one, or was one.
    pub(super) fn is_of_a_token(&self, id: &AccountId) -> bool {
        let Some(record) = self.record(id) else {
            return false;
        };
        match record.login() {
            Some(login) => login.kind == LoginKind::Token,
            None => record.client().is_some_and(|client| {
                client.client_id.is_none() && client.token_endpoint.is_none()
            }),
        }
    }

    /// How a machine authenticates whose login is there, or was there; `None`: it is a person's.
    pub(super) fn machine_at(&self, id: &AccountId) -> Option<AuthMethod> {
        let record = self.record(id)?;
        let auth = record.client()?.auth.clone();
        let is_machine = match record.login() {
            Some(login) => login.kind == LoginKind::ClientCredentials,
            None => auth.file().is_some(),
        };
        is_machine.then_some(auth)
    }

    fn record(&self, id: &AccountId) -> Option<Record> {
        let snapshot = self.store()?.snapshot(id).ok().flatten();
        snapshot.map(Snapshot::into_record)
    }

    fn store(&self) -> Option<Store> {
        Some(Store::at(self.root.clone()?, Timestamp::now))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::args::{Cli, Command};
    use super::*;
    use crate::credential::HostArg;

    fn call(options: &str) -> Call {
        Call {
            root: None,
            options: options.to_owned(),
            account_is_set: false,
            is_doctor: false,
            login: None,
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
    fn a_login_repeats_what_it_was_told() {
        let login = |args: &[&str]| {
            let cli = Cli::try_parse_from([&["glauth", "login"], args].concat()).unwrap();
            let Command::Login(args) = &cli.command else {
                panic!("{cli:?}")
            };
            Call {
                login: Some(LoginCall::of(args, None, Some("typed"))),
                ..call("")
            }
        };
        let id = id("gitlab.com", "default");
        let told = login(&["--provider=gitlab", "--client-id=a b", "--no-browser"]);
        assert_eq!(
            told.login("", &id),
            "`glauth login --no-browser --provider gitlab --client-id 'a b' gitlab.com`"
        );
        assert_eq!(
            told.login(" --device --client-id ID", &id),
            "`glauth login --device --client-id ID --provider gitlab gitlab.com`"
        );
        let told = login(&["--scope", "api read_user", "--parameter=a=b&c"]);
        assert_eq!(
            told.login("", &id),
            "`glauth login --client-id typed --scope api --scope read_user --parameter 'a=b&c' gitlab.com`"
        );
    }

    #[test]
    fn a_host_over_plain_http_is_named_as_a_url_and_quoted_where_a_shell_reads_more_in_it() {
        let at = |host| call("").command_at("login", &id(host, "default"), Scheme::Http);
        assert_eq!(at("127.0.0.1:3000"), "`glauth login http://127.0.0.1:3000`");
        assert_eq!(at("[::1]:3000"), "`glauth login 'http://[::1]:3000'`");
    }
}
