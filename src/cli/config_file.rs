//! The only changes that glauth makes in `config.toml`: the account that a host alone means.

use std::io;
use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::failure::{Error, UsageError};
use crate::config::{Config, ConfigError, SIZE_LIMIT};
use crate::credential::{AccountName, Host, HostArg};
use crate::user_file::{self, Unchanged};

/// Sets the account of `host` in the file at `path`, or with `None` removes it; `false`: the file says so already. All
/// else stays as it is, comments too.
pub(super) fn choose_account(
    path: &Path,
    host: &Host,
    account: Option<&AccountName>,
) -> Result<bool, Error> {
    let unwritten = |source| UsageError::ConfigNotWritten {
        path: path.to_owned(),
        host: host.clone(),
        account: account.cloned(),
        source,
    };
    let strange = || io::Error::other("it is written in a way that glauth cannot change");
    let changed = user_file::change(path, SIZE_LIMIT, |text| -> Result<_, Error> {
        if Config::parse_named(path, text)?.account(host) == account {
            return Ok(None);
        }
        let new = with_account(text, host, account);
        let new = new.filter(|new| {
            let read = Config::parse_named(path, new);
            read.is_ok_and(|config| config.account(host) == account)
        });
        let new = new.ok_or_else(|| unwritten(strange()))?;
        Ok(Some(new.into()))
    });
    changed.map_err(|unchanged| match unchanged {
        Unchanged::Unread(unusable) => ConfigError::unread(path, unusable).into(),
        Unchanged::Unwritten(error) => unwritten(error).into(),
        Unchanged::Refused(error) => error,
    })
}

/// The text of a configuration with this account; `None`: it has no place for one.
fn with_account(text: &str, host: &Host, account: Option<&AccountName>) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let hosts = document.entry("hosts").or_insert_with(|| {
        let mut hosts = Table::new();
        hosts.set_implicit(true);
        Item::Table(hosts)
    });
    let hosts = hosts.as_table_like_mut()?;
    let is_ours = |key: &str| HostArg::parse(key).is_ok_and(|found| found.host == *host);
    let key = hosts.iter().map(|(key, _)| key).find(|key| is_ours(key));
    let key = key.map_or_else(|| host.to_string(), ToOwned::to_owned);
    let table = hosts.entry(&key).or_insert(Item::Table(Table::new()));
    let table = table.as_table_like_mut()?;
    match account {
        Some(account) => set(table, account),
        None => drop(table.remove("account")),
    }
    Some(document.to_string())
}

/// What stands behind the value on its line stays there.
fn set(table: &mut dyn TableLike, account: &AccountName) {
    let new = Value::from(account.as_str());
    match table.get_mut("account").and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = new;
            *old.decor_mut() = decor;
        }
        None => drop(table.insert("account", Item::Value(new))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str, account: Option<&str>) -> String {
        let host = HostArg::parse("gitlab.com").unwrap().host;
        let account = account.map(|name| name.parse().unwrap());
        with_account(text, &host, account.as_ref()).unwrap()
    }

    #[test]
    fn one_key_changes_and_all_else_stays() {
        let set = |text| changed(text, Some("work"));
        assert_eq!(set(""), "[hosts.\"gitlab.com\"]\naccount = \"work\"\n");
        let before = "# mine\ndefault_host = 'a' # b\n\n# why\n[hosts.'https://GitLab.com/'] # c\nclient_id = 'x'\n";
        assert_eq!(set(before), format!("{before}account = \"work\"\n"));
        for (before, after) in [
            (
                "[hosts.\"gitlab.com\"]\naccount = 'home' # for now\nclient_id = 'x'\n",
                "[hosts.\"gitlab.com\"]\naccount = \"work\" # for now\nclient_id = 'x'\n",
            ),
            (
                "hosts = { 'gitlab.com' = { client_id = 'x' } }\n",
                "hosts = { 'gitlab.com' = { client_id = 'x' , account = \"work\" } }\n",
            ),
            (
                "hosts.'gitlab.com'.client_id = 'x'\n",
                "hosts.'gitlab.com'.client_id = 'x'\nhosts.'gitlab.com'.account = \"work\"\n",
            ),
        ] {
            assert_eq!(set(before), after);
        }
        let other = "[hosts.a]\naccount = 'x'\n";
        assert_eq!(
            set(other),
            format!("{other}\n[hosts.\"gitlab.com\"]\naccount = \"work\"\n")
        );
    }

    #[test]
    fn what_was_set_can_be_taken_back() {
        let before = "# a\n[hosts.\"gitlab.com\"]\n# b\nclient_id = 'x'\n";
        let set = changed(before, Some("work"));
        assert_ne!(set, before);
        assert_eq!(changed(&set, None), before);
    }
}
