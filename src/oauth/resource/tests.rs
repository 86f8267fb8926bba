use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use zeroize::Zeroizing;

use super::*;
use crate::http::Response;

const MCP: &str = "https://mcp.example/a/mcp";
const AS: &str = "https://as.example";

/// A network where each address has one answer, and every other one is a 404.
#[derive(Default)]
struct Web {
    answers: BTreeMap<String, (u16, Value)>,
    /// How a request without a token is answered.
    greeting: Option<(u16, String)>,
    asked: RefCell<Vec<String>>,
    /// Those of them that were for public servers only.
    outside: RefCell<Vec<String>>,
}

/// The status of an address that never answers.
const SILENT: u16 = 0;

impl Http for Web {
    fn send(&self, request: Request) -> Result<Response, SendError> {
        let url = request.url.to_string();
        self.asked.borrow_mut().push(url.clone());
        if request.public_only {
            self.outside.borrow_mut().push(url.clone());
        }
        let is_hello = matches!(request.body, Body::Json(_));
        let greeting = self.greeting.clone().filter(|_| is_hello);
        let (status, body) = match (&greeting, self.answers.get(&url)) {
            (Some((status, _)), _) => (*status, Value::Null),
            (None, Some((status, body))) => (*status, body.clone()),
            (None, None) => (404, Value::Null),
        };
        if status == SILENT {
            let (origin, reason) = (url, "nothing came".to_owned());
            return Err(SendError::AnswerLost { origin, reason });
        }
        Ok(Response {
            status,
            retry_after: None,
            date: None,
            challenges: greeting
                .into_iter()
                .map(|(_, challenge)| challenge)
                .collect(),
            body: Some(Zeroizing::new(body.to_string().into_bytes())),
            broke_off: false,
        })
    }

    fn check(&self, _: &Url, _: Option<&Path>) -> Result<(), SendError> {
        Ok(())
    }

    fn is_inside(&self, url: &Url) -> bool {
        url.host_str()
            .is_some_and(|host| host.ends_with(".internal"))
    }
}

impl Web {
    fn with(mut self, url: &str, body: Value) -> Self {
        self.answers.insert(url.to_owned(), (200, body));
        self
    }

    fn without_answer(mut self, url: &str, status: u16) -> Self {
        self.answers.insert(url.to_owned(), (status, Value::Null));
        self
    }

    fn find(&self) -> Result<Option<Resource>, String> {
        let found = find_resource(self, &Url::parse(MCP).unwrap(), None, None);
        found.map_err(|error| error.to_string())
    }
}

fn wants_token() -> Web {
    greets(401, "Bearer")
}

fn greets(status: u16, challenge: &str) -> Web {
    Web {
        greeting: Some((status, challenge.to_owned())),
        ..Web::default()
    }
}

fn described(change: &Value) -> Value {
    merged(
        json!({"resource": MCP, "authorization_servers": [AS]}),
        change,
    )
}

fn server(change: &Value) -> Value {
    let document = json!({
        "issuer": AS,
        "authorization_endpoint": "https://as.example/authorize",
        "token_endpoint": "https://as.example/token",
        "registration_endpoint": "https://as.example/register",
        "code_challenge_methods_supported": ["S256"],
    });
    merged(document, change)
}

