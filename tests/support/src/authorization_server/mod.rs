//! An OAuth authorization server with a protected resource, for tests: it answers as GitLab and
//! its engine Doorkeeper do, remembers every request, and is stricter than any real server: a
//! replay or a mistake that the test did not declare fails it, in `Drop`.
//!
//! A thread serves a connection, one mutex guards everything: a rotation is one step for all
//! observers. Nothing here waits without a limit.

mod assertion;
mod authorization;
mod client;
mod codes;
mod commands;
mod connection;
mod devices;
mod endpoints;
mod gate;
mod grants;
mod history;
mod journal;
mod mcp;
mod message;
mod script;
mod settings;
mod state;
mod strictness;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use assertion::RegisteredKey;
pub use commands::{HELP, answer};
pub use devices::Decision;
pub use endpoints::{
    AUTHORIZE, AUTHORIZE_DEVICE, DISCOVERY, PERSONAL_TOKEN, REVOKE, TOKEN, TOKEN_INFO, USER,
    USERINFO,
};
pub use gate::Held;
pub use grants::Pair;
pub use history::Past;
pub use journal::Recorded;
pub use mcp::{MCP, REGISTER, RESOURCE_METADATA, SERVER_METADATA};
pub use message::{Answer, Request, read_some};
pub use script::Behaviour;
pub use settings::{ClientAuth, Consent, DeviceGrant, McpServer, Replay, Rotation, Settings};

use gate::Moment;
use state::Shared;

/// The longest wait for anything. Far more than a healthy run needs on a busy machine, and less
/// than the 90 s that a client waits for an answer, so that the server's panic names the cause.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A running server. When it is dropped it judges its clients, and takes no more connections.
pub struct AuthorizationServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Until the server is dropped.
    acceptor: Option<JoinHandle<()>>,
}

/// Start and addresses.
impl AuthorizationServer {
    /// A server with GitLab's rules.
    pub fn start() -> Self {
        Self::start_with(Settings::default())
    }

    /// A server with rules of the test's own.
    pub fn start_with(settings: Settings) -> Self {
        Self::start_at(0, settings).expect("a free port")
    }

    /// The same at this port, or at a free one for 0.
    pub fn start_at(port: u16, settings: Settings) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr().expect("the port that was bound");
        let url = format!("http://{address}");
        let shared = Arc::new(Shared::new(url, settings));
        let acceptor = connection::start_accepting(listener, &shared)?;
        Ok(Self {
            address,
            shared,
            acceptor: Some(acceptor),
        })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The only client that is registered here.
    pub fn client_id(&self) -> String {
        self.shared.lock().settings.client_id.clone()
    }
}

/// Grants and their tokens.
impl AuthorizationServer {
    /// A new grant, independent of all others, as if the user had just consented.
    pub fn log_in(&self) -> Pair {
        let mut state = self.shared.lock();
        let state = &mut *state;
        state.grants.log_in(&state.settings.scope, &state.settings)
    }

    /// What the person does who was told to enter `user_code`.
    #[track_caller]
    pub fn decide(&self, user_code: &str, decision: Decision) {
        let is_known = self.decides(user_code, decision);
        assert!(is_known, "`{user_code}` is no user code of this server");
    }

    /// The same; `false`: this server has never shown that code.
    fn decides(&self, user_code: &str, decision: Decision) -> bool {
        self.shared.lock().devices.decide(user_code, decision)
    }

    /// Changes a rule while the server runs.
    pub fn change(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.shared.lock().settings);
    }

    /// Whether the protected resource would accept this access token now.
    pub fn is_alive(&self, access_token: &str) -> bool {
        self.shared.lock().grants.is_alive(access_token)
    }

    /// The newest tokens of the grant that `token`, old or new, of either kind, belongs to.
    pub fn current_pair(&self, token: &str) -> Pair {
        self.shared.lock().grants.current_pair(token)
    }

    /// Ends all grants, as a user does who revokes the application.
    pub fn revoke_everything(&self) {
        self.shared.lock().grants.revoke_everything();
    }

    /// Every access token that was issued so far expires now; the refresh tokens stay good.
    pub fn expire_access_tokens(&self) {
        self.shared.lock().grants.expire_access_tokens();
    }

    /// How long the access tokens live that are issued from now on. (Doorkeeper copies the
    /// lifetime of the grant's first one; a test wants to choose.)
    pub fn set_expires_in(&self, expires_in: Option<Duration>) {
        self.shared.lock().settings.expires_in = expires_in;
    }

    /// Every token and code that was ever issued, and the client's secret: none may turn up in an
    /// output.
    pub fn every_secret(&self) -> Vec<String> {
        let state = self.shared.lock();
        let client_secret = state.settings.client_auth.secret().map(str::to_owned);
        let codes = state.codes.secrets().chain(state.devices.secrets());
        let tokens = state.grants.secrets();
        tokens.chain(codes).chain(client_secret).collect()
    }
}

