//! git: whether it asks only glauth for each host, whether it finds glauth, and whether it asks again.

mod helper;

use std::collections::HashSet;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use url::Url;

use super::check::{Check, Topic};
use helper::{HelperCall as Helper, name_of};

use crate::cli::call::Call;
use crate::cli::commands::setup_git::ASKS_AGAIN;
use crate::cli::commands::setup_git::git::{helpers, is_ours, tells_paths, version};
use crate::cli::failure::{self, Error};
use crate::code::Code;
use crate::credential::{AccountId, AccountName, Host, Record, Scheme};
use crate::env;
use crate::signals::spawn_with_signals_blocked;
use crate::store::Store;

/// How long git may take to read its configuration.
const LIMIT: Duration = Duration::from_secs(10);

/// A host with a login.
#[derive(Clone)]
struct GitPlace {
    host: Host,
    scheme: Scheme,
}

pub(super) fn checks(records: &[Record], store: &Store, call: &Call) -> Vec<Check> {
    if env::in_path("git").is_none() {
        return vec![Check::note(Topic::Git, "there is no git in the PATH")];
    }
    let mut places: Vec<GitPlace> = Vec::new();
    let mut seen = HashSet::new();
    for record in records.iter().filter(|record| record.login().is_some()) {
        if seen.insert(&record.id.host) {
            let (host, scheme) = (record.id.host.clone(), record.scheme);
            places.push(GitPlace { host, scheme });
        }
    }
    let (sender, receiver) = mpsc::channel();
    let (store, own) = (store.clone(), call.clone());
    let started =
        spawn_with_signals_blocked(move || drop(sender.send(of_places(&places, &store, &own))));
    let found = started
        .ok()
        .and_then(|_thread| receiver.recv_timeout(LIMIT).ok());
    match found {
        Some(Ok(checks)) => checks,
        Some(Err(error)) => vec![Check {
            remedy: Some(
                "look at git's configuration: `git config --list --show-origin`".to_owned(),
            ),
            code: Some(Code::Config),
            ..Check::error(Topic::Git, &error, call)
        }],
        None => vec![Check::warn(
            Topic::Git,
            format!(
                "git did not say within {} s how it is configured",
                LIMIT.as_secs()
            ),
            "does `git config --list` end?",
        )],
    }
}

fn of_places(places: &[GitPlace], store: &Store, own: &Call) -> Result<Vec<Check>, Error> {
    let version = version()?;
    let all = helpers()?;
    let mut checks = Vec::new();
    let mut is_used = false;
    for place in places {
        let asked = asked(&all, &place.url());
        is_used |= asked.iter().any(|helper| is_ours(helper));
        checks.push(of_helpers(place, &asked, store, own));
        if checks.last().is_some_and(Check::is_good) && is_used && place.is_below_a_path() {
            checks.extend(path(place, own)?);
        }
    }
    checks.insert(0, of_version(version, is_used));
    Ok(checks)
}

fn of_version(version: Option<(u32, u32)>, is_used: bool) -> Check {
    let Some((major, minor)) = version else {
        return Check::note(Topic::Git, "git does not say which version it is");
    };
    let name = format!("git {major}.{minor}");
    if (major, minor) >= ASKS_AGAIN {
        return Check::ok(Topic::Git, format!("{name} asks again after a 401"));
    }
    let text = format!(
        "{name} does not ask again after a 401: a token that is rotated in the middle of its work ends that work"
    );
    if is_used {
        Check::warn(Topic::Git, text, "use git 2.46 or later")
    } else {
        Check::note(Topic::Git, text)
    }
}

impl GitPlace {
    fn url(&self) -> String {
        self.host.base_url(self.scheme)
    }

    fn is_below_a_path(&self) -> bool {
        self.host.to_string().contains('/')
    }

    /// The command that puts it right.
    fn remedy(&self, own: &Call) -> String {
        format!("run {}", self.setup(own))
    }

    fn setup(&self, own: &Call) -> String {
        own.command_about("setup-git", None, &self.url())
    }

    fn about(&self, check: Check) -> Check {
        Check {
            host: Some(self.host.to_string()),
            ..check
        }
    }
}

