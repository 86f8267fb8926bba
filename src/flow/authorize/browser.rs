//! Authorization code and PKCE, through a browser and a loopback redirect (RFC 8252).

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use url::Url;

use super::{AuthorizeError, ConsentMethod, ServerLogin, Tokens, Visitor};
use crate::credential::{EndpointName, RedirectUri};
use crate::flow::loopback::{Arrival, BoundPort, Judge, Loopback};
use crate::flow::person::PageOpening;
use crate::flow::plan::ClientError;
use crate::mutex::locked;
use crate::oauth::{
    AuthorizationRequest, AuthorizationResponse, PendingAuthorization, Presented, SharedClient,
    shared_client, stray_error,
};
use crate::peers::Peer;
use crate::signals::BlockedSignals;
use crate::terminal::is_unfit;
use crate::time::human;

/// How long glauth waits before it says what to check. The server shows some errors only on its page (RFC 6749
/// §4.1.2.1), and a login without an error usually takes longer.
const ADVICE_AFTER: Duration = Duration::from_secs(20);

/// What happens while a person is at it.
enum Event {
    /// A browser came back.
    Came(AuthorizationResponse, Visitor),
    /// The person pasted a line.
    Pasted(String),
    /// A connection was closed because of whose it is.
    Stranger(Peer),
    /// A browser brought an error that has no `state`.
    Stray(String),
}

/// The question that waits for its answer.
type ConsentQuestion = Arc<Mutex<Arc<AuthorizationRequest>>>;

/// A browser, for one consent after the other: one listener, and one reader of what is pasted, since
/// two would take each other's lines.
pub(super) struct Browser<'a> {
    login: &'a ServerLogin<'a>,
    endpoint: Url,
    question: ConsentQuestion,
    loopback: Loopback,
    events: Receiver<Event>,
    /// Until a thread reads.
    pasted: Option<SyncSender<Event>>,
}

/// How long a person has, and whether an empty line says that they will not.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    pub limit: Duration,
    pub can_be_left_out: bool,
}

/// A person's answer, and the browser that waits for the end, if it is one.
pub(super) type Answered = (AuthorizationResponse, Option<Visitor>);

impl<'a> Browser<'a> {
    pub(super) fn start(login: &'a ServerLogin<'a>) -> Result<Self, AuthorizeError> {
        let setup = login.setup;
        let endpoint = setup
            .endpoints
            .authorization
            .as_ref()
            .and_then(|endpoint| endpoint.url().ok())
            .ok_or_else(|| ClientError::NoEndpoint {
                name: EndpointName::Authorization,
                host: login.plan.id.host.clone(),
            })?;
        login.check_secret(ConsentMethod::Browser)?;
        let bound = match login.plan.take_port() {
            Some(bound) => bound,
            None => {
                BoundPort::at(&RedirectUri::parse(&setup.redirect_uri).map_err(ClientError::from)?)?
            }
        };
        let request =
            AuthorizationRequest::new(setup.issuer.clone(), setup.client.login.promises_issuer)?;
        let question = Arc::new(Mutex::new(Arc::new(request)));
        let (sender, events) = mpsc::sync_channel(1);
        let (asked, came, strayed) = (Arc::clone(&question), sender.clone(), sender.clone());
        let judge: Arc<Judge> = Arc::new(move |query: &str| {
            let answer = current(&asked).read(query);
            if answer.is_none()
                && let Some(error) = stray_error(query)
            {
                // A person need not hear of each.
                strayed.try_send(Event::Stray(error)).ok();
            }
            answer
        });
        let loopback = Loopback::start(bound, &judge, move |arrival| match arrival {
            Arrival::Answer(response, visitor) => drop(came.send(Event::Came(response, visitor))),
            Arrival::Stranger(peer) => drop(came.try_send(Event::Stranger(peer))),
        })?;
        Ok(Self {
            login,
            endpoint,
            question,
            loopback,
            events,
            pasted: Some(sender),
        })
    }

