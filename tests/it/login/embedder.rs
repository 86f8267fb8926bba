//! A program of its own that logs a person in: it has no terminal and no command line, and implements `Person`.

use std::cell::RefCell;
use std::time::Duration;

use glauth::config::{CallConfig, Config, LoginOptions};
use glauth::credential::{AccountId, HostArg};
use glauth::flow::{
    AuthorizeError, Change, ClientError, LOCK_TIMEOUT, LoggedIn, LoginRequest, NoAnswer,
    PageOpening, Person, RefreshesIn, SecondGrant, Session, StandbyPolicy, ToRegister, TokenSource,
    Waiting, log_in,
};
use glauth::http::Network;
use glauth::log::{Level, Log};
use glauth::oauth::{DeviceAuthorization, Provider};
use glauth::secret::ClientSecret;
use glauth::store::Store;
use glauth::time::Timestamp;
use glauth::{ClientSettings, ConsentPrompt, ErrorKind, Logins};
use url::Url;

use crate::support::authorization_server::{
    AuthorizationServer, ClientAuth, Consent as ServerConsent, DISCOVERY, Decision, Settings, TOKEN,
};
use crate::support::browser;
use crate::support::sandbox::Sandbox;

/// A person in a window of the program, who consents to each page, and what happened to them in turn.
#[derive(Default)]
struct InAWindow {
    /// `None`: there is no person.
    client_id: Option<&'static str>,
    client_secret: Option<&'static str>,
    happened: RefCell<Vec<String>>,
}

impl InAWindow {
    fn note(&self, what: impl Into<String>) {
        self.happened.borrow_mut().push(what.into());
    }
}

impl Person for InAWindow {
    fn can_answer(&self) -> bool {
        self.client_id.is_some()
    }

    fn has_browser(&self) -> bool {
        self.client_id.is_some()
    }

    fn kind(&self, tried: &[String]) -> Result<&'static Provider, NoAnswer> {
        self.note(format!("kind: {}", tried.join(", ")));
        Err(NoAnswer::NotGiven("kind of server"))
    }

    fn client_id(
        &self,
        register: Option<&ToRegister>,
        redirect_uri: &str,
    ) -> Result<String, NoAnswer> {
        let title = register.map_or("-", |register| &register.title);
        self.note(format!("client id: {title}, {redirect_uri}"));
        let id = self.client_id.filter(|id| !id.is_empty());
        id.map(ToOwned::to_owned)
            .ok_or(NoAnswer::NotGiven("client id"))
    }

    fn client_secret(&self, title: &str) -> Result<ClientSecret, NoAnswer> {
        self.note(format!("client secret: {title}"));
        let secret = self.client_secret.ok_or(NoAnswer::NotGiven("secret"))?;
        ClientSecret::new(secret.to_owned()).map_err(|bad| NoAnswer::Unfit(bad.to_string()))
    }

    fn client_id_passed_over(&self, configured: &str) {
        self.note(format!("passed over: {configured}"));
    }

    fn client_id_typed(&self, client_id: &str) {
        self.note(format!("typed: {client_id}"));
    }

    fn visit(&self, page: &Url, _door: &Url, opening: PageOpening) {
        self.note(format!("page: {opening:?}"));
        let page = page.to_string();
        // It ends when the login has shown its last page.
        std::thread::spawn(move || browser::open(&page));
    }

    fn listen(&self, _pasted: Box<dyn Fn(String) + Send>) {}

    fn enter_code(&self, _codes: &DeviceAuthorization) {
        self.note("code");
    }

    fn logged_in(&self, _done: &LoggedIn) {
        self.note("logged in");
    }

    fn expect_code(&self, _own_session: bool) {}

    fn hear(&self, text: &str) {
        self.note(format!("hears: {text}"));
    }

    fn wait(&self, _what: &str, _limit: Duration) -> Box<dyn Waiting> {
        Box::new(Nothing)
    }
}

/// Nothing moves in that window.
struct Nothing;

impl Waiting for Nothing {}

