//! What the server calls a client's mistake.

use super::{get, post, send, start_with};
use crate::support::authorization_server::{AuthorizationServer, ClientAuth, REVOKE, TOKEN};

#[test]
fn a_client_with_a_secret_proves_it_in_the_registered_way_only() {
    let secret = || "s:+% ä".to_owned();
    // The same secret, form-encoded, and base64 of `the-client:` and that.
    let in_form = "&client_secret=s%3A%2B%25+%C3%A4";
    let in_header = "Authorization: Basic dGhlLWNsaWVudDpzJTNBJTJCJTI1KyVDMyVBNA==\r\n";
    for (client_auth, good, bad) in [
        (
            ClientAuth::SecretPost(secret()),
            ("", in_form),
            (in_header, ""),
        ),
        (
            ClientAuth::SecretBasic(secret()),
            (in_header, ""),
            ("", in_form),
        ),
        (ClientAuth::None, ("", ""), ("", in_form)),
    ] {
        let server = start_with(|settings| settings.client_auth = client_auth);
        server.allow_mistakes();
        let pair = server.log_in();
        let ask = |(header, parameter): (&str, &str)| {
            let token = &pair.refresh_token;
            let form = format!(
                "grant_type=refresh_token&client_id=the-client&refresh_token={token}{parameter}"
            );
            post(&server, TOKEN, header, &form)
        };

        assert_eq!(ask(bad).error(), (401, "invalid_client".to_owned()));
        assert_eq!(server.mistakes().len(), 1);
        assert_eq!(ask(good).status, 200);
        assert_eq!(server.mistakes().len(), 1);
    }
}

#[test]
fn every_mistake_is_recorded_and_none_has_a_secret_in_it() {
    let server = AuthorizationServer::start();
    server.allow_mistakes();
    let token = server.log_in().refresh_token;
    let good = format!("grant_type=refresh_token&client_id=the-client&refresh_token={token}");
    let length = good.len();

    post(
        &server,
        TOKEN,
        "",
        "grant_type=password&client_id=the-client",
    );
    post(
        &server,
        TOKEN,
        "",
        "grant_type=refresh_token&refresh_token=&client_id=the-client",
    );
    post(&server, TOKEN, "", &format!("{good}&refresh_token={token}"));
    get(
        &server,
        &format!("{TOKEN}?refresh_token={token}"),
        "Accept: application/json",
    );
    post(&server, REVOKE, "", "client_id=the-client");
    send(
        &server,
        "POST /oauth/token HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    );
    let not_a_form = format!(
        "POST {TOKEN} HTTP/1.1\r\nAccept: application/json\r\nContent-Length: {length}\r\n\r\n{good}"
    );
    assert_eq!(send(&server, &not_a_form).status, 415);

    assert_eq!(server.rotations(), 0);
    assert_eq!(
        server.mistakes(),
        [
            "POST /oauth/token: a grant type that this server does not have",
            "POST /oauth/token: no `refresh_token`",
            "POST /oauth/token: `refresh_token` more than once",
            "GET /oauth/token: parameters in the URL",
            "GET /oauth/token: no `grant_type`",
            "GET /oauth/token: not a POST",
            "GET /oauth/token: the body is no form",
            "GET /oauth/token: no client authentication, or a wrong one",
            "POST /oauth/revoke: no `token`",
            "a request that is not HTTP: a transfer coding",
            "POST /oauth/token: no `grant_type`",
            "POST /oauth/token: the body is no form",
            "POST /oauth/token: no client authentication, or a wrong one",
        ]
    );
}

#[test]
fn what_is_not_asked_of_the_authorization_server_is_no_mistake_without_a_secret() {
    let server = AuthorizationServer::start();
    server.allow_mistakes();
    // What git asks for before it has asked a helper.
    let first = "/group/project.git/info/refs?service=git-upload-pack";
    assert_eq!(get(&server, first, "Accept: */*").status, 404);
    assert_eq!(server.mistakes(), [""; 0]);
    get(&server, "/group/project?access_token=x", "Accept: */*");
    let mistake = "GET /group/project: parameters in the URL";
    assert_eq!(server.mistakes(), [mistake]);
}

#[test]
fn a_missing_accept_header_is_a_mistake_that_is_served() {
    let server = AuthorizationServer::start();
    server.allow_mistakes();
    let token = server.log_in().refresh_token;
    let form = format!("grant_type=refresh_token&client_id=the-client&refresh_token={token}");

    let reply = send(
        &server,
        &format!(
            "POST {TOKEN} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        ),
    );

    assert_eq!(reply.status, 200);
    assert_eq!(
        server.mistakes(),
        ["POST /oauth/token: no `Accept: application/json`"]
    );
}
