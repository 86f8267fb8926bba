//! Help: each command's own options, and the right command for a word that other programs use.

use clap::CommandFactory as _;

use super::args::Cli;

/// Stands in the help of a command in place of the options that all commands share.
const GLOBAL_OPTIONS: &str =
    "Global options (--account, --store, --json, --quiet, --verbose …): see `glauth help`";

/// What people type first, since another program calls it so, and what glauth calls it.
const OTHER_WORDS: [(&[&str], &str); 17] = [
    (&["import"], "glauth login --import"),
    (
        &["list", "ls", "accounts", "logins", "whoami", "show", "info"],
        "glauth status",
    ),
    (&["version"], "glauth --version"),
    (
        &[
            "get",
            "print",
            "print-access-token",
            "access-token",
            "get-token",
            "auth-token",
            "print-token",
        ],
        "glauth token",
    ),
    (
        &[
            "signin",
            "sign-in",
            "add",
            "authorize",
            "authenticate",
            "init",
            "auth",
        ],
        "glauth login",
    ),
    (
        &[
            "signout", "sign-out", "remove", "rm", "delete", "revoke", "forget",
        ],
        "glauth logout",
    ),
    (&["run", "env", "shell", "with"], "glauth exec"),
    (&["renew", "rotate", "update"], "glauth refresh"),
    (
        &[
            "check", "diagnose", "verify", "health", "log", "logs", "history",
        ],
        "glauth doctor",
    ),
    (
        &[
            "git",
            "configure-git",
            "setup",
            "credential",
            "credential-helper",
        ],
        "glauth setup-git",
    ),
    (
        &["docker", "podman", "docker-login", "configure-docker"],
        "glauth setup-docker",
    ),
    (&["use", "select", "set-default"], "glauth switch"),
    (&["mv"], "glauth rename"),
    (&["uninstall", "purge"], "glauth logout --all"),
    (
        &[
            "move", "migrate", "copy", "export", "backup", "where", "path",
        ],
        "glauth store info",
    ),
    (&["completion", "completions-for"], "glauth completions"),
    (&["manual", "manpage"], "glauth man"),
];

/// The command line with the options of a command alone in its help: those of every command stand in the help
/// of glauth itself.
pub(super) fn folded() -> clap::Command {
    let mut root = Cli::command();
    root.build();
    fold(&mut root);
    root
}

/// Hides the options of every command in the commands below this one.
fn fold(command: &mut clap::Command) {
    for below in command.get_subcommands_mut() {
        fold(below);
        let long = below.get_after_long_help().map(ToString::to_string);
        let long = long.map_or_else(
            || GLOBAL_OPTIONS.to_owned(),
            |long| format!("{GLOBAL_OPTIONS}\n\n{long}"),
        );
        let mut folded = std::mem::take(below).mut_args(|arg| {
            let is_hidden = arg.is_hide_set() || arg.is_global_set();
            arg.hide(is_hidden)
        });
        if folded.get_name() == "help" {
            folded = folded.about("Explain a command");
        }
        *below = folded.after_help(GLOBAL_OPTIONS).after_long_help(long);
    }
}

/// The command that does what this word means elsewhere.
pub(super) fn meant_by(word: &str) -> Option<&'static str> {
    let mut all = OTHER_WORDS.iter();
    let found = all.find(|(words, _)| words.contains(&word))?;
    Some(found.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_another_program_is_a_command_and_each_leads_to_one() {
        let root = Cli::command();
        let names: Vec<&str> = root
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        for (words, command) in OTHER_WORDS {
            let name = command.split(' ').nth(1).unwrap();
            assert!(names.contains(&name) || name == "--version", "{command}");
            for word in words {
                assert!(!names.contains(word), "{word}");
                assert_eq!(meant_by(word), Some(command));
            }
        }
        assert_eq!(meant_by("frobnicate"), None);
    }
}
