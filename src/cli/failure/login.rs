//! The errors of a login.

use super::flow::of_flow;
use super::send::{of_cause, of_question};
use super::{Failure, hint_of, plain, remedy_of_file};
use crate::cli::call::Call;
use crate::credential::{AccountId, EndpointName, Outcome};
use crate::flow::{AuthorizeError, ClientError, NotAdded, Refusal, ToRegister};
use crate::oauth::{DeviceError, DiscoveryError, PROVIDERS};

fn of_client(error: &ClientError, id: Option<&AccountId>, call: &Call) -> Failure {
    let hint = match error {
        ClientError::NoClientId {
            register: Some(register),
            ..
        } => format!(
            "register an application ({}), then give its id with --client-id",
            where_and_how(register)
        ),
        ClientError::NoClientId { register: None, .. } | ClientError::EmptyClientId => {
            "give --client-id".to_owned()
        }
        ClientError::NoClientIdOfTokens(_) => {
            "give --client-id: the id of the application that these tokens were issued to, not a new one's".to_owned()
        }
        ClientError::NoClientSecret { device: true, .. } => {
            "give --client-secret-file, or log in with --device, which needs none".to_owned()
        }
        ClientError::NoClientSecret { device: false, .. } | ClientError::SecretMissing(_) => {
            "give --client-secret-file".to_owned()
        }
        ClientError::NoEndpoint { name, .. } => match name {
            EndpointName::Authorization => "give --authorization-endpoint".to_owned(),
            EndpointName::DeviceAuthorization => "give --device-endpoint".to_owned(),
            EndpointName::Token => "give --token-endpoint".to_owned(),
            EndpointName::Revocation => "give --revocation-endpoint".to_owned(),
            other => format!("set `{}` in config.toml", other.key()),
        },
        ClientError::Discovery(error) => of_discovery(error, id, call),
        ClientError::UnknownKind { .. } => {
            "say it with --provider; if it is GitLab, `--provider gitlab`, and for an issuer of that name `--provider oidc` with its address".to_owned()
        }
        ClientError::OurParameter(_) => "leave it out".to_owned(),
        ClientError::ForeignEndpoint { .. } => "if that is meant, `--provider generic`".to_owned(),
        ClientError::File { path, source, .. } => remedy_of_file(source, path)
            .unwrap_or_else(|| "look at the path, and whether you may read it".to_owned()),
        ClientError::UnknownProvider(_) => {
            let names: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name).collect();
            format!("known are {}", names.join(", "))
        }
        ClientError::BadEndpoint { .. }
        | ClientError::BadRedirectUri(_)
        | ClientError::BadSecret { .. }
        | ClientError::UnknownAuthMethod { .. }
        | ClientError::ControlCharacter { .. } => {
            return plain(error.code(), error.to_string());
        }
    };
    plain(error.code(), error.to_string()).hint(hint)
}

fn where_and_how(register: &ToRegister) -> String {
    let scopes = match register.scopes.as_str() {
        "" => String::new(),
        scopes => format!(", scopes `{scopes}`"),
    };
    let uri = match register.redirect_uri.0 {
        "" => String::new(),
        field => format!(" {field} `{}`", register.redirect_uri.1),
    };
    format!("{}:{uri}{scopes}, {}", register.page, register.remark)
}

fn of_discovery(error: &DiscoveryError, id: Option<&AccountId>, call: &Call) -> String {
    match error {
        DiscoveryError::Send(error) => of_question(error, id, call),
        DiscoveryError::Unavailable { .. } => "try again later".to_owned(),
        DiscoveryError::Missing { .. } => {
            "is this the issuer's own address? else name the kind of server with --provider, or its endpoints".to_owned()
        }
        DiscoveryError::Unsound { .. } => {
            "HOST must be the issuer as the server names itself".to_owned()
        }
    }
}

