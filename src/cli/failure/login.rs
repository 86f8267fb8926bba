//! The errors of a login.

use super::{Failure, hint_of, login_command, of_flow, plain, remedy_of_file};
use crate::code::Code;
use crate::credential::Outcome;
use crate::flow::{AuthorizeError, ClientError, NoAnswer, NotAdded, Refusal, ToRegister};
use crate::http::SendError;
use crate::oauth::{DeviceError, DiscoveryError, PROVIDERS};

fn of_client(error: &ClientError) -> Failure {
    let failure = plain(Code::Config, error.to_string());
    match error {
        ClientError::NoClientId { register, .. } => failure.hint(match register {
            Some(register) => format!(
                "register an application ({}), then give its id with --client-id",
                where_and_how(register)
            ),
            None => "give --client-id".to_owned(),
        }),
        ClientError::NoClientIdOfTokens(_) => failure.hint(
            "give --client-id: the id of the application that these tokens were issued to, not a new one's",
        ),
        ClientError::NoClientSecret { device: true, .. } => {
            failure.hint("give --client-secret-file, or log in with --device, which needs none")
        }
        ClientError::NoClientSecret { device: false, .. } => {
            failure.hint("give --client-secret-file")
        }
        ClientError::NoEndpoint { option, .. } => failure.hint(format!("give {option}")),
        ClientError::SecretMissing(_) => failure.hint("give --client-secret-file"),
        ClientError::Discovery(error) => of_discovery(error),
        ClientError::UnknownKind { .. } => failure.hint(
            "say it with --provider; if it is GitLab, `--provider gitlab`, and for an issuer of that name `--provider oidc` with its address",
        ),
        ClientError::EmptyClientId => failure.hint("give --client-id"),
        ClientError::OurParameter(_) => failure.hint("leave it out"),
        ClientError::ForeignEndpoint { .. } => failure.hint("if that is meant, `--provider generic`"),
        ClientError::File { path, source, .. } => {
            let remedy = remedy_of_file(source, path);
            failure.hint(remedy.unwrap_or_else(|| {
                "look at the path, and whether you may read it".to_owned()
            }))
        }
        ClientError::UnknownProvider(_) => {
            let names: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name).collect();
            failure.hint(format!("known are {}", names.join(", ")))
        }
        ClientError::BadEndpoint { .. }
        | ClientError::BadRedirectUri(_)
        | ClientError::BadSecret { .. }
        | ClientError::UnknownAuthMethod { .. }
        | ClientError::ControlCharacter { .. } => failure,
    }
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

fn of_discovery(error: &DiscoveryError) -> Failure {
    let message = error.to_string();
    match error {
        DiscoveryError::Send(error) => of_send(error, message),
        DiscoveryError::Unavailable { status: 429, .. } => plain(Code::RateLimited, message)
            .hint("try again later"),
        DiscoveryError::Unavailable { .. } => plain(Code::Unavailable, message).hint("try again later"),
        DiscoveryError::Missing { .. } => plain(Code::Config, message).hint(
            "is this the issuer's own address? else name the kind of server with --provider, or its endpoints",
        ),
        DiscoveryError::Unsound { .. } => {
            plain(Code::Config, message).hint("HOST must be the issuer as the server names itself")
        }
    }
}