/// The helpers that git asks for `url`, in order: an empty one forgets those before it.
fn asked(all: &[(String, String)], url: &str) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for (_, helper) in all.iter().filter(|(key, _)| applies(key, url)) {
        if helper.is_empty() {
            list.clear();
        } else {
            list.push(helper.clone());
        }
    }
    list
}

/// Whether a key is for this URL, as gitcredentials(7) has it: the same protocol, host and port, `*` for
/// a label, and the beginning of the path. A question for a host has no user.
fn applies(key: &str, url: &str) -> bool {
    let pattern = key
        .strip_prefix("credential.")
        .and_then(|key| key.strip_suffix(".helper"));
    let Some(pattern) = pattern else {
        return true;
    };
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    // Without a protocol it is for every one.
    let (protocol, rest) = match pattern.split_once("://") {
        Some((protocol, rest)) => (protocol, rest),
        None => (url.scheme(), pattern),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if protocol != url.scheme() || authority.contains('@') {
        return false;
    }
    is_authority(authority, &url) && is_beginning(path, url.path())
}

fn is_authority(pattern: &str, url: &Url) -> bool {
    // In an IPv6 literal a colon is no port's.
    let port = pattern
        .rsplit_once(':')
        .filter(|(_, port)| !port.contains(']'));
    let (host, port) = match port {
        Some((host, port)) => (host, port.parse().ok()),
        None => (pattern, default_port(url)),
    };
    let labels = |name: &str| -> Vec<String> {
        name.to_ascii_lowercase()
            .split('.')
            .map(ToOwned::to_owned)
            .collect()
    };
    let (wanted, found) = (labels(host), labels(url.host_str().unwrap_or_default()));
    let same = |(wanted, found): (&String, &String)| wanted == "*" || wanted == found;
    let is_host = wanted.len() == found.len() && wanted.iter().zip(&found).all(same);
    (is_host || host.is_empty()) && port == url.port_or_known_default()
}

fn default_port(url: &Url) -> Option<u16> {
    let bare = Url::parse(&format!("{}://x", url.scheme())).ok()?;
    bare.port_or_known_default()
}

fn is_beginning(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.trim_matches('/'), path.trim_matches('/'));
    let rest = path.strip_prefix(pattern);
    rest.is_some_and(|rest| pattern.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

fn of_helpers(place: &GitPlace, asked: &[String], store: &Store, own: &Call) -> Check {
    let url = place.url();
    let (ours, others): (Vec<&String>, Vec<&String>) =
        asked.iter().partition(|helper| is_ours(helper));
    let names: Vec<String> = others.iter().map(|helper| name_of(helper)).collect();
    let names = names.join(", ");
    let check = match (ours.as_slice(), others.is_empty()) {
        ([], true) => Check::note(
            Topic::Git,
            format!(
                "git asks no helper for {url}; {} makes it ask glauth",
                place.setup(own)
            ),
        ),
        ([], false) => Check::note(
            Topic::Git,
            format!(
                "git asks {names} for {url}; {} makes it ask glauth",
                place.setup(own)
            ),
        ),
        ([_, ..], false) => Check::warn(
            Topic::Git,
            format!(
                "git asks not only glauth for {url}, but {names} too, which may answer with an old token and keep ours"
            ),
            place.remedy(own),
        ),
        ([helper, ..], true) => of_ours(place, helper, store, own),
    };
    place.about(check)
}

fn of_ours(place: &GitPlace, helper: &str, store: &Store, own: &Call) -> Check {
    let url = place.url();
    if let Some(why) = helper::cannot_run(helper) {
        let text = format!("git cannot ask glauth for {url}: {why}");
        return Check::fail(Topic::Git, Code::Config, text, place.remedy(own));
    }
    let Some(call) = Helper::of(helper) else {
        let text =
            format!("git asks only glauth for {url}, by a shell command that was not looked into");
        return Check::ok(Topic::Git, text);
    };
    if let Some(other) = other_store(&call, &store.name()) {
        let text = format!(
            "git asks glauth for {url} with the logins of another store, `{}`",
            other.display()
        );
        return Check::warn(Topic::Git, text, place.remedy(own));
    }
    other_account(place, &call, store, own).unwrap_or_else(|| {
        let text = format!("git asks only glauth for {url}");
        Check::ok(Topic::Git, text)
    })
}

/// The store that a helper names, where that is not this one.
fn other_store<'a>(call: &'a Helper, root: &Path) -> Option<&'a Path> {
    let named = call.store()?;
    let resolved = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
    (resolved(named).ok()? != resolved(root).ok()?).then_some(named)
}

