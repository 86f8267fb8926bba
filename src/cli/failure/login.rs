//! The errors of a login.

use super::flow::of_flow;
use super::send::{of_cause, of_question};
use super::{Failure, hint_of, log_in_with, plain, remedy_of_file};
use crate::cli::call::Call;
use crate::credential::{AccountId, EndpointName, Outcome};
use crate::flow::{AuthorizeError, ClientError, NotAdded, Refusal, ToRegister};
use crate::oauth::{DeviceError, DiscoveryError, PROVIDERS, RegistrationError};

fn of_client(error: &ClientError, id: Option<&AccountId>, call: &Call) -> Failure {
    let with = |options: &str| log_in_with(options, id, call);
    let hint = match error {
        ClientError::NoClientId {
            register: Some(register),
            ..
        } => format!(
            "register an application ({}), then run {} with its id",
            where_and_how(register),
            with(" --client-id ID")
        ),
        ClientError::NoClientId { register: None, .. }
        | ClientError::SharedClient { .. }
        | ClientError::EmptyClientId => format!(
            "run {} with the id of your application",
            with(" --client-id ID")
        ),
        ClientError::NoClientIdOfTokens(_) => format!(
            "run {} with the id of the application that these tokens were issued to, not a new one's",
            with(" --import --client-id ID")
        ),
        ClientError::NoClientSecret { device: true, .. } => format!(
            "run {}; or, without a secret, {}",
            with(" --client-secret-file FILE"),
            with(" --device")
        ),
        ClientError::NoClientSecret { device: false, .. } | ClientError::SecretMissing(_) => {
            format!("run {}", with(" --client-secret-file FILE"))
        }
        ClientError::NoEndpoint { name, .. } => match option_of(*name) {
            Some(option) => format!("run {}", with(&format!(" {option} URL"))),
            None => format!("set `{}` in config.toml", name.key()),
        },
        ClientError::Discovery(error) => of_discovery(error, id, call),
        ClientError::UnknownKind { .. } => {
            "for an MCP server, add its path to the address; otherwise name the kind with --provider: `--provider gitlab` if it is GitLab, or `--provider oidc` with the address of that issuer".to_owned()
        }
        ClientError::NoDocument { .. } => name_the_kind(id, call),
        ClientError::NoResource(_) => {
            "check the address; if it is another kind of server, name the kind with --provider".to_owned()
        }
        ClientError::Registration(error) => of_registration(error, id, call),
        ClientError::OurParameter(_) => "leave it out".to_owned(),
        ClientError::BadRedirectUri(_) => {
            "register `http://127.0.0.1/` at the server, and leave --redirect-uri out".to_owned()
        }
        ClientError::ForeignEndpoint { .. } => "if you mean that, add `--provider generic`".to_owned(),
        ClientError::File { path, source, .. } => remedy_of_file(source, path)
            .unwrap_or_else(|| "look at the path, and whether you may read it".to_owned()),
        ClientError::UnknownProvider(_) => known_providers(),
        ClientError::BadEndpoint { .. }
        | ClientError::BadSecret { .. }
        | ClientError::UnknownAuthMethod { .. }
        | ClientError::ControlCharacter { .. } => {
            return plain(error.code(), error.to_string());
        }
    };
    plain(error.code(), error.to_string()).hint(hint)
}

fn name_the_kind(id: Option<&AccountId>, call: &Call) -> String {
    match id {
        Some(id) => format!(
            "name the kind: {}; docs/servers.md lists them",
            call.command_for("login --provider gitlab", id)
        ),
        None => "name the kind with --provider".to_owned(),
    }
}

fn known_providers() -> String {
    let names: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name).collect();
    format!("known are {}", names.join(", "))
}

