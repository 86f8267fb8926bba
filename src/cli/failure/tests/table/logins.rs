//! The errors of a login.

use super::*;
use crate::credential::{EndpointName, RedirectUri};
use crate::flow::{NotAdded, NotListening, Refusal, ToRegister};
use crate::oauth::{NoRandomness, RegistrationError};
use crate::secret::BadSecret;

pub(super) fn clients() -> Vec<Error> {
    let register = ToRegister {
        title: "GitLab".to_owned(),
        page: "https://gitlab.example.com/-/user_settings/applications".to_owned(),
        redirect_uri: ("Redirect URI", "http://127.0.0.1/".to_owned()),
        scopes: "api".to_owned(),
        remark: "not confidential",
        client_id: "Application ID",
        shared: &[],
    };
    [
        ClientError::NoClientId {
            host: host(),
            register: Some(Box::new(register)),
        },
        ClientError::NoClientId {
            host: host(),
            register: None,
        },
        ClientError::NoClientIdOfTokens(host()),
        ClientError::NoClientSecret {
            title: "GitHub",
            device: true,
        },
        ClientError::NoClientSecret {
            title: "Google",
            device: false,
        },
        ClientError::SharedClient {
            host: HostArg::parse("codeberg.org").unwrap().host,
            name: "tea",
        },
        ClientError::NoEndpoint {
            name: EndpointName::Token,
            host: host(),
        },
        ClientError::BadEndpoint {
            name: "token endpoint",
            url: "http://gitlab.example.com/oauth/token".to_owned(),
        },
        ClientError::ForeignEndpoint {
            name: "token endpoint",
            url: "https://elsewhere.example/token".to_owned(),
            host: host(),
        },
        ClientError::File {
            what: "client secret file",
            path: "/home/jane/secret".into(),
            source: no(Errno::ENOENT).into(),
        },
        ClientError::File {
            what: "client secret file",
            path: "/home/jane/secret".into(),
            source: Unusable::NotRegular,
        },
        ClientError::File {
            what: "CA file",
            path: "/srv/corp.pem".into(),
            source: Unusable::Foreign {
                owner: "user joe (1001)".to_owned(),
                us: "user jane (1000)".to_owned(),
            },
        },
        ClientError::File {
            what: "CA file",
            path: "/srv/corp.pem".into(),
            source: Unusable::Writable { mode: 0o664 },
        },
        ClientError::File {
            what: "CA file",
            path: "/srv/corp.pem".into(),
            source: Unusable::TooLarge(1024 * 1024),
        },
        ClientError::BadRedirectUri(
            RedirectUri::parse("https://gitlab.example.com/callback").unwrap_err(),
        ),
        ClientError::BadSecret(BadSecret::Empty),
        ClientError::BadSecret(BadSecret::TooLong),
        ClientError::BadSecret(BadSecret::NotPrintable),
        ClientError::SecretMissing("client_secret_basic".to_owned()),
        ClientError::UnknownAuthMethod("basic".to_owned()),
        ClientError::UnknownProvider("gitlub".to_owned()),
        ClientError::EmptyClientId,
        ClientError::OurParameter("state".to_owned()),
        ClientError::ControlCharacter("the client id"),
        ClientError::UnknownKind {
            host: host(),
            problem: DiscoveryError::Unsound {
                server: origin(),
                problem: "names another issuer, `https://sso.example.com`".to_owned(),
            },
        },
        ClientError::NoDocument {
            host: host(),
            tried: vec![format!("{}/group/repo", origin()), origin()],
        },
        ClientError::NoResource(host()),
        ClientError::Registration(RegistrationError::Send(servers::unreachable())),
        ClientError::Registration(RegistrationError::Unavailable {
            server: origin(),
            status: 503,
        }),
        ClientError::Registration(RegistrationError::Refused {
            server: origin(),
            status: 403,
            words: Some("registration is closed".to_owned()),
        }),
        ClientError::Registration(RegistrationError::Unsound {
            server: origin(),
            problem: "is for another redirect URI, `https://elsewhere.example/`".to_owned(),
        }),
    ]
    .into_iter()
    .map(|error| AuthorizeError::Client(error).into())
    .collect()
}

