//! The person at the terminal: addresses, codes, a browser, a line that moves while they are at it.

use std::cell::{Cell, RefCell};
use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::json;
use url::Url;

use super::opener::{self, Opened, OpenedBrowser};
use super::qr_code;
use super::register::{ask_for_client_id, ask_for_kind, ask_for_secret};
use super::report::tell_login;
use super::waiting_line::WaitingLine;
use crate::cli::context::Context;
use crate::cli::printer;
use crate::credential::AccountId;
use crate::env;
use crate::flow::{LEADS_ON_AFTER, LoggedIn, NoAnswer, PageOpening, Person, ToRegister, Waiting};
use crate::oauth::{DeviceAuthorization, Provider};
use crate::secret::ClientSecret;
use crate::signals::spawn_with_signals_blocked;

/// The longest line that is read, in bytes: an address with a code and a state, many times over.
const LINE_LIMIT: u64 = 16 * 1024;

/// The longest line that a terminal hands over (termios(3), "canonical mode"; `MAX_CANON` on macOS), in
/// bytes without its end: what is longer is cut without a word.
const TERMINAL_LIMIT: usize = if cfg!(target_os = "macos") {
    1023
} else {
    4095
};

/// The most lines that are read.
const PASTED_LIMIT: usize = 1000;

/// What the second consent is for.
const STANDBY: &str = "consent to a standby grant. Programs use it while glauth refreshes the first one, so that no \
                       token stops working while it is in use";

/// The person at the terminal.
pub(super) struct Terminal<'a> {
    context: &'a Context<'a>,
    id: &'a AccountId,
    /// Whether there is a browser to open.
    opens: bool,
    /// Whether something moves on the screen: not where a person is to paste a line.
    moves: Cell<bool>,
    /// The browser that has the keyboard.
    browser: RefCell<Option<OpenedBrowser>>,
    /// Whether the first of two steps is done.
    has_logged_in: Cell<bool>,
}

impl Person for Terminal<'_> {
    fn can_answer(&self) -> bool {
        self.context.can_ask()
    }

    fn has_browser(&self) -> bool {
        self.opens
    }

    fn kind(&self, tried: &[String]) -> Result<&'static Provider, NoAnswer> {
        ask_for_kind(&self.id.host, tried)
    }

    fn client_id(
        &self,
        register: Option<&ToRegister>,
        redirect_uri: &str,
    ) -> Result<String, NoAnswer> {
        ask_for_client_id(&self.id.host, register, redirect_uri, self.opens)
    }

    fn client_secret(&self, title: &str) -> Result<ClientSecret, NoAnswer> {
        ask_for_secret(title)
    }

    fn client_id_passed_over(&self, configured: &str) {
        self.context.printer.warn(&format!(
            "the configuration's client id `{configured}` is not used, since another one is remembered; --client-id changes it"
        ));
    }

    fn client_id_typed(&self, client_id: &str) {
        self.context.keep_client_id(client_id);
        let command = self.context.call().login("", self.id);
        self.hear(&format!(
            "If you cancel this login, start again with {command}"
        ));
    }

    fn visit(&self, page: &Url, door: &Url, opening: PageOpening) {
        let host = &self.id.host;
        let title = match opening {
            PageOpening::Opened => format!("Log in to {host} in your browser:"),
            PageOpening::FromPage => {
                format!("In {LEADS_ON_AFTER} s the browser opens this page by itself:")
            }
            PageOpening::ByHand => "Open in a browser:".to_owned(),
            PageOpening::OwnSession => format!(
                "Open in a browser session of its own (a private window, another profile), since {host} may end \
                 the grants of one session together:",
            ),
        };
        if opening != PageOpening::Opened {
            self.explain_standby("");
        }
        self.context.printer.show(
            &[&title, &format!("  {page}")],
            &json!({"authorization": {
                "url": page.as_str(),
                "standby": opening != PageOpening::Opened,
            }}),
        );
        match opening {
            PageOpening::FromPage => return,
            PageOpening::ByHand | PageOpening::OwnSession => self.moves.set(false),
            PageOpening::Opened => self.open(door),
        }
        self.context.printer.tell(&if has_input() {
            "If the browser is on another machine, it will end on a page that does not load. \
             Paste the address of that page here"
                .to_owned()
        } else {
            format!(
                "Open it in a browser on this machine: standard input is empty, so you cannot paste an address \
                 here. To consent on another device, run {}",
                self.context.call().login(" --device", self.id)
            )
        });
    }

    fn listen(&self, pasted: Box<dyn Fn(String) + Send>) {
        let browser = self.browser.borrow().clone();
        // Without a thread nothing can be pasted, and a browser may come all the same.
        spawn_with_signals_blocked(move || {
            // Two readers of one keyboard would take each other's keys.
            if let Some(browser) = browser {
                browser.wait();
            }
            read_lines(&pasted);
        })
        .ok();
    }

    fn logged_in(&self, done: &LoggedIn) {
        tell_login(self.id, done, self.context);
        self.has_logged_in.set(true);
    }

    fn expect_code(&self, own_session: bool) {
        let session = if own_session {
            ". Use a browser session of its own (a private window, another profile), since the server may end the \
             grants of one session together"
        } else {
            ""
        };
        self.explain_standby(session);
        self.hear("Press Ctrl-C to skip this step");
    }

    fn enter_code(&self, codes: &DeviceAuthorization) {
        let DeviceAuthorization {
            device_code: _,
            user_code,
            verification_uri,
            verification_uri_complete,
            expires_in,
            interval: _,
        } = codes;
        let lines = [
            &*format!("Log in to {} on any device:", self.id.host),
            &format!("  {verification_uri}"),
            "and enter the code",
            &format!("  {user_code}"),
        ];
        if self.context.is_watched() && printer::can_draw() {
            let pages = [verification_uri_complete.as_ref(), Some(verification_uri)];
            qr_code::draw(pages.into_iter().flatten(), &lines);
        }
        self.context.printer.show(
            &lines,
            &json!({"device_authorization": {
                "verification_uri": verification_uri.as_str(),
                "verification_uri_complete": verification_uri_complete.as_ref().map(Url::as_str),
                "user_code": user_code,
                "expires_in": expires_in.as_secs(),
            }}),
        );
    }

    fn hear(&self, text: &str) {
        self.context.printer.tell(text);
    }

    fn wait(&self, what: &str, limit: Duration) -> Box<dyn Waiting> {
        let moves = self.context.is_watched() && self.moves.get() && printer::can_draw();
        Box::new(moves.then(|| WaitingLine::new(what, limit)))
    }
}

