//! `glauth token`: the one that is called all day.

use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::args::{Format, Token};
use crate::cli::context::{Context, read_line_of_stdin};
use crate::cli::failure::{Error, UsageError};
use crate::cli::printer;
use crate::cli::shell;
use crate::code::Exit;
use crate::credential::{Client, DEFAULT_MIN_TTL, Grant};
use crate::flow::{self, Need, Obtained, What};
use crate::secret::{AROUND, AccessToken, TOKEN_LIMIT, bare};
use crate::terminal::json_text;
use crate::time::Timestamp;

pub(super) fn run(args: &Token, context: &Context<'_>) -> Result<Exit, Error> {
    let store = context.store()?;
    let host = context.host(&args.target, &store)?;
    let need = Need {
        rejected: args.rejected.then(rejected_token).transpose()?,
        ..Need::token(args.min_ttl, DEFAULT_MIN_TTL)
    };
    let session = context.session(&store, host.scheme);
    let record = context.find(&host, &session)?;
    let id = record.id.clone();
    let obtained = if args.no_refresh {
        flow::stored(&session, record, &need)
    } else {
        flow::obtain(&session, record, &need)
    };
    let obtained = obtained.map_err(|error| Error::from(error).about(&id))?;
    context.warn_of(&obtained.warnings);
    let format = if context.global.json {
        Format::Json
    } else {
        args.format
    };
    printer::data(&HandedOut(&obtained).text(format))?;
    Ok(Exit::Done)
}

fn rejected_token() -> Result<AccessToken, Error> {
    let text = read_line_of_stdin("the refused token", TOKEN_LIMIT + AROUND)?;
    let text = bare(&text);
    if text.is_empty() {
        let message = "--rejected needs the refused token on standard input, and that is empty";
        return Err(UsageError::Call(message.to_owned()).into());
    }
    AccessToken::new(text.to_owned())
        .map_err(|problem| UsageError::BadInput(format!("the refused token {problem}")).into())
}

/// A token on its way out.
struct HandedOut<'a>(&'a Obtained);

impl HandedOut<'_> {
    fn token(&self) -> &AccessToken {
        &self.0.grant().access_token
    }

    fn text(&self, format: Format) -> Zeroizing<String> {
        let token = self.token().expose();
        Zeroizing::new(match format {
            Format::Plain => format!("{token}\n"),
            Format::Json => format!("{}\n", json_text(&self.json())),
            Format::Header => format!("{}\n", self.header()),
            Format::Curl => format!("header = \"{}\"\n", curl_escape(&self.header())),
            Format::Env => self.exports(),
            Format::Bearer => format!("{}\n", credentials(self.0.grant())),
            Format::HeadersJson => {
                format!(
                    "{}\n",
                    json_text(&json!({"Authorization": credentials(self.0.grant())}))
                )
            }
            Format::Kubectl => format!("{}\n", json_text(&self.exec_credential())),
            Format::Goauth => format!("https://{}\n\n{}\n\n", self.0.id.host, self.header()),
        })
    }

    fn header(&self) -> String {
        format!("Authorization: {}", credentials(self.0.grant()))
    }

    /// What a credential plugin of Kubernetes prints (`client.authentication.k8s.io/v1`).
    fn exec_credential(&self) -> serde_json::Value {
        let mut status = json!({"token": self.token().expose()});
        if let Some(end) = self.0.grant().expires_at {
            status["expirationTimestamp"] = end.to_string().into();
        }
        json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "kind": "ExecCredential",
            "status": status,
        })
    }

    fn exports(&self) -> String {
        let variables = variables(&self.0.login.client, self.token());
        variables.fold(String::new(), |text, (name, value)| {
            text + &format!("export {name}={}\n", shell::quote(&value))
        })
    }

    fn json(&self) -> serde_json::Value {
        let now = Timestamp::now();
        let Obtained { id, what, .. } = self.0;
        let grant = self.0.grant();
        json!({
            "host": id.host.to_string(),
            "account": id.account.as_str(),
            "access_token": grant.access_token.expose(),
            "token_type": grant.token_type,
            "expires_at": grant.expires_at.map(|end| end.to_string()),
            "expires_in": grant.left(now).map(|left| left.as_secs()),
            "scopes": grant.scopes,
            "generation": grant.generation,
            "refreshed": *what == What::Refreshed,
        })
    }
}

/// The value of the header (RFC 6750 §2.1); the name is written as there, however the server spells it.
pub(super) fn credentials(grant: &Grant) -> String {
    let token_type = match grant.token_type.as_str() {
        name if name.eq_ignore_ascii_case("bearer") => "Bearer",
        name => name,
    };
    format!("{token_type} {}", grant.access_token.expose())
}

/// What the server's tools read, with the token in it.
pub(super) fn variables<'a>(
    client: &'a Client,
    token: &'a AccessToken,
) -> impl Iterator<Item = (&'a str, String)> {
    let filled = |value: &str| value.replace("{token}", token.expose());
    let known = client.environment.iter();
    known.map(move |(name, value)| (name.as_str(), filled(value)))
}

/// Inside double quotes a curl configuration takes a backslash for the beginning of an escape.
fn curl_escape(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', r#"\""#)
}