pub(super) fn logins() -> Vec<Error> {
    let refused = |error: &str| AuthorizeError::Refused {
        error: error.to_owned(),
        words: None,
    };
    let redeemed = |outcome, message: &str| AuthorizeError::NotRedeemed {
        outcome,
        message: format!("{} {message}", origin()),
        forgot_client: message.contains("glauth registered"),
        said: None,
        trouble: None,
    };
    let mut errors: Vec<AuthorizeError> = [
        "access_denied",
        "login_required",
        "server_error",
        "invalid_scope",
        "unauthorized_client",
        "invalid_request",
    ]
    .into_iter()
    .map(refused)
    .collect();
    errors.extend([
        AuthorizeError::NoRandomness(NoRandomness),
        AuthorizeError::NotListening(NotListening {
            address: ([127, 0, 0, 1], 7171).into(),
            source: no(Errno::EADDRINUSE),
        }),
        AuthorizeError::OtherIssuer {
            issuer: "https://elsewhere.example".to_owned(),
            expected: origin(),
        },
        AuthorizeError::NoIssuer { expected: origin() },
        AuthorizeError::TimedOut {
            limit: Duration::from_secs(600),
            redirect_uri: Some("http://127.0.0.1/".to_owned()),
        },
        AuthorizeError::TimedOut {
            limit: Duration::from_secs(300),
            redirect_uri: None,
        },
        AuthorizeError::NoDeviceGrant {
            message: "no device authorization endpoint is known for gitlab.example.com".to_owned(),
        },
        AuthorizeError::Device(DeviceError::Refused {
            server: origin(),
            status: Some(400),
            words: Some("unauthorized_client".to_owned()),
        }),
        AuthorizeError::Device(DeviceError::BadAnswer {
            server: origin(),
            status: 200,
            what: "a device code",
        }),
        AuthorizeError::Device(DeviceError::UnknownClient {
            server: origin(),
            words: Some("Client authentication failed".to_owned()),
        }),
        AuthorizeError::Device(DeviceError::Unavailable {
            server: origin(),
            status: 503,
            words: None,
        }),
        redeemed(
            Outcome::LoginRequired,
            "does not know the client that glauth registered there (status 401)",
        ),
        redeemed(
            Outcome::LoginRequired,
            "does not accept the consent any more (status 400)",
        ),
        redeemed(
            Outcome::ClientRejected,
            "refused the request (status 401): invalid_client",
        ),
        AuthorizeError::NotStored {
            source: Box::new(FlowError::Store(StoreError::DiskFull {
                path: path(),
                source: no(Errno::ENOSPC),
            })),
            tokens: NewTokens::Revoked,
        },
        AuthorizeError::NotStored {
            source: Box::new(FlowError::Store(StoreError::ReadOnly { path: path() })),
            tokens: NewTokens::LiveOn(Box::new(RevokeError::Unavailable(503))),
        },
        AuthorizeError::Client(ClientError::BadEndpoint {
            name: "device authorization endpoint",
            url: "http://gitlab.example.com/oauth/authorize_device".to_owned(),
        }),
    ]);
    errors.into_iter().map(Into::into).collect()
}

pub(super) fn standbys() -> Vec<Error> {
    let mut errors: Vec<Error> = vec![AuthorizeError::NothingToStandBeside(id()).into()];
    let refusals = [
        Refusal::NotRenewable,
        Refusal::SameTokens,
        Refusal::OtherScopes {
            found: "read_user".to_owned(),
            expected: "api".to_owned(),
        },
        Refusal::OtherUser {
            found: "joe".to_owned(),
            expected: "jane".to_owned(),
        },
        Refusal::Nameless {
            host: host(),
            expected: "jane".to_owned(),
        },
        Refusal::NotIdentified {
            host: host(),
            expected: "jane".to_owned(),
        },
        Refusal::NotIdentified {
            host: host(),
            expected: "jane".to_owned(),
        },
        Refusal::OtherClient,
        Refusal::NoClient,
        Refusal::LoginGone,
        Refusal::Full,
        Refusal::NotStored(Box::new(FlowError::Store(StoreError::ReadOnly {
            path: path(),
        }))),
    ];
    errors.extend(refusals.into_iter().map(|why| {
        let added = NotAdded {
            why,
            tokens: Some(NewTokens::Revoked),
            imported: false,
        };
        AuthorizeError::NotAdded(added).into()
    }));
    let left_alone = NotAdded {
        why: Refusal::SameTokens,
        tokens: Some(NewTokens::LeftAlone),
        imported: true,
    };
    errors.push(AuthorizeError::NotAdded(left_alone).into());
    let may_be_stored = NotAdded {
        why: Refusal::SameTokens,
        tokens: Some(NewTokens::MayBeStored),
        imported: true,
    };
    errors.push(AuthorizeError::NotAdded(may_be_stored).into());
    errors
}
