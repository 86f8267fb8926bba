//! The files of completions/: what clap generates from the same source as `--help`, and the names of hosts
//! and logins, which a shell asks for when somebody presses Tab.
//!
//! clap's own way to ask the program is not stable yet, so its text is changed where it offers files.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::Cli;

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

/// The commands that take a HOST, and whether they take the name of an account after it.
fn with_host() -> Vec<(String, bool)> {
    let command = Cli::command();
    let found = command.get_subcommands().filter_map(|command| {
        let mut positionals = command.get_positionals();
        let takes_host = positionals.any(|argument| argument.get_id() == "target");
        let takes_account = command.get_positionals().any(is_account);
        takes_host.then(|| (command.get_name().to_owned(), takes_account))
    });
    found.collect()
}

/// The arguments that are the name of an account.
const ACCOUNTS: [&str; 2] = ["chosen", "old"];

fn is_account(argument: &clap::Arg) -> bool {
    ACCOUNTS.contains(&argument.get_id().as_str())
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

/// The word after HOST, where it is the name of an account.
const BASH_ACCOUNT: &str = "
            if [[ ${cur} != -* && ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W \"$(_glauth_names accounts)\" -- \"${cur}\") )
                return 0
            fi";

fn for_bash(text: &str) -> String {
    let sections: Vec<(String, bool)> = with_host()
        .into_iter()
        .map(|(name, takes_account)| {
            let name = name.replace('-', "__subcmd__");
            (format!("glauth__subcmd__{name})"), takes_account)
        })
        .collect();
    let mut option = "";
    let mut takes = None;
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
            _ if word.starts_with("opts=") => match takes.take() {
                None => line.to_owned(),
                Some(takes_account) => {
                    let hosts = line.trim_end_matches('"').to_owned() + " $(_glauth_names hosts)\"";
                    hosts + if takes_account { BASH_ACCOUNT } else { "" }
                }
            },
            _ => line.to_owned(),
        };
        let section = sections.iter().find(|(section, _)| section == word);
        takes = section.map(|(_, takes_account)| *takes_account).or(takes);
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
        let is_argument = |id: &str| {
            let argument = line.trim_start_matches(['\'', ':']);
            line.starts_with("':") && argument.starts_with(&format!("{id} --"))
        };
        let line = if line.contains(":HOST:_default") || is_argument("target") {
            line.replace(":_default'", ":_glauth_hosts'")
        } else if line.starts_with("'--account=")
            || line.starts_with("'-a+[")
            || ACCOUNTS.into_iter().any(is_argument)
        {
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
    for (name, takes_account) in with_host() {
        let before = match name.as_str() {
            "exec" => "; and not __fish_glauth_command_line >/dev/null",
            _ => "",
        };
        let line = format!(
            "complete -c glauth -n \"__fish_glauth_using_subcommand {name}{before}\" -f {}\n",
            ask("hosts")
        );
        text += &line;
        if takes_account {
            text += &line.replace(&ask("hosts"), &ask("accounts"));
        }
    }
    let pages = Cli::command();
    let pages: Vec<&str> = pages
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    let pages = pages.join(" ");
    text + FISH
        + &format!("complete -c glauth -n \"__fish_glauth_using_subcommand man\" -f -a '{pages}'\n")
}
