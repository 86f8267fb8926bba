//! The lines that a person or a script says to `cargo run --example server`.

use std::time::Duration;

use serde_json::json;

use super::{Answer, AuthorizationServer, Behaviour, Decision, REVOKE, TOKEN, TOKEN_INFO, USER};

/// What a line can be.
pub const HELP: &str = "\
log-in          print a token response, for `glauth login --import --client-id the-client ADDRESS`
glpat-SECRET-1  is a personal token, for `glauth login --with-token ADDRESS`
decide CODE     consent to the login for which `glauth login --device` shows CODE
lifetime N      let new access tokens expire after N seconds
expire          expire every access token
revoke          end every login
down            answer 503 to every request about tokens
up              answer such requests again
record          print what has happened so far, as JSON
help            print this list
Ctrl-D          stop the server, and print what its clients did wrong";

/// Whose answers end while it is down.
const PLACES: [&str; 4] = [TOKEN, TOKEN_INFO, REVOKE, USER];

/// The longest life of a token, in seconds: a hundred years.
const LIFETIME_LIMIT: u64 = 100 * 365 * 24 * 60 * 60;

/// Does what a line says, and answers it. A line that cannot be carried out changes nothing.
pub fn answer(server: &AuthorizationServer, line: &str) -> String {
    carry_out(server, line).unwrap_or_else(|problem| problem)
}

fn carry_out(server: &AuthorizationServer, line: &str) -> Result<String, String> {
    let line = line.trim();
    let (command, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let argument = argument.trim();
    match command {
        "decide" => decide(server, argument)?,
        "lifetime" => server.set_expires_in(Some(lifetime(argument)?)),
        "log-in" | "record" | "help" | "expire" | "revoke" | "down" | "up"
            if !argument.is_empty() =>
        {
            return Err(format!("`{command}` takes no argument"));
        }
        "log-in" => return Ok(server.log_in().response),
        "record" => return Ok(record(server)),
        "help" => return Ok(HELP.to_owned()),
        "expire" => server.expire_access_tokens(),
        "revoke" => server.revoke_everything(),
        "down" => set_down(server, true),
        "up" => set_down(server, false),
        "" => return Err("the line is empty; `help` lists the commands".to_owned()),
        _ => {
            let line = line.escape_debug();
            return Err(format!("`{line}` is not a command; `help` lists them"));
        }
    }
    Ok("done".to_owned())
}

fn decide(server: &AuthorizationServer, code: &str) -> Result<(), String> {
    if code.is_empty() {
        return Err(
            "`decide` needs the code that `glauth login --device` shows: `decide 0A44L001`"
                .to_owned(),
        );
    }
    if server.decides(code, Decision::Approved) {
        return Ok(());
    }
    let code = code.escape_debug();
    Err(format!("this server has issued no code `{code}`"))
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok();
    let seconds = seconds.filter(|seconds| *seconds <= LIFETIME_LIMIT);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| "`lifetime` needs a number of seconds: `lifetime 60`".to_owned())
}

fn set_down(server: &AuthorizationServer, is_down: bool) {
    for place in PLACES {
        let away = is_down.then(|| Behaviour::Answer(Answer::new(503)));
        server.always(place, away);
    }
}

fn record(server: &AuthorizationServer) -> String {
    let requests = server.requests();
    let granted = requests
        .iter()
        .filter(|one| one.request.path == USER && one.status == Some(200));
    json!({
        "refreshes": server.refresh_requests(),
        "rotations": server.rotations(),
        "replays": server.replays(),
        "served": granted.count(),
        "refused": server.refused_resource_requests(),
        "mistakes": server.mistakes(),
    })
    .to_string()
}
