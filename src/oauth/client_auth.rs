//! How the client proves itself to a server (RFC 6749 §2.3, RFC 7523 §2.2). What is kept in a file is read for every
//! request, since what mounts such files also replaces them.

mod assertion;

use std::path::Path;

use zeroize::Zeroizing;

use crate::credential::{AuthMethod, Client, ClientKey};
use crate::http::{Authorization, ClientFileKind, FileProblem, SendError};
use crate::secret::{AROUND, BadSecret, ClientSecret, TOKEN_LIMIT, bare};
use crate::time::Timestamp;
use crate::user_file::{self, Unusable};
use assertion::{ASSERTION_TYPE, Signer};

/// The fields of a form.
pub(super) type Fields = Vec<(String, Zeroizing<String>)>;

/// The largest file with a private key that is read, in bytes: many times an RSA key of 16384 bits.
const KEY_LIMIT: u64 = 64 * 1024;

/// A proof that is ready to be sent.
pub(super) enum Proof {
    /// A public client has none.
    None,
    /// In the form.
    Post(ClientSecret),
    /// In the Authorization header.
    Basic(ClientSecret),
    /// In the form: a signed assertion, good for one request.
    Assertion(Zeroizing<String>),
}

impl Proof {
    /// Reads what is in a file, and signs what must be signed.
    pub(super) fn of(client: &Client) -> Result<Self, SendError> {
        Ok(match &client.auth {
            AuthMethod::None => Self::None,
            AuthMethod::ClientSecretPost(secret) => Self::Post(secret.clone()),
            AuthMethod::ClientSecretBasic(secret) => Self::Basic(secret.clone()),
            AuthMethod::ClientSecretPostFile(path) => Self::Post(secret_in(path)?),
            AuthMethod::ClientSecretBasicFile(path) => Self::Basic(secret_in(path)?),
            AuthMethod::PrivateKeyJwt(key) => Self::Assertion(assertion_of(client, key)?),
        })
    }

    /// Adds it to the form, or returns the header.
    pub(super) fn add_to(&self, client: &Client, fields: &mut Fields) -> Option<Authorization> {
        let id = client.client_id.clone().unwrap_or_default();
        let encoded = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let mut field =
            |name: &str, value: Zeroizing<String>| fields.push((name.to_owned(), value));
        if let Self::Basic(secret) = self {
            let secret = encoded(secret.expose()).into();
            return Some(Authorization::Basic(encoded(&id), secret));
        }
        field("client_id", id.into());
        match self {
            Self::None | Self::Basic(_) => {}
            Self::Post(secret) => {
                field("client_secret", Zeroizing::new(secret.expose().to_owned()));
            }
            Self::Assertion(assertion) => {
                field("client_assertion_type", ASSERTION_TYPE.to_owned().into());
                field("client_assertion", assertion.clone());
            }
        }
        None
    }

    /// What must not be seen of it.
    pub(super) fn secret(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Post(secret) | Self::Basic(secret) => Some(secret.expose()),
            Self::Assertion(assertion) => Some(assertion),
        }
    }
}

/// Authenticates the client: adds to the form, or returns the header.
pub(super) fn authenticate(
    client: &Client,
    fields: &mut Fields,
) -> Result<Option<Authorization>, SendError> {
    Ok(Proof::of(client)?.add_to(client, fields))
}

/// What is wrong with the file that has the client's own credentials, if it cannot be used.
#[must_use]
pub fn unusable_credentials(client: &Client) -> Option<SendError> {
    Proof::of(client).err()
}

/// Why a file gives no client secret, as the end of a sentence about it.
#[derive(Debug, thiserror::Error)]
pub enum NoSecret {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] Unusable),
    /// What is in it is none.
    #[error("holds a secret that {0}")]
    Bad(#[from] BadSecret),
}

/// The client secret that a file holds.
pub fn read_secret(path: &Path) -> Result<ClientSecret, NoSecret> {
    // A secret, and what may stand around it.
    let limit = (TOKEN_LIMIT + AROUND) as u64;
    let text = user_file::read_text(path, limit)?;
    Ok(ClientSecret::new(bare(&text).to_owned())?)
}

fn secret_in(path: &Path) -> Result<ClientSecret, SendError> {
    read_secret(path).map_err(|error| match &error {
        NoSecret::File(unusable) => unreadable(ClientFileKind::Secret, path, unusable),
        NoSecret::Bad(_) => unfit(ClientFileKind::Secret, path, &error.to_string()),
    })
}

fn assertion_of(client: &Client, key: &ClientKey) -> Result<Zeroizing<String>, SendError> {
    let path = &key.file;
    let pem =
        user_file::read(path, KEY_LIMIT).map_err(|e| unreadable(ClientFileKind::Key, path, &e))?;
    let bad = |reason: &str| unfit(ClientFileKind::Key, path, reason);
    let signer = Signer::of(&pem).map_err(bad)?;
    let id = client.client_id.as_deref().unwrap_or_default();
    let assertion = signer.assertion(id, &key.audience, key.key_id.as_deref(), Timestamp::now());
    assertion.ok_or_else(|| bad("cannot sign: the system gives no random numbers"))
}

fn unreadable(kind: ClientFileKind, path: &Path, error: &Unusable) -> SendError {
    SendError::ClientFile {
        kind,
        path: path.to_owned(),
        problem: FileProblem::of(error),
        reason: error.to_string(),
    }
}

fn unfit(kind: ClientFileKind, path: &Path, reason: &str) -> SendError {
    SendError::ClientFile {
        kind,
        path: path.to_owned(),
        problem: FileProblem::Content,
        reason: reason.to_owned(),
    }
}
