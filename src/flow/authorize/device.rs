//! The device grant (RFC 8628).

use std::time::{Duration, Instant};

use super::{AuthorizeError, ConsentMethod, ServerLogin, Tokens, or_told};
use crate::log::Level;
use crate::oauth::{DeviceAuthorization, DeviceError, Polled, authorize_device, poll};
use crate::signals::BlockedSignals;

impl ServerLogin<'_> {
    pub(super) fn by_device(&self) -> Result<(Tokens, BlockedSignals), AuthorizeError> {
        self.check_secret(ConsentMethod::Device)?;
        let codes = self.codes()?;
        self.person.enter_code(&codes);
        let waiting = self
            .person
            .wait("waiting for your consent", codes.expires_in);
        let ended = self.poll(&codes);
        drop(waiting);
        ended
    }

    fn codes(&self) -> Result<DeviceAuthorization, AuthorizeError> {
        let setup = self.setup;
        let Some(endpoint) = &setup.endpoints.device_authorization else {
            let host = &self.plan.id.host;
            let message = format!("no device authorization endpoint is known for {host}");
            return Err(AuthorizeError::NoDeviceGrant { message });
        };
        let asked = authorize_device(self.session.http, &setup.client, endpoint, &setup.scopes);
        asked.map_err(|error| {
            let another_way = match error {
                DeviceError::Refused { .. } => true,
                DeviceError::UnknownClient { .. } => setup.provider.device_client_apart,
                _ => false,
            };
            if another_way {
                let message = error.to_string();
                AuthorizeError::NoDeviceGrant { message }
            } else {
                AuthorizeError::Device(error)
            }
        })
    }

    /// Asks until the person has decided, or the codes have ended.
    fn poll(
        &self,
        codes: &DeviceAuthorization,
    ) -> Result<(Tokens, BlockedSignals), AuthorizeError> {
        let Self { session, setup, .. } = self;
        let now = || session.now();
        let began = Instant::now();
        let deadline = began + codes.expires_in;
        let mut interval = codes.interval;
        while Instant::now() + interval < deadline {
            pause(interval);
            let issued_at = session.now();
            let code = &codes.device_code;
            // Any answer may bring tokens.
            let held = self.hold();
            let came = match poll(session.http, &setup.client, code, interval, &now) {
                Polled::Wait(longer) if !held.has_come() => {
                    session.log.note(Level::Trace, || {
                        format!("polled; again in {} s", longer.as_secs())
                    });
                    interval = longer;
                    continue;
                }
                // The person has left.
                Polled::Wait(_) => Err(no_person_came(began.elapsed())),
                Polled::Ended(exchanged) => self.tokens(*exchanged, issued_at),
                Polled::Denied => {
                    let error = "access_denied".to_owned();
                    Err(AuthorizeError::Refused { error, words: None })
                }
                Polled::Expired => Err(no_person_came(codes.expires_in)),
            };
            return or_told(came, held);
        }
        Err(no_person_came(codes.expires_in))
    }
}

fn no_person_came(limit: Duration) -> AuthorizeError {
    AuthorizeError::TimedOut {
        limit,
        redirect_uri: None,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "RFC 8628 §3.5: nothing tells when the person has decided"
)]
fn pause(interval: Duration) {
    std::thread::sleep(interval);
}
