//! Discovery documents, and descriptions of MCP servers, as no honest server writes them: what is believed names the
//! issuer or the resource that was asked, and endpoints that are https.

#![no_main]
#![expect(clippy::disallowed_methods, reason = "the macro may write a file")]

use std::path::Path;

use glauth::credential::EndpointName;
use glauth::http::{Body, Http, Request, Response, SendError};
use glauth::oauth::{discover, find_resource};
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
            challenges: Vec::new(),
            body: Some(Zeroizing::new(self.0.to_vec())),
            broke_off: false,
        })
    }

    fn check(&self, _: &Url, _: Option<&Path>) -> Result<(), SendError> {
        Ok(())
    }
}

/// An MCP server that says one thing everywhere, in its challenge too.
struct Describes<'a>(&'a [u8]);

impl Http for Describes<'_> {
    fn send(&self, request: Request) -> Result<Response, SendError> {
        assert!(request.authorization.is_none(), "a secret");
        assert_eq!(request.url.scheme(), "https");
        let is_first = matches!(request.body, Body::Json(_));
        let said = || String::from_utf8_lossy(self.0).into_owned();
        Ok(Response {
            status: if is_first { 401 } else { 200 },
            retry_after: None,
            date: None,
            challenges: is_first.then(said).into_iter().collect(),
            body: Some(Zeroizing::new(self.0.to_vec())),
            broke_off: false,
        })
    }

    fn check(&self, _: &Url, _: Option<&Path>) -> Result<(), SendError> {
        Ok(())
    }

    fn is_inside(&self, _: &Url) -> bool {
        false
    }
}

/// What is believed of a resource is about the address that was asked, and stays at its authorization server.
fn describe(data: &[u8]) {
    let asked = Url::parse(ISSUER).expect("a URL");
    match find_resource(&Describes(data), &asked, None, None) {
        Ok(Some(found)) => {
            let issuer = Url::parse(&found.server.issuer).expect("a URL");
            let named = EndpointName::ALL.iter();
            for endpoint in named.filter_map(|name| found.server.endpoints.get(*name)) {
                let url = endpoint.url().expect("a URL");
                assert_eq!(url.origin(), issuer.origin(), "{endpoint:?}");
                assert_eq!(url.scheme(), "https");
            }
            if let Some(uri) = &found.uri {
                let uri = Url::parse(uri).expect("a URL");
                assert_eq!(uri.origin(), asked.origin());
            }
        }
        Ok(None) => {}
        Err(error) => {
            assert!(!error.to_string().contains(char::is_control), "{error}");
        }
    }
}

fuzz_target!(|data: &[u8]| {
    describe(data);
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
