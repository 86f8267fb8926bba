//! Discovery documents that no server would write: what is believed names the issuer that was asked, and
//! endpoints that are https.

#![no_main]
#![expect(clippy::disallowed_methods, reason = "the macro may write a file")]

use std::path::Path;

use glauth::credential::EndpointName;
use glauth::http::{Http, Request, Response, SendError};
use glauth::oauth::discover;
use libfuzzer_sys::fuzz_target;
use url::Url;
use zeroize::Zeroizing;

const ISSUER: &str = "https://sso.example.com/realms/dev";

/// A server that says one thing.
struct Says<'a>(&'a [u8]);

impl Http for Says<'_> {
    fn send(&self, request: Request) -> Result<Response, SendError> {
        assert!(request.authorization.is_none(), "a secret");
        assert_eq!(request.url.host_str(), Some("sso.example.com"));
        Ok(Response {
            status: 200,
            retry_after: None,
            date: None,
            body: Some(Zeroizing::new(self.0.to_vec())),
            broke_off: false,
        })
    }

    fn check(&self, _: &Url, _: Option<&Path>) -> Result<(), SendError> {
        Ok(())
    }
}

fuzz_target!(|data: &[u8]| {
    let issuer = Url::parse(ISSUER).expect("a URL");
    match discover(&Says(data), &issuer, None) {
        Ok(found) => {
            assert_eq!(found.issuer.trim_end_matches('/'), ISSUER);
            let named = EndpointName::ALL.iter();
            for endpoint in named.filter_map(|name| found.endpoints.get(*name)) {
                assert!(endpoint.as_str().starts_with("https://"), "{endpoint:?}");
                assert!(endpoint.url().is_ok(), "{endpoint:?}");
            }
        }
        Err(error) => {
            assert!(!error.to_string().contains(char::is_control), "{error}");
        }
    }
});
