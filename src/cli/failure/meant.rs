//! What a person may have meant by the name of a host or an account that is not there.

use std::path::Path;

use crate::credential::{AccountId, AccountName, Host};
use crate::store::Store;
use crate::time::Timestamp;

/// Up to this length two names are alike if they differ by one slip, in bytes; longer ones by two. `github.com` is no
/// slip for `gitlab.com`.
const SHORT: usize = 12;

/// So many accounts of a host are named in a hint.
const FEW: usize = 3;

/// How to name the login that may have been meant, as a question.
pub(in crate::cli) fn other_login(id: &AccountId, store: &Path) -> Option<String> {
    let there = Store::at(store.to_owned(), Timestamp::now)
        .accounts()
        .ok()?;
    let at_host: Vec<_> = there.iter().filter(|found| found.host == id.host).collect();
    if at_host.is_empty() {
        return question(&id.host, there.iter().map(|found| &found.host));
    }
    let accounts = || at_host.iter().map(|found| &found.account);
    account(&id.account, accounts()).or_else(|| {
        let few = at_host.len() <= FEW;
        few.then(|| format!("did you mean {}?", either(accounts())))
    })
}

/// Whether there is no login at all.
pub(super) fn is_empty(store: &Path) -> bool {
    let there = Store::at(store.to_owned(), Timestamp::now).accounts();
    there.is_ok_and(|there| there.is_empty())
}

/// `--account a or --account b`
fn either<'a>(accounts: impl Iterator<Item = &'a AccountName>) -> String {
    let options: Vec<_> = accounts.map(|name| format!("--account {name}")).collect();
    options.join(" or ")
}

/// The same of an account whose host was not named.
pub(in crate::cli) fn other_account(named: &AccountName, store: &Path) -> Option<String> {
    let there = Store::at(store.to_owned(), Timestamp::now)
        .accounts()
        .ok()?;
    account(named, there.iter().map(|found| &found.account))
}

fn account<'a>(
    named: &AccountName,
    there: impl Iterator<Item = &'a AccountName>,
) -> Option<String> {
    let near = nearest(named.as_str(), there.map(AccountName::as_str))?;
    Some(format!("did you mean --account {near}?"))
}

fn question<'a>(named: &Host, there: impl Iterator<Item = &'a Host>) -> Option<String> {
    let near = nearest(named.as_str(), there.map(Host::as_str))?;
    Some(format!("did you mean {near}?"))
}

/// The name that is nearest to the one that was typed, if one is near: a slip apart, or the typed one with a part of
/// the address before or behind it.
fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.filter_map(|name| Some((distance(typed, name)?, name)));
    Some(near.min()?.1)
}

fn distance(typed: &str, name: &str) -> Option<usize> {
    let slips = strsim::damerau_levenshtein(typed, name);
    let limit = if typed.len() > SHORT { 2 } else { 1 };
    let is_part = |whole: &str, part: &str| {
        let before = whole
            .strip_suffix(part)
            .is_some_and(|rest| rest.ends_with('.'));
        let behind = whole
            .strip_prefix(part)
            .is_some_and(|rest| rest.starts_with(['.', ':', '/']));
        before || behind
    };
    (slips <= limit || is_part(name, typed) || is_part(typed, name)).then_some(slips)
}

/// Which of some words is the nearest.
pub(super) fn best<'a>(typed: &str, words: &'a [String]) -> Option<&'a String> {
    words
        .iter()
        .min_by_key(|word| strsim::damerau_levenshtein(typed, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_or_a_part_of_the_address_is_near_and_another_server_is_not() {
        let there = [
            "github.com",
            "gitlab.example.com",
            "127.0.0.1:3000",
            "example.org/gitlab",
        ];
        for (typed, meant) in [
            ("gitlab.exmaple.com", Some("gitlab.example.com")),
            ("gitlab.example.co", Some("gitlab.example.com")),
            ("example.com", Some("gitlab.example.com")),
            ("gitlab", Some("gitlab.example.com")),
            ("gihtub.com", Some("github.com")),
            ("www.github.com", Some("github.com")),
            ("127.0.0.1", Some("127.0.0.1:3000")),
            ("example.org", Some("example.org/gitlab")),
            ("gitlab.com", None),
            ("codeberg.org", None),
            ("com", Some("github.com")),
        ] {
            assert_eq!(nearest(typed, there.into_iter()), meant, "{typed}");
        }
    }

    #[test]
    fn the_best_of_some_words_is_the_one_with_the_fewest_slips() {
        let words = ["logout", "login"].map(ToOwned::to_owned);
        assert_eq!(best("logn", &words).unwrap(), "login");
        assert_eq!(best("logot", &words).unwrap(), "logout");
    }
}