impl Waiting for Option<WaitingLine> {}

impl<'a> Terminal<'a> {
    /// The person who logs in to `id`; `opens`: glauth opens pages if there is a browser.
    pub(super) fn new(context: &'a Context<'a>, id: &'a AccountId, opens: bool) -> Self {
        Self {
            context,
            id,
            opens: opens && context.can_ask() && env::has_browser(),
            moves: Cell::new(true),
            browser: RefCell::default(),
            has_logged_in: Cell::new(false),
        }
    }

    /// Says what is done, what the next consent is for, and `how` a person gives it.
    fn explain_standby(&self, how: &str) {
        if self.has_logged_in.get() {
            self.hear("Step 1 of 2 done: the login is stored, and works");
            self.hear(&format!("Step 2 of 2: {STANDBY}{how}"));
        } else {
            self.hear(&format!("{}: {STANDBY}{how}", self.id));
        }
    }

    fn open(&self, page: &Url) {
        if let Some(trouble) = opener::trouble().filter(|_| self.opens) {
            self.hear(&trouble);
        }
        let opened = if self.opens {
            opener::open(page.as_str())
        } else {
            Opened::Not
        };
        if self.opens && matches!(opened, Opened::Not) {
            self.hear("no browser could be opened");
        }
        self.moves.set(matches!(opened, Opened::Elsewhere));
        if let Opened::Here(browser) = opened {
            self.browser.replace(Some(browser));
        }
    }

    /// Waits until a browser in this terminal is left: the shell would take the keyboard from it.
    pub(super) fn leave_browser(&self) {
        if let Some(browser) = &*self.browser.borrow() {
            browser.wait();
        }
    }
}

/// Reads line by line, a line that is too long in pieces.
fn read_lines(pasted: &dyn Fn(String)) {
    let at_terminal = std::io::stdin().is_terminal();
    for _ in 0..PASTED_LIMIT {
        let mut line = String::new();
        let mut input = std::io::stdin().lock().take(LINE_LIMIT);
        match input.read_line(&mut line) {
            Ok(1..) if at_terminal && line.trim_end_matches('\n').len() >= TERMINAL_LIMIT => {
                // Its code may lack an end, and is good for one try.
                printer::note(&format!(
                    "the terminal cut that line at {TERMINAL_LIMIT} bytes; run `curl 'ADDRESS'` with it \
                     in another terminal of this machine"
                ));
            }
            Ok(1..) => pasted(line),
            _ => return,
        }
    }
}

/// Whether a line may come from standard input. What is no terminal may have ended already, as `/dev/null`.
fn has_input() -> bool {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return true;
    }
    let mut polled = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    let waits = poll(&mut polled, PollTimeout::ZERO) == Ok(0);
    waits || stdin.lock().fill_buf().is_ok_and(|input| !input.is_empty())
}