/// Logs in to the server with `options`.
fn log_person_in(
    sandbox: &Sandbox,
    server: &AuthorizationServer,
    standby: StandbyPolicy,
    options: LoginOptions,
    person: &InAWindow,
) -> Result<LoggedIn, AuthorizeError> {
    let at = HostArg::parse(&server.url()).unwrap();
    log_person_in_at(at, sandbox, standby, options, person)
}

/// The same at a host.
fn log_person_in_at(
    at: HostArg,
    sandbox: &Sandbox,
    standby: StandbyPolicy,
    options: LoginOptions,
    person: &InAWindow,
) -> Result<LoggedIn, AuthorizeError> {
    let HostArg { host, scheme } = at;
    let store = Store::new(sandbox.store(), Timestamp::now);
    let log = Log::new(Level::of_count(0), |_| {});
    let session = Session {
        config: &CallConfig::new(None),
        store: &store,
        http: &Network,
        lock_timeout: LOCK_TIMEOUT,
        log: &log,
        talkative: false,
        watched: false,
        scheme,
        refreshes: RefreshesIn::Here,
    };
    let request = LoginRequest {
        id: AccountId {
            host,
            account: "default".parse().unwrap(),
        },
        source: TokenSource::Consent(None),
        options,
        standby,
        found: None,
    };
    log_in(&session, &Config::default(), request, person)
}

/// A server that wants a secret, and what a program says of it.
fn with_secret() -> (AuthorizationServer, LoginOptions) {
    let server = AuthorizationServer::start_with(Settings {
        client_auth: ClientAuth::SecretPost("cs-SECRET".to_owned()),
        ..Settings::default()
    });
    let options = LoginOptions {
        auth_method: Some("client_secret_post".to_owned()),
        ..LoginOptions::default()
    };
    (server, options)
}

#[test]
fn a_program_asks_its_own_person_for_the_client_id_and_its_secret() {
    let (server, options) = with_secret();
    let sandbox = Sandbox::new();
    let person = InAWindow {
        client_id: Some("the-client"),
        client_secret: Some("cs-SECRET"),
        ..InAWindow::default()
    };
    let done = log_person_in(&sandbox, &server, StandbyPolicy::Never, options, &person).unwrap();
    assert_eq!(done.change, Change::Stored);
    assert_eq!(done.identity.unwrap().username, "jane");
    let check = format!(
        "hears: If the page shows an error, compare with the application at {}: client id `the-client`, \
         redirect URI `http://127.0.0.1/`, scopes `api`",
        server.host()
    );
    assert_eq!(
        person.happened.take(),
        [
            "client id: GitLab, http://127.0.0.1/",
            "typed: the-client",
            "client secret: GitLab",
            "page: Opened",
            &*check,
        ]
    );
    let record = sandbox.record(&server);
    assert_eq!(record["client"]["client_id"].as_str(), Some("the-client"));
    // The command line has the login too, and refreshes it with that secret.
    sandbox
        .run(&["refresh", "--force", &server.url()])
        .succeeds();

    // Nothing is asked a second time.
    let options = LoginOptions::default();
    let done = log_person_in(&sandbox, &server, StandbyPolicy::Always, options, &person).unwrap();
    assert_eq!(done.change, Change::StandbyAdded);
    assert!(matches!(done.standby, SecondGrant::Taken));
    let host = server.host();
    let beside = format!("hears: {host}: asking for a standby grant beside the login of jane");
    assert_eq!(person.happened.take(), [&*beside, "page: Opened"]);
}

#[test]
fn a_person_who_gives_no_answer_has_no_login_and_the_server_no_request_for_one() {
    for (client_id, client_secret) in [("", None), ("the-client", None), ("the-client", Some(""))] {
        let (server, options) = with_secret();
        let sandbox = Sandbox::new();
        let person = InAWindow {
            client_id: Some(client_id),
            client_secret,
            ..InAWindow::default()
        };
        let policy = StandbyPolicy::WhereItHelps;
        let error = log_person_in(&sandbox, &server, policy, options, &person).unwrap_err();
        assert!(matches!(error, AuthorizeError::NoAnswer(_)), "{error:?}");
        assert_eq!(server.count("/oauth/token"), 0);
        assert!(!sandbox.file(&server, "toml").exists());
    }
}

