//! The redirect URI of a native application (RFC 8252 §7.3): as it is registered, and where to listen.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Url;

/// A registered redirect URI, with what there is to listen on.
#[derive(Debug)]
pub struct RedirectUri {
    /// With the slash that a URL without a path has.
    pub url: Url,
    /// As it is registered.
    pub text: String,
    /// Where to listen.
    pub addresses: Vec<IpAddr>,
}

/// glauth cannot listen there.
#[derive(Debug, thiserror::Error)]
#[error(
    "the redirect URI `{0}` is not `http://` with `127.0.0.1`, `[::1]` or `localhost`, where glauth could listen"
)]
pub struct BadRedirectUri(String);

impl RedirectUri {
    /// Reads what is registered: `http` with a loopback address or `localhost`, any path, and a
    /// port where that is fixed.
    pub fn parse(text: &str) -> Result<Self, BadRedirectUri> {
        let bad = || BadRedirectUri(text.to_owned());
        let url = Url::parse(text).map_err(|_| bad())?;
        let addresses = match url.host() {
            Some(url::Host::Ipv4(address)) if address.is_loopback() => vec![address.into()],
            Some(url::Host::Ipv6(address)) if address.is_loopback() => vec![address.into()],
            Some(url::Host::Domain("localhost")) => {
                vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            }
            _ => return Err(bad()),
        };
        let plain = url.scheme() == "http"
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain {
            return Err(bad());
        }
        Ok(Self {
            url,
            text: text.to_owned(),
            addresses,
        })
    }

    /// Whether the port is part of what is registered. `Url` forgets a port 80.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let authority = self.text.split('/').nth(2).unwrap_or_default();
        let spelled_out = authority.ends_with(":80");
        self.url.port().or(spelled_out.then_some(80))
    }
}
