//! The files of completions/: what clap generates from the same source as `--help`, and the names of hosts
//! and logins, which a shell asks for when you press Tab.
//!
//! clap's own way to ask the program is not stable yet, so its text is changed where it offers files.

mod elvish;

use clap::{CommandFactory as _, ValueEnum as _};
use clap_complete::Shell;

use super::args::{CONFIG_PAGE, Cli};

/// The completions of a shell.
pub(super) fn of_shell(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "glauth", &mut text);
    let text = without_hidden(&String::from_utf8_lossy(&text));
    match shell {
        Shell::Bash => for_bash(&text),
        Shell::Elvish => elvish::complete(&text, &with_host()),
        Shell::Fish => text + &for_fish(),
        Shell::Zsh => for_zsh(&text),
        _ => text,
    }
}

/// clap's name for its own command, and the one of `glauth --help`.
const HELP: [&str; 2] = [
    "Print this message or the help of the given subcommand(s)",
    "Explain a command",
];

/// The text without the options that `--help` does not show either.
fn without_hidden(text: &str) -> String {
    let command = Cli::command();
    let all = command
        .get_subcommands()
        .flat_map(clap::Command::get_arguments);
    let hidden = all
        .filter(|arg| arg.is_hide_set())
        .filter_map(clap::Arg::get_long);
    let text = text.replace(HELP[0], HELP[1]);
    hidden.fold(text, |text, name| without(&text, name))
}

/// The text without an option: without its word in bash, and without its statement elsewhere.
fn without(text: &str, name: &str) -> String {
    let in_bash = format!(" --{name} ");
    let starts = [
        format!("'()--{name}="),
        format!(" -l {name} -d "),
        format!("cand --{name} "),
        format!("::new('--{name}'"),
    ];
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == format!("--{name})") {
            // What bash offers as its value, to the end of the case.
            lines.by_ref().find(|line| line.trim() == ";;");
        } else if starts.iter().any(|start| line.contains(start)) {
            let is_whole = |text: &str| text.matches(['"']).count().is_multiple_of(2);
            let mut statement = line.to_owned();
            while !is_whole(&statement)
                || statement.matches("((").count() > statement.matches("))").count()
            {
                let Some(next) = lines.next() else { break };
                statement += next;
            }
        } else {
            kept += &line.replace(&in_bash, " ");
            kept.push('\n');
        }
    }
    kept
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

# bash takes a colon and an equals sign for words of their own. A host with a port is put together again; bash keeps
# what stands before its last colon on the line, so that part is not offered. What stands behind `--` stays as it is.
_glauth() {
    local -a words=()
    local i word last=-1 cword=0 glue= command=
    for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
        word=${COMP_WORDS[i]}
        if [[ -z $command && $i -gt 1 && ( $word == : || -n $glue ) ]]; then
            words[last]+=$word
        elif [[ -z $command && $i -gt 1 && $word == = && ${words[last]} == --* ]]; then
            ((i == COMP_CWORD)) && words[++last]=
        else
            words[++last]=$word
        fi
        glue=
        [[ $word == : ]] && glue=1
        [[ $word == -- && $i -lt $COMP_CWORD ]] && command=1
        ((i <= COMP_CWORD)) && cword=$last
    done
    COMP_WORDS=(\"${words[@]}\")
    COMP_CWORD=$cword
    local current=${COMP_WORDS[COMP_CWORD]}
    _glauth_words \"$1\" \"$current\" \"${COMP_WORDS[COMP_CWORD - 1]}\"
    if [[ -z $command && $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
        local before=${current%\"${current##*:}\"}
        COMPREPLY=(\"${COMPREPLY[@]#\"$before\"}\")
    fi
}

# Behind `exec HOST --` and `proxy HOST --`: a command, then what it takes, as far as bash knows it.
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
                    let hosts = line.replacen("opts=\"", "opts=\"$(_glauth_names hosts) ", 1);
                    hosts + if takes_account { BASH_ACCOUNT } else { "" }
                }
            },
            ("_glauth() {", _) => "_glauth_words() {".to_owned(),
            _ => line.to_owned(),
        };
        let section = sections.iter().find(|(section, _)| section == word);
        takes = section.map(|(_, takes_account)| *takes_account).or(takes);
        option = word;
        lines += &line;
        lines.push('\n');
        if ["glauth__subcmd__exec)", "glauth__subcmd__proxy)"].contains(&word) {
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
# Behind `exec HOST --` and `proxy HOST --`: a command, then what it takes. HOST and the dashes are still there where it is named.
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
# What stands behind `exec HOST --` or `proxy HOST --`, as a line of its own; fails where nothing does.
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
complete -c glauth -n "__fish_glauth_using_subcommand exec proxy; and __fish_glauth_command_line >/dev/null" -f -a '(complete -C "$(__fish_glauth_command_line)")'
"#;

fn for_fish() -> String {
    let ask = |what: &str, is: &str| {
        format!("-a '(glauth completions --list {what} 2>/dev/null)' -d '{is}'")
    };
    let mut text = String::new();
    let root = Cli::command();
    for (option, short, what) in [("host", "", "hosts"), ("account", "-s a ", "accounts")] {
        let mut all = root.get_arguments();
        let found = all.find(|argument| argument.get_long() == Some(option));
        let about = found.and_then(clap::Arg::get_help).map(ToString::to_string);
        let about = about.unwrap_or_default();
        let line = format!(
            "complete -c glauth {short}-l {option} -x {}\n",
            ask(what, &about)
        );
        text += &line;
    }
    for (name, takes_account) in with_host() {
        let before = match name.as_str() {
            "exec" | "proxy" => "; and not __fish_glauth_command_line >/dev/null",
            _ => "",
        };
        let asked = ask("hosts", "Host with a login");
        let line = format!(
            "complete -c glauth -n \"__fish_glauth_using_subcommand {name}{before}\" -f {asked}\n"
        );
        text += &line;
        if takes_account {
            text += &line.replace(&asked, &ask("accounts", "Account"));
        }
    }
    let commands: Vec<&str> = root
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    let commands = commands.join(" ");
    let shells: Vec<String> = Shell::value_variants()
        .iter()
        .map(ToString::to_string)
        .collect();
    text += FISH;
    for (command, words) in [
        ("man", format!("{commands} {CONFIG_PAGE}")),
        ("help", commands.clone()),
        ("completions", shells.join(" ")),
    ] {
        let line = format!(
            "complete -c glauth -n \"__fish_glauth_using_subcommand {command}\" -f -a '{words}'\n"
        );
        text += &line;
    }
    text
}
