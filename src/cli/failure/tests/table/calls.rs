//! The errors of a call and of what it is given: arguments, standard input, config.toml.

use std::iter;
use std::path::Path;

use clap::Parser as _;

use super::*;
use crate::cli::args::Cli;
use crate::config::{Config, ConfigError};
use crate::credential::{BadHost, Scheme};
use crate::flow::NoAnswer;
use crate::gitcred::BadQuestion;
use crate::oauth::BadImport;
use crate::store::{BadStore, NamedBy};

pub(super) fn calls() -> Vec<Error> {
    let not_run = |errno| -> Error {
        UsageError::NotRun {
            program: "glab".to_owned(),
            source: no(errno),
        }
        .into()
    };
    let hosts = vec![host(), HostArg::parse("gitlab.com").unwrap().host];
    vec![
        UsageError::NoHost.into(),
        UsageError::NoLogins("/home/jane/.local/share/glauth/credentials".into()).into(),
        UsageError::SeveralHosts(hosts).into(),
        UsageError::NoLogin {
            id: id(),
            scheme: None,
            store: "/home/jane/.local/share/glauth/credentials".into(),
        }
        .into(),
        UsageError::NoAccount {
            account: work().account,
            store: "/home/jane/.local/share/glauth/credentials".into(),
        }
        .into(),
        UsageError::NothingToEnd {
            id: id(),
            store: "/home/jane/.local/share/glauth/credentials".into(),
        }
        .into(),
        FlowError::AllLoggedOut(vec![id(), work()]).into(),
        FlowError::SeveralAccounts {
            host: host(),
            accounts: ["home", "work"].map(|name| name.parse().unwrap()).into(),
        }
        .into(),
        FlowError::NotNamedByGit {
            scheme: Scheme::Https,
            host: host(),
            accounts: ["home", "work"].map(|name| name.parse().unwrap()).into(),
            is_ended: false,
        }
        .into(),
        AuthorizeError::NoPerson { id: id() }.into(),
        AuthorizeError::from(NoAnswer::NotGiven("client id")).into(),
        AuthorizeError::from(NoAnswer::Unfit("the client secret is empty".to_owned())).into(),
        UsageError::TokenAsHost.into(),
        UsageError::NoVariable("glauth knows no variable that the tools for this server read")
            .into(),
        not_run(Errno::ENOENT),
        not_run(Errno::EACCES),
        UsageError::GitNotWritten(
            "error: could not lock config file: Read-only file system".to_owned(),
        )
        .into(),
        UsageError::ConfigNotWritten {
            path: "/home/jane/.config/glauth/config.toml".into(),
            host: host(),
            account: Some(work().account),
            source: no(Errno::EROFS),
        }
        .into(),
        UsageError::DefaultGoesBefore {
            default: id(),
            is_ended: false,
        }
        .into(),
        UsageError::DefaultGoesBefore {
            default: id(),
            is_ended: true,
        }
        .into(),
        UsageError::BadStore(BadStore::Relative("logins".into())).into(),
        UsageError::BadStore(BadStore::Unexpanded {
            by: NamedBy::Option,
            path: "$LOGINS/work".into(),
            start: '$',
        })
        .into(),
        UsageError::BadStore(BadStore::Address {
            by: NamedBy::Variable,
            scheme: "mysql".to_owned(),
        })
        .into(),
        UsageError::BadStore(BadStore::Password {
            by: NamedBy::Option,
        })
        .into(),
        UsageError::NotShared("/home/jane/.local/share/glauth/credentials".into()).into(),
        UsageError::OneStore.into(),
        UsageError::TwoOfAKind.into(),
        UsageError::NoKeyFile("/home/jane/.config/glauth/glauth.key".into()).into(),
        UsageError::BadInput("the refused token is longer than 16384 bytes".to_owned()).into(),
        Error::system("cannot write to standard output")(no(Errno::ENOSPC)),
        Error::system("cannot hand over the token in a file in memory")(no(Errno::EMFILE)),
        UsageError::Call("no home folder is known; set GLAUTH_STORE".to_owned()).into(),
        FlowError::OtherScheme {
            id: id(),
            scheme: Scheme::Https,
        }
        .into(),
        FlowError::NameTaken(work()).into(),
        AuthorizeError::from(FlowError::HeldElsewhere {
            id: work(),
            other: id(),
        })
        .into(),
    ]
    .into_iter()
    .chain(inputs())
    .chain(of_docker())
    .collect()
}

