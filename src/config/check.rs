//! Whether a configuration that is TOML says what glauth can use: each key is known, stands where it belongs, and has
//! a value that fits.

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::keys::{Form, HOST_KEYS, Key, TOP_KEYS, host_key, top_key};
use super::mistake::{Mistake, header};
use crate::credential::{BadHost, Endpoint, Host, HostArg, RedirectUri, registry};
use crate::toml_trouble::line_of;

const HOSTS: &str = "hosts";

/// How alike two words must be for one to be the other with a slip of the finger.
const LIKENESS: f64 = 0.7;

/// The key with the registries of a host.
const REGISTRIES: &str = "registries";

/// What the tables above have named.
#[derive(Default)]
struct Known {
    hosts: Vec<Host>,
    registries: Vec<Host>,
}

/// A file that is being checked.
pub(super) struct Checker<'a> {
    pub text: &'a str,
}

impl Checker<'_> {
    /// Finds the first mistake.
    pub fn document(&self, document: &DeTable<'_>) -> Result<(), Mistake> {
        let mut known = Known::default();
        for (name, value) in document {
            match (&**name.get_ref(), value.get_ref()) {
                (HOSTS, DeValue::Table(hosts)) => {
                    for (host, value) in hosts {
                        self.host(host, value, &mut known)?;
                    }
                }
                (HOSTS, other) => {
                    let said = format!("has {} for `hosts`, which takes tables", kind(other));
                    return Err(self.at(
                        name,
                        said,
                        "write `[hosts.\"gitlab.com\"]`, and the keys below it",
                    ));
                }
                (text, found) => match top_key(text) {
                    Some(known) => self.value(known, name, value)?,
                    None => return Err(self.stranger_at_top(name, text, found)),
                },
            }
        }
        Ok(())
    }

    /// The table of a host.
    fn host(
        &self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        known: &mut Known,
    ) -> Result<(), Mistake> {
        let text: &str = name.get_ref();
        let DeValue::Table(table) = value.get_ref() else {
            if host_key(text).is_some() {
                return Err(self.outside_of_a_host(name, text));
            }
            let said = format!(
                "has {} for the host `{text}`, which takes a table",
                kind(value.get_ref())
            );
            return Err(self.at(
                name,
                said,
                &format!("write `{}`, and the keys below it", header(text)),
            ));
        };
        for (key, value) in table {
            let key_text: &str = key.get_ref();
            match host_key(key_text) {
                Some(known) => self.value(known, key, value)?,
                None => return Err(self.stranger_at_host(text, key, value.get_ref())),
            }
        }
        let host = HostArg::parse(text).map_err(|error| {
            self.at(
                name,
                format!("names `{text}`, which {error}"),
                remedy(&error),
            )
        })?;
        if known.hosts.contains(&host.host) {
            let said = format!("has `{}` twice, spelled in two ways", host.host);
            return Err(self.at(name, said, "put the keys of both into one table"));
        }
        known.hosts.push(host.host);
        let lists = table.iter().filter(|(key, _)| key.get_ref() == REGISTRIES);
        for (_, list) in lists {
            self.registries(list, &mut known.registries)?;
        }
        Ok(())
    }

    /// The registries of a host, each of which takes the tokens of one host only.
    fn registries(
        &self,
        list: &Spanned<DeValue<'_>>,
        known: &mut Vec<Host>,
    ) -> Result<(), Mistake> {
        let names = list.get_ref().as_array().into_iter().flatten();
        for name in names {
            let text = name.get_ref().as_str().unwrap_or_default();
            let found = registry(text).map_err(|error| {
                let said = format!("has a value in `{REGISTRIES}` that {error}");
                self.at(name, said, "write it as in `registry.example.com:5000`")
            })?;
            if known.contains(&found.host) {
                let said = format!("has the registry `{}` twice", found.host);
                return Err(self.at(name, said, "leave it at the host whose tokens it accepts"));
            }
            known.push(found.host);
        }
        Ok(())
    }

    /// The value of a key that is known.
    fn value(
        &self,
        key: &Key,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), Mistake> {
        let wrong = |found: &DeValue<'_>| {
            let said = format!(
                "has {} for `{}`, which takes {}",
                kind(found),
                key.name,
                key.form.words()
            );
            self.at(name, said, &format!("write it as in `{}`", key.line()))
        };
        let within = |mut values: Box<dyn Iterator<Item = &Spanned<DeValue<'_>>> + '_>| {
            let odd = values.find(|value| !matches!(value.get_ref(), DeValue::String(_)));
            odd.map_or(Ok(()), |odd| {
                let said = format!(
                    "has {} in `{}`, which takes {}",
                    kind(odd.get_ref()),
                    key.name,
                    key.form.words()
                );
                Err(self.at(odd, said, &format!("write it as in `{}`", key.line())))
            })
        };
        match (key.form, value.get_ref()) {
            (Form::List | Form::Registries, DeValue::Array(list)) => within(Box::new(list.iter())),
            (Form::Pairs, DeValue::Table(table)) => within(Box::new(table.values())),
            (Form::List | Form::Registries | Form::Pairs, other) => Err(wrong(other)),
            (_, DeValue::String(text)) => self.text(key, name, text),
            (_, other) => Err(wrong(other)),
        }
    }

    /// A string. It may be a secret in the wrong place, so it is quoted only where it should be one of a few words.
    fn text(
        &self,
        key: &Key,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        text: &str,
    ) -> Result<(), Mistake> {
        match key.form {
            Form::Host => match HostArg::parse(text) {
                Ok(_) => Ok(()),
                Err(error) => {
                    let said = format!("has a value for `{}` that {error}", key.name);
                    Err(self.at(name, said, remedy(&error)))
                }
            },
            Form::Url if Endpoint::new(text).is_err() => {
                let said = format!(
                    "has a value for `{}` that is not an `https://` URL (or `http://` on loopback)",
                    key.name
                );
                Err(self.at(name, said, &format!("write it as in `{}`", key.line())))
            }
            Form::DocumentUrl if !is_document(text) => {
                let said = format!(
                    "has a value for `{}` that is not an `https://` URL with a path",
                    key.name
                );
                Err(self.at(name, said, &format!("write it as in `{}`", key.line())))
            }
            Form::RedirectUri if RedirectUri::parse(text).is_err() => {
                let said = format!(
                    "has a value for `{}` that is not `http://` with `127.0.0.1`, `[::1]` or `localhost`",
                    key.name
                );
                Err(self.at(name, said, &format!("write it as in `{}`", key.line())))
            }
            Form::OneOf(known) if !known.contains(&text) => {
                let said = format!("has the unknown value `{text}` for `{}`", key.name);
                let hint = match nearest(text, known) {
                    Some(meant) => format!("write `{} = \"{meant}\"`", key.name),
                    None => format!("write one of {}", known.join(", ")),
                };
                Err(self.at(name, said, &hint))
            }
            _ => Ok(()),
        }
    }

    fn stranger_at_top(
        &self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        text: &str,
        value: &DeValue<'_>,
    ) -> Mistake {
        if host_key(text).is_some() {
            return self.outside_of_a_host(name, text);
        }
        let known: Vec<&str> = TOP_KEYS.iter().map(|key| key.name).chain([HOSTS]).collect();
        if let Some(meant) = nearest(text, &known) {
            return self.unknown(name, text, &format!("write `{meant}`"));
        }
        if let DeValue::Table(table) = value {
            // `[gitlab.com]` is a table in a table.
            let host = whole_name(text, table);
            let said = format!("has a table for `{host}` outside of `hosts`");
            return self.at(name, said, &format!("write `{}`", header(&host)));
        }
        self.unknown(
            name,
            text,
            "write `default_host`, or a table such as `[hosts.\"gitlab.com\"]`",
        )
    }

    fn stranger_at_host(
        &self,
        host: &str,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &DeValue<'_>,
    ) -> Mistake {
        let text: &str = name.get_ref();
        let is_table = matches!(value, DeValue::Table(_));
        let fits = HOST_KEYS
            .iter()
            .filter(|key| !is_table || key.form == Form::Pairs);
        let names: Vec<&str> = fits.map(|key| key.name).collect();
        if let Some(meant) = nearest(text, &names) {
            return self.unknown(name, text, &format!("write `{meant}`"));
        }
        if text == HOSTS {
            let said = "has `hosts` in the table of a host".to_owned();
            let hint =
                "begin the table of another host with a line such as `[hosts.\"gitlab.com\"]`";
            return self.at(name, said, hint);
        }
        if let DeValue::Table(table) = value {
            let host = format!("{host}.{}", whole_name(text, table));
            let said = format!(
                "has `hosts.{host}` without quotes around the host, which TOML reads as nested tables"
            );
            return self.at(name, said, &format!("write `{}`", header(&host)));
        }
        if top_key(text).is_some() {
            let said = format!("has `{text}` in the table of a host");
            return self.at(
                name,
                said,
                "move it to the top of the file, above the first table",
            );
        }
        let hint = format!("write one of {}", names.join(", "));
        self.unknown(name, text, &hint)
    }

    fn unknown(
        &self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        text: &str,
        hint: &str,
    ) -> Mistake {
        self.at(name, format!("has the unknown key `{text}`"), hint)
    }

    fn outside_of_a_host(&self, name: &Spanned<std::borrow::Cow<'_, str>>, text: &str) -> Mistake {
        let said = format!("has `{text}` outside of the table of a host");
        self.at(
            name,
            said,
            "put it below a line such as `[hosts.\"gitlab.com\"]`",
        )
    }

    fn at<T>(&self, place: &Spanned<T>, said: String, hint: &str) -> Mistake {
        Mistake {
            line: line_of(self.text, place.span().start),
            said,
            hint: Some(hint.to_owned()),
        }
    }
}

