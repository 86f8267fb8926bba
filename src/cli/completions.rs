//! The files of completions/: what clap generates from the same source as `--help`, and the names of hosts
//! and logins, which a shell asks for when somebody presses Tab.
//!
//! clap's own way to ask the program is not stable yet, so its text is changed where it offers files.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::{CONFIG_PAGE, Cli};

/// The completions of a shell.
pub(super) fn of_shell(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "glauth", &mut text);
    let text = String::from_utf8_lossy(&text);
    match shell {
        Shell::Bash => for_bash(&text),
        Shell::Zsh => for_zsh(&text),
        Shell::Fish => text.into_owned() + &for_fish(),
        _ => text.into_owned(),
    }
}

/// The commands that take a HOST.
fn with_host() -> Vec<String> {
    let command = Cli::command();
    let has_host = |command: &&clap::Command| {
        let mut positionals = command.get_positionals();
        positionals.any(|argument| argument.get_id() == "target")
    };
    let found = command.get_subcommands().filter(has_host);
    found.map(|command| command.get_name().to_owned()).collect()
}

const BASH: &str = "\
# The names of hosts (`hosts`) or logins (`accounts`) in the store.
_glauth_names() {
    command glauth completions --list \"$1\" 2>/dev/null
}

# Behind `exec HOST --`: a command, then what it takes, as far as bash knows it.
_glauth_command() {
    local i
    for ((i = 2; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -- ]] || continue
        if declare -F _command_offset >/dev/null; then
            _command_offset $((i + 1))
        elif ((i + 1 == COMP_CWORD)); then
            COMPREPLY=($(compgen -c -- \"$1\"))
        else
            COMPREPLY=($(compgen -f -- \"$1\"))
        fi
        return 0
    done
    return 1
}

";

fn for_bash(text: &str) -> String {
    let sections: Vec<String> = with_host()
        .iter()
        .map(|name| format!("glauth__subcmd__{})", name.replace('-', "__subcmd__")))
        .collect();
    let mut option = "";
    let mut takes_host = false;
    let mut lines = String::from(BASH);
    for line in text.lines() {
        let word = line.trim();
        let line = match (word, option) {
            ("COMPREPLY=($(compgen -f \"${cur}\"))", "--host)") => {
                line.replace("-f", "-W \"$(_glauth_names hosts)\" --")
            }
            ("COMPREPLY=($(compgen -f \"${cur}\"))", "--account)" | "-a)") => {
                line.replace("-f", "-W \"$(_glauth_names accounts)\" --")
            }
            _ if takes_host && word.starts_with("opts=") => {
                takes_host = false;
                line.trim_end_matches('"').to_owned() + " $(_glauth_names hosts)\""
            }
            _ => line.to_owned(),
        };
        takes_host |= sections.iter().any(|section| section == word);
        option = word;
        lines += &line;
        lines.push('\n');
        if word == "glauth__subcmd__exec)" {
            lines += "            _glauth_command \"${cur}\" && return 0\n";
        }
    }
    lines
}

const ZSH: &str = r#"
# The names of hosts (`hosts`) or logins (`accounts`) in the store.
_glauth_names() {
    local expl
    local -a found
    found=(${(f)"$(_call_program $1 glauth completions --list $1 2>/dev/null)"})
    _wanted $1 expl ${1%s} compadd -a found
}
_glauth_hosts() { _glauth_names hosts }
_glauth_accounts() { _glauth_names accounts }
# Behind `exec HOST --`: a command, then what it takes. HOST and the dashes are still there where it is named.
_glauth_command() {
    local at=$words[(i)--]
    if (( at < CURRENT )); then
        shift $at words
        (( CURRENT -= at ))
    fi
    _normal
}

"#;

fn for_zsh(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        let line = if line.contains(":HOST:_default") || line.starts_with("'::target --") {
            line.replace(":_default'", ":_glauth_hosts'")
        } else if line.starts_with("'--account=") || line.starts_with("'-a+[") {
            line.replace(":_default'", ":_glauth_accounts'")
        } else if line.starts_with("'*::command --") {
            line.replace(":_default'", ":_glauth_command'")
        } else {
            line.to_owned()
        };
        if line.starts_with("if [ \"$funcstack[1]\"") {
            lines += ZSH.trim_start();
        }
        lines += &line;
        lines.push('\n');
    }
    lines
}

const FISH: &str = r#"
# What stands behind `exec HOST --`, as a line of its own; fails where nothing does.
function __fish_glauth_command_line
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    or return 1
    set -e words[1..$at]
    # With nothing to escape it would read standard input.
    set -q words[1]
    and set words (string escape -- $words)
    echo $words (commandline -ct)
end
complete -c glauth -n "__fish_glauth_using_subcommand exec; and __fish_glauth_command_line >/dev/null" -f -a '(complete -C "$(__fish_glauth_command_line)")'
"#;

fn for_fish() -> String {
    let ask = |what: &str| format!("-a '(glauth completions --list {what} 2>/dev/null)'");
    let mut text = format!(
        "complete -c glauth -l host -x {}\ncomplete -c glauth -s a -l account -x {}\n",
        ask("hosts"),
        ask("accounts")
    );
    for name in with_host() {
        let before = match name.as_str() {
            "exec" => "; and not __fish_glauth_command_line >/dev/null",
            _ => "",
        };
        let line = format!(
            "complete -c glauth -n \"__fish_glauth_using_subcommand {name}{before}\" -f {}\n",
            ask("hosts")
        );
        text += &line;
    }
    let pages = Cli::command();
    let names = pages.get_subcommands().map(clap::Command::get_name);
    let pages: Vec<&str> = names.chain([CONFIG_PAGE]).collect();
    let pages = pages.join(" ");
    text + FISH
        + &format!("complete -c glauth -n \"__fish_glauth_using_subcommand man\" -f -a '{pages}'\n")
}