/// What docker and podman ask, and their files.
fn of_docker() -> impl Iterator<Item = Error> {
    let registry = HostArg::parse("registry.example.com").unwrap().host;
    let problems = [
        BadDockerFile::Unusable(Unusable::Writable { mode: 0o666 }),
        BadDockerFile::Unparsed(3),
        BadDockerFile::NotObject,
        BadDockerFile::OtherForm,
        BadDockerFile::Unchangeable,
        BadDockerFile::NotWritten(no(Errno::EROFS)),
    ];
    let files = problems.map(|problem| UsageError::DockerFile {
        path: "/home/jane/.docker/config.json".into(),
        problem,
    });
    [
        UsageError::NoLoginForRegistry(registry),
        UsageError::NoRegistry(host()),
    ]
    .into_iter()
    .chain(files)
    .map(Into::into)
}

/// What comes on standard input.
fn inputs() -> impl Iterator<Item = Error> {
    let questions = [
        BadQuestion::Read(no(Errno::EIO)),
        BadQuestion::NoEquals(2),
        BadQuestion::ControlCharacter(2),
        BadQuestion::NotText(2),
        BadQuestion::TooLongValue(2),
        BadQuestion::TooLongLine,
        BadQuestion::TooLong,
        BadQuestion::TooManyLines,
    ];
    let responses = [BadImport::NotJson, BadImport::Error, BadImport::NoToken];
    let questions = questions.into_iter().map(UsageError::BadQuestion);
    let responses = responses.into_iter().map(UsageError::BadResponse);
    questions.chain(responses).map(Into::into)
}

/// What clap refuses.
pub(in crate::cli::failure::tests) fn arguments() -> Vec<Failure> {
    let calls: [&[&str]; 5] = [
        &["tokn"],
        &["token", "--forse"],
        &["token", "--min-ttl", "soon"],
        &["token", "--account", "Jane Doe"],
        &["exec", "gitlab.example.com", "glab"],
    ];
    let hosts = bad_hosts().map(|(text, _)| ["token", text]);
    let calls = calls
        .into_iter()
        .chain(hosts.iter().map(<[_; 2]>::as_slice));
    let refused = calls.map(|call| {
        let args = iter::once("glauth").chain(call.iter().copied());
        let error = Cli::try_parse_from(args).unwrap_err();
        of_usage(error, call.first().copied())
    });
    refused.collect()
}

/// What is no HOST, and why.
pub(in crate::cli::failure::tests) fn bad_hosts() -> [(&'static str, BadHost); 5] {
    [
        "git lab",
        "gitlab.example.com:0",
        "https://gitlab.example.com/#page",
        "ftp://gitlab.example.com",
        "http://gitlab.example.com",
    ]
    .map(|text| (text, HostArg::parse(text).unwrap_err()))
}

/// What is wrong with a configuration, or with its file.
pub(super) fn configuration() -> Vec<Error> {
    let path = Path::new("/home/jane/.config/glauth/config.toml");
    let unread = [
        Unusable::Io(no(Errno::EACCES)),
        Unusable::NotRegular,
        Unusable::Foreign {
            owner: "user joe (1001)".to_owned(),
            us: "user jane (1000)".to_owned(),
        },
        Unusable::Writable { mode: 0o666 },
        Unusable::TooLarge(1024 * 1024),
    ];
    let texts = [
        "default_host = gitlab.com\n",
        "default_hots = \"gitlab.com\"\n",
        "client_id = \"…\"\n",
        "[gitlab.com]\n",
        "[hosts.gitlab.com]\n",
        "[hosts.gitlab.com:8443]\n",
        "[hosts.\"gitlab.com\"\n",
        "[hosts.\"gitlab.com\"]\nprovider = \"gitlb\"\n",
        "[hosts.\"gitlab.com\"]\nclient_id: \"…\"\n",
        "[hosts.\"gitlab.com\"]\nclient_id = \"…\n",
        "[hosts.\"gitlab.com\"]\ntoken_endpoint = \"http://gitlab.com/oauth/token\"\n",
        "[hosts.\"gitlab.com\"]\npassword = \"…\"\n",
        "[hosts.\"gitlab.com\"]\nscopes = \"api\"\n",
        "default_host = \"gitlab.com\"\ndefault_host = \"gitlab.com\"\n",
        "[hosts.\"gitlab.com\"]\n[hosts.\"gitlab.com\"]\n",
        "[hosts.\"gitlab.com\"]\n[hosts.\"https://gitlab.com/\"]\n",
        "default_host = \"http://gitlab.com\"\n",
    ];
    let unread = unread.map(|unusable| ConfigError::unread(path, unusable));
    let refused = |text| Config::parse_named(path, text).unwrap_err();
    // Where a token is asked for, and the configuration may choose the account.
    let asked: Error = FlowError::Config(Box::new(refused("host = 'a'\n"))).into();
    let texts = texts.map(refused);
    let all = unread.into_iter().chain(texts).map(Into::into);
    all.chain([asked]).collect()
}