    /// The authorization endpoint.
    pub(super) fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// Where a person consents.
    pub(super) fn page(&self) -> Url {
        let setup = self.login.setup;
        current(&self.question).url(&PendingAuthorization {
            endpoint: &self.endpoint,
            client: &setup.client,
            redirect_uri: self.loopback.redirect_uri(),
            scopes: &setup.scopes,
            parameters: setup.provider.authorization_parameters,
        })
    }

    /// One more question. The answer to the one before counts no more, and neither does a line that
    /// was typed before.
    pub(super) fn ask_again(&mut self) -> Result<(), AuthorizeError> {
        let setup = self.login.setup;
        let promised = setup.client.login.promises_issuer;
        let request = Arc::new(AuthorizationRequest::new(setup.issuer.clone(), promised)?);
        while self.events.try_recv().is_ok() {}
        self.loopback.expect_another(|| {
            *locked(&self.question) = request;
        });
        Ok(())
    }

    /// Shows the page, and waits until the person has answered.
    pub(super) fn wait(
        &mut self,
        opening: PageOpening,
        how: Patience,
    ) -> Result<Answered, AuthorizeError> {
        let person = self.login.person;
        let page = self.page();
        let door = self.loopback.lead_to(page.clone())?;
        person.visit(&page, &door, opening);
        if let Some(sender) = self.pasted.take() {
            person.listen(Box::new(move |line| drop(sender.send(Event::Pasted(line)))));
        }
        if how.can_be_left_out {
            let limit = human(how.limit);
            person.hear(&format!(
                "Press Enter to skip this step; after {limit} glauth skips it"
            ));
        }
        let client = &self.login.setup.client;
        // Of a client that glauth has registered, a person has nothing to compare.
        let is_a_persons = client.login.registration.is_none();
        let mut advice_after = (is_a_persons && !how.can_be_left_out).then_some(ADVICE_AFTER);
        let client_id = client.client_id.as_deref();
        if advice_after.is_some() && !self.login.plan.has_used(client_id) {
            advice_after = None;
            person.hear(&self.what_to_check());
        }
        let waiting = person.wait("waiting for the browser", how.limit);
        let answered = self.wait_for_answer(how, advice_after);
        drop(waiting);
        answered
    }

    /// What a person checks if the page shows an error: the server cannot send it here.
    fn what_to_check(&self) -> String {
        let setup = self.login.setup;
        if let Some(SharedClient { name, .. }) = shared_client(&setup.client) {
            return format!(
                "If the page shows an error, {} may not take {name}: cancel, and register an application for glauth",
                self.login.plan.id.host
            );
        }
        let client_id = setup.client.client_id.as_deref().unwrap_or_default();
        let scopes = match setup.scopes.join(" ") {
            scopes if scopes.is_empty() => String::new(),
            scopes => format!(", scopes `{scopes}`"),
        };
        format!(
            "If the page shows an error, compare with the application at {}: client id `{client_id}`, redirect URI `{}`{scopes}",
            self.login.plan.id.host, setup.redirect_uri
        )
    }

    /// Waits for what comes, and tells what to check after so long.
    fn wait_for_answer(
        &self,
        how: Patience,
        advice_after: Option<Duration>,
    ) -> Result<Answered, AuthorizeError> {
        let request = current(&self.question);
        let began = Instant::now();
        let mut advice_after = advice_after;
        let person = self.login.person;
        let mut has_strayed = false;
        loop {
            let next = advice_after.unwrap_or(how.limit);
            let left = next.saturating_sub(began.elapsed());
            let event = match self.events.recv_timeout(left) {
                Ok(event) => event,
                Err(_) if advice_after.take().is_some() => {
                    person.hear(&self.what_to_check());
                    continue;
                }
                Err(_) => {
                    return Err(AuthorizeError::TimedOut {
                        limit: how.limit,
                        redirect_uri: Some(self.login.setup.redirect_uri.clone()),
                    });
                }
            };
            match event {
                Event::Came(response, visitor) => return Ok((response, Some(visitor))),
                Event::Pasted(line) => match request.read(&query_of(&line)) {
                    Some(response) if self.loopback.take() => return Ok((response, None)),
                    None if !line.trim().is_empty() => person.hear(&not_the_address(&line)),
                    None if how.can_be_left_out && self.loopback.take() => {
                        return Err(AuthorizeError::LeftOut);
                    }
                    Some(_) | None => {}
                },
                Event::Stranger(peer) => person.hear(&stranger(peer)),
                Event::Stray(error) if !has_strayed => {
                    has_strayed = true;
                    person.hear(&without_state(&error));
                }
                Event::Stray(_) => {}
            }
        }
    }

