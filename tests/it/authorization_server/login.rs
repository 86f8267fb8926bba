//! The authorization server's own tests, for what a login needs.

use serde_json::json;
use url::Url;

use super::{Reply, get, get_with_token, post, start_with};
use crate::support::authorization_server::{
    AUTHORIZE, AUTHORIZE_DEVICE, AuthorizationServer, Consent, DISCOVERY, Decision, DeviceGrant,
    TOKEN, USER, USERINFO,
};

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const STATE: &str = "0123456789abcdefghijkl";

/// A good request, but for what is changed.
fn authorize(server: &AuthorizationServer, changes: &[(&str, &str)]) -> Reply {
    let mut url = Url::parse(&format!("{}{AUTHORIZE}", server.url())).unwrap();
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", "the-client"),
        ("redirect_uri", "http://127.0.0.1:7/"),
        ("scope", "api"),
        ("state", STATE),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    parameters.retain(|(name, _)| changes.iter().all(|(other, _)| other != name));
    parameters.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    url.query_pairs_mut().extend_pairs(parameters);
    get(server, &url[url::Position::BeforePath..], "X: y")
}

/// The parameter of that name that the browser is sent back with.
fn sent_back(reply: &Reply, name: &str) -> Option<String> {
    assert_eq!(reply.status, 302, "{reply:?}");
    let location = reply
        .head
        .lines()
        .find_map(|line| line.strip_prefix("Location: "));
    let location = Url::parse(location.unwrap()).unwrap();
    assert_eq!(location.port(), Some(7));
    let mut pairs = location.query_pairs();
    let (_, value) = pairs.find(|(key, _)| key == name)?;
    Some(value.into_owned())
}

fn redeem(server: &AuthorizationServer, code: &str, redirect_uri: &str, verifier: &str) -> Reply {
    let form = format!(
        "grant_type=authorization_code&client_id=the-client&code={code}\
         &redirect_uri={redirect_uri}&code_verifier={verifier}"
    );
    post(server, TOKEN, "", &form)
}

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

#[test]
fn a_code_is_good_once_and_only_for_the_client_that_asked() {
    let server = AuthorizationServer::start();
    server.allow_mistakes();
    let reply = authorize(&server, &[]);
    assert_eq!(sent_back(&reply, "state").as_deref(), Some(STATE));
    assert_eq!(sent_back(&reply, "iss"), None);
    let code = sent_back(&reply, "code").unwrap();
    let uri = "http://127.0.0.1:7/";
    let other = "x".repeat(43);
    assert_eq!(redeem(&server, &code, uri, &other).error(), invalid_grant());
    let elsewhere = "http://127.0.0.1:8/";
    let reply = redeem(&server, &code, elsewhere, VERIFIER);
    assert_eq!(reply.error(), invalid_grant());
    assert_eq!(redeem(&server, "x", uri, VERIFIER).error(), invalid_grant());
    assert_eq!(server.mistakes(), [""; 0]);

    let reply = redeem(&server, &code, uri, VERIFIER);
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    assert!(server.is_alive(&token));
    // A client that has it twice has stolen it once.
    let reply = redeem(&server, &code, uri, VERIFIER);
    assert_eq!(reply.error(), invalid_grant());
    assert!(!server.is_alive(&token));
    assert_eq!(
        server.mistakes(),
        ["an authorization code was presented twice"]
    );
    assert!(server.every_secret().contains(&code));
}

#[test]
fn a_browser_is_sent_nowhere_with_an_unregistered_client_or_address() {
    let server = AuthorizationServer::start();
    for change in [
        ("client_id", "x"),
        ("redirect_uri", "http://127.0.0.1:7/other"),
        ("redirect_uri", "http://localhost:7/"),
        ("redirect_uri", "https://evil.example/"),
    ] {
        assert_eq!(authorize(&server, &[change]).status, 400, "{change:?}");
    }
}

