//! The files of man/, from the same source as `--help`.

use clap::CommandFactory as _;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Cli;
use crate::code::{Code, Exit};

const ENVIRONMENT: [(&str, &str); 7] = [
    ("GLAUTH_HOST", "The host where none is named."),
    ("GLAUTH_ACCOUNT", "Which of several logins at a host."),
    ("GLAUTH_STORE", "The folder with the logins."),
    ("GLAUTH_CONFIG", "The configuration file."),
    (
        "HTTPS_PROXY, ALL_PROXY, NO_PROXY",
        "The proxy to servers (http, https, socks5, socks5h, socks); never for loopback addresses.",
    ),
    (
        "XDG_DATA_HOME, XDG_CONFIG_HOME",
        "Where the logins and the configuration are, on Linux.",
    ),
    ("NO_COLOR", "No colour, on a terminal either."),
];

const FILES: [(&str, &str); 4] = [
    (
        "~/.local/share/glauth/credentials/HOST/ACCOUNT.toml",
        "A login. On macOS the folder is ~/Library/Application Support/glauth/credentials.",
    ),
    (
        "~/.local/share/glauth/credentials/HOST/ACCOUNT.lock",
        "Its lock; never to be removed while glauth runs.",
    ),
    (
        "~/.config/glauth/config.toml",
        "The configuration; written by people only. On macOS it is beside the logins' folder.",
    ),
    (
        "glauth-rescue-UID/",
        "Beside the store, in the home, in /var/tmp (there with digits after UID), $XDG_RUNTIME_DIR, /run/user/UID, the temporary folder or /tmp: a refreshed login that the store could not take. The next call finds it there.",
    ),
];

/// `exec` ends as its command does.
const EXEC_STATUS: [(&str, &str); 4] = [
    (
        "125",
        "A failure of glauth's own; the message says which, as for the other commands.",
    ),
    ("126", "The command cannot be run."),
    ("127", "The command is not found."),
    ("any", "The command's own."),
];

/// The version alone says which pages these are. An empty argument has to be written out: without it, the version
/// would stand in the place of the date.
const NO_DATE: &str = "\"\"";

/// The man page of a command, or of glauth itself; `None` where there is no such command.
pub(super) fn man_page(command: Option<&str>) -> Option<String> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let page = match command {
        None => root,
        Some(name) => {
            let found = root
                .get_subcommands()
                .find(|known| known.get_name() == name)?;
            found.clone().name(format!("glauth-{name}"))
        }
    };
    let mut text = Vec::new();
    render(&page, &mut text).ok()?;
    String::from_utf8(text)
        .ok()
        .map(|text| without_idle_breaks(&text))
}

/// A line break beside an empty line does nothing, and `mandoc -Tlint` says so.
fn without_idle_breaks(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_space = |index: Option<usize>| {
        let line = index.and_then(|index| lines.get(index));
        line.is_some_and(|line| line.is_empty())
    };
    let useful = lines.iter().enumerate().filter(|(index, line)| {
        **line != ".br" || !is_space(index.checked_sub(1)) && !is_space(Some(index + 1))
    });
    useful.fold(String::new(), |text, (_, line)| text + line + "\n")
}

fn render(command: &clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    // `Examples:` gets a section of its own.
    let after = command
        .get_after_long_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let command = command.clone().after_help("").after_long_help("");
    let man = Man::new(command.clone())
        .date(NO_DATE)
        .manual("glauth")
        .source(concat!("glauth ", env!("CARGO_PKG_VERSION")));
    man.render_title(text)?;
    man.render_name_section(text)?;
    man.render_synopsis_section(text)?;
    man.render_description_section(text)?;
    man.render_options_section(text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(text)?;
    }
    if command.get_name() == "glauth-exec" {
        list("EXIT STATUS", &EXEC_STATUS).to_writer(text)?;
    } else {
        exit_status().to_writer(text)?;
    }
    list("ENVIRONMENT", &ENVIRONMENT).to_writer(text)?;
    list("FILES", &FILES).to_writer(text)?;
    if let Some(examples) = examples(&after) {
        examples.to_writer(text)?;
    }
    Ok(())
}

fn exit_status() -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["EXIT STATUS"]);
    for exit in Exit::ALL {
        roff.control("TP", []);
        roff.text([bold(exit.code().to_string())]);
        let codes: Vec<&str> = exit.codes().map(Code::as_str).collect();
        let codes = match &*codes {
            [] => String::new(),
            codes => format!(" (in JSON errors: {})", codes.join(", ")),
        };
        let (meaning, remedy) = (exit.meaning(), exit.remedy());
        roff.text([roman(format!("{meaning}: {remedy}{codes}"))]);
    }
    roff
}

fn list(title: &str, rows: &[(&str, &str)]) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", [title]);
    for (term, text) in rows {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*text)]);
    }
    roff
}

/// The lines after `Examples:` as they stand, and the paragraphs behind them.
fn examples(after: &str) -> Option<Roff> {
    let (_, rest) = after.split_once("Examples:\n")?;
    let mut roff = Roff::default();
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    let mut paragraphs = rest.split("\n\n");
    for line in paragraphs.next()?.lines() {
        roff.text([roman(line.trim_start())]);
    }
    roff.control("fi", []);
    for paragraph in paragraphs {
        roff.control("PP", []);
        roff.text([roman(paragraph)]);
    }
    Some(roff)
}
