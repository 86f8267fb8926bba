//! The proxy that a request goes through, and what names it.

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::error::GIT_PROXY_KEY;
use super::{SendError, Through};
use crate::credential::is_loopback;
use crate::env;

/// What reqwest knows; what it does not know, it passes over in silence.
const SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

/// The port of a proxy of git's that names none, as curl has it.
const CURL_PORT: u16 = 1080;

/// A proxy. It has no `Debug`: its address may have a password in it.
pub(super) struct Proxy {
    /// With its password. `None`: the system's settings name it.
    url: Option<Url>,
    /// As it is shown.
    pub through: Through,
}

impl Proxy {
    /// The one that leads to `url`; none leads to this machine.
    pub(super) fn of(url: &Url) -> Result<Option<Self>, SendError> {
        let Ok(target) = url.as_str().parse() else {
            return Ok(None);
        };
        if is_loopback(url) {
            return Ok(None);
        }
        let Some((variable, value)) = env::proxy() else {
            let found = Matcher::from_system().intercept(&target);
            return Ok(found.map(|found| Self {
                url: None,
                through: Through {
                    proxy: found.uri().to_string().trim_end_matches('/').to_owned(),
                    named_by: "the system's settings".to_owned(),
                },
            }));
        };
        if is_reached_without(url) {
            return Ok(None);
        }
        let proxy = parse(&value).map_err(|reason| bad(variable, reason))?;
        Ok(Some(Self::named(proxy, format!("`{variable}`"))))
    }

    /// The one that git's configuration names for `url`. It takes the place of the system's; hosts that
    /// `NO_PROXY` lists are reached without it.
    pub(super) fn of_git(named: &str, url: &Url) -> Result<Option<Self>, SendError> {
        if is_reached_without(url) {
            return Ok(None);
        }
        let proxy = proxy_of_git(named).map_err(|reason| bad(GIT_PROXY_KEY, reason))?;
        let named_by = format!("`{GIT_PROXY_KEY}` in git's configuration");
        Ok(Some(Self::named(proxy, named_by)))
    }

    fn named(proxy: Url, named_by: String) -> Self {
        Self {
            through: Through {
                proxy: shown(&proxy),
                named_by,
            },
            url: Some(proxy),
        }
    }

    /// `None`: reqwest finds it by itself.
    pub(super) fn to_reqwest(&self) -> Option<reqwest::Proxy> {
        reqwest::Proxy::all(self.url.clone()?).ok()
    }
}

/// Whether `NO_PROXY` lists it.
fn is_reached_without(url: &Url) -> bool {
    let Ok(target) = url.as_str().parse() else {
        return true;
    };
    // Any proxy will do to learn whether one is to be used.
    let direct = Matcher::builder()
        .all("http://proxy.invalid")
        .no(env::no_proxy());
    direct.build().intercept(&target).is_none()
}

/// Reads git's `http.proxy` as curl does, which goes there for git: `socks` is SOCKS4, and a port that is left out
/// is 1080.
pub fn proxy_of_git(value: &str) -> Result<Url, &'static str> {
    let mut url = match after_socks(value) {
        Some(rest) => parse(&format!("socks4://{rest}"))?,
        None => parse(value)?,
    };
    // A URL leaves out the port of its scheme, which curl does not take for that of a proxy.
    let names_80 = value.trim_end_matches('/').ends_with(":80");
    if url.port().is_none() && url.scheme() != "https" && !names_80 {
        url.set_port(Some(CURL_PORT))
            .map_err(|()| "it has no host")?;
    }
    Ok(url)
}

/// What follows `socks://`, as GNOME writes it.
fn after_socks(value: &str) -> Option<&str> {
    let (scheme, rest) = value.trim().split_once("://")?;
    scheme.eq_ignore_ascii_case("socks").then_some(rest)
}

