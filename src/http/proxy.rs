//! The proxy that a request goes through, and who names it.

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::{SendError, Through};
use crate::credential::is_loopback;
use crate::env;

/// What reqwest knows, and `socks`, as GNOME writes it.
const SCHEMES: [&str; 7] = [
    "http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h",
];

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
        // Any proxy will do to learn whether one is to be used.
        let direct = Matcher::builder()
            .all("http://proxy.invalid")
            .no(env::no_proxy());
        if direct.build().intercept(&target).is_none() {
            return Ok(None);
        }
        let proxy = parse(&value).map_err(|reason| SendError::BadProxy { variable, reason })?;
        Ok(Some(Self {
            through: Through {
                proxy: shown(&proxy),
                named_by: format!("`{variable}`"),
            },
            url: Some(proxy),
        }))
    }

    /// `None`: reqwest finds it by itself.
    pub(super) fn to_reqwest(&self) -> Option<reqwest::Proxy> {
        reqwest::Proxy::all(self.url.clone()?).ok()
    }
}

/// Reads a variable; nothing of a bad one is shown, since it may hold a password.
fn parse(value: &str) -> Result<Url, &'static str> {
    let value = value.trim();
    let with_scheme = match value.split_once("://") {
        Some(("socks", rest)) => format!("socks5h://{rest}"),
        Some(_) => value.to_owned(),
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

fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{host}{port}", url.scheme())
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
            ("HTTPS://proxy", "https://proxy"),
            ("socks://127.0.0.1:1080/", "socks5h://127.0.0.1:1080"),
            ("socks5://jane:s3cret@[::1]:1080", "socks5://[::1]:1080"),
        ] {
            assert_eq!(shown(&parse(value).unwrap()), expected, "{value}");
        }
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
