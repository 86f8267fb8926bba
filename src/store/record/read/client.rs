//! The tables `client` and `login`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Bad, bad, choose, clean, unknown};
use crate::credential::{AuthMethod, Client, Endpoint, LoginMeans};
use crate::secret::ClientSecret;
use crate::store::record::wire;
use crate::store::record::words::{INDEPENDENCES, REPLAYS, ROTATIONS};

/// How we are known to the server, and what the next login needs.
pub(super) fn read(
    client: wire::Client<'_>,
    login: Option<wire::LoginMeans<'_>>,
) -> Result<Client, Bad> {
    let wire::Client {
        provider,
        client_id,
        auth_method,
        client_secret,
        token_endpoint,
        revocation_endpoint,
        check_endpoint,
        git_username,
        rotation,
        replay,
        grants,
        ca_file,
        server_user,
        parameters,
        environment,
    } = client;
    let text = |key, value| clean("client", key, value);
    let endpoint = |key, value| read_endpoint("client", key, value);
    Ok(Client {
        provider: text("provider", provider)?,
        client_id: client_id.map(|id| text("client_id", id)).transpose()?,
        auth: read_auth(&auth_method, client_secret)?,
        parameters: read_pairs("parameters", parameters)?,
        token_endpoint: endpoint("token_endpoint", token_endpoint)?,
        revocation_endpoint: endpoint("revocation_endpoint", revocation_endpoint)?,
        check_endpoint: endpoint("check_endpoint", check_endpoint)?,
        git_username: text("git_username", git_username)?,
        environment: read_environment(environment)?,
        rotation: choose("client", "rotation", &rotation, &ROTATIONS)?,
        replay: choose("client", "replay", &replay, &REPLAYS)?,
        grants: choose("client", "grants", &grants, &INDEPENDENCES)?,
        ca_file: ca_file
            .map(|path| text("ca_file", path).map(PathBuf::from))
            .transpose()?,
        server_user: server_user
            .map(u32::try_from)
            .transpose()
            .map_err(|_| bad("client", "server_user", "is no number of a user"))?,
        login: login.map(read_login_means).transpose()?.unwrap_or_default(),
    })
}

fn read_login_means(login: wire::LoginMeans<'_>) -> Result<LoginMeans, Bad> {
    const TABLE: &str = "login";
    let wire::LoginMeans {
        issuer,
        authorization_endpoint,
        device_authorization_endpoint,
        userinfo_endpoint,
        redirect_uri,
        scopes,
    } = login;
    let endpoint = |key, value| read_endpoint(TABLE, key, value);
    let text = |key, value: Option<_>| value.map(|value| clean(TABLE, key, value)).transpose();
    Ok(LoginMeans {
        issuer: text("issuer", issuer)?,
        authorization_endpoint: endpoint("authorization_endpoint", authorization_endpoint)?,
        device_authorization_endpoint: endpoint(
            "device_authorization_endpoint",
            device_authorization_endpoint,
        )?,
        userinfo_endpoint: endpoint("userinfo_endpoint", userinfo_endpoint)?,
        redirect_uri: text("redirect_uri", redirect_uri)?,
        scopes: scopes
            .into_iter()
            .map(|scope| clean(TABLE, "scopes", scope))
            .collect::<Result<_, _>>()?,
    })
}

fn read_endpoint(
    table: &'static str,
    key: &'static str,
    value: Option<Cow<'_, str>>,
) -> Result<Option<Endpoint>, Bad> {
    value
        .map(|value| Endpoint::from_record(value.into_owned()))
        .transpose()
        .map_err(|problem| bad(table, key, problem.to_string()))
}

fn read_pairs(
    key: &'static str,
    pairs: BTreeMap<Cow<'_, str>, Cow<'_, str>>,
) -> Result<BTreeMap<String, String>, Bad> {
    let text = |text| clean("client", key, text);
    pairs
        .into_iter()
        .map(|(name, value)| Ok((text(name)?, text(value)?)))
        .collect()
}

/// Names are printed for a shell as they stand, so they must be names (POSIX, "Name").
fn read_environment(
    variables: BTreeMap<Cow<'_, str>, Cow<'_, str>>,
) -> Result<BTreeMap<String, String>, Bad> {
    let is_name = |name: &str| {
        let rest = |b: u8| b == b'_' || b.is_ascii_alphanumeric();
        name.bytes().all(rest)
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty()
    };
    let variables = read_pairs("environment", variables)?;
    if !variables.keys().all(|name| is_name(name)) {
        let problem = "has a name that is none of a variable";
        return Err(bad("client", "environment", problem));
    }
    Ok(variables)
}

fn read_auth(method: &str, secret: Option<Cow<'_, str>>) -> Result<AuthMethod, Bad> {
    let secret = secret
        .map(|secret| ClientSecret::new(secret.into_owned()))
        .transpose()
        .map_err(|problem| bad("client", "client_secret", problem.to_string()))?;
    match (method, secret) {
        ("none", None) => Ok(AuthMethod::None),
        ("client_secret_post", Some(secret)) => Ok(AuthMethod::ClientSecretPost(secret)),
        ("client_secret_basic", Some(secret)) => Ok(AuthMethod::ClientSecretBasic(secret)),
        ("client_secret_post" | "client_secret_basic", None) => {
            Err(bad("client", "client_secret", "is missing"))
        }
        ("none", Some(_)) => Err(bad("client", "client_secret", "is of no use with `none`")),
        _ => Err(unknown("client", "auth_method")),
    }
}
