//! The files of man/, from the same sources as `--help` and the checks of `config.toml`.

mod configuration;
mod prose;
mod sections;
mod synopsis;

use clap::CommandFactory as _;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::{CONFIG_PAGE, Cli};
use prose::Prose;

/// The version alone says which pages these are. An empty argument has to be written out: without it, the version
/// would stand in the place of the date.
const NO_DATE: &str = "\"\"";

/// What the footer of each page says.
const SOURCE: &str = concat!("glauth ", env!("CARGO_PKG_VERSION"));

/// A space where a line must not break.
const HARD_SPACE: char = '\u{a0}';

/// The man page of a command, of the configuration, or of glauth itself; `None` where there is no such command.
pub(super) fn man_page(name: Option<&str>) -> Option<String> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut text = Vec::new();
    match name {
        None => of_glauth(&root, &mut text).ok()?,
        Some(CONFIG_PAGE) => configuration::page().to_writer(&mut text).ok()?,
        Some(name) => {
            let mut commands = root.get_subcommands();
            let command = commands.find(|known| known.get_name() == name)?;
            of_command(command, &mut text).ok()?;
        }
    }
    String::from_utf8(text).ok().map(|text| tidy(&text))
}

/// The page of glauth itself: it has all that holds for each command.
fn of_glauth(root: &clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    let prose = Prose::of(root);
    head(root, &prose, "glauth", text)?;
    sections::commands(root).to_writer(text)?;
    Man::new(root.clone()).render_options_section(text)?;
    examples(&prose.examples).to_writer(text)?;
    sections::exit_status().to_writer(text)?;
    sections::environment().to_writer(text)?;
    sections::files().to_writer(text)?;
    sections::see_also("glauth").to_writer(text)
}

/// The page of a command: what is its own comes first, and glauth(1) has the rest.
fn of_command(command: &clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    let name = command.get_name();
    let prose = Prose::of(command);
    head(command, &prose, &format!("glauth-{name}"), text)?;
    if command.has_subcommands() {
        below(command).to_writer(text)?;
    }
    let own = command.clone().mut_args(|arg| {
        let is_common = arg.is_global_set() || synopsis::is_help(&arg);
        let is_hidden = arg.is_hide_set();
        arg.hide(is_common || is_hidden)
    });
    let has_own = own.get_arguments().any(|arg| !arg.is_hide_set());
    Man::new(own).render_options_section(text)?;
    let mut rest = Roff::default();
    if has_own {
        rest.control("PP", []);
    } else {
        rest.control("SH", ["OPTIONS"]);
    }
    prose::paragraph(
        &mut rest,
        "glauth(1) describes the options that every command takes.",
    );
    for (title, rows) in &prose.lists {
        rest.control("SH", [&*title.to_uppercase()]);
        prose::rows(&mut rest, rows);
    }
    rest.to_writer(text)?;
    if !prose.examples.is_empty() {
        examples(&prose.examples).to_writer(text)?;
    }
    sections::exit_status_of(name, &prose.exits).to_writer(text)?;
    sections::environment_of(name).to_writer(text)?;
    sections::see_also(name).to_writer(text)
}

/// The title, NAME, SYNOPSIS and DESCRIPTION.
fn head(
    command: &clap::Command,
    prose: &Prose,
    name: &str,
    text: &mut Vec<u8>,
) -> std::io::Result<()> {
    let mut roff = title(name, "1", &prose.about);
    roff.control("SH", ["SYNOPSIS"]);
    roff.text(synopsis::of(command));
    roff.control("SH", ["DESCRIPTION"]);
    prose::paragraphs(&mut roff, &prose.description);
    roff.to_writer(text)
}

/// The title and NAME.
fn title(name: &str, section: &str, about: &str) -> Roff {
    let mut roff = Roff::default();
    roff.control("TH", [name, section, NO_DATE, SOURCE, "glauth"]);
    // No hyphens and no stretched lines, so that an option stays as it is typed.
    roff.control("nh", []);
    roff.control("ad", ["l"]);
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("{name} - {about}"))]);
    roff
}

