//! The two forms that are typed all day, `glauth token HOST` and `glauth git-credential get`, read
//! without clap, whose start takes longer than all the rest (P9). Whatever is not exactly one of them is
//! none of this file's business: a test feeds both readers with the same lines.

use std::ffi::OsString;

use super::args::{Cli, Command, Format, GitCredential, Global, HostTarget, Token};
use crate::credential::HostArg;
use crate::env;
use crate::flow::LOCK_TIMEOUT;

/// Variables that stand for options; where one is set, clap reads the line.
const OPTIONS: [&str; 3] = ["GLAUTH_ACCOUNT", "GLAUTH_HOST", "GLAUTH_CONFIG"];

/// What clap would say of this line; `None`: ask it.
pub(super) fn read(args: &[OsString]) -> Option<Cli> {
    let [_, command, argument] = args else {
        return None;
    };
    let argument = argument.to_str().filter(|word| !word.starts_with('-'))?;
    let command = match command.to_str()? {
        "token" => Command::Token(Token {
            target: HostTarget {
                host: Some(HostArg::parse(argument).ok()?),
            },
            min_ttl: None,
            rejected: false,
            no_refresh: false,
            format: Format::Plain,
        }),
        "git-credential" if argument == "get" => Command::GitCredential(GitCredential {
            operation: argument.to_owned(),
            timeout: None,
        }),
        _ => return None,
    };
    if OPTIONS.iter().any(|name| env::option(name).is_some()) {
        return None;
    }
    let store = env::option("GLAUTH_STORE");
    if store.as_ref().is_some_and(|path| path.is_empty()) {
        return None;
    }
    let global = Global {
        account: None,
        host: None,
        store: store.map(Into::into),
        config: None,
        lock_timeout: LOCK_TIMEOUT,
        json: false,
        quiet: false,
        verbose: 0,
    };
    Some(Cli { global, command })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{CommandFactory as _, Parser as _};

    use super::*;

    #[test]
    fn what_is_read_without_clap_is_what_clap_reads() {
        let mut plain = 0;
        for line in [
            "glauth token gitlab.com",
            "glauth token https://gitlab.com:8443/path",
            "glauth token http://127.0.0.1:3000",
            "glauth token 127.0.0.1:3000",
            "glauth token [::1]:3000",
            "glauth token example.com/",
            "glauth git-credential get",
            // Not these.
            "glauth",
            "glauth token",
            "glauth token -h",
            "glauth token --help",
            "glauth token -",
            "glauth token --",
            "glauth token ..",
            "glauth token http://gitlab.com",
            "glauth token a b",
            "glauth token --rejected",
            "glauth git-credential store",
            "glauth git-credential erase",
            "glauth git-credential --timeout=5",
            "glauth -v token",
            "glauth tok gitlab.com",
            "glauth status gitlab.com",
            "glauth exec gitlab.com",
            "glauth --version",
        ] {
            let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let Some(ours) = read(&args) else { continue };
            let clap = Cli::try_parse_from(&args).unwrap();
            assert_eq!(format!("{ours:?}"), format!("{clap:?}"), "{line}");
            plain += 1;
        }
        assert_eq!(plain, 7);
    }

    /// One that is new in `args.rs` must not be passed over here.
    #[test]
    fn every_variable_that_stands_for_an_option_is_looked_at() {
        let mut command = Cli::command();
        command.build();
        let all = std::iter::once(&command).chain(command.get_subcommands());
        let known: BTreeSet<&str> = all
            .flat_map(clap::Command::get_arguments)
            .filter_map(|argument| argument.get_env()?.to_str())
            .collect();
        let ours: BTreeSet<&str> = OPTIONS.into_iter().chain(["GLAUTH_STORE"]).collect();
        assert_eq!(ours, known);
    }
}
