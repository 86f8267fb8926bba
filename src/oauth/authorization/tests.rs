use super::*;
use crate::credential::LoginMeans;

const ISSUER: &str = "https://sso.example.com/realms/dev";

fn request() -> AuthorizationRequest {
    AuthorizationRequest::new(Some(ISSUER.to_owned())).unwrap()
}

fn client(parameters: &[(&str, &str)]) -> Client {
    use crate::credential::{AuthMethod, Independence, ReuseDetection, RotationEffect};
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Client {
        provider: "oidc".to_owned(),
        client_id: Some("the client".to_owned()),
        auth: AuthMethod::None,
        parameters: parameters.iter().map(owned).collect(),
        token_endpoint: None,
        revocation_endpoint: None,
        check_endpoint: None,
        git_username: "oauth2".to_owned(),
        environment: BTreeMap::new(),
        rotation: RotationEffect::Kills,
        replay: ReuseDetection::Revokes,
        grants: Independence::Shared,
        ca_file: None,
        server_user: None,
        login: LoginMeans::default(),
    }
}

/// The query of the address that a browser is sent to.
fn sent(request: &AuthorizationRequest, endpoint: &str, client: &Client) -> Vec<(String, String)> {
    let url = request.url(&PendingAuthorization {
        endpoint: &Url::parse(endpoint).unwrap(),
        client,
        redirect_uri: "http://127.0.0.1:4711/",
        scopes: &["openid".to_owned(), "api".to_owned()],
        parameters: &[("prompt", "consent")],
    });
    url.query_pairs().into_owned().collect()
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = pairs.iter().filter(|(key, _)| key == name);
    let first = found.next();
    assert_eq!(found.next(), None, "{name} comes once");
    first.map(|(_, value)| value.as_str())
}

#[test]
fn blanks_are_percent_encoded_and_what_the_endpoint_has_stays() {
    let client = client(&[]);
    let endpoint = Url::parse("https://a.example/authorize?tenant=a+b").unwrap();
    let scopes = ["api".to_owned(), "a+b".to_owned(), "c&d".to_owned()];
    let url = request().url(&PendingAuthorization {
        endpoint: &endpoint,
        client: &client,
        redirect_uri: "http://127.0.0.1/",
        scopes: &scopes,
        parameters: &[],
    });
    let query = url.query().unwrap();
    assert!(
        query.starts_with("tenant=a+b&response_type=code&"),
        "{query}"
    );
    assert!(query.contains("&scope=api%20a%2Bb%20c%26d&"), "{query}");
}

#[test]
fn a_request_has_what_rfc_6749_and_7636_want() {
    let request = request();
    let sent = sent(
        &request,
        "https://sso.example.com/authorize?tenant=1",
        &client(&[]),
    );
    let digest = ring::digest::digest(
        &ring::digest::SHA256,
        request.verifier().expose().as_bytes(),
    );
    for (name, expected) in [
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "the client"),
        ("redirect_uri", "http://127.0.0.1:4711/"),
        ("scope", "openid api"),
        ("state", &request.state),
        ("code_challenge", &URL_SAFE_NO_PAD.encode(digest)),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
    ] {
        assert_eq!(value(&sent, name), Some(expected), "{name}");
    }
    assert_eq!(request.verifier().expose().len(), 43, "RFC 7636 §4.1");
}

#[test]
fn the_challenge_is_that_of_rfc_7636_appendix_b() {
    let request = AuthorizationRequest {
        verifier: CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned())
            .unwrap(),
        ..request()
    };
    let sent = sent(&request, "https://sso.example.com/authorize", &client(&[]));
    assert_eq!(
        value(&sent, "code_challenge"),
        Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    );
}

#[test]
fn what_was_given_goes_before_what_the_table_says() {
    let client = client(&[("prompt", "login"), ("audience", "api")]);
    let sent = sent(&request(), "https://sso.example.com/authorize", &client);
    assert_eq!(value(&sent, "prompt"), Some("login"));
    assert_eq!(value(&sent, "audience"), Some("api"));
}

#[test]
fn two_requests_have_nothing_in_common() {
    let (one, other) = (request(), request());
    assert_ne!(one.state, other.state);
    assert_ne!(one.verifier.expose(), other.verifier.expose());
    assert_eq!(one.read(&format!("state={}&code=x", other.state)), None);
}

#[test]
fn only_an_answer_with_our_state_is_one() {
    let request = request();
    let state = request.state.clone();
    for foreign in [
        String::new(),
        "code=x".to_owned(),
        "state=&code=x".to_owned(),
        format!("state={state}x&code=x"),
        format!("state={state}&state={state}&code=x"),
        format!("State={state}&code=x"),
        // Ours, and no answer all the same.
        format!("state={state}"),
        format!("state={state}&code="),
        format!("state={state}&code=x&code=y"),
        format!("state={state}&code=x&iss={ISSUER}&iss={ISSUER}"),
        format!("state={state}&error=a&error=b"),
        format!("state={state}&code=x&error_description=a&error_description=b"),
        format!("state={state}&code=a%0Ab"),
    ] {
        assert_eq!(request.read(&foreign), None, "{foreign}");
    }
    let code = AuthorizationCode::new("a+b/c".to_owned()).unwrap();
    assert_eq!(
        request.read(&format!("code=a%2Bb%2Fc&state={state}&session_state=1")),
        Some(AuthorizationResponse::Code(code))
    );
}

#[test]
fn an_error_is_an_answer_and_its_words_are_fit_for_a_terminal() {
    let request = request();
    let query = format!(
        "error=access_denied&error_description=No%1B%5B31m%20way%E2%80%AE&state={}",
        request.state
    );
    assert_eq!(
        request.read(&query),
        Some(AuthorizationResponse::Refused {
            error: "access_denied".to_owned(),
            words: Some("No[31m way".to_owned()),
        })
    );
}

#[test]
fn an_issuer_that_is_named_must_be_the_one_that_was_asked() {
    let request = request();
    let with = |issuer: &str| {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("state", &*request.state), ("code", "x"), ("iss", issuer)])
            .finish();
        request.read(&query)
    };
    for good in [ISSUER, "https://sso.example.com/realms/dev/"] {
        assert!(
            matches!(with(good), Some(AuthorizationResponse::Code(_))),
            "{good}"
        );
    }
    // An error is believed of nobody else either.
    let query = format!("state={}&error=access_denied&iss=x", request.state);
    assert_eq!(
        request.read(&query),
        Some(AuthorizationResponse::OtherIssuer("x".to_owned()))
    );
    for bad in [
        "https://sso.example.com/realms/prod",
        "https://evil.example",
        "",
    ] {
        assert_eq!(
            with(bad),
            Some(AuthorizationResponse::OtherIssuer(bad.to_owned()))
        );
    }
}

#[test]
fn where_nobody_knows_the_servers_name_none_is_compared() {
    let request = AuthorizationRequest::new(None).unwrap();
    let query = format!("state={}&code=x&iss=https://any.example", request.state);
    let read = request.read(&query);
    assert!(matches!(read, Some(AuthorizationResponse::Code(_))));
}

#[test]
fn the_name_of_an_error_is_fit_for_a_terminal() {
    let request = request();
    let query = format!("error=a%1B%5B2Jb&state={}", request.state);
    let Some(AuthorizationResponse::Refused { error, .. }) = request.read(&query) else {
        panic!("no refusal");
    };
    assert!(!error.contains(char::is_control), "{error:?}");
}