/// Where a helper names an account that has no login: git gets no answer then.
fn other_account(place: &GitPlace, call: &Helper, store: &Store, own: &Call) -> Option<Check> {
    let (url, named) = (place.url(), call.account()?);
    let Ok(account) = named.parse::<AccountName>() else {
        let text = format!("git asks glauth for {url} as an account that cannot be one");
        return Some(Check::warn(Topic::Git, text, place.remedy(own)));
    };
    let id = AccountId {
        host: place.host.clone(),
        account,
    };
    // One that cannot be read is told of elsewhere.
    let snapshot = store.snapshot(&id).ok()?;
    let is_login = snapshot.is_some_and(|found| found.record().login().is_some());
    (!is_login).then(|| {
        let text = format!(
            "git asks glauth for {url} as account {}, which has no login",
            id.account
        );
        let remedy = format!(
            "{}, or {}",
            failure::login_command(&id, own),
            place.remedy(own)
        );
        Check::warn(Topic::Git, text, remedy)
    })
}

fn path(place: &GitPlace, own: &Call) -> Result<Option<Check>, Error> {
    let url = place.url();
    Ok((!tells_paths(&url)?).then(|| {
        place.about(Check::warn(
            Topic::Git,
            format!("git does not tell its helpers which installation at {} it means, and gets no answer for {url}", place.host),
            place.remedy(own),
        ))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_for_the_urls_that_git_takes_it_for() {
        let url = "https://gitlab.example.com:8443/group";
        for key in [
            "credential.helper",
            "credential.https://gitlab.example.com:8443.helper",
            "credential.https://gitlab.example.com:8443/.helper",
            "credential.https://gitlab.example.com:8443/group.helper",
            "credential.https://*.example.com:8443.helper",
            "credential.gitlab.example.com:8443.helper",
            "credential.https://GitLab.example.com:8443.helper",
        ] {
            assert!(applies(key, url), "{key}");
        }
        for key in [
            "credential.https://gitlab.example.com.helper",
            "credential.http://gitlab.example.com:8443.helper",
            "credential.https://*.com:8443.helper",
            "credential.https://example.com:8443.helper",
            "credential.https://jane@gitlab.example.com:8443.helper",
            "credential.https://gitlab.example.com:8443/gro.helper",
            "credential.https://gitlab.example.com:8443/group/project.helper",
        ] {
            assert!(!applies(key, url), "{key}");
        }
        assert!(applies(
            "credential.https://gitlab.com:443.helper",
            "https://gitlab.com"
        ));
        assert!(applies("credential.https://.helper", "https://gitlab.com"));
        assert!(applies("credential.http://[::1]:80.helper", "http://[::1]"));
    }

    #[test]
    fn an_empty_helper_forgets_those_before_it() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let ours = "/usr/bin/glauth git-credential";
        let all = [
            pair("credential.helper", "store"),
            pair("credential.https://gitlab.com.helper", ""),
            pair("credential.https://gitlab.com.helper", ours),
            pair("credential.https://other.example.helper", "cache"),
        ];
        assert_eq!(asked(&all, "https://gitlab.com"), [ours]);
        assert_eq!(asked(&all, "https://other.example"), ["store", "cache"]);
    }

    #[test]
    fn a_git_that_does_not_ask_again_is_warned_of_where_it_is_used() {
        assert!(of_version(Some((2, 45)), true).is_problem());
        assert!(!of_version(Some((2, 45)), false).is_problem());
        assert!(of_version(Some((2, 46)), true).is_good());
        assert!(of_version(Some((3, 0)), true).is_good());
    }
}
