//! The tables of format v1, key by key, in the order in which they are written. A key that is not here is of another
//! version's, and kept.

use super::cache::{CacheNote, Reservation};
use super::table::{Field, Keyed, Misfit, Node, Table, Why, keys};
use super::values::{text, words};
use crate::credential::{
    Attempt, AuthMethod, Client, ClientKey, Endpoint, GitPassword, Grant, GrantState, Identity,
    IssuedBoot, LoginMeans, Management, Outcome, OwnRegistration, Refusals, Scheme, Tombstone,
};
use crate::secret::ClientSecret;
use crate::time::Timestamp;

/// What a record can be.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    OAuth,
    Token,
    ClientCredentials,
    LoggedOut,
    Password,
}
words! {
    Kind: "oauth" = OAuth, "token" = Token, "client_credentials" = ClientCredentials,
        "logged_out" = LoggedOut, "password" = Password;
}

/// The document.
pub(super) struct Document {
    pub version: i64,
    pub kind: Kind,
    pub host: String,
    pub scheme: Scheme,
    pub account: String,
    pub identity: Option<Identity>,
    pub client: Option<Client>,
    pub login: LoginMeans,
    pub grants: Vec<Grant>,
    pub last_attempt: Option<Attempt>,
    pub logged_out: Option<LoggedOut>,
    pub git: Option<GitPassword>,
    pub shared: Option<CacheNote>,
}
keys! {
    Document: version, kind, host, scheme, account, identity, client, login or default,
        grants or default, last_attempt, logged_out, git, shared
}

/// A tombstone without the client, which has a table of its own.
pub(super) struct LoggedOut {
    pub generation: u64,
    pub at: Timestamp,
    pub reason: String,
}
keys! {
    LoggedOut: generation, at, reason
}

impl From<&Tombstone> for LoggedOut {
    fn from(tombstone: &Tombstone) -> Self {
        Self {
            generation: tombstone.generation,
            at: tombstone.at,
            reason: tombstone.reason.clone(),
        }
    }
}

impl LoggedOut {
    pub(super) fn with(self, client: Client) -> Tombstone {
        Tombstone {
            client,
            generation: self.generation,
            at: self.at,
            reason: self.reason,
        }
    }
}

keys! {
    Identity: username, subject
}
keys! {
    CacheNote: login, sequence, seen, begun, database, has_standby or default, undelivered or default, deliver_at, reservation,
        elsewhere_until, elsewhere_by, asked_at, away_until, away_because
}
keys! {
    Reservation: attempt, unsent or default, boot, lock
}
keys! {
    Client: provider, client_id, auth, token_endpoint, revocation_endpoint, check_endpoint,
        git_username, rotation, replay, grants, ca_file, server_user, parameters or default,
        environment or default;
    elsewhere: login;
    checked: has_names_of_variables
}
keys! {
    LoginMeans: issuer, authorization_endpoint, device_authorization_endpoint, userinfo_endpoint,
        redirect_uri, scopes or default, promises_issuer or default, registration
}
keys! {
    Grant: generation, origin, access_token, refresh_token, token_type, scopes, issued_at,
        issued_boot, expires_at, refresh_expires_at, cause, state, refused or default,
        answer_lost_at, refusals
}
keys! {
    Attempt: sequence, grant, cause, by, started_at, outcome, finished_at, retry_at,
        failures or default, failing_since, next_at, said
}
keys! {
    GitPassword: protocol, path, username, password, password_expiry_utc, oauth_refresh_token,
        authtype, credential
}

/// The keys that this glauth knows, table by table; the first one is the document itself.
pub(super) fn known() -> [(&'static str, Vec<&'static str>); 9] {
    [
        ("", Document::all_keys()),
        ("identity", Identity::all_keys()),
        ("client", Client::all_keys()),
        ("login", LoginMeans::all_keys()),
        ("grants", Grant::all_keys()),
        ("last_attempt", Attempt::all_keys()),
        ("logged_out", LoggedOut::all_keys()),
        ("git", GitPassword::all_keys()),
        ("shared", CacheNote::all_keys()),
    ]
}

/// Names are printed for a shell as they stand, so they must be names (POSIX, "Name").
fn has_names_of_variables(client: &Client, table: &Table<'_, '_>) -> Result<(), Misfit> {
    let is_name = |name: &String| {
        let rest = |b: u8| b == b'_' || b.is_ascii_alphanumeric();
        name.bytes().all(rest)
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty()
    };
    if client.environment.keys().all(is_name) {
        return Ok(());
    }
    Err(table.bad("environment", "has a name that is none of a variable"))
}