/// Going back in time.
impl AuthorizationServer {
    /// From now on what the server has issued and revoked is remembered after every request.
    pub fn begin_history(&self) {
        self.shared.lock().begin_history();
    }

    /// What it was at the beginning, and after each request since.
    pub fn end_history(&self) -> Vec<Past> {
        self.shared.lock().end_history()
    }

    /// Puts the server back to that moment.
    pub fn go_back(&self, past: &Past) {
        self.shared.lock().go_back(past);
    }
}

/// What was seen.
impl AuthorizationServer {
    /// All requests that arrived whole, in the order of their arrival.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.lock().journal.requests()
    }

    /// How many requests named this path.
    pub fn count(&self, path: &str) -> usize {
        self.count_where(|recorded| recorded.request.path == path)
    }

    /// The requests to this path up to now do not count any more.
    pub fn forget(&self, path: &str) {
        self.shared.lock().journal.forget(path);
    }

    /// How many requests asked for a refresh, whatever came of them.
    pub fn refresh_requests(&self) -> usize {
        self.count_where(|recorded| {
            recorded.request.path == TOKEN
                && recorded.request.parameter("grant_type") == Some("refresh_token")
        })
    }

    /// How many requests asked for a token with nothing but the client's credentials, whatever came of them.
    pub fn machine_requests(&self) -> usize {
        self.count_where(|recorded| {
            recorded.request.path == TOKEN
                && recorded.request.parameter("grant_type") == Some("client_credentials")
        })
    }

    /// How many times the protected resource said 401.
    pub fn refused_resource_requests(&self) -> usize {
        self.count_where(|recorded| recorded.request.path == USER && recorded.status == Some(401))
    }

    fn count_where(&self, matches: impl Fn(&Recorded) -> bool) -> usize {
        let state = self.shared.lock();
        let requests = state.journal.requests();
        requests.iter().filter(|one| matches(one)).count()
    }

    /// How many refresh requests were granted.
    pub fn rotations(&self) -> usize {
        self.shared.lock().journal.rotations
    }

    /// How many times a refresh token was presented that had been exchanged before.
    pub fn replays(&self) -> usize {
        self.shared.lock().journal.replays
    }

    /// What clients did that no client should do, one sentence each.
    pub fn mistakes(&self) -> Vec<String> {
        self.shared.lock().journal.mistakes.clone()
    }

    /// What its clients did that the test did not declare: with this, it fails when it is dropped.
    pub fn complaints(&self) -> Vec<String> {
        self.shared.lock().journal.complaints()
    }

    /// Blocks until the requests that have arrived satisfy `condition`; an answer counts as soon
    /// as its status is recorded, just before it is sent. Panics after [`LIMIT`].
    pub fn wait_until(&self, condition: impl Fn(&[Recorded]) -> bool, what_for: &str) {
        self.shared.wait_until(condition, what_for);
    }

    /// A lost answer makes a replay legitimate: up to `count` of them do not fail the test.
    pub fn allow_replays(&self, count: usize) {
        self.shared.lock().journal.allowed_replays = count;
    }

    /// Mistakes do not fail the test, which looks at them itself.
    pub fn allow_mistakes(&self) {
        self.shared.lock().journal.mistakes_are_allowed = true;
    }
}

/// What happens next.
impl AuthorizationServer {
    /// The next request to `path` that has no behaviour yet gets this one; a queue.
    pub fn script(&self, path: &str, behaviour: Behaviour) {
        self.shared.lock().scripts.queue(path, behaviour);
    }

    /// What every request to `path` gets that finds the queue empty; `None`: the usual.
    pub fn always(&self, path: &str, behaviour: Option<Behaviour>) {
        self.shared.lock().scripts.always(path, behaviour);
    }

    /// From now on requests to `path` are received, and wait before anything is done about them.
    pub fn hold_requests(&self, path: &str) -> Held {
        self.shared.lock().gates.close(path, Moment::Request)
    }

    /// From now on requests to `path` take effect, and their answers wait.
    pub fn hold_answers(&self, path: &str) -> Held {
        self.shared.lock().gates.close(path, Moment::Answer)
    }
}

impl Drop for AuthorizationServer {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(acceptor) = self.acceptor.take() {
            connection::stop_accepting(self.address, acceptor);
        }
        if thread::panicking() {
            return;
        }
        let complaints = self.shared.lock().journal.complaints();
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
}