pub(super) fn of_authorization(
    error: &AuthorizeError,
    id: Option<&AccountId>,
    call: &Call,
) -> Failure {
    let hint = match error {
        AuthorizeError::Client(error) => return of_client(error, id, call),
        AuthorizeError::NoPerson { id, scheme } => Some(format!(
            "run {} in a terminal; or, to consent on another device, with --device",
            call.command_at("login", id, *scheme)
        )),
        AuthorizeError::NothingToStandBeside(_) => {
            Some("import the first one without --standby".to_owned())
        }
        AuthorizeError::Flow(error) => return of_flow(error, id, call),
        AuthorizeError::NotAdded(error) => return of_not_added(error, id, call),
        AuthorizeError::NotStored { source, .. } => of_flow(source, id, call).hint,
        AuthorizeError::NotListening(_) => Some(
            "another login may be waiting there; end it, or register a redirect URI without a port"
                .to_owned(),
        ),
        AuthorizeError::Refused { error, .. } => Some(of_refusal(error).to_owned()),
        AuthorizeError::OtherIssuer { .. } => Some(
            "the answer was not used; look at the address and at the authorization endpoint"
                .to_owned(),
        ),
        AuthorizeError::NobodyCame {
            redirect_uri: Some(uri),
            ..
        } => Some(format!(
            "run the command again; if the page shows an error, look at the client id, and whether the redirect URI `{uri}` is registered"
        )),
        AuthorizeError::NobodyCame {
            redirect_uri: None, ..
        } => Some("run the command again".to_owned()),
        AuthorizeError::NoDeviceGrant { .. } => Some(
            "without --device it goes through a browser; --no-browser prints the address, for a browser anywhere"
                .to_owned(),
        ),
        AuthorizeError::Device(error) => Some(of_device(error, id, call)),
        AuthorizeError::NotRedeemed {
            outcome, trouble, ..
        } => {
            let of_trouble = trouble.as_deref().and_then(|error| of_cause(error, id, call));
            of_trouble.or_else(|| not_redeemed(*outcome, call))
        }
        AuthorizeError::NoAnswer(_)
        | AuthorizeError::NoRandomness(_)
        | AuthorizeError::LeftOut => None,
    };
    plain(error.code(), error.to_string())
        .said(error.said())
        .hint(hint)
}

/// The consent was there, and gave no tokens.
fn not_redeemed(outcome: Outcome, call: &Call) -> Option<String> {
    match outcome {
        Outcome::LoginRequired
        | Outcome::RefreshRefused
        | Outcome::AnswerLost
        | Outcome::Unavailable => Some("nothing was stored; run the command again".to_owned()),
        other => hint_of(other, call),
    }
}

fn of_device(error: &DeviceError, id: Option<&AccountId>, call: &Call) -> String {
    match error {
        DeviceError::Send(error) => of_question(error, id, call),
        DeviceError::Unavailable { .. } => "try again later".to_owned(),
        DeviceError::UnknownClient { .. } => {
            "check --client-id, and --client-secret-file where there is a secret; if they are right, try --no-browser".to_owned()
        }
        DeviceError::Refused { .. } | DeviceError::BadAnswer { .. } => {
            "look at the device authorization endpoint".to_owned()
        }
    }
}

fn of_not_added(error: &NotAdded, id: Option<&AccountId>, call: &Call) -> Failure {
    let hint = match &error.why {
        Refusal::OtherUser { expected, .. } => Some(format!(
            "log in as {expected} at the server, and run the command again"
        )),
        Refusal::Nameless { .. } => Some(
            "ask for a scope with which the server names the user, in a login of its own"
                .to_owned(),
        ),
        Refusal::NotIdentified { .. } => Some("try again later".to_owned()),
        Refusal::OtherScopes { .. } => Some(
            "leave --scope out; a login with other scopes is a new one, without --standby"
                .to_owned(),
        ),
        Refusal::NotRenewable | Refusal::SameTokens => {
            Some("the login is unchanged".to_owned())
        }
        Refusal::OtherClient => Some(
            "leave --client-id and the endpoints out; a login as another client is a new one, without --standby"
                .to_owned(),
        ),
        Refusal::LoginGone => Some("run the command again without --standby".to_owned()),
        Refusal::Full => None,
        Refusal::NotStored(source) => of_flow(source, id, call).hint,
    };
    let message = format!("no standby grant was added: {error}");
    plain(error.code(), message).hint(hint)
}

/// What a person does about a refusal (RFC 6749 §4.1.2.1, RFC 8628 §3.5, OpenID Connect Core §3.1.2.6).
fn of_refusal(error: &str) -> &'static str {
    match error {
        "access_denied" => "nothing was stored; to consent, run the command again",
        "login_required"
        | "interaction_required"
        | "consent_required"
        | "account_selection_required" => "log in at the server first, and run the command again",
        "server_error" | "temporarily_unavailable" => "try again later",
        "invalid_scope" => "ask with --scope for scopes that the application is registered with",
        "unauthorized_client" | "unsupported_response_type" => {
            "the application must be allowed to use the authorization code grant"
        }
        _ => "look at how the application is registered, and at the endpoints",
    }
}
