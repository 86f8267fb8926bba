//! The first stumbling block: no client id. Where to register an application, and a prompt for what
//! comes of it.

use super::opener::{self, Opened};
use super::person::Terminal;
use crate::cli::context::read_line_of_stdin;
use crate::cli::failure::{Error, UsageError};
use crate::cli::printer;
use crate::flow::{Plan, ToRegister};
use crate::secret::{ClientSecret, TOKEN_LIMIT};

/// Explains, offers to open the page, and asks.
pub(super) fn ask_for_client_id(plan: &Plan<'_>, person: &Terminal<'_>) -> Result<String, Error> {
    let host = &plan.id.host;
    let register = plan.to_register();
    match &register {
        Some(register) => explain(&host.to_string(), register),
        None => printer::note(&format!(
            "{host} has to know glauth as an application; register one there, with the redirect URI `{}`",
            plan.redirect_uri()
        )),
    }
    let name = register.as_ref().map_or("client id", |r| r.client_id);
    loop {
        let page = register.as_ref().filter(|_| person.opens);
        let offer = match page {
            Some(_) => "Enter opens the page; or ",
            None => "",
        };
        let id = ask(&format!("{offer}paste the {name}: "))?;
        match (id.as_str(), page) {
            ("", Some(register)) => {
                if let Some(trouble) = opener::trouble() {
                    printer::note(&trouble);
                }
                match opener::open(&register.page) {
                    Opened::Not => printer::note("no browser could be opened"),
                    Opened::Elsewhere => {}
                    Opened::Here(browser) => browser.wait(),
                }
            }
            ("", None) => {}
            (id, _) => return Ok(id.to_owned()),
        }
    }
}

/// Three lines.
fn explain(host: &str, register: &ToRegister) {
    let ToRegister {
        title,
        page,
        redirect_uri: (field, uri),
        scopes,
        remark,
        client_id,
    } = register;
    let scopes = match scopes.as_str() {
        "" => String::new(),
        scopes => format!("scopes: {scopes} · "),
    };
    let uri = match *field {
        "" => String::new(),
        field => format!("{field}: {uri} · "),
    };
    printer::note(&format!(
        "{host} ({title}) has to know glauth as an application, once:"
    ));
    printer::plain(&format!("  1. open   {page}"));
    printer::plain(&format!("  2. enter  {uri}{scopes}{remark}"));
    printer::plain(&format!("  3. paste  the {client_id}, here"));
}

/// The secret of an application whose server wants one; it is not shown.
pub(super) fn ask_for_secret(plan: &Plan<'_>) -> Result<ClientSecret, Error> {
    let title = plan.provider().title;
    printer::note(&format!(
        "{title} wants the application's client secret too"
    ));
    let text = read_line_of_stdin("the client secret", TOKEN_LIMIT)?;
    let secret = ClientSecret::new(text.trim().to_owned())
        .map_err(|problem| UsageError::BadInput(format!("the client secret {problem}")))?;
    Ok(secret)
}

fn ask(prompt: &str) -> Result<String, Error> {
    printer::prompt(prompt);
    let mut line = String::new();
    let length = std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| UsageError::BadInput(format!("the answer cannot be read: {error}")))?;
    if length == 0 {
        printer::plain("");
        return Err(UsageError::Call("no client id was given".to_owned()).into());
    }
    Ok(line.trim().to_owned())
}