#[test]
fn without_a_person_a_program_hears_what_is_missing_and_the_server_nothing() {
    let (server, options) = with_secret();
    let sandbox = Sandbox::new();
    let nobody = InAWindow::default();
    let policy = StandbyPolicy::WhereItHelps;
    let error = log_person_in(&sandbox, &server, policy, options, &nobody).unwrap_err();
    assert!(
        matches!(
            error,
            AuthorizeError::Client(ClientError::NoClientId { .. })
        ),
        "{error:?}"
    );
    let known = LoginOptions {
        client_id: Some("the-client".to_owned()),
        ..LoginOptions::default()
    };
    let error = log_person_in(&sandbox, &server, policy, known, &nobody).unwrap_err();
    assert!(
        matches!(error, AuthorizeError::NoPerson { .. }),
        "{error:?}"
    );
    // It was asked whether it is there, and for nothing else.
    assert_eq!(
        server.count(DISCOVERY) + server.count("/"),
        server.requests().len()
    );
    assert_eq!(nobody.happened.take(), [""; 0]);
}

#[test]
fn a_program_says_where_the_server_of_a_host_is() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let person = InAWindow {
        client_id: Some("the-client"),
        ..InAWindow::default()
    };
    let options = LoginOptions {
        url: Some(HostArg::parse(&server.url()).unwrap()),
        provider: Some("gitlab".to_owned()),
        ..LoginOptions::default()
    };
    let at = HostArg::parse("gitlab.example").unwrap();
    let done = log_person_in_at(at, &sandbox, StandbyPolicy::Never, options, &person).unwrap();
    assert_eq!(done.identity.unwrap().username, "jane");
    assert_eq!(server.count(TOKEN), 1);
}

/// A program that knows the public interface alone: it has a browser, or shows codes.
struct Public<'a> {
    has_browser: bool,
    server: &'a AuthorizationServer,
    shown: RefCell<Vec<String>>,
}

impl<'a> Public<'a> {
    fn new(server: &'a AuthorizationServer, has_browser: bool) -> Self {
        Self {
            has_browser,
            server,
            shown: RefCell::default(),
        }
    }
}

impl ConsentPrompt for Public<'_> {
    fn has_browser(&self) -> bool {
        self.has_browser
    }

    fn open(&self, address: &str) {
        self.shown.borrow_mut().push("page".to_owned());
        let address = address.to_owned();
        std::thread::spawn(move || browser::open(&address));
    }

    fn enter_code(&self, address: &str, code: &str) {
        assert!(address.starts_with(&self.server.url()), "{address}");
        self.shown.borrow_mut().push("code".to_owned());
        self.server.decide(code, Decision::Approved);
    }

    fn hear(&self, _text: &str) {}
}

#[test]
fn a_program_logs_in_through_the_public_interface() {
    for (has_browser, shown) in [(true, "page"), (false, "code")] {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        let logins = Logins::open_at(sandbox.store());
        let login = logins.login(&server.url(), None).unwrap();
        let program = Public::new(&server, has_browser);

        let error = login
            .log_in(ClientSettings::default(), &program)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        assert_eq!(program.shown.take(), [""; 0]);

        let mut client = ClientSettings::default();
        client.client_id = Some("the-client".to_owned());
        assert_eq!(login.log_in(client, &program).unwrap(), [""; 0]);
        assert_eq!(program.shown.take(), [shown]);
        let token = login.token(None).unwrap();
        let printed = sandbox.run(&["token", &server.url()]).succeeds();
        assert_eq!(token.access_token().expose(), printed.trim());

        // The second login needs no settings.
        login.log_in(ClientSettings::default(), &program).unwrap();
    }
}

#[test]
fn a_program_hears_that_its_person_refused() {
    let server = AuthorizationServer::start();
    server.change(|settings| settings.consent = ServerConsent::Refused("access_denied", None));
    let sandbox = Sandbox::new();
    let logins = Logins::open_at(sandbox.store());
    let mut client = ClientSettings::default();
    client.client_id = Some("the-client".to_owned());
    let login = logins.login(&server.url(), None).unwrap();
    let error = login
        .log_in(client, &Public::new(&server, true))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginRequired);
    assert_eq!(error.code(), "access_denied");
    assert_eq!(error.login().unwrap().account(), "default");
}
