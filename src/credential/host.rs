//! The host that a login is for: what a person typed, checked, and the folder name made of it.

use std::fmt;

use url::Url;

/// `https`, or `http` for loopback only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// The only one that leaves the machine.
    Https,
    /// Loopback, and passwords that git was told to keep.
    Http,
}

impl Scheme {
    /// As in a URL and in a record.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

/// A server, or an installation below a path of one: `gitlab.com`, `127.0.0.1:3000`,
/// `example.com/gitlab`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Host(String);

/// A HOST as it was given: the host, and the scheme where it was spelled out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostArg {
    /// The host.
    pub host: Host,
    /// The scheme, where it was a URL.
    pub scheme: Option<Scheme>,
}

/// Why a text is no HOST; the sentence goes on after the text itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHost {
    /// Not a DNS name, an IP literal or a URL of one.
    #[error("is not a host name, a host with a port, or a URL of one")]
    Invalid,
    /// What stands behind the colon is no port.
    #[error("has a port that is not a number from 1 to 65535")]
    Port,
    /// A user or a fragment, which a login cannot have.
    #[error("has a user or a fragment; only scheme, host, port and path count")]
    Extra,
    /// Another scheme than http and https.
    #[error("has another scheme than `https` (or `http` for a loopback address)")]
    Scheme,
    /// Plain http to another machine.
    #[error(
        "is plain `http`; tokens would cross the network in clear (allowed for loopback addresses only)"
    )]
    Cleartext,
}

/// The longest folder name that is made, in bytes: that of file systems.
const KEY_LIMIT: usize = 255;

impl HostArg {
    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, BadHost> {
        if let Some(host) = Host::of_plain_name(text) {
            return Ok(Self { host, scheme: None });
        }
        Self::parse_as_url(text)
    }

    /// Reads what names a stored login. A URL that goes on below it as no login's does, such as that of a Go module,
    /// is read as far as a login can be there.
    pub fn parse_below(text: &str) -> Result<Self, BadHost> {
        Self::parse(text).or_else(|error| match longest_address(text) {
            Some(url) => Self::parse(url.as_str()),
            None => Err(error),
        })
    }

    fn parse_as_url(text: &str) -> Result<Self, BadHost> {
        let (url, spelled_out) = if text.contains("://") {
            (Url::parse(text), true)
        } else {
            (Url::parse(&format!("https://{text}")), false)
        };
        let url = url.map_err(|error| match error {
            // `git@gitlab.com:group/project.git`
            url::ParseError::InvalidPort if has_user(text) => BadHost::Extra,
            url::ParseError::InvalidPort => BadHost::Port,
            _ => BadHost::Invalid,
        })?;
        let scheme = match url.scheme() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return Err(BadHost::Scheme),
        };
        let host = Host::of_url(&url)?;
        if scheme == Scheme::Http && !is_loopback(&url) {
            return Err(BadHost::Cleartext);
        }
        Ok(Self {
            host,
            scheme: spelled_out.then_some(scheme),
        })
    }
}

/// The longest part of a URL that a login can be at: `https://example.com/go` of `https://example.com/go/@v/list`.
fn longest_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let mut address = url.clone();
    address.set_path("");
    for segment in url.path_segments()?.take_while(|it| is_plain_segment(it)) {
        let mut longer = address.clone();
        longer.path_segments_mut().ok()?.push(segment);
        if Host::of_url(&longer).is_err() {
            break;
        }
        address = longer;
    }
    Some(address)
}

/// Whether there is a user in front of what may be a host.
fn has_user(text: &str) -> bool {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split('/').next().is_some_and(|it| it.contains('@'))
}

