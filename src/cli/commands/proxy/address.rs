//! The proxy's own address, which holds a secret, and the server's, which takes its place on the way there.

use std::hint::black_box;

use hyper::header::HeaderValue;
use url::{Position, Url};

use crate::oauth::{NoRandomness, random_text};

/// Where the proxy listens, and for which server.
pub(super) struct LocalAddress {
    /// What `Host` must say: a name of another site that leads here is no address of ours (DNS rebinding).
    pub authority: String,
    /// The first segment of a path, or the token of the request.
    pub secret: String,
    /// The path that HOST has.
    path: String,
    /// The server's origin.
    origin: Url,
}

impl LocalAddress {
    pub(super) fn new(port: u16, path: &str, origin: Url) -> Result<Self, NoRandomness> {
        Ok(Self {
            authority: format!("127.0.0.1:{port}"),
            secret: random_text()?,
            path: path.to_owned(),
            origin,
        })
    }

    /// What a command uses in the place of HOST.
    pub(super) fn url(&self) -> String {
        self.root() + &self.path
    }

    /// What stands for the server's origin.
    fn root(&self) -> String {
        format!("http://{}/{}", self.authority, self.secret)
    }

    /// The same for a program that shows the secret as its token.
    fn without_path(&self) -> String {
        format!("http://{}/", self.authority)
    }

    /// The rest of a path that begins with the secret.
    pub(super) fn behind_secret<'p>(&self, path: &'p str) -> Option<&'p str> {
        let inside = path.strip_prefix('/')?;
        let end = inside.find('/').unwrap_or(inside.len());
        let (first, rest) = inside.split_at(end);
        let rest = if rest.is_empty() { "/" } else { rest };
        is_same(first, &self.secret).then_some(rest)
    }

    /// Whether this is the value of an `Authorization` header that shows the secret, as a program does that puts
    /// together its addresses from the host alone.
    pub(super) fn is_shown_in(&self, authorization: &HeaderValue) -> bool {
        let shown = authorization.to_str().ok();
        let shown = shown.and_then(|value| value.split_once(' '));
        shown.is_some_and(|(scheme, shown)| {
            scheme.eq_ignore_ascii_case("bearer") && is_same(shown, &self.secret)
        })
    }

    /// The server's address for a path and a query that came here; `None`: the secret would go there too.
    pub(super) fn at_server(&self, path: &str, query: Option<&str>) -> Option<Url> {
        let mut url = self.origin.clone();
        url.set_path(path);
        url.set_query(query);
        (!url.as_str().contains(&self.secret)).then_some(url)
    }

    /// A header with our address in it, as the server may see it: with its own. `None`: not at all.
    pub(super) fn without_secret(&self, value: &str) -> Option<String> {
        let origin = self.origin.as_str().trim_end_matches('/');
        let value = value.replace(&self.root(), origin);
        let value = value.replace(&self.without_path(), self.origin.as_str());
        (!value.contains(&self.secret)).then_some(value)
    }

    /// Whether a header has the secret or our address in it.
    pub(super) fn is_named_in(&self, value: &[u8]) -> bool {
        [&self.secret, &self.without_path()]
            .into_iter()
            .any(|name| {
                let name = name.as_bytes();
                value.windows(name.len()).any(|part| part == name)
            })
    }

    /// Where a redirect of the server's leads a client of ours: to us, if it stays at the server. `None`: it does
    /// not, and is passed on as it is.
    pub(super) fn of_redirect(&self, location: &str, asked: &Url) -> Option<String> {
        let leads_to = asked.join(location).ok()?;
        let stays = leads_to.origin() == self.origin.origin();
        stays.then(|| self.root() + &leads_to[Position::BeforePath..])
    }
}

