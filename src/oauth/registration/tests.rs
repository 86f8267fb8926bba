use serde_json::json;

use super::*;

const URI: &str = "http://127.0.0.1:4711/";

fn read_answer(answer: &Value) -> Result<Registered, String> {
    let asked = Url::parse("https://as.example/register").unwrap();
    let now = Timestamp::from_unix_millis(0);
    read(answer.as_object().unwrap(), &asked, URI, now)
}

#[test]
fn glauth_asks_for_what_it_uses_and_for_no_scope() {
    let mut server = Metadata::default();
    let asked = asked_for(&server, URI);
    assert_eq!(asked["redirect_uris"], json!([URI]));
    assert_eq!(asked["application_type"], "native");
    assert_eq!(
        asked["grant_types"],
        json!(["authorization_code", "refresh_token"])
    );
    assert_eq!(asked["token_endpoint_auth_method"], "none");
    assert_eq!(asked.get("scope"), None);
    server.has_device_grant = true;
    assert_eq!(asked_for(&server, URI)["grant_types"][2], DEVICE_GRANT);
    for (offered, expected) in [
        (
            &["client_secret_post", "client_secret_basic"][..],
            "client_secret_post",
        ),
        (&["client_secret_basic"], "client_secret_basic"),
        (&["client_secret_basic", "none"], "none"),
    ] {
        let offered: Vec<String> = offered.iter().map(|&method| method.to_owned()).collect();
        assert_eq!(auth_method(Some(&offered)), expected);
    }
}

#[test]
fn the_answer_says_how_the_client_proves_itself() {
    let secret = || ClientSecret::new("s".to_owned()).unwrap();
    for (answer, expected) in [
        (json!({"client_id": "c"}), AuthMethod::None),
        (
            json!({"client_id": "c", "client_secret": "s"}),
            AuthMethod::ClientSecretBasic(secret()),
        ),
        (
            json!({"client_id": "c", "client_secret": "s", "token_endpoint_auth_method": "client_secret_post"}),
            AuthMethod::ClientSecretPost(secret()),
        ),
        (
            json!({"client_id": "c", "client_secret": "s", "token_endpoint_auth_method": "none"}),
            AuthMethod::None,
        ),
    ] {
        assert_eq!(read_answer(&answer).unwrap().auth, expected, "{answer}");
    }
}

#[test]
fn a_registration_that_is_not_what_was_asked_for_is_refused() {
    for (answer, problem) in [
        (json!({}), "no client id"),
        (json!({"client_id": ""}), "no client id"),
        (
            json!({"client_id": "c", "redirect_uris": ["https://evil.example/"]}),
            "`https://evil.example/`",
        ),
        (
            json!({"client_id": "c", "redirect_uris": [URI, "http://127.0.0.1:4712/"]}),
            "`http://127.0.0.1:4712/`",
        ),
        (
            json!({"client_id": "c", "token_endpoint_auth_method": "private_key_jwt"}),
            "`private_key_jwt`",
        ),
        (json!({"client_id": "c", "client_secret": "a\nb"}), "secret"),
    ] {
        let found = read_answer(&answer).unwrap_err();
        assert!(found.contains(problem), "{answer}: {found}");
    }
}

#[test]
fn the_token_that_manages_a_registration_goes_to_no_other_server() {
    let answer = |uri: &str| {
        json!({
            "client_id": "c",
            "client_secret_expires_at": 0,
            "registration_client_uri": uri,
            "registration_access_token": "t",
        })
    };
    let found = read_answer(&answer("https://as.example/register/c")).unwrap();
    assert_eq!(found.registration.secret_expires_at, None);
    assert!(found.registration.management.is_some());
    for uri in [
        "https://evil.example/c",
        "http://as.example/c",
        "https://as.example:1/c",
        "x",
    ] {
        let found = read_answer(&answer(uri)).unwrap();
        assert_eq!(found.registration.management, None, "{uri}");
    }
}