/// Reads a variable; nothing of a bad one is shown, since it may hold a password.
fn parse(value: &str) -> Result<Url, &'static str> {
    let value = value.trim();
    let with_scheme = match after_socks(value) {
        Some(rest) => format!("socks5h://{rest}"),
        None if value.contains("://") => value.to_owned(),
        // As curl reads it.
        None => format!("http://{value}"),
    };
    let url = Url::parse(&with_scheme).map_err(|_| "it is not an address")?;
    if !SCHEMES.contains(&url.scheme()) {
        return Err("it begins with neither `http://`, `https://` nor `socks5h://`");
    }
    let is_name = |host: &str| {
        let mut chars = host.chars();
        chars.all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c))
    };
    match url.host_str() {
        None | Some("") => return Err("it has no host"),
        Some(host) if !is_name(host) => return Err("its host is no name"),
        Some(_) => {}
    }
    let has_more = url.query().is_some() || url.fragment().is_some();
    if has_more || !matches!(url.path(), "" | "/") {
        return Err(
            "it has more than a user, a host and a port; in a password, `/`, `?` and `#` are written as %2F, %3F and %23",
        );
    }
    Ok(url)
}

/// A proxy as it may be shown: its user and password are left out.
#[must_use]
pub fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port_or_known_default()
        .map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{host}{port}", url.scheme())
}

fn bad(variable: &'static str, reason: &'static str) -> SendError {
    SendError::BadProxy {
        variable: variable.into(),
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_as_people_write_it_and_shown_without_its_password() {
        for (value, expected) in [
            ("http://proxy:3128", "http://proxy:3128"),
            ("proxy.example:3128", "http://proxy.example:3128"),
            (" http://10.0.0.1:8080/\r\n", "http://10.0.0.1:8080"),
            ("http://jane:s3cret%23@proxy:3128", "http://proxy:3128"),
            ("HTTPS://proxy", "https://proxy:443"),
            ("http://proxy", "http://proxy:80"),
            ("socks5h://proxy", "socks5h://proxy"),
            ("socks://127.0.0.1:1080/", "socks5h://127.0.0.1:1080"),
            ("SOCKS://127.0.0.1:1080", "socks5h://127.0.0.1:1080"),
            ("Socks5://127.0.0.1:1080", "socks5://127.0.0.1:1080"),
            ("socks5://jane:s3cret@[::1]:1080", "socks5://[::1]:1080"),
        ] {
            assert_eq!(shown(&parse(value).unwrap()), expected, "{value}");
        }
    }

    #[test]
    fn a_proxy_of_git_is_what_curl_reads_in_it() {
        for (text, expected) in [
            ("http://proxy.corp:3128", "http://proxy.corp:3128/"),
            ("proxy.corp:3128", "http://proxy.corp:3128/"),
            ("proxy.corp", "http://proxy.corp:1080/"),
            ("http://proxy.corp", "http://proxy.corp:1080/"),
            ("http://proxy.corp:80", "http://proxy.corp/"),
            ("https://proxy.corp", "https://proxy.corp/"),
            ("socks5h://proxy.corp", "socks5h://proxy.corp:1080"),
            ("socks://proxy.corp:1", "socks4://proxy.corp:1"),
            ("SOCKS://proxy.corp:1", "socks4://proxy.corp:1"),
            ("jane:pw@proxy.corp:3128", "http://jane:pw@proxy.corp:3128/"),
        ] {
            let found = proxy_of_git(text).unwrap();
            assert_eq!(found.as_str(), expected, "{text}");
        }
        assert!(proxy_of_git("http://").is_err());
    }

    #[test]
    fn what_is_no_proxy_is_not_quoted() {
        for value in [
            "ftp://proxy",
            "http://",
            "http://proxy:99999",
            "not an address",
            "http://[::1",
            "http://jane:s3#cret@proxy:3128",
            "http://jane:1/s3cret@proxy:3128",
            "://",
            "${PROXY}",
            "http://jane:1?s3cret@proxy:3128",
        ] {
            let reason = parse(value).unwrap_err();
            assert!(!reason.contains("cret"), "{reason}");
        }
    }
}
