//! `glauth token`: the one that is called all day.

use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::args::{Format, Token};
use crate::cli::context::{Context, read_line_of_stdin};
use crate::cli::failure::UsageError;
use crate::cli::printer;
use crate::cli::shell;
use crate::code::Exit;
use crate::credential::{Client, DEFAULT_MIN_TTL, Grant, Record};
use crate::flow::{self, Need, Obtained, What};
use crate::secret::{AROUND, AccessToken, TOKEN_LIMIT, bare};
use crate::terminal::json_text;
use crate::time::Timestamp;

pub(super) fn run(args: &Token, context: &Context<'_>) -> anyhow::Result<Exit> {
    let store = context.store()?;
    let host = context.host(&args.target, &store)?;
    let need = Need {
        rejected: args.rejected.then(rejected_token).transpose()?,
        ..Need::token(args.min_ttl, DEFAULT_MIN_TTL)
    };
    let session = context.session(&store, host.scheme);
    let obtained = context.on_account(&host, &store, |id| {
        if args.no_refresh {
            flow::stored(&session, id, &need)
        } else {
            flow::obtain(&session, id, &need)
        }
    })?;
    context.warn_of(&obtained);
    let format = if context.global.json {
        Format::Json
    } else {
        args.format
    };
    let Some(handed_out) = HandedOut::of(&obtained) else {
        return Ok(Exit::Unexpected);
    };
    printer::data(&handed_out.text(format))?;
    Ok(Exit::Done)
}

fn rejected_token() -> anyhow::Result<AccessToken> {
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
struct HandedOut<'a> {
    record: &'a Record,
    grant: &'a Grant,
    refreshed: bool,
}

impl<'a> HandedOut<'a> {
    fn of(obtained: &'a Obtained) -> Option<Self> {
        Some(Self {
            record: &obtained.record,
            grant: obtained.record.login()?.grants.get(obtained.grant)?,
            refreshed: obtained.what == What::Refreshed,
        })
    }

    fn text(&self, format: Format) -> Zeroizing<String> {
        let token = self.grant.access_token.expose();
        Zeroizing::new(match format {
            Format::Plain => format!("{token}\n"),
            Format::Json => format!("{}\n", json_text(&self.json())),
            Format::Header => format!("{}\n", self.header()),
            Format::Curl => format!("header = \"{}\"\n", curl_escape(&self.header())),
            Format::Env => self.exports(),
        })
    }

    /// RFC 6750 §2.1; the name is written as there, however the server spells it.
    fn header(&self) -> String {
        let token_type = match self.grant.token_type.as_str() {
            name if name.eq_ignore_ascii_case("bearer") => "Bearer",
            name => name,
        };
        format!(
            "Authorization: {token_type} {}",
            self.grant.access_token.expose()
        )
    }

    fn exports(&self) -> String {
        let client = self.record.client().into_iter();
        let variables = client.flat_map(|client| variables(client, &self.grant.access_token));
        variables.fold(String::new(), |text, (name, value)| {
            text + &format!("export {name}={}\n", shell::quote(&value))
        })
    }

    fn json(&self) -> serde_json::Value {
        let now = Timestamp::now();
        let grant = self.grant;
        json!({
            "host": self.record.id.host.to_string(),
            "account": self.record.id.account.as_str(),
            "access_token": grant.access_token.expose(),
            "token_type": grant.token_type,
            "expires_at": grant.expires_at.map(|end| end.to_string()),
            "expires_in": grant.left(now).map(|left| left.as_secs()),
            "scopes": grant.scopes,
            "generation": grant.generation,
            "refreshed": self.refreshed,
        })
    }
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