/// In a time that does not depend on where they differ.
fn is_same(given: &str, secret: &str) -> bool {
    let pairs = given.bytes().zip(secret.bytes());
    let difference = pairs.fold(0, |found, (a, b)| black_box(found | (a ^ b)));
    given.len() == secret.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> LocalAddress {
        let origin = Url::parse("https://gitlab.example:8443").unwrap();
        LocalAddress::new(4711, "/mcp", origin).unwrap()
    }

    #[test]
    fn only_the_whole_secret_leads_to_a_path() {
        let address = address();
        let secret = address.secret.clone();
        assert!(secret.len() >= 22, "128 bits or more");
        assert_eq!(address.url(), format!("http://127.0.0.1:4711/{secret}/mcp"));
        let behind = |path: &str| address.behind_secret(path).map(ToOwned::to_owned);
        for (rest, expected) in [("", "/"), ("/", "/"), ("/a/b", "/a/b"), ("//x.y", "//x.y")] {
            let found = behind(&format!("/{secret}{rest}"));
            assert_eq!(found.as_deref(), Some(expected));
        }
        let (short, long) = (&secret[1..], format!("{secret}x"));
        for path in [
            "",
            "/",
            "/x",
            "*",
            &secret,
            &format!("/{short}/a"),
            &format!("/{long}/a"),
        ] {
            assert_eq!(behind(path), None, "{path}");
        }
    }

    #[test]
    fn the_secret_is_shown_as_a_token() {
        let address = address();
        let is_shown = |value: &str| address.is_shown_in(&HeaderValue::from_str(value).unwrap());
        let secret = &address.secret;
        assert!(is_shown(&format!("Bearer {secret}")));
        assert!(is_shown(&format!("bearer {secret}")));
        for other in [
            "Bearer ",
            "Bearer x",
            "",
            &format!("Basic {secret}"),
            &format!("Bearer {secret}x"),
        ] {
            assert!(!is_shown(other), "{other}");
        }
    }

    #[test]
    fn a_path_stays_at_the_server_and_takes_no_secret_there() {
        let address = address();
        let at = |path: &str, query| address.at_server(path, query).map(String::from);
        let found = at("//evil.example/x", Some("a=b&c"));
        let expected = "https://gitlab.example:8443//evil.example/x?a=b&c";
        assert_eq!(found.as_deref(), Some(expected));
        let found = at("/@scope%2fname", None);
        assert_eq!(
            found.as_deref(),
            Some("https://gitlab.example:8443/@scope%2fname")
        );
        let query = format!("back={}", address.url());
        assert_eq!(at("/x", Some(&query)), None);
    }

    #[test]
    fn a_header_names_the_server_in_our_place() {
        let address = address();
        let referer = format!("{}/page", address.url());
        assert_eq!(
            address.without_secret(&referer).unwrap(),
            "https://gitlab.example:8443/mcp/page"
        );
        assert_eq!(address.without_secret(&address.secret), None);
        let bare = "http://127.0.0.1:4711/npm/x";
        assert_eq!(
            address.without_secret(bare).unwrap(),
            "https://gitlab.example:8443/npm/x"
        );
        for named in [&referer, bare, &address.secret] {
            assert!(address.is_named_in(named.as_bytes()), "{named}");
        }
        for other in ["short", "http://127.0.0.1:47110/x"] {
            assert!(!address.is_named_in(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_redirect_that_stays_at_the_server_comes_back_to_us() {
        let address = address();
        let asked = Url::parse("https://gitlab.example:8443/a/b").unwrap();
        let root = address.root();
        for (location, expected) in [
            ("https://gitlab.example:8443/c?d#e", "/c?d#e"),
            ("/c", "/c"),
            ("c", "/a/c"),
            ("//gitlab.example:8443/c", "/c"),
            ("?x", "/a/b?x"),
        ] {
            let found = address.of_redirect(location, &asked);
            assert_eq!(found, Some(format!("{root}{expected}")), "{location}");
        }
        for location in [
            "https://gitlab.example/c",
            "http://gitlab.example:8443/c",
            "https://other.example/",
            "//other.example/",
            "mailto:a@b",
        ] {
            assert_eq!(address.of_redirect(location, &asked), None, "{location}");
        }
    }
}