impl Field for AuthMethod {
    fn keys(_: &'static str) -> Vec<&'static str> {
        let of_key = [KEY_FILE, "client_key_id", "client_key_audience"];
        [&["auth_method", "client_secret", SECRET_FILE], &of_key[..]].concat()
    }

    fn read(table: &Table<'_, '_>, _: &'static str) -> Result<Self, Misfit> {
        let method: Method = table.need("auth_method")?;
        let secret: Option<ClientSecret> = table.get("client_secret")?;
        if secret.is_some() && !matches!(method, Method::Post | Method::Basic) {
            return Err(table.bad("client_secret", "is of no use with this `auth_method`"));
        }
        let secret = || secret.ok_or_else(|| table.missing("client_secret"));
        Ok(match method {
            Method::None => Self::None,
            Method::Post => Self::ClientSecretPost(secret()?),
            Method::Basic => Self::ClientSecretBasic(secret()?),
            Method::PostFile => Self::ClientSecretPostFile(table.need(SECRET_FILE)?),
            Method::BasicFile => Self::ClientSecretBasicFile(table.need(SECRET_FILE)?),
            Method::PrivateKeyJwt => Self::PrivateKeyJwt(ClientKey {
                file: table.need(KEY_FILE)?,
                key_id: table.get("client_key_id")?,
                audience: table.need("client_key_audience")?,
            }),
        })
    }

    fn write(&self, table: &mut toml::Table, _: &'static str) {
        let method = match self {
            Self::None => Method::None,
            Self::ClientSecretPost(_) => Method::Post,
            Self::ClientSecretBasic(_) => Method::Basic,
            Self::ClientSecretPostFile(_) => Method::PostFile,
            Self::ClientSecretBasicFile(_) => Method::BasicFile,
            Self::PrivateKeyJwt(_) => Method::PrivateKeyJwt,
        };
        method.write(table, "auth_method");
        match self {
            Self::None => {}
            Self::ClientSecretPost(secret) | Self::ClientSecretBasic(secret) => {
                secret.write(table, "client_secret");
            }
            Self::ClientSecretPostFile(path) | Self::ClientSecretBasicFile(path) => {
                path.write(table, SECRET_FILE);
            }
            Self::PrivateKeyJwt(key) => {
                key.file.write(table, KEY_FILE);
                key.key_id.write(table, "client_key_id");
                key.audience.write(table, "client_key_audience");
            }
        }
    }
}

const SECRET_FILE: &str = "client_secret_file";
const KEY_FILE: &str = "client_key_file";

/// What needs a file has a word of its own: an older glauth then calls the record newer, and not damaged.
enum Method {
    None,
    Post,
    Basic,
    PostFile,
    BasicFile,
    PrivateKeyJwt,
}
words! {
    Method: "none" = None, "client_secret_post" = Post, "client_secret_basic" = Basic,
        "client_secret_post_file" = PostFile, "client_secret_basic_file" = BasicFile,
        "private_key_jwt" = PrivateKeyJwt;
}

impl Field for GrantState {
    fn keys(_: &'static str) -> Vec<&'static str> {
        vec!["state", "state_since"]
    }

    fn read(table: &Table<'_, '_>, _: &'static str) -> Result<Self, Misfit> {
        let since = table.get("state_since")?;
        let since = || since.ok_or_else(|| table.missing("state_since"));
        Ok(match table.need("state")? {
            State::Active => Self::Active,
            State::Doubtful => Self::Doubtful { since: since()? },
            State::LoginRequired => Self::LoginRequired { since: since()? },
        })
    }

    fn write(&self, table: &mut toml::Table, _: &'static str) {
        let state = match self {
            Self::Active => State::Active,
            Self::Doubtful { .. } => State::Doubtful,
            Self::LoginRequired { .. } => State::LoginRequired,
        };
        state.write(table, "state");
        self.since().write(table, "state_since");
    }
}

enum State {
    Active,
    Doubtful,
    LoginRequired,
}
words! {
    State: "active" = Active, "doubtful" = Doubtful, "login_required" = LoginRequired;
}

/// `42 4f3c2b1a 5321042`: of which generation, in which start of the machine, milliseconds since then. An
/// older glauth keeps what it does not know, so the generation may be one that is gone.
impl Field for IssuedBoot {
    fn read(table: &Table<'_, '_>, name: &'static str) -> Result<Self, Misfit> {
        let generation: u64 = table.need("generation")?;
        let at = table.get_as(name, |node| match text(node)?.split_once(' ') {
            Some((of, at)) if of.parse() == Ok(generation) => {
                let at = at.parse().map(Some);
                at.map_err(|_| Misfit::bad(node, "is not a time since a start"))
            }
            _ => Ok(None),
        })?;
        Ok(Self {
            at: at.flatten(),
            ..Self::default()
        })
    }

