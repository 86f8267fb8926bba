//! From the record to the document.

use std::borrow::Cow;
use std::collections::BTreeMap;

use toml::value::Datetime;

use super::wire::Document;
use super::words::{INDEPENDENCES, REPLAYS, ROTATIONS, SCHEMES, word};
use super::{Full, VERSION, wire};
use crate::credential::{
    Attempt, AuthMethod, Client, Content, Endpoint, GitPassword, Grant, LoginKind, LoginMeans,
    Outcome, Record,
};
use crate::secret::{Password, RefreshToken};
use crate::time::Timestamp;

pub(super) fn document(full: &Full) -> Document<'_> {
    let Full {
        record,
        refresh_tokens,
        extra: _,
    } = full;
    let Record {
        id,
        scheme,
        identity,
        content,
    } = record;
    let mut document = Document {
        version: VERSION,
        kind: "".into(),
        host: id.host.to_string().into(),
        scheme: word(scheme, &SCHEMES),
        account: id.account.as_str().into(),
        identity: identity.as_ref().map(|identity| wire::Identity {
            username: (&identity.username).into(),
            subject: identity.subject.as_ref().map(Into::into),
        }),
        client: record.client().map(client_of),
        login: record
            .client()
            .map(|client| &client.login)
            .filter(|login| **login != LoginMeans::default())
            .map(login_means_of),
        grants: Vec::new(),
        last_attempt: None,
        logged_out: None,
        git: None,
    };
    match content {
        Content::Login(login) => {
            document.kind = match login.kind {
                LoginKind::OAuth => "oauth".into(),
                LoginKind::Token => "token".into(),
            };
            let tokens = refresh_tokens.iter().map(Option::as_ref);
            document.grants = login.grants.iter().zip(tokens).map(grant_of).collect();
            document.last_attempt = login.last_attempt.as_ref().map(attempt_of);
        }
        Content::LoggedOut(tombstone) => {
            document.kind = "logged_out".into();
            document.logged_out = Some(wire::LoggedOut {
                generation: tombstone.generation,
                at: datetime(tombstone.at),
                reason: (&tombstone.reason).into(),
            });
        }
        Content::Password(password) => {
            document.kind = "password".into();
            document.git = Some(git_of(password));
        }
    }
    document
}

fn client_of(client: &Client) -> wire::Client<'_> {
    let (auth_method, client_secret) = match &client.auth {
        AuthMethod::None => ("none", None),
        AuthMethod::ClientSecretPost(secret) => ("client_secret_post", Some(secret)),
        AuthMethod::ClientSecretBasic(secret) => ("client_secret_basic", Some(secret)),
    };
    wire::Client {
        provider: (&client.provider).into(),
        client_id: client.client_id.as_ref().map(Into::into),
        auth_method: auth_method.into(),
        client_secret: client_secret.map(|secret| secret.expose().into()),
        token_endpoint: endpoint(client.token_endpoint.as_ref()),
        revocation_endpoint: endpoint(client.revocation_endpoint.as_ref()),
        check_endpoint: endpoint(client.check_endpoint.as_ref()),
        git_username: (&client.git_username).into(),
        rotation: word(&client.rotation, &ROTATIONS),
        replay: word(&client.replay, &REPLAYS),
        grants: word(&client.grants, &INDEPENDENCES),
        ca_file: client.ca_file.as_ref().map(|path| path.to_string_lossy()),
        server_user: client.server_user.map(Into::into),
        parameters: pairs(&client.parameters),
        environment: pairs(&client.environment),
    }
}

fn login_means_of(login: &LoginMeans) -> wire::LoginMeans<'_> {
    wire::LoginMeans {
        issuer: login.issuer.as_ref().map(Into::into),
        authorization_endpoint: endpoint(login.authorization_endpoint.as_ref()),
        device_authorization_endpoint: endpoint(login.device_authorization_endpoint.as_ref()),
        userinfo_endpoint: endpoint(login.userinfo_endpoint.as_ref()),
        redirect_uri: login.redirect_uri.as_ref().map(Into::into),
        scopes: login.scopes.iter().map(Into::into).collect(),
    }
}