#[test]
fn consent_may_be_refused_and_the_server_may_name_itself() {
    let server = start_with(|settings| {
        settings.consent = Consent::Refused("access_denied", Some("No."));
        settings.sends_issuer = true;
    });
    let reply = authorize(&server, &[]);
    assert_eq!(sent_back(&reply, "code"), None);
    assert_eq!(sent_back(&reply, "error").as_deref(), Some("access_denied"));
    assert_eq!(
        sent_back(&reply, "error_description").as_deref(),
        Some("No.")
    );
    assert_eq!(sent_back(&reply, "iss"), Some(server.url()));
}

#[test]
fn a_request_without_what_keeps_it_safe_is_a_mistake() {
    for (change, mistake) in [
        (("state", ""), "no `state` that cannot be guessed"),
        (("state", "1"), "no `state` that cannot be guessed"),
        (("code_challenge", "x"), "no PKCE with S256"),
        (("code_challenge_method", "plain"), "no PKCE with S256"),
        (("code_verifier", VERIFIER), "`code_verifier` in a URL"),
        (("client_secret", "x"), "`client_secret` in a URL"),
        (("response_type", ""), "no `response_type`"),
    ] {
        let server = AuthorizationServer::start();
        server.allow_mistakes();
        authorize(&server, &[change]);
        assert_eq!(server.mistakes(), [format!("GET {AUTHORIZE}: {mistake}")]);
    }
}

#[test]
fn a_device_is_answered_as_its_person_decides_and_not_before_its_time() {
    let server = start_with(|settings| {
        let at_once = DeviceGrant {
            interval: Some(0),
            ..DeviceGrant::default()
        };
        settings.device = Some(at_once);
    });
    let codes = post(
        &server,
        AUTHORIZE_DEVICE,
        "",
        "client_id=the-client&scope=api",
    );
    let codes = codes.json();
    let text = |key: &str| codes[key].as_str().unwrap().to_owned();
    let poll = || {
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code\
             &client_id=the-client&device_code={}",
            text("device_code")
        );
        post(&server, TOKEN, "", &form)
    };
    for (decision, error) in [
        (Decision::None, "authorization_pending"),
        (Decision::Denied, "access_denied"),
        (Decision::Expired, "expired_token"),
    ] {
        server.decide(&text("user_code"), decision);
        assert_eq!(poll().error(), (400, error.to_owned()));
    }
    server.decide(&text("user_code"), Decision::Approved);
    let answer = poll().json();
    assert!(server.is_alive(answer["access_token"].as_str().unwrap()));
    assert_eq!(poll().error(), invalid_grant());

    server.change(|settings| settings.device = Some(DeviceGrant::default()));
    assert_eq!(poll().error(), (400, "slow_down".to_owned()));
    let mistake = "a device code was asked about before its time";
    assert_eq!(server.mistakes(), [mistake]);
    server.allow_mistakes();
}

#[test]
fn the_user_of_a_token_is_told_to_a_client_that_may_know() {
    let server = start_with(|settings| settings.username = "joe".to_owned());
    let without = server.log_in().access_token;
    server.change(|settings| settings.scope = "openid".to_owned());
    let with = server.log_in().access_token;
    for token in [&without, &with] {
        let user = get_with_token(&server, USER, token).json();
        assert_eq!(user["username"], "joe");
    }
    let told = get_with_token(&server, USERINFO, &with).json();
    let expected = json!({"sub": "subject-of-joe", "preferred_username": "joe"});
    assert_eq!(told, expected);
    assert_eq!(get_with_token(&server, USERINFO, &without).status, 403);
    assert_eq!(get_with_token(&server, USERINFO, "x").status, 401);
}

#[test]
fn the_discovery_document_names_what_is_there() {
    let server = AuthorizationServer::start();
    let document = get(&server, DISCOVERY, "X: y").json();
    assert_eq!(document["issuer"], server.url());
    let token = format!("{}{TOKEN}", server.url());
    assert_eq!(document["token_endpoint"], token);
    server.change(|settings| settings.discovery = false);
    assert_eq!(get(&server, DISCOVERY, "X: y").status, 404);
}
