//! The first stumbling block: no client id. Where to register an application, and a prompt for what
//! comes of it.

use super::bring::is_like_a_token;
use super::opener::{self, Opened};
use crate::cli::context::read_line_of_stdin;
use crate::cli::printer;
use crate::credential::Host;
use crate::env;
use crate::flow::{NoAnswer, ToRegister};
use crate::oauth::{PROVIDERS, Provider, SharedClient};
use crate::secret::{ClientSecret, TOKEN_LIMIT};

/// Says where glauth has looked, and asks for the kind of server, by its number or its name.
pub(super) fn ask_for_kind(host: &Host, tried: &[String]) -> Result<&'static Provider, NoAnswer> {
    printer::note(&format!(
        "{host} does not say what kind of server it is: there is no discovery document at {}",
        tried.join(", ")
    ));
    let kinds = || PROVIDERS.iter().filter(|kind| kind.is_self_hosted());
    for (number, kind) in (1..).zip(kinds()) {
        printer::plain(&format!("  {number}. {}", kind.title));
    }
    printer::note(
        "for another kind of server, Ctrl-C ends this; see `glauth login --help`, \"Endpoints\"",
    );
    loop {
        let answer = ask("which one is it? ", "kind of server")?;
        let is_meant = |(number, kind): &(usize, &Provider)| {
            answer == number.to_string()
                || answer.eq_ignore_ascii_case(kind.name)
                || answer.eq_ignore_ascii_case(kind.title)
        };
        if let Some((_, kind)) = (1..).zip(kinds()).find(is_meant) {
            return Ok(kind);
        }
    }
}

/// Explains, offers to open the page if `opens`, and asks.
pub(super) fn ask_for_client_id(
    host: &Host,
    register: Option<&ToRegister>,
    redirect_uri: &str,
    opens: bool,
) -> Result<String, NoAnswer> {
    match register {
        Some(register) => {
            explain(&host.to_string(), register);
            if let Some(id) = ask_to_share(register)? {
                return Ok(id);
            }
        }
        None if redirect_uri.is_empty() => printer::note(&format!(
            "{host} has to know this machine as an application with credentials of its own; register one there"
        )),
        None => {
            printer::note(&format!(
                "{host} has to know glauth as an application; register one there, with the redirect URI `{redirect_uri}`"
            ));
            // Such a server may give its tokens itself, and then its root looks like any other issuer.
            if host.path().is_empty() {
                printer::plain(
                    "If it is an MCP server, press Ctrl-C and add its path to the address: glauth then registers itself",
                );
            }
        }
    }
    let name = register.map_or("client id", |register| register.client_id);
    loop {
        let page = register.filter(|_| opens);
        let offer = match page {
            Some(_) => "Enter opens the page; or ",
            None => "",
        };
        let id = ask(&format!("{offer}paste the {name}: "), "client id")?;
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
            (id, _) => return pasted(id, name),
        }
    }
}

/// What a person pasted as the client id.
fn pasted(id: &str, name: &str) -> Result<String, NoAnswer> {
    if is_like_a_token(id) {
        return Err(NoAnswer::Unfit(format!(
            "that looks like a token, and not like the {name}; log in with a token on standard input and --with-token"
        )));
    }
    Ok(id.to_owned())
}

/// The client id of another program, if the person would rather share that. The steps before this question end with
/// pasting an id, so a pasted one is an answer too.
fn ask_to_share(register: &ToRegister) -> Result<Option<String>, NoAnswer> {
    let Some(shared) = offered(register) else {
        return Ok(None);
    };
    let (name, client_id) = (shared.name, register.client_id);
    printer::plain(&format!(
        "Or share the client id of {name}, which this server knows already. The consent page then says {name}, and the \
         server keeps one login for both programs: if you also log in with {name} as the same user, each ends the login \
         of the other",
    ));
    let question = format!("share it with {name}? [y/N] (or paste the {client_id}) ");
    let answer = ask(&question, "answer")?;
    match answer.to_lowercase().as_str() {
        "y" | "yes" => Ok(Some(shared.id.to_owned())),
        "" | "n" | "no" => Ok(None),
        _ => pasted(&answer, client_id).map(Some),
    }
}

/// One whose program is not on this machine takes the login of no other program, as far as glauth can tell.
fn offered(register: &ToRegister) -> Option<&'static SharedClient> {
    let is_missing = |client: &&SharedClient| env::in_path(client.program).is_none();
    let mut clients = register.shared.iter();
    clients.clone().find(is_missing).or_else(|| clients.next())
}

/// Says in three steps how a person registers an application.
fn explain(host: &str, register: &ToRegister) {
    let ToRegister {
        title,
        page,
        redirect_uri: (field, uri),
        scopes,
        remark,
        client_id,
        shared: _,
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
        "{host} ({title}) has to know glauth as an application. Register it, once:"
    ));
    printer::plain(&format!("  1. open   {page}"));
    printer::plain(&format!("  2. enter  {uri}{scopes}{remark}"));
    printer::plain(&format!(
        "  3. paste  the {client_id}, here (the one of another machine of yours works too)"
    ));
}

/// Asks for the secret of an application whose kind of server, `title`, wants one; it is not shown.
pub(super) fn ask_for_secret(title: &str) -> Result<ClientSecret, NoAnswer> {
    printer::note(&format!(
        "{title} wants the application's client secret too"
    ));
    let text = read_line_of_stdin("the client secret", TOKEN_LIMIT)
        .map_err(|error| NoAnswer::Unfit(error.to_string()))?;
    ClientSecret::new(text.trim().to_owned())
        .map_err(|problem| NoAnswer::Unfit(format!("the client secret {problem}")))
}

/// Asks for `what`.
fn ask(prompt: &str, what: &'static str) -> Result<String, NoAnswer> {
    printer::prompt(prompt);
    let mut line = String::new();
    let length = std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| NoAnswer::Unfit(format!("the answer cannot be read: {error}")))?;
    if length == 0 {
        printer::plain("");
        return Err(NoAnswer::NotGiven(what));
    }
    Ok(line.trim().to_owned())
}