impl Host {
    /// A name such as `gitlab.com`, which a URL would leave as it is; `None` for whatever could mean more:
    /// capitals, a port, a path, digits that may be an address, `xn--`. The fresh path is spared the
    /// reading of URLs (P9); a test feeds both readers with the same words.
    fn of_plain_name(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_plain = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(plain)
                && !label.starts_with('-')
                && !label.ends_with('-')
                && !label.starts_with("xn--")
        };
        let last = text.rsplit('.').next()?;
        let is_name = text.len() <= KEY_LIMIT
            && last.starts_with(|c: char| c.is_ascii_lowercase())
            && text.split('.').all(is_plain);
        is_name.then(|| Self(text.to_owned()))
    }

    fn of_url(url: &Url) -> Result<Self, BadHost> {
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(BadHost::Extra);
        }
        let mut text = match url.host() {
            Some(url::Host::Domain(name)) if is_dns_name(without_root(name)) => {
                without_root(name).to_owned()
            }
            Some(url::Host::Ipv4(address)) => address.to_string(),
            Some(url::Host::Ipv6(address)) => format!("[{address}]"),
            _ => return Err(BadHost::Invalid),
        };
        if url.port() == Some(0) {
            return Err(BadHost::Port);
        }
        let port = url.port().map(|port| format!(":{port}"));
        text.push_str(port.as_deref().unwrap_or_default());
        let path = url.path().trim_end_matches('/');
        if !path.split('/').skip(1).all(is_plain_segment) {
            return Err(BadHost::Invalid);
        }
        text.push_str(path);
        let host = Self(text);
        if host.key().len() > KEY_LIMIT {
            return Err(BadHost::Invalid);
        }
        Ok(host)
    }

    /// The host of a question of git's (gitcredentials(7)), which may have a port. `None` for what is no DNS name
    /// or IP literal.
    #[must_use]
    pub fn of_git(protocol: &str, host: &str) -> Option<Self> {
        // A URL leaves out the port of its own scheme. For a protocol that is neither, no port is.
        let scheme = match protocol {
            "https" => "https",
            "http" => "http",
            _ if host.ends_with(":443") => "http",
            _ => "https",
        };
        let url = Url::parse(&format!("{scheme}://{host}")).ok()?;
        // A URL understands much that is no plain name.
        let root = Self::of_url(&url).ok()?;
        let own_port = if scheme == "https" { "443" } else { "80" };
        let ((typed, port), (name, known_port)) = (with_port(host), with_port(&root.0));
        let same_port = port.unwrap_or(own_port) == known_port.unwrap_or(own_port);
        let is_plain = url.path() == "/" && same_port && says(without_root(typed), name);
        is_plain.then_some(root)
    }

    /// The installation at a path of this host, for paths that say plainly where they lead.
    #[must_use]
    pub fn below(&self, path: &str) -> Option<Self> {
        if path.is_empty() {
            return Some(self.clone());
        }
        if !path
            .split('/')
            .all(|part| is_plain_segment(part) && part != "." && part != "..")
        {
            return None;
        }
        let host = Self(format!("{self}/{path}"));
        (host.key().len() <= KEY_LIMIT).then_some(host)
    }

    /// The installations that this one is below, the longest path first, the server itself last.
    pub fn parents(&self) -> impl Iterator<Item = Self> {
        let slashes = self.0.rmatch_indices('/').map(|(place, _)| place);
        slashes.map(|place| Self(self.0[..place].to_owned()))
    }

    /// The server itself, without a path.
    #[must_use]
    pub fn origin(&self) -> Self {
        self.parents().last().unwrap_or_else(|| self.clone())
    }

    /// What stands behind the server's name: `/gitlab`, or nothing.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.find('/').map_or("", |place| &self.0[place..])
    }

    /// As [`Display`](fmt::Display) writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a host as records hold it. `None` if it is not exactly what [`Display`](fmt::Display)
    /// would write.
    #[must_use]
    pub fn from_record(text: &str) -> Option<Self> {
        Self::of_plain_name(text).or_else(|| Self::from_record_as_url(text))
    }

    fn from_record_as_url(text: &str) -> Option<Self> {
        // Each scheme leaves out its own port.
        let with = |scheme: &str| {
            let url = Url::parse(&format!("{scheme}://{text}")).ok()?;
            Self::of_url(&url).ok().filter(|host| host.0 == text)
        };
        with("https").or_else(|| with("http"))
    }

    /// The name of this host's folder: every byte but `[a-z0-9.-]` as `%XX`.
    #[must_use]
    pub fn key(&self) -> String {
        let mut key = String::with_capacity(self.0.len());
        let digit = |number| char::from_digit(number, 16).unwrap_or_default();
        for byte in self.0.bytes() {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => key.push(char::from(byte)),
                other => {
                    let digits = [u32::from(other) / 16, u32::from(other) % 16].map(digit);
                    key.push('%');
                    key.extend(digits.map(|digit| digit.to_ascii_uppercase()));
                }
            }
        }
        key
    }

    /// The host whose folder has this name; `None` for a name that no host has.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        let mut text = Vec::with_capacity(key.len());
        let mut rest = key.as_bytes();
        while let Some((&first, tail)) = rest.split_first() {
            rest = tail;
            if first == b'%' {
                let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
                text.push(u8::from_str_radix(digits, 16).ok()?);
                rest = &rest[2..];
            } else {
                text.push(first);
            }
        }
        let host = Self::from_record(&String::from_utf8(text).ok()?)?;
        (host.key() == key).then_some(host)
    }

    /// The root of its endpoints: `https://example.com/gitlab`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self, scheme: Scheme) -> String {
        format!("{}://{self}", scheme.as_str())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name without the dot of the root of all names (RFC 1034 §3.1).
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// A host, and its port where it has one.
fn with_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (name, Some(port)),
        _ => (host, None),
    }
}

/// Whether what was typed is this name, in capitals perhaps, or with labels in their own script (IDNA). Letters
/// that are only alike, as those of full width are, make no ASCII label.
fn says(typed: &str, name: &str) -> bool {
    let is_letter = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-_".contains(c);
    let same = |(typed, label): (&str, &str)| {
        if typed.is_ascii() {
            typed.eq_ignore_ascii_case(label)
        } else {
            typed.chars().all(is_letter) && label.starts_with("xn--")
        }
    };
    let (typed, labels) = (typed.split('.'), name.split('.'));
    typed.clone().count() == labels.clone().count() && typed.zip(labels).all(same)
}

/// RFC 1123, with the underscore that container networks use.
fn is_dns_name(name: &str) -> bool {
    name.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

fn is_plain_segment(segment: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._~-".contains(&b);
    !segment.is_empty() && segment.bytes().all(plain)
}

/// Whether `url` is on this machine whatever any name server says: a loopback literal, or
/// `localhost`, which glauth never looks up (RFC 6761 §6.3).
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests;