/// The commands below a command, which have no pages of their own.
fn below(command: &clap::Command) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["COMMANDS"]);
    each_below(command, &mut roff);
    roff
}

fn each_below(command: &clap::Command, roff: &mut Roff) {
    for below in command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
    {
        let prose = Prose::of(below);
        roff.control("TP", []);
        roff.text(synopsis::of(below));
        prose::paragraph(roff, &format!("{}.", prose.about));
        for paragraph in &prose.description {
            roff.control("IP", []);
            prose::paragraph(roff, paragraph);
        }
        if !prose.examples.is_empty() {
            roff.control("IP", []);
            lines(roff, &prose.examples);
        }
        each_below(below, roff);
    }
}

fn examples(all: &[String]) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["EXAMPLES"]);
    lines(&mut roff, all);
    roff
}

/// Lines as they stand.
fn lines(roff: &mut Roff, lines: &[String]) {
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(&**line)]);
    }
    roff.control("fi", []);
}

/// A list of terms, each with what it means.
fn list(title: &str, rows: &[(&str, &str)]) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", [title]);
    for (term, text) in rows {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        prose::paragraph(&mut roff, text);
    }
    roff
}

/// What the generators write, without what does nothing: the definition of an apostrophe before each section but the
/// first, and a line break beside an empty line, of which `mandoc -Tlint` warns. Literals are bold in place of
/// backticks.
fn tidy(text: &str) -> String {
    let mut tidied = String::new();
    let mut is_literal = false;
    let all: Vec<&str> = text.lines().collect();
    let is_space = |index: Option<usize>| {
        let line = index.and_then(|index| all.get(index));
        line.is_some_and(|line| line.is_empty())
    };
    for (index, line) in all.iter().enumerate() {
        let is_repeated =
            index > 1 && (line.starts_with(".ie \\n(.g") || line.starts_with(".el .ds"));
        let is_idle =
            *line == ".br" && (is_space(index.checked_sub(1)) || is_space(Some(index + 1)));
        if is_repeated || is_idle {
            continue;
        }
        is_literal = (is_literal || *line == ".nf") && *line != ".fi";
        if is_literal || line.starts_with('.') {
            tidied += line;
        } else {
            tidied += &bold_literals(line).replace(HARD_SPACE, "\\ ");
        }
        tidied.push('\n');
    }
    tidied
}

/// What stands in backticks, in bold. A lone backtick stays.
fn bold_literals(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return line.to_owned();
    }
    let styled = parts
        .iter()
        .enumerate()
        .map(|(index, part)| match index % 2 {
            0 => (*part).to_owned(),
            _ => format!("\\fB{part}\\fR"),
        });
    styled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command and all below it.
    fn with_below(command: &clap::Command) -> Vec<&clap::Command> {
        let below = command.get_subcommands().flat_map(with_below);
        std::iter::once(command).chain(below).collect()
    }

    #[test]
    fn an_example_is_not_broken_where_a_terminal_has_80_columns() {
        let mut root = Cli::command();
        root.build();
        for command in with_below(&root) {
            let help = command.get_after_long_help().map(ToString::to_string);
            let help = help.unwrap_or_default();
            let examples = help.lines().skip_while(|line| *line != "Examples:");
            for line in examples.skip(1).take_while(|line| line.starts_with("  ")) {
                assert!(line.chars().count() <= 80, "{line}");
            }
        }
    }

    #[test]
    fn a_page_has_every_command_below_its_own() {
        let mut root = Cli::command().disable_help_subcommand(true);
        root.build();
        for command in root.get_subcommands() {
            let page = man_page(Some(command.get_name())).unwrap();
            for below in with_below(command) {
                let call = below.get_bin_name().unwrap().replace(' ', "\\ ");
                let call = call.replace('-', "\\-");
                assert!(page.contains(&call), "{call}");
            }
        }
    }
}