fn endpoint(endpoint: Option<&Endpoint>) -> Option<Cow<'_, str>> {
    endpoint.map(|endpoint| endpoint.as_str().into())
}

fn grant_of<'a>((grant, token): (&'a Grant, Option<&'a RefreshToken>)) -> wire::Grant<'a> {
    let refusals = grant.refusals.as_ref();
    wire::Grant {
        generation: grant.generation,
        origin: grant.origin.to_string().into(),
        access_token: grant.access_token.expose().into(),
        refresh_token: token.map(|token| token.expose().into()),
        token_type: (&grant.token_type).into(),
        scopes: grant.scopes.iter().map(Into::into).collect(),
        issued_at: datetime(grant.issued_at),
        issued_boot: (grant.issued_boot.at.as_ref())
            .map(|at| format!("{} {at}", grant.generation).into()),
        expires_at: grant.expires_at.map(datetime),
        refresh_expires_at: grant.refresh_expires_at.map(datetime),
        cause: grant.cause.as_str().into(),
        state: grant.state.as_str().into(),
        state_since: grant.state.since().map(datetime),
        refused: grant.refused,
        answer_lost_at: grant.answer_lost_at.map(datetime),
        refresh_refusals: refusals.map(|found| found.count),
        refresh_refused_since: refusals.map(|found| datetime(found.since)),
        refresh_next_at: refusals.map(|found| datetime(found.next_at)),
        refresh_token_invalid: refusals.is_some_and(|found| found.invalid),
        refresh_refusal: refusals
            .and_then(|found| found.said.as_ref())
            .map(Into::into),
    }
}

fn attempt_of(attempt: &Attempt) -> wire::Attempt<'_> {
    // An older glauth takes a record with an outcome that it does not know for a corrupt one.
    let refused = attempt.outcome == Outcome::RefreshRefused;
    let outcome = if refused {
        Outcome::Unavailable
    } else {
        attempt.outcome
    };
    wire::Attempt {
        sequence: attempt.sequence,
        grant: attempt.grant as u64,
        cause: attempt.cause.as_str().into(),
        by: (&attempt.by).into(),
        started_at: datetime(attempt.started_at),
        outcome: outcome.as_str().into(),
        code: refused.then(|| attempt.outcome.as_str().into()),
        finished_at: attempt.finished_at.map(datetime),
        retry_at: attempt.retry_at.map(datetime),
        failures: (attempt.failures > 0).then_some(attempt.failures),
        failing_since: attempt.failing_since.map(datetime),
        next_at: attempt.next_at.map(datetime),
        said: attempt.said.as_ref().map(Into::into),
    }
}

fn git_of(password: &GitPassword) -> wire::Git<'_> {
    let secret = |secret: &'_ Option<Password>| -> Option<String> {
        secret.as_ref().map(|secret| secret.expose().to_owned())
    };
    wire::Git {
        protocol: (&password.protocol).into(),
        path: password.path.as_ref().map(Into::into),
        username: password.username.as_ref().map(Into::into),
        password: secret(&password.password).map(Into::into),
        password_expiry_utc: password.password_expiry_utc.map(datetime),
        oauth_refresh_token: secret(&password.oauth_refresh_token).map(Into::into),
        authtype: password.authtype.as_ref().map(Into::into),
        credential: secret(&password.credential).map(Into::into),
    }
}

/// RFC 3339 is a TOML date-time, and a timestamp writes no other.
fn datetime(at: Timestamp) -> Datetime {
    at.to_string().parse().unwrap_or(Datetime {
        date: None,
        time: None,
        offset: None,
    })
}

fn pairs(map: &BTreeMap<String, String>) -> BTreeMap<Cow<'_, str>, Cow<'_, str>> {
    map.iter().map(|(k, v)| (k.into(), v.into())).collect()
}
