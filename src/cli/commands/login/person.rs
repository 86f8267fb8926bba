//! The person at the terminal: addresses, codes, a browser, a line that moves while they are at it.

use std::cell::{Cell, RefCell};
use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::time::Duration;

use anstyle::{AnsiColor, Color, Style};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::json;
use url::Url;

use super::opener::{self, Opened, OpenedBrowser};
use super::register::{ask_for_client_id, ask_for_secret};
use super::report::tell_login;
use super::waiting_line::WaitingLine;
use crate::cli::context::Context;
use crate::cli::printer;
use crate::cli::shell;
use crate::credential::{AccountId, Scheme};
use crate::env;
use crate::flow::{LoggedIn, NoAnswer, PageOpening, Person, ToRegister, Waiting};
use crate::oauth::DeviceAuthorization;
use crate::secret::ClientSecret;
use crate::signals::spawn_with_signals_blocked;

/// A phone reads it whatever the terminal's own colours are.
const QR: Style = AnsiColor::Black
    .on_default()
    .bg_color(Some(Color::Ansi(AnsiColor::BrightWhite)));

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

/// What a person is told who has just consented.
const WHY_TWICE: &str = "Now once more, for a standby grant: while one is refreshed, programs use the \
                         other, so that no token stops working while it is in use";

/// The person at the terminal.
pub(super) struct Terminal<'a> {
    context: &'a Context<'a>,
    id: &'a AccountId,
    /// Whether there is a browser to open.
    opens: bool,
    /// Whether something moves on the screen: not where somebody is to paste a line.
    moves: Cell<bool>,
    /// The browser that has the keyboard.
    browser: RefCell<Option<OpenedBrowser>>,
}

impl Person for Terminal<'_> {
    fn can_answer(&self) -> bool {
        self.context.can_ask()
    }

    fn has_browser(&self) -> bool {
        self.opens
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

    fn client_id_not_kept(&self, client_id: &str, scheme: Scheme) {
        // The line would be lost in a browser that has this terminal.
        self.leave_browser();
        let words = format!("login --client-id {}", shell::word(client_id));
        let command = self.context.call().command_at(&words, self.id, scheme);
        self.hear(&format!("to go on with that application: {command}"));
    }

    fn visit(&self, page: &Url, door: &Url, opening: PageOpening) {
        let title = match opening {
            PageOpening::Opened => format!("Log in to {} in your browser:", self.id.host),
            PageOpening::FromPage => format!("{WHY_TWICE}; the browser goes on to"),
            PageOpening::ByHand => format!("{WHY_TWICE}, at"),
            PageOpening::OwnSession => format!(
                "{WHY_TWICE}, in a browser session of its own (a private window, another profile), \
                 since {} may end the grants of one session together:",
                self.id.host
            ),
        };
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
        self.context.printer.tell(
            "If the browser is on another machine, it will end on a page that does not load. \
             Paste the address of that page here",
        );
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
    }

    fn expect_code(&self, own_session: bool) {
        let session = if own_session {
            ", in a browser session of its own (a private window, another profile), since the server \
             may end the grants of one session together"
        } else {
            ""
        };
        self.hear(&format!("{WHY_TWICE}{session}; Ctrl-C goes on without it"));
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
        self.context.printer.show(
            &lines,
            &json!({"device_authorization": {
                "verification_uri": verification_uri.as_str(),
                "verification_uri_complete": verification_uri_complete.as_ref().map(Url::as_str),
                "user_code": user_code,
                "expires_in": expires_in.as_secs(),
            }}),
        );
        let page = verification_uri_complete
            .as_ref()
            .unwrap_or(verification_uri);
        if self.context.is_watched() && printer::can_draw() {
            draw(page, &lines);
        }
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
    /// The person who logs in to `id`; `opens`: pages are opened, where there is a browser.
    pub(super) fn new(context: &'a Context<'a>, id: &'a AccountId, opens: bool) -> Self {
        Self {
            context,
            id,
            opens: opens && context.can_ask() && env::has_browser(),
            moves: Cell::new(true),
            browser: RefCell::default(),
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

/// Draws the address as a QR code below these lines, where all of it can be seen at once, and the line that
/// moves.
fn draw(page: &Url, above: &[&str]) {
    let Ok(code) = QrCode::new(page.as_str()) else {
        return;
    };
    // Without colours a terminal is taken for a dark one, where ink is light.
    let (dark, light) = if printer::is_coloured() {
        (Dense1x2::Dark, Dense1x2::Light)
    } else {
        (Dense1x2::Light, Dense1x2::Dark)
    };
    let drawing = code
        .render::<Dense1x2>()
        .dark_color(dark)
        .light_color(light)
        .build();
    let width = drawing
        .lines()
        .next()
        .map_or(0, |line| line.chars().count());
    let (columns, rows) = printer::size();
    let wrapped = |line: &&str| line.chars().count().div_ceil(columns.max(1));
    let above: usize = above.iter().map(wrapped).sum();
    if width > columns || above + drawing.lines().count() + 1 > rows {
        return;
    }
    for line in drawing.lines() {
        printer::drawing(&format!("{QR}{line}{QR:#}"));
    }
}