fn of_send(error: &SendError, message: String) -> Failure {
    let failure = plain(error.outcome().into(), message);
    let outcome = match error {
        SendError::UnknownName { host, .. } => {
            return failure.hint(format!(
                "is `{host}` the right name? if it is, is the network up?"
            ));
        }
        SendError::AnswerLost { .. } => Outcome::Unavailable,
        other => other.outcome(),
    };
    match error.advice().or_else(|| hint_of(outcome).map(Into::into)) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

pub(super) fn of_authorization(error: &AuthorizeError) -> Failure {
    let message = error.to_string();
    match error {
        AuthorizeError::Client(error) => of_client(error),
        AuthorizeError::NoPerson { id, .. } => plain(Code::LoginRequired, message)
            .hint(format!(
                "{} in a terminal; or, to consent on another device, with --device",
                login_command(id)
            ))
            .about(id),
        AuthorizeError::NoAnswer(NoAnswer::NotGiven(_)) => plain(Code::Usage, message),
        AuthorizeError::NoAnswer(NoAnswer::Unfit(_)) => plain(Code::BadInput, message),
        AuthorizeError::NothingToStandBeside(id) => plain(Code::Usage, message)
            .hint("import the first one without --standby")
            .about(id),
        AuthorizeError::Flow(error) => of_flow(error),
        AuthorizeError::NoRandomness(_) => plain(Code::Unexpected, message),
        AuthorizeError::NotListening(_) => plain(Code::Unavailable, message).hint(
            "another login may be waiting there; end it, or register a redirect URI without a port",
        ),
        AuthorizeError::Refused { error, .. } => of_refusal(error, message),
        AuthorizeError::OtherIssuer { .. } => plain(Code::Config, message)
            .hint("the answer was not used; look at the address and at the authorization endpoint"),
        AuthorizeError::NobodyCame { redirect_uri, .. } => {
            let failure = plain(Code::LoginRequired, message);
            failure.hint(match redirect_uri {
                Some(uri) => format!(
                    "run it again; if the page shows an error, look at the client id, and whether the redirect URI `{uri}` is registered"
                ),
                None => "run it again".to_owned(),
            })
        }
        AuthorizeError::NoDeviceGrant { .. } => plain(Code::ClientRejected, message).hint(
            "without --device it goes through a browser; --no-browser prints the address, for a browser anywhere",
        ),
        AuthorizeError::Device(error) => of_device(error, message),
        AuthorizeError::NotRedeemed {
            outcome,
            said,
            advice,
            ..
        } => {
            let failure = plain((*outcome).into(), message).said(said.as_deref());
            match (advice, not_redeemed(*outcome)) {
                (Some(advice), _) => failure.hint(&**advice),
                (None, Some(hint)) => failure.hint(hint),
                (None, None) => failure,
            }
        }
        AuthorizeError::LeftOut => plain(Code::AccessDenied, message),
        AuthorizeError::NotAdded(error) => of_not_added(error),
        AuthorizeError::NotStored { source, .. } => {
            let failure = of_flow(source);
            Failure { message, ..failure }
        }
    }
}

/// What a person does about a consent that gave no tokens.
fn not_redeemed(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::LoginRequired
        | Outcome::RefreshRefused
        | Outcome::AnswerLost
        | Outcome::Unavailable => Some("nothing was stored; run it again"),
        other => hint_of(other),
    }
}

fn of_device(error: &DeviceError, message: String) -> Failure {
    match error {
        DeviceError::Send(error) => of_send(error, message),
        DeviceError::Unavailable { status: 429, .. } => {
            plain(Code::RateLimited, message).hint("try again later")
        }
        DeviceError::Unavailable { .. } => plain(Code::Unavailable, message).hint("try again later"),
        DeviceError::UnknownClient { .. } => plain(Code::ClientRejected, message).hint(
            "check --client-id, and --client-secret-file where there is a secret; if they are right, try --no-browser",
        ),
        DeviceError::Refused { .. } | DeviceError::BadAnswer { .. } => {
            plain(Code::ClientRejected, message).hint("look at the device authorization endpoint")
        }
    }
}

fn of_not_added(error: &NotAdded) -> Failure {
    let message = format!("no standby grant was added: {error}");
    // Who brought it chose it.
    let code = |code| if error.imported { Code::BadInput } else { code };
    match &error.why {
        Refusal::OtherUser { expected, .. } => plain(code(Code::AccessDenied), message)
            .hint(format!("log in as {expected} at the server, and run it again")),
        Refusal::Nameless { .. } => plain(code(Code::ClientRejected), message)
            .hint("ask for a scope with which the server says who it is, in a login of its own"),
        Refusal::NotIdentified { .. } => {
            plain(Code::Unavailable, message).hint("try again later")
        }
        Refusal::OtherScopes { .. } => plain(code(Code::ClientRejected), message)
            .hint("leave --scope out; a login with other scopes is a new one, without --standby"),
        Refusal::NotRenewable | Refusal::SameTokens => {
            plain(code(Code::ClientRejected), message).hint("the login that is there is as good as it was")
        }
        Refusal::OtherClient => plain(code(Code::Usage), message)
            .hint("leave --client-id and the endpoints out; a login as another client is a new one, without --standby"),
        Refusal::LoginGone => {
            plain(Code::LoginRequired, message).hint("run it again without --standby")
        }
        Refusal::Full => plain(Code::Usage, message),
        Refusal::NotStored(source) => {
            let failure = of_flow(source);
            Failure { message, ..failure }
        }
    }
}

/// RFC 6749 §4.1.2.1, RFC 8628 §3.5, and what OpenID Connect adds (Core §3.1.2.6).
fn of_refusal(error: &str, message: String) -> Failure {
    match error {
        "access_denied" => plain(Code::AccessDenied, message)
            .hint("nothing was stored; run it again to consent after all"),
        "login_required"
        | "interaction_required"
        | "consent_required"
        | "account_selection_required" => {
            plain(Code::LoginRequired, message).hint("run it again, and log in at the server first")
        }
        "server_error" | "temporarily_unavailable" => {
            plain(Code::Unavailable, message).hint("try again later")
        }
        "invalid_scope" => plain(Code::ClientRejected, message)
            .hint("ask with --scope for scopes that the application is registered with"),
        "unauthorized_client" | "unsupported_response_type" => plain(Code::ClientRejected, message)
            .hint("the application must be allowed to use the authorization code grant"),
        _ => plain(Code::ClientRejected, message)
            .hint("look at how the application is registered, and at the endpoints"),
    }
}
