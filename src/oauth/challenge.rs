//! The challenge of a protected resource: `WWW-Authenticate` (RFC 9110 §11.6.1), as far as OAuth is concerned.

use http_auth::parse_challenges;

/// What a resource says to a request without a token (RFC 6750 §3, RFC 9728 §5.1).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Challenge {
    /// Where the resource is described.
    pub resource_metadata: Option<String>,
    /// What a token needs.
    pub scope: Option<String>,
}

impl Challenge {
    /// The challenge to bring a bearer token, the one that says most; `None`: there is none.
    pub(super) fn of(headers: &[String]) -> Option<Self> {
        let challenges = headers
            .iter()
            .filter_map(|header| parse_challenges(header).ok());
        let bearer = challenges
            .flatten()
            .filter(|challenge| challenge.scheme.eq_ignore_ascii_case("Bearer"));
        let all: Vec<Self> = bearer
            .map(|challenge| {
                let value = |name: &str| {
                    let mut params = challenge.params.iter();
                    let found = params.find(|(key, _)| key.eq_ignore_ascii_case(name));
                    found.map(|(_, value)| value.to_unescaped())
                };
                Self {
                    resource_metadata: value("resource_metadata"),
                    scope: value("scope"),
                }
            })
            .collect();
        let says_most = |one: &Self| (one.resource_metadata.is_some(), one.scope.is_some());
        all.into_iter().max_by_key(says_most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[&str]) -> Option<(Option<String>, Option<String>)> {
        let headers: Vec<String> = headers.iter().map(|&header| header.to_owned()).collect();
        Challenge::of(&headers).map(|found| (found.resource_metadata, found.scope))
    }

    #[test]
    fn a_bearer_challenge_is_found_among_others() {
        let (url, scope) = ("https://a.example/x?y=\"", "a b");
        let said = Some((Some(url.to_owned()), Some(scope.to_owned())));
        let quoted = r#"resource_metadata="https://a.example/x?y=\"", scope="a b""#;
        assert_eq!(read(&[&format!("Bearer {quoted}")]), said);
        assert_eq!(read(&[&format!("bearer realm=\"x, y\" , {quoted}")]), said);
        assert_eq!(
            read(&[&format!("Basic realm=\"x\", Bearer {quoted}")]),
            said
        );
        assert_eq!(read(&["Negotiate", &format!("Bearer {quoted}")]), said);
        assert_eq!(read(&["Bearer scope=x", &format!("Bearer {quoted}")]), said);
        assert_eq!(
            read(&["Bearer scope=x"]),
            Some((None, Some("x".to_owned())))
        );
        assert_eq!(read(&["Bearer"]), Some((None, None)));
    }

    #[test]
    fn what_is_no_bearer_challenge_is_none() {
        for header in [
            "",
            "Basic realm=\"x\"",
            "Bearer resource_metadata=\"x",
            "Bearer =,=\"",
        ] {
            assert_eq!(read(&[header]), None, "{header}");
        }
        assert_eq!(read(&[]), None);
    }
}
