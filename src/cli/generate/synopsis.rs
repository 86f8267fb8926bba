//! How a command is called: each option with its value.

use clap::{Arg, ArgAction, Command};
use clap_mangen::roff::{Inline, bold, italic, roman};

use super::HARD_SPACE;

/// The call of a command. Options of every command are in glauth(1) alone.
pub(super) fn of(command: &Command) -> Vec<Inline> {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let mut line = vec![bold(name.replace(' ', &HARD_SPACE.to_string()))];
    let is_root = !name.contains(' ');
    let is_shown =
        |arg: &&Arg| !arg.is_hide_set() && !is_help(arg) && (is_root || !arg.is_global_set());
    let all = command.get_arguments().filter(|arg| !arg.is_positional());
    let options: Vec<&Arg> = all.filter(is_shown).collect();
    let mut done: Vec<&str> = Vec::new();
    for option in &options {
        let rivals = rivals(command, option);
        let choice: Vec<&&Arg> = options
            .iter()
            .filter(|other| {
                other.get_id() == option.get_id() || rivals.contains(&other.get_id().as_str())
            })
            .collect();
        if done.contains(&option.get_id().as_str()) {
            continue;
        }
        done.extend(choice.iter().map(|one| one.get_id().as_str()));
        line.push(roman(" ["));
        for (index, one) in choice.iter().enumerate() {
            if index > 0 {
                line.push(roman(" | "));
            }
            line.extend(spelled(one));
        }
        let is_repeated = matches!(option.get_action(), ArgAction::Append | ArgAction::Count);
        line.push(roman(if is_repeated { "]..." } else { "]" }));
    }
    for argument in command.get_positionals().filter(is_shown) {
        line.extend(positional(argument));
    }
    if command.has_subcommands() {
        line.extend([roman(" "), italic("COMMAND")]);
    }
    line
}

/// Whether an option prints help or the version, as in every program.
pub(super) fn is_help(arg: &Arg) -> bool {
    let action = arg.get_action();
    matches!(
        action,
        ArgAction::Help | ArgAction::HelpLong | ArgAction::Version
    )
}

/// The options that stand in place of this one: those of its group.
fn rivals<'a>(command: &'a Command, option: &Arg) -> Vec<&'a str> {
    let groups = command
        .get_groups()
        .filter(|group| !(*group).clone().is_multiple());
    let groups: Vec<_> = groups
        .filter(|group| group.get_args().any(|id| id == option.get_id()))
        .collect();
    groups
        .iter()
        .flat_map(|group| group.get_args())
        .map(clap::Id::as_str)
        .collect()
}

fn spelled(option: &Arg) -> Vec<Inline> {
    let mut words = Vec::new();
    if let Some(short) = option.get_short() {
        words.extend([bold(format!("-{short}")), roman("|")]);
    }
    words.push(bold(format!("--{}", option.get_long().unwrap_or_default())));
    if option.get_action().takes_values() {
        words.push(roman(HARD_SPACE.to_string()));
        words.push(italic(names(option)));
    }
    words
}

fn positional(argument: &Arg) -> Vec<Inline> {
    let name = names(argument);
    let many = if argument
        .get_num_args()
        .is_some_and(|range| range.max_values() > 1)
    {
        "..."
    } else {
        ""
    };
    let mut words = vec![roman(" ")];
    if argument.is_last_set() {
        words.push(bold(format!("--{HARD_SPACE}")));
    }
    if argument.is_required_set() {
        words.extend([italic(name), roman(many)]);
    } else {
        words.extend([roman("["), italic(name), roman("]"), roman(many)]);
    }
    words
}

fn names(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let names: Vec<&str> = names.iter().map(clap::builder::Str::as_str).collect();
    if names.is_empty() {
        argument.get_id().as_str().to_uppercase()
    } else {
        names.join(" ")
    }
}