/// The host that stands without quotes: TOML made a table of each of its labels.
fn whole_name(first: &str, table: &DeTable<'_>) -> String {
    let mut name = first.to_owned();
    let mut table = table;
    while let Some((key, value)) = table.iter().next() {
        let (DeValue::Table(below), None) = (value.get_ref(), host_key(key.get_ref())) else {
            break;
        };
        name = format!("{name}.{}", key.get_ref());
        table = below;
    }
    name
}

/// What a message calls a value, which it does not quote.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// What to write in place of what is no host.
fn remedy(error: &BadHost) -> &'static str {
    match error {
        BadHost::Cleartext | BadHost::Scheme => "write `https://` in place of the scheme",
        BadHost::Invalid | BadHost::Port | BadHost::Extra => {
            "write it as in `gitlab.com`, `gitlab.example.com:8443` or `https://example.com/gitlab`"
        }
    }
}

/// A client id that is a URL is `https`, and has a path and no fragment
/// (draft-ietf-oauth-client-id-metadata-document, §3).
fn is_document(text: &str) -> bool {
    Url::parse(text)
        .is_ok_and(|url| url.scheme() == "https" && url.path() != "/" && url.fragment().is_none())
}

/// The known word that this one is most like, if it is like any.
fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    let likeness = |known: &&'static str| (strsim::jaro_winkler(known, word), *known);
    let alike = known
        .iter()
        .map(likeness)
        .filter(|(likeness, _)| *likeness > LIKENESS);
    let nearest = alike.max_by(|one, other| one.0.total_cmp(&other.0));
    nearest.map(|(_, known)| known)
}