/// The option that gives an endpoint.
fn option_of(name: EndpointName) -> Option<&'static str> {
    match name {
        EndpointName::Authorization => Some("--authorization-endpoint"),
        EndpointName::DeviceAuthorization => Some("--device-endpoint"),
        EndpointName::Token => Some("--token-endpoint"),
        EndpointName::Revocation => Some("--revocation-endpoint"),
        EndpointName::Check | EndpointName::Userinfo => None,
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

fn of_discovery(error: &DiscoveryError, id: Option<&AccountId>, call: &Call) -> String {
    match error {
        DiscoveryError::Send(error) => of_question(error, id, call),
        DiscoveryError::Unavailable { .. } => {
            format!("wait a moment, then run {}", log_in_with("", id, call))
        }
        DiscoveryError::Missing { .. } => {
            "check that this is the issuer's own address, or name the kind of server with --provider, or its endpoints".to_owned()
        }
        DiscoveryError::Unsound { .. } => {
            "HOST must be the issuer, spelled as the server names itself; if it is, ask the server's administrator"
                .to_owned()
        }
        DiscoveryError::ForeignEndpoint { .. } => format!(
            "glauth sent no secret; if you trust that server, run {} with its endpoints and the address of the MCP server",
            log_in_with(
                " --provider generic --client-id ID --authorization-endpoint URL --token-endpoint URL --parameter resource=URL",
                id,
                call
            )
        ),
        DiscoveryError::BadResource { .. } => {
            "glauth sent no secret; check the address, or ask the server's administrator to correct the description".to_owned()
        }
    }
}

fn of_registration(error: &RegistrationError, id: Option<&AccountId>, call: &Call) -> String {
    match error {
        RegistrationError::Send(error) => of_question(error, id, call),
        RegistrationError::Unavailable { .. } => "try again later".to_owned(),
        RegistrationError::Refused { .. } | RegistrationError::Unsound { .. } => {
            "register an application there by hand, then give its id with --client-id".to_owned()
        }
    }
}

pub(super) fn of_authorization(
    error: &AuthorizeError,
    id: Option<&AccountId>,
    call: &Call,
) -> Failure {
    let with = |options: &str| log_in_with(options, id, call);
    let hint = match error {
        AuthorizeError::Client(error) => return of_client(error, id, call),
        AuthorizeError::NoPerson { id } => {
            let message = format!("a login for {id} needs a person, and there is no terminal");
            return plain(error.code(), message).hint(format!(
                "run {} in a terminal; or, to consent on another device, {}",
                call.login("", id),
                call.login(" --device", id)
            ));
        }
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
        AuthorizeError::Refused { error, .. } => Some(of_refusal(error, id, call)),
        AuthorizeError::OtherIssuer { .. } | AuthorizeError::NoIssuer { .. } => Some(
            "the answer was not used; look at the address and at the authorization endpoint"
                .to_owned(),
        ),
        AuthorizeError::TimedOut {
            redirect_uri: Some(uri),
            ..
        } => Some(format!(
            "run {}; if the page shows an error, check the client id, and whether the redirect URI `{uri}` is registered",
            with("")
        )),
        AuthorizeError::TimedOut {
            redirect_uri: None, ..
        } => Some(format!("run {}", with(""))),
        AuthorizeError::NoDeviceGrant { .. } => Some(format!(
            "run {}, which prints an address for a browser anywhere",
            with(" --no-browser")
        )),
        AuthorizeError::Device(error) => Some(of_device(error, id, call)),
        AuthorizeError::NotRedeemed {
            forgot_client: true,
            ..
        } => Some(registers_again(id, call)),
        AuthorizeError::NotRedeemed {
            outcome, trouble, ..
        } => {
            let of_trouble = trouble
                .as_deref()
                .and_then(|error| of_cause(error, id, call));
            of_trouble.or_else(|| not_redeemed(*outcome, id, call))
        }
        AuthorizeError::NoAnswer(_) | AuthorizeError::NoRandomness(_) | AuthorizeError::LeftOut => {
            None
        }
    };
    plain(error.code(), error.to_string())
        .said(error.said())
        .hint(hint)
}

/// The consent was there, and gave no tokens.
fn not_redeemed(outcome: Outcome, id: Option<&AccountId>, call: &Call) -> Option<String> {
    match outcome {
        Outcome::LoginRequired
        | Outcome::RefreshRefused
        | Outcome::AnswerLost
        | Outcome::Unavailable => Some(format!(
            "nothing was stored; run {}",
            log_in_with("", id, call)
        )),
        Outcome::ClientRejected => Some(another_client(id, call)),
        other => hint_of(other, call),
    }
}

/// The server does not know what it registered itself.
fn registers_again(id: Option<&AccountId>, call: &Call) -> String {
    let login = log_in_with("", id, call);
    format!("nothing was stored; run {login}, which registers glauth again")
}

/// What a person does about a client that the server does not accept: its id is not repeated.
fn another_client(id: Option<&AccountId>, call: &Call) -> String {
    format!(
        "check the client id, its secret and the endpoints, then run {}",
        log_in_with(" --client-id ID", id, call)
    )
}

fn of_device(error: &DeviceError, id: Option<&AccountId>, call: &Call) -> String {
    match error {
        DeviceError::Send(error) => of_question(error, id, call),
        DeviceError::Unavailable { .. } => "try again later".to_owned(),
        DeviceError::UnknownClient { .. } => format!(
            "{}; if both are right, try a browser with {}",
            another_client(id, call),
            log_in_with(" --no-browser --client-id ID", id, call)
        ),
        DeviceError::Refused { .. } | DeviceError::BadAnswer { .. } => {
            "look at the device authorization endpoint".to_owned()
        }
    }
}

fn of_not_added(error: &NotAdded, id: Option<&AccountId>, call: &Call) -> Failure {
    let hint = match &error.why {
        Refusal::OtherUser { expected, .. } => Some(format!(
            "log in as {expected} at the server, then run {}",
            log_in_with("", id, call)
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
        Refusal::NoClient => Some(id.map_or_else(
            || "run the command again without --standby".to_owned(),
            |id| format!("run {}, which registers glauth again", call.command_for("login", id)),
        )),
        Refusal::LoginGone => Some("run the command again without --standby".to_owned()),
        Refusal::Full => None,
        Refusal::NotStored(source) => of_flow(source, id, call).hint,
    };
    let message = format!("no standby grant was added: {error}");
    plain(error.code(), message).hint(hint)
}

/// What a person does about a refusal (RFC 6749 §4.1.2.1, RFC 8628 §3.5, OpenID Connect Core §3.1.2.6).
fn of_refusal(error: &str, id: Option<&AccountId>, call: &Call) -> String {
    let with = |options: &str| log_in_with(options, id, call);
    match error {
        "access_denied" => format!("nothing was stored; to consent, run {}", with("")),
        "login_required"
        | "interaction_required"
        | "consent_required"
        | "account_selection_required" => {
            format!("log in at the server first, then run {}", with(""))
        }
        "server_error" | "temporarily_unavailable" => "try again later".to_owned(),
        "invalid_scope" => format!(
            "run {} with a scope that the application is registered with",
            with(" --scope SCOPE --replace-scopes")
        ),
        "unauthorized_client" | "unsupported_response_type" => format!(
            "the application must be allowed to use the authorization code grant; with another one, run {}",
            with(" --client-id ID")
        ),
        "invalid_client" => another_client(id, call),
        _ => "look at how the application is registered, and at the endpoints".to_owned(),
    }
}