    /// `generation` is written before it.
    fn write(&self, table: &mut toml::Table, name: &'static str) {
        let generation = table.get("generation").and_then(toml::Value::as_integer);
        if let (Some(at), Some(generation)) = (&self.at, generation) {
            table.insert(name.to_owned(), format!("{generation} {at}").into());
        }
    }
}

impl Field for Option<Refusals> {
    fn keys(_: &'static str) -> Vec<&'static str> {
        vec![
            "refresh_refusals",
            "refresh_refused_since",
            "refresh_next_at",
            "refresh_token_invalid",
            "refresh_refusal",
        ]
    }

    fn read(table: &Table<'_, '_>, _: &'static str) -> Result<Self, Misfit> {
        let count = table.get("refresh_refusals")?.unwrap_or(0);
        if count == 0 {
            return Ok(None);
        }
        let issued_at: Timestamp = table.need("issued_at")?;
        let refusals = Refusals {
            count,
            since: table.get("refresh_refused_since")?.unwrap_or(issued_at),
            next_at: table.get("refresh_next_at")?.unwrap_or(issued_at),
            invalid: table.get("refresh_token_invalid")?.unwrap_or(false),
            said: table.get("refresh_refusal")?,
        };
        // A glauth that does not know these keys keeps them over a rotation, which ends them.
        Ok((refusals.since >= issued_at).then_some(refusals))
    }

    fn write(&self, table: &mut toml::Table, _: &'static str) {
        let Some(refusals) = self else { return };
        refusals.count.write(table, "refresh_refusals");
        refusals.since.write(table, "refresh_refused_since");
        refusals.next_at.write(table, "refresh_next_at");
        if refusals.invalid {
            refusals.invalid.write(table, "refresh_token_invalid");
        }
        refusals.said.write(table, "refresh_refusal");
    }
}

impl Field for Option<OwnRegistration> {
    fn keys(_: &'static str) -> Vec<&'static str> {
        vec![
            "registered_at",
            "client_secret_expires_at",
            "registration_client_uri",
            "registration_access_token",
        ]
    }

    fn read(table: &Table<'_, '_>, _: &'static str) -> Result<Self, Misfit> {
        let Some(at) = table.get("registered_at")? else {
            return Ok(None);
        };
        let uri: Option<Endpoint> = table.get("registration_client_uri")?;
        let token = table.get("registration_access_token")?;
        Ok(Some(OwnRegistration {
            at,
            secret_expires_at: table.get("client_secret_expires_at")?,
            management: uri.zip(token).map(|(uri, token)| Management { uri, token }),
        }))
    }

    fn write(&self, table: &mut toml::Table, _: &'static str) {
        let Some(registration) = self else { return };
        registration.at.write(table, "registered_at");
        registration
            .secret_expires_at
            .write(table, "client_secret_expires_at");
        if let Some(Management { uri, token }) = &registration.management {
            uri.write(table, "registration_client_uri");
            token.write(table, "registration_access_token");
        }
    }
}

/// Older readers know no other word for a refusal than `unavailable`, and take a record with another one for a corrupt
/// one; `code` says what it was.
impl Field for Outcome {
    fn keys(name: &'static str) -> Vec<&'static str> {
        vec![name, "code"]
    }

    fn read(table: &Table<'_, '_>, name: &'static str) -> Result<Self, Misfit> {
        let word = |node: &Node<'_>| Ok(Self::parse(text(node)?));
        let outcome = table.get_as(name, |node| {
            word(node)?.ok_or_else(|| Misfit::at(node, Why::Unknown))
        });
        let outcome = outcome?.ok_or_else(|| table.missing(name))?;
        let exact = table.get_as("code", word)?.flatten();
        Ok(match (outcome, exact) {
            (Self::Unavailable, Some(Self::RefreshRefused)) => Self::RefreshRefused,
            _ => outcome,
        })
    }

    fn write(&self, table: &mut toml::Table, name: &'static str) {
        let mut put = |name: &str, word: Self| table.insert(name.to_owned(), word.as_str().into());
        if *self == Self::RefreshRefused {
            put(name, Self::Unavailable);
            put("code", *self);
        } else {
            put(name, *self);
        }
    }
}
