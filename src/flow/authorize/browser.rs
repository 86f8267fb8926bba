//! Authorization code and PKCE, through a browser and a loopback redirect (RFC 8252).

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Instant;

use super::{AuthorizeError, Consent, PERSON_LIMIT, Page, Through, Visitor, Way};
use crate::flow::loopback::{Judge, Loopback};
use crate::flow::plan::ClientError;
use crate::flow::redirect_uri::RedirectUri;
use crate::oauth::{Asked, AuthorizationRequest, AuthorizationResponse, Presented};
use crate::signals::Held;

/// What happens while a person is at it.
enum Event {
    /// A browser came back.
    Came(AuthorizationResponse, Visitor),
    /// Somebody pasted a line.
    Pasted(String),
}

impl Through<'_> {
    pub(super) fn by_browser(&self) -> Result<Consent, AuthorizeError> {
        let setup = self.setup;
        let endpoint = setup
            .authorization_endpoint
            .as_ref()
            .and_then(|endpoint| endpoint.url().ok())
            .ok_or_else(|| ClientError::NoEndpoint {
                name: "authorization endpoint",
                option: "--authorization-endpoint",
                host: self.plan.id.host.clone(),
            })?;
        self.check_secret(Way::Browser)?;
        let uri = RedirectUri::parse(&setup.redirect_uri).map_err(ClientError::from)?;
        let request = Arc::new(AuthorizationRequest::new(setup.issuer.clone())?);
        let (sender, events) = mpsc::sync_channel(1);
        let (ours, came) = (Arc::clone(&request), sender.clone());
        let judge: Arc<Judge> = Arc::new(move |query: &str| ours.read(query));
        let loopback = Loopback::start(&uri, &judge, move |response, visitor| {
            drop(came.send(Event::Came(response, visitor)));
        })?;
        let page = request.url(&Asked {
            endpoint: &endpoint,
            client: &setup.client,
            redirect_uri: loopback.redirect_uri(),
            scopes: &setup.scopes,
            parameters: setup.provider.authorization_parameters,
        });
        let pasted = move |line| drop(sender.send(Event::Pasted(line)));
        self.person.visit(&page, Box::new(pasted));
        let waiting = self.person.wait("waiting for the browser", PERSON_LIMIT);
        let found = self.wait_for_answer(&events, &request, &loopback);
        drop(waiting);
        let (response, visitor) = found.ok_or_else(|| AuthorizeError::NobodyCame {
            limit: PERSON_LIMIT,
            redirect_uri: Some(setup.redirect_uri.clone()),
        })?;
        let tokens = self.redeem_response(response, &request, loopback.redirect_uri());
        match (tokens, visitor) {
            (Ok((tokens, held)), visitor) => Ok(Consent {
                tokens,
                held,
                visitor,
            }),
            (Err(error), visitor) => {
                if let Some(visitor) = visitor {
                    let host = self.plan.id.host.to_string();
                    visitor.show(&Page::failed(&host, &error.to_string()));
                }
                Err(error)
            }
        }
    }

    /// `None`: nobody came in time.
    fn wait_for_answer(
        &self,
        events: &Receiver<Event>,
        request: &AuthorizationRequest,
        loopback: &Loopback,
    ) -> Option<(AuthorizationResponse, Option<Visitor>)> {
        let deadline = Instant::now() + PERSON_LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match events.recv_timeout(left).ok()? {
                Event::Came(response, visitor) => return Some((response, Some(visitor))),
                Event::Pasted(line) => match request.read(query_of(&line)) {
                    Some(response) if loopback.take() => return Some((response, None)),
                    Some(_) => {}
                    None if line.trim().is_empty() => {}
                    None => self.person.hear(
                        "that is not the address that this login ends at; it begins with \
                         the redirect URI and has `code=` and `state=` in it",
                    ),
                },
            }
        }
    }

    fn redeem_response(
        &self,
        response: AuthorizationResponse,
        request: &AuthorizationRequest,
        redirect_uri: &str,
    ) -> Result<(super::Tokens, Held), AuthorizeError> {
        match response {
            AuthorizationResponse::Code(code) => self.redeem(Presented::Code {
                code: &code,
                redirect_uri,
                verifier: request.verifier(),
            }),
            AuthorizationResponse::Refused { error, words } => {
                Err(AuthorizeError::Refused { error, words })
            }
            AuthorizationResponse::OtherIssuer(issuer) => Err(AuthorizeError::OtherIssuer {
                issuer,
                expected: self.setup.issuer.clone().unwrap_or_default(),
            }),
        }
    }
}

/// The query of an address as a person pastes it, or the query alone.
fn query_of(line: &str) -> &str {
    let line = line.trim();
    let line = line.split('#').next().unwrap_or_default();
    line.split_once('?').map_or(line, |(_, query)| query)
}