fn merged(mut document: Value, change: &Value) -> Value {
    for (key, value) in change.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

const HERE: &str = "https://mcp.example/.well-known/oauth-protected-resource/a/mcp";
const ROOT: &str = "https://mcp.example/.well-known/oauth-protected-resource";
const OF_AS: &str = "https://as.example/.well-known/oauth-authorization-server";

#[test]
fn a_resource_is_described_where_the_challenge_says_else_at_its_path_else_at_the_root() {
    let elsewhere = "https://mcp.example/x.json";
    let named = greets(
        401,
        &format!("Bearer resource_metadata=\"{elsewhere}\", scope=\"a b\""),
    );
    for (web, place) in [
        (named, elsewhere),
        (wants_token(), HERE),
        (wants_token(), ROOT),
    ] {
        let scope = if place == elsewhere {
            &["a", "b"]
        } else {
            &["c", "d"]
        };
        let change = json!({"scopes_supported": ["c", "d"]});
        let web = web
            .with(place, described(&change))
            .with(OF_AS, server(&json!({})));
        let found = web.find().unwrap().unwrap();
        assert_eq!(web.outside.take(), [OF_AS]);
        assert!(found.server.public_only);
        assert_eq!(found.uri.as_deref(), Some(MCP));
        assert_eq!(found.scopes, scope);
        assert_eq!(found.server.issuer, AS);
    }
}

/// RFC 6750 §3.1 has challenges with other statuses, and so have servers that want another scope.
#[test]
fn a_challenge_counts_with_any_status() {
    for (status, challenge) in [
        (400, "Bearer error=\"invalid_request\""),
        (403, "Bearer scope=\"a b\""),
        (405, "Bearer"),
    ] {
        let web = greets(status, challenge)
            .with(ROOT, described(&json!({})))
            .with(OF_AS, server(&json!({})));
        assert_eq!(web.find().unwrap().unwrap().server.issuer, AS, "{status}");
    }
}

#[test]
fn a_path_that_gives_no_description_now_hides_none_at_the_root() {
    for status in [429, 500, SILENT] {
        let web = wants_token()
            .without_answer(HERE, status)
            .with(ROOT, described(&json!({})))
            .with(OF_AS, server(&json!({})));
        assert_eq!(web.find().unwrap().unwrap().server.issuer, AS, "{status}");
    }
}

#[test]
fn a_document_that_may_be_there_is_named_with_its_address() {
    let elsewhere = "https://mcp.example/x.json";
    let named = greets(401, &format!("Bearer resource_metadata=\"{elsewhere}\""));
    let busy = greets(503, "");
    for (web, place) in [
        (named, elsewhere),
        (wants_token(), HERE),
        (busy, HERE),
        (wants_token(), OF_AS),
    ] {
        let web = web.without_answer(place, 503).without_answer(ROOT, 404);
        let web = if place == OF_AS {
            web.with(HERE, described(&json!({})))
        } else {
            web
        };
        let said = web.find().unwrap_err();
        assert_eq!(said, format!("`{place}` cannot be read now (status 503)"));
    }
    // A server that wants no token has no description.
    let web = greets(404, "").without_answer(HERE, 503);
    assert!(web.find().unwrap().is_none());
}

/// Its own document says what it is, whatever it answers to a request that it does not know.
#[test]
fn an_openid_provider_with_a_challenge_is_no_mcp_server() {
    let provider = Metadata {
        is_openid: true,
        ..Metadata::default()
    };
    let find = |web: &Web| {
        let found = find_resource(web, &Url::parse(MCP).unwrap(), Some(&provider), None);
        found.unwrap()
    };
    let plain = json!({"issuer": "https://mcp.example", "token_endpoint": "https://mcp.example/t"});
    let web = wants_token().with(
        "https://mcp.example/.well-known/openid-configuration",
        plain,
    );
    assert!(find(&web).is_none());
    // Its description counts all the same.
    let web = web
        .with(HERE, described(&json!({})))
        .with(OF_AS, server(&json!({})));
    assert_eq!(find(&web).unwrap().server.issuer, AS);
}

#[test]
fn the_authorization_server_is_asked_at_the_three_places_in_order() {
    let issuer = "https://as.example/t";
    let web = wants_token().with(HERE, described(&json!({"authorization_servers": [issuer]})));
    assert!(web.find().is_err());
    let asked = web.asked.take();
    assert_eq!(
        asked[asked.len() - 3..],
        [
            "https://as.example/.well-known/oauth-authorization-server/t",
            "https://as.example/.well-known/openid-configuration/t",
            "https://as.example/t/.well-known/openid-configuration",
        ]
    );
}

#[test]
fn a_server_that_wants_no_token_is_no_resource() {
    assert!(Web::default().find().unwrap().is_none());
    // A document at the root says nothing of a page.
    let web = Web::default().with(ROOT, described(&json!({})));
    assert!(web.find().unwrap().is_none());
}

#[test]
fn offline_access_is_asked_for_where_the_server_lists_it() {
    for (scopes, expected) in [
        (json!(["a"]), &["a", "offline_access"][..]),
        (json!([]), &[]),
        (json!(["offline_access"]), &["offline_access"]),
    ] {
        let web = wants_token()
            .with(HERE, described(&json!({"scopes_supported": scopes})))
            .with(
                OF_AS,
                server(&json!({"scopes_supported": ["offline_access"]})),
            );
        assert_eq!(web.find().unwrap().unwrap().scopes, expected);
    }
}

#[test]
fn a_server_without_documents_has_its_endpoints_at_fixed_places() {
    let found = wants_token().find().unwrap().unwrap();
    let endpoint = |endpoint: Option<Endpoint>| endpoint.unwrap().as_str().to_owned();
    assert_eq!(found.uri, None);
    assert_eq!(
        endpoint(found.server.endpoints.token),
        "https://mcp.example/token"
    );
    let registration = endpoint(found.server.registration_endpoint);
    assert_eq!(registration, "https://mcp.example/register");
}

#[test]
fn a_hostile_description_is_refused_and_what_it_names_is_not_asked() {
    for (change, problem) in [
        (
            json!({"resource": "https://evil.example/a/mcp"}),
            "another resource",
        ),
        (
            json!({"resource": "https://mcp.example/a/mc"}),
            "another resource",
        ),
        (
            json!({"resource": "https://mcp.example/a/mcp/x"}),
            "another resource",
        ),
        (
            json!({"resource": "https://mcp.example:1/a/mcp"}),
            "another resource",
        ),
        (
            json!({"resource": "http://mcp.example/a/mcp"}),
            "another resource",
        ),
        (
            json!({"resource": "https://mcp.example/a/mcp#x"}),
            "another resource",
        ),
        (json!({"resource": null}), "no `resource`"),
        (
            json!({"authorization_servers": ["http://evil.example"]}),
            "not https",
        ),
        (
            json!({"authorization_servers": ["http://127.0.0.1:1"]}),
            "not https",
        ),
        (
            json!({"authorization_servers": ["file:///etc/passwd"]}),
            "not https",
        ),
        (
            json!({"authorization_servers": ["https://u:p@evil.example"]}),
            "not https",
        ),
        (
            json!({"authorization_servers": ["https://evil.internal"]}),
            "private network",
        ),
    ] {
        let web = wants_token().with(HERE, described(&change));
        let found = web.find().unwrap_err();
        assert!(found.contains(problem), "{change}: {found}");
        let asked = web.asked.take();
        let is_home = |url: &String| url.starts_with("https://mcp.example/");
        assert!(asked.iter().all(is_home), "{asked:?}");
    }
    for place in [
        "https://evil.example/x",
        "http://mcp.example/x",
        "https://evil.internal/x",
        "x",
    ] {
        let web = greets(401, &format!("Bearer resource_metadata=\"{place}\""));
        let found = web.find().unwrap_err();
        assert!(found.contains("another server"), "{found}");
        assert_eq!(web.asked.take(), [MCP]);
    }
}

#[test]
fn a_hostile_authorization_server_is_refused() {
    for (change, problem) in [
        (json!({"issuer": "https://evil.example"}), "another issuer"),
        (json!({"issuer": "https://as.example/"}), "another issuer"),
        (
            json!({"code_challenge_methods_supported": ["plain"]}),
            "S256",
        ),
        (json!({"code_challenge_methods_supported": null}), "S256"),
        (
            json!({"token_endpoint": "https://evil.example/token"}),
            "another server",
        ),
        (
            json!({"token_endpoint": "http://as.example/token"}),
            "not https",
        ),
        (
            json!({"authorization_endpoint": "https://evil.example/"}),
            "another server",
        ),
        (
            json!({"registration_endpoint": "https://evil.example/"}),
            "another server",
        ),
        (
            json!({"registration_endpoint": "https://10.0.0.1/"}),
            "another server",
        ),
        (
            json!({"revocation_endpoint": "https://evil.example/"}),
            "another server",
        ),
    ] {
        let web = wants_token()
            .with(HERE, described(&json!({})))
            .with(OF_AS, server(&change));
        let found = web.find().unwrap_err();
        assert!(found.contains(problem), "{change}: {found}");
    }
}
