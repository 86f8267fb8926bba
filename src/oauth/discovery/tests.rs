use serde_json::json;

use super::*;

/// Reads the document of a server that was asked for as `asked`.
fn read_as(asked: &str, document: &Value) -> Result<Metadata, String> {
    let is_asked = |found: &str| same_issuer(found, asked);
    let url = Url::parse(asked).unwrap();
    read(document.as_object().unwrap(), &url, &is_asked)
}

#[test]
fn a_document_is_looked_for_in_both_places() {
    for (issuer, openid, oauth) in [
        (
            "https://a.example",
            "https://a.example/.well-known/openid-configuration",
            "https://a.example/.well-known/oauth-authorization-server",
        ),
        (
            "https://a.example/realms/dev",
            "https://a.example/realms/dev/.well-known/openid-configuration",
            "https://a.example/.well-known/oauth-authorization-server/realms/dev",
        ),
    ] {
        let found = places(&Url::parse(issuer).unwrap());
        assert_eq!(found.map(String::from), [openid, oauth]);
    }
}

#[test]
fn endpoints_of_other_origins_are_fine_where_the_issuer_names_them() {
    let found = read_as(
        "https://accounts.example/",
        &json!({
            "issuer": "https://accounts.example",
            "authorization_endpoint": "https://login.example/authorize",
            "token_endpoint": "https://tokens.example/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "check_endpoint": "https://elsewhere.example/check",
        }),
    )
    .unwrap();
    let token = found.endpoints.token.unwrap();
    assert_eq!(token.as_str(), "https://tokens.example/token");
    assert!(found.post_only);
    assert_eq!(found.endpoints.userinfo, None);
    // glauth's own word, not one of RFC 8414.
    assert_eq!(found.endpoints.check, None);
}

#[test]
fn a_document_of_another_issuer_is_refused() {
    for issuer in [
        json!("https://evil.example"),
        json!("https://a.example.evil.example"),
        json!("http://a.example"),
        json!("https://a.example/realms/dev"),
        json!(1),
        json!(null),
    ] {
        let document = json!({"issuer": issuer, "token_endpoint": "https://a.example/t"});
        assert!(read_as("https://a.example", &document).is_err(), "{issuer}");
    }
}

#[test]
fn an_endpoint_in_clear_is_refused() {
    for (key, url) in [
        ("token_endpoint", "http://a.example/token"),
        ("token_endpoint", "http://127.0.0.1:1/token"),
        ("authorization_endpoint", "http://a.example/authorize"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("userinfo_endpoint", "https://u:p@a.example/"),
    ] {
        let mut document = json!({"issuer": "https://a.example"});
        document[key] = url.into();
        let problem = read_as("https://a.example", &document).unwrap_err();
        assert!(problem.contains(key), "{problem}");
    }
    // On loopback all of it may be in clear.
    let document = json!({
        "issuer": "http://127.0.0.1:3000",
        "token_endpoint": "http://127.0.0.1:3000/token",
    });
    assert!(read_as("http://127.0.0.1:3000", &document).is_ok());
}

#[test]
fn what_a_hostile_document_says_is_fit_for_a_terminal() {
    let document = json!({"issuer": "https://evil.example/\u{1b}[2J"});
    let problem = read_as("https://a.example", &document).unwrap_err();
    assert!(!problem.contains('\u{1b}'), "{problem:?}");
}