    /// Presents what the person's answer brought.
    pub(super) fn redeem(
        &self,
        response: AuthorizationResponse,
    ) -> Result<(Tokens, BlockedSignals), AuthorizeError> {
        match response {
            AuthorizationResponse::Code(code) => self.login.redeem(Presented::Code {
                code: &code,
                redirect_uri: self.loopback.redirect_uri(),
                verifier: current(&self.question).verifier(),
            }),
            AuthorizationResponse::Refused { error, words } => {
                Err(AuthorizeError::Refused { error, words })
            }
            AuthorizationResponse::NoIssuer => Err(AuthorizeError::NoIssuer {
                expected: self.login.setup.issuer.clone().unwrap_or_default(),
            }),
            AuthorizationResponse::OtherIssuer(issuer) => Err(AuthorizeError::OtherIssuer {
                issuer,
                expected: self.login.setup.issuer.clone().unwrap_or_default(),
            }),
        }
    }
}

fn current(question: &ConsentQuestion) -> Arc<AuthorizationRequest> {
    Arc::clone(&locked(question))
}

fn not_the_address(line: &str) -> String {
    match stray_error(&query_of(line)) {
        Some(error) => without_state(&error),
        None => "that is not the address that this login ends at; it begins with the redirect URI \
                 and has `code=` and `state=` in it"
            .to_owned(),
    }
}

/// Any page can send a browser here, so it ends nothing.
fn without_state(error: &str) -> String {
    format!(
        "an address with the error `{error}` came that does not belong to this login: it lacks the login's `state`. \
         glauth still waits; Ctrl-C ends the login"
    )
}

fn stranger(peer: Peer) -> String {
    let whose = match peer {
        Peer::Stranger(uid) => format!("of user {uid}"),
        _ => "from outside of this network namespace".to_owned(),
    };
    format!(
        "a connection {whose} was closed: only this user's browser may end the login; if it was \
         yours, paste here the address that it ends at"
    )
}

/// The query of an address as a person pastes it, or the query alone: as it comes out of a mail, a
/// chat or a shell, in quotes or brackets, or with `&amp;` or `\&`.
fn query_of(line: &str) -> String {
    const QUOTES: &str = "\"'`<>()[]{}“”„‘’‚«»‹›";
    let wrapped = |c: char| c.is_whitespace() || is_unfit(c) || QUOTES.contains(c);
    // A terminal's own marks around what is pasted.
    let line = line.replace("\u{1b}[200~", "").replace("\u{1b}[201~", "");
    let line = line.trim_matches(wrapped);
    // No address has a backslash, which some shells put before `?`, `=` and `&`.
    let line = line.replace('\\', "");
    let line = line.replace("&amp;", "&").replace("&#38;", "&");
    let line = line.split('#').next().unwrap_or_default();
    let query = line.split_once('?').map_or(line, |(_, query)| query);
    query.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_out_of_what_it_is_pasted_in() {
        let query = "code=a%2Fb&state=s";
        let address = format!("http://127.0.0.1:4711/?{query}");
        let escaped = address.replace('&', "&amp;");
        for line in [
            address.clone(),
            format!("  {address}\r\n"),
            format!("\"{address}\""),
            format!("'{address}'"),
            format!("`{address}`"),
            format!("<{address}>"),
            format!("[{address}]"),
            format!("({address})"),
            format!("\u{1b}[200~{address}\u{1b}[201~\n"),
            format!("<{escaped}>"),
            format!("“{address}”"),
            format!("«{address}»\u{200b}"),
            address.replace('&', "&#38;"),
            address
                .replace('?', "\\?")
                .replace('=', "\\=")
                .replace('&', "\\&"),
            format!("{address}#fragment"),
            query.to_owned(),
        ] {
            assert_eq!(query_of(&line), query, "{line:?}");
        }
    }
}
