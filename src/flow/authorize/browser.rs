//! Authorization code and PKCE, through a browser and a loopback redirect (RFC 8252).

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use url::Url;

use super::{AuthorizeError, Lead, Through, Tokens, Visitor, Way};
use crate::flow::loopback::{Judge, Loopback};
use crate::flow::plan::ClientError;
use crate::flow::redirect_uri::RedirectUri;
use crate::oauth::{Asked, AuthorizationRequest, AuthorizationResponse, Presented};
use crate::signals::Held;
use crate::time::human;

/// What happens while a person is at it.
enum Event {
    /// A browser came back.
    Came(AuthorizationResponse, Visitor),
    /// Somebody pasted a line.
    Pasted(String),
}

/// The question that waits for its answer.
type Question = Arc<Mutex<Arc<AuthorizationRequest>>>;

/// A browser, for one consent after the other: one listener, and one reader of what is pasted, since
/// two would take each other's lines.
pub(super) struct Browser<'a> {
    login: &'a Through<'a>,
    endpoint: Url,
    question: Question,
    loopback: Loopback,
    events: Receiver<Event>,
    /// Until somebody reads.
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
    pub(super) fn start(login: &'a Through<'a>) -> Result<Self, AuthorizeError> {
        let setup = login.setup;
        let endpoint = setup
            .authorization_endpoint
            .as_ref()
            .and_then(|endpoint| endpoint.url().ok())
            .ok_or_else(|| ClientError::NoEndpoint {
                name: "authorization endpoint",
                option: "--authorization-endpoint",
                host: login.plan.id.host.clone(),
            })?;
        login.check_secret(Way::Browser)?;
        let uri = RedirectUri::parse(&setup.redirect_uri).map_err(ClientError::from)?;
        let request = AuthorizationRequest::new(setup.issuer.clone())?;
        let question = Arc::new(Mutex::new(Arc::new(request)));
        let (sender, events) = mpsc::sync_channel(1);
        let (asked, came) = (Arc::clone(&question), sender.clone());
        let judge: Arc<Judge> = Arc::new(move |query: &str| current(&asked).read(query));
        let loopback = Loopback::start(&uri, &judge, move |response, visitor| {
            drop(came.send(Event::Came(response, visitor)));
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

    /// Where a person consents.
    pub(super) fn page(&self) -> Url {
        let setup = self.login.setup;
        current(&self.question).url(&Asked {
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
        let request = Arc::new(AuthorizationRequest::new(self.login.setup.issuer.clone())?);
        while self.events.try_recv().is_ok() {}
        self.loopback.expect_another(|| {
            *self.question.lock().unwrap_or_else(PoisonError::into_inner) = request;
        });
        Ok(())
    }

    /// Shows the page, and waits until somebody has answered.
    pub(super) fn wait(&mut self, lead: Lead, how: Patience) -> Result<Answered, AuthorizeError> {
        let person = self.login.person;
        person.visit(&self.page(), lead);
        if let Some(sender) = self.pasted.take() {
            person.listen(Box::new(move |line| drop(sender.send(Event::Pasted(line)))));
        }
        if how.can_be_left_out {
            let limit = human(how.limit);
            person.hear(&format!(
                "Enter goes on without it; after {limit} it goes on by itself"
            ));
        }
        let waiting = person.wait("waiting for the browser", how.limit);
        let answered = self.wait_for_answer(how);
        drop(waiting);
        answered
    }

    fn wait_for_answer(&self, how: Patience) -> Result<Answered, AuthorizeError> {
        let request = current(&self.question);
        let deadline = Instant::now() + how.limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event = self.events.recv_timeout(left);
            let event = event.map_err(|_| AuthorizeError::NobodyCame {
                limit: how.limit,
                redirect_uri: Some(self.login.setup.redirect_uri.clone()),
            })?;
            match event {
                Event::Came(response, visitor) => return Ok((response, Some(visitor))),
                Event::Pasted(line) => match request.read(query_of(&line)) {
                    Some(response) if self.loopback.take() => return Ok((response, None)),
                    None if !line.trim().is_empty() => self.login.person.hear(
                        "that is not the address that this login ends at; it begins with \
                         the redirect URI and has `code=` and `state=` in it",
                    ),
                    None if how.can_be_left_out && self.loopback.take() => {
                        return Err(AuthorizeError::LeftOut);
                    }
                    Some(_) | None => {}
                },
            }
        }
    }

    /// Presents what the person's answer brought.
    pub(super) fn redeem(
        &self,
        response: AuthorizationResponse,
    ) -> Result<(Tokens, Held), AuthorizeError> {
        match response {
            AuthorizationResponse::Code(code) => self.login.redeem(Presented::Code {
                code: &code,
                redirect_uri: self.loopback.redirect_uri(),
                verifier: current(&self.question).verifier(),
            }),
            AuthorizationResponse::Refused { error, words } => {
                Err(AuthorizeError::Refused { error, words })
            }
            AuthorizationResponse::OtherIssuer(issuer) => Err(AuthorizeError::OtherIssuer {
                issuer,
                expected: self.login.setup.issuer.clone().unwrap_or_default(),
            }),
        }
    }
}

fn current(question: &Question) -> Arc<AuthorizationRequest> {
    Arc::clone(&question.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The query of an address as a person pastes it, or the query alone.
fn query_of(line: &str) -> &str {
    let line = line.trim();
    let line = line.split('#').next().unwrap_or_default();
    line.split_once('?').map_or(line, |(_, query)| query)
}
