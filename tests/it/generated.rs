//! What is generated and committed is what the binary prints now.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use glauth::cli::args::Cli;
use glauth::code::Exit;

use crate::support::mounts::skipped;
use crate::support::sandbox::{self, Sandbox};

/// Set, the tests write what they would otherwise compare.
const UPDATE: &str = "GLAUTH_UPDATE";

/// A shell as `glauth completions` names it, and the file as that shell looks for it.
const SHELLS: [(&str, &str); 5] = [
    ("bash", "glauth.bash"),
    ("elvish", "glauth.elv"),
    ("fish", "glauth.fish"),
    ("powershell", "_glauth.ps1"),
    ("zsh", "_glauth"),
];

/// Where a table of the exit codes stands in README.
const TABLE: (&str, &str) = ("<!-- exit codes -->", "<!-- end of exit codes -->");

/// Runs a program of the machine's; `None`: there is none.
fn outside(program: &str, args: &[&str]) -> Option<std::process::Output> {
    let glauth = sandbox::program();
    let path = std::env::var("PATH").unwrap_or_default();
    let sandbox = Sandbox::new();
    for host in [
        "gitlab.com",
        "localhost:8443",
        "localhost:9000",
        "other.example",
    ] {
        let args = ["login", "--with-token", "--account", "work", host];
        sandbox.run_with_input(&args, "glpat-SECRET-1\n").succeeds();
    }
    std::process::Command::new(program)
        .args(args)
        .current_dir(source("completions"))
        .env(
            "PATH",
            format!("{}:{path}", glauth.parent().unwrap().display()),
        )
        .env("HOME", sandbox.path("home"))
        .env("GLAUTH_STORE", sandbox.store())
        .output()
        .ok()
}

/// Presses Tab in bash after this line, split as bash does: `host:port` is three words, `--host=x` too.
const BASH: &str = r#"
source glauth.bash
read -ra COMP_WORDS <<<"$(sed 's/[:=]/ & /g' <<<"$1")"
[[ $1 == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
word=${COMP_WORDS[COMP_CWORD]}
_glauth glauth "${word#[:=]}" "${COMP_WORDS[COMP_CWORD - 1]}"
echo "${COMPREPLY[@]}""#;

/// The same in elvish. What only a terminal has is left out.
const ELVISH: &str = r"
var script = (slurp < glauth.elv)
use re
set script = (re:replace 'set edit:completion:arg-completer\[glauth\]' 'var complete~' $script)
set script = (re:replace &literal '(?m)edit:complex-candidate \$text .*$' 'put $text' $script)
set script = (re:replace 'edit:complete-filename' 'nop' $script)
use str
eval $script'; complete $@words | to-lines' &ns=(ns [&words=[glauth (str:split ' ' $args[0])]])";

#[test]
fn a_shell_completes_hosts_and_accounts_from_the_store() {
    if is_update() {
        // The files are just being written.
        return;
    }
    for (words, offered) in [
        ("token gi", "gitlab.com"),
        ("setup-git o", "other.example"),
        ("--host g", "gitlab.com"),
        ("--host=g", "gitlab.com"),
        ("--host=localhost:8", "8443"),
        ("token localhost:", "8443 9000"),
        ("token localhost:8", "8443"),
        ("token --account=work localhost:9", "9000"),
        ("status --host o", "other.example"),
        ("token --account w", "work"),
        ("token -a w", "work"),
        ("tok", "token"),
        ("git-credential g", ""),
        ("man tok", "token"),
        ("man co", "completions config"),
        ("completions --l", "--lock-timeout"),
        ("switch g", "gitlab.com"),
        ("switch gitlab.com w", "work"),
        ("rename gitlab.com w", "work"),
        ("exec gitlab.com -- glaut", "glauth"),
        ("exec localhost:8443 -- glaut", "glauth"),
        ("exec gitlab.com -- cat glauth.ba", "glauth.bash"),
    ] {
        let line = format!("glauth {words}");
        let Some(output) = outside("bash", &["-c", BASH, "bash", &line]) else {
            return skipped("completions in bash");
        };
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.trim(), offered, "bash: {words}: {:?}", output.stderr);
    }
    let output = outside("bash", &["-c", BASH, "bash", "glauth status "]).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let hosts = "gitlab.com localhost:8443 localhost:9000 other.example -";
    assert!(text.starts_with(hosts), "hosts come before options: {text}");
    let script = "source glauth.fish; complete -C $argv[1]";
    for (words, offered) in [
        ("glauth token gi", "gitlab.com"),
        ("glauth token --account w", "work"),
        ("glauth status --host o", "other.example"),
        ("glauth man tok", "token"),
        ("glauth exec gi", "gitlab.com"),
        ("glauth switch gitlab.com wo", "work"),
        ("glauth exec gitlab.com -- glaut", "glauth"),
        ("glauth exec gitlab.com -- cat glauth.ba", "glauth.bash"),
        ("glauth token localhost:8", "localhost:8443"),
        ("glauth completions fi", "fish"),
        ("glauth help tok", "token"),
    ] {
        let Some(output) = outside("fish", &["-c", script, words]) else {
            return skipped("completions in fish");
        };
        let text = String::from_utf8(output.stdout).unwrap();
        // Behind a tab stands what it is.
        let first = text.lines().next().unwrap_or_default();
        let first = first.split('\t').next().unwrap_or_default();
        assert_eq!(first, offered, "fish: {words}: {text}");
    }
    for (words, offered) in [
        ("token ", "gitlab.com"),
        ("token gitlab.com --json ", "gitlab.com"),
        ("--host ", "gitlab.com"),
        ("status -a ", "work"),
        ("", "-a"),
        ("help ", "login"),
        ("exec gitlab.com -- ", ""),
    ] {
        let Some(output) = outside("elvish", &["-norc", "-c", ELVISH, words]) else {
            skipped("completions in elvish");
            break;
        };
        let text = String::from_utf8(output.stdout).unwrap();
        let first = text.lines().next().unwrap_or_default();
        assert_eq!(first, offered, "elvish: {words}: {:?}", output.stderr);
    }
    if let Some(output) = outside("fish", &["-c", script, "glauth status -"]) {
        let text = String::from_utf8(output.stdout).unwrap();
        let bare = text.lines().find(|line| !line.contains('\t'));
        assert_eq!(bare, None, "fish describes every option: {text}");
    }
    match outside("zsh", &["-n", "_glauth"]) {
        Some(output) => assert!(output.status.success(), "{output:?}"),
        None => skipped("completions in zsh"),
    }
}

#[test]
fn the_man_pages_have_nothing_that_mandoc_warns_of() {
    for page in files_in(&source("man")).keys() {
        let path = source("man").join(page);
        let path = path.to_str().unwrap();
        let Some(output) = outside("mandoc", &["-Tlint", "-Wwarning", path]) else {
            return skipped("man pages in mandoc");
        };
        let said = String::from_utf8(output.stdout).unwrap();
        // They have none: the version stands in its place.
        let is_undated = |line: &&str| line.contains("missing date");
        assert_eq!(said.lines().find(|line| !is_undated(line)), None);
    }
}

#[test]
fn a_man_page_describes_more_than_it_names_and_leads_to_others() {
    for (page, text) in files_in(&source("man")) {
        let section = |name: &str| {
            let (_, rest) = text.split_once(&format!(".SH {name}\n"))?;
            Some(rest.split("\n.SH").next().unwrap_or(rest).to_owned())
        };
        let named = section("NAME").unwrap();
        let (_, about) = named.trim().split_once(" \\- ").unwrap();
        let described = section("DESCRIPTION").unwrap();
        assert!(!described.contains(about), "{page}: {described}");
        assert!(described.len() > about.len(), "{page}: {described}");
        assert!(section("\"SEE ALSO\"").is_some(), "{page}");
    }
    let synopsis = printed(&["man", "token"]);
    assert!(
        synopsis.contains("\\fB\\-\\-min\\-ttl\\fR\\ \\fIDURATION\\fR"),
        "{synopsis}"
    );
}

#[test]
fn the_man_page_of_glauth_lists_every_variable_that_it_reads() {
    let page = printed(&["man"]);
    for file in ["src/env.rs", "src/env/command_line.rs", "src/cli/args.rs"] {
        let text = fs::read_to_string(source(file)).unwrap();
        let is_name = |word: &&str| {
            let mut bytes = word.bytes();
            word.len() > 3
                && word.contains(|c| c != '_')
                && bytes.all(|b| b.is_ascii_uppercase() || b == b'_')
        };
        // Of args.rs only what an option names.
        let lines = text
            .lines()
            .filter(|line| !file.ends_with("args.rs") || line.contains("env = "));
        for name in lines.flat_map(|line| line.split('"')).filter(is_name) {
            assert!(page.contains(name), "glauth(1) lacks {name} of {file}");
        }
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn is_update() -> bool {
    std::env::var_os(UPDATE).is_some()
}

fn printed(args: &[&str]) -> String {
    Sandbox::new().run(args).succeeds()
}

/// Compares a file with what should be in it, or writes it.
#[track_caller]
pub fn check_file(name: &str, wanted: &str) {
    let path = source(name);
    if is_update() {
        fs::write(&path, wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "`{UPDATE}=1 cargo test --test it` writes {name} anew"
    );
}

/// Compares a folder with what should be in it, or makes it so.
#[track_caller]
fn check_folder(name: &str, wanted: &BTreeMap<String, String>) {
    let folder = source(name);
    if is_update() {
        fs::create_dir_all(&folder).unwrap();
        for stranger in files_in(&folder)
            .keys()
            .filter(|n| !wanted.contains_key(*n))
        {
            fs::remove_file(folder.join(stranger)).unwrap();
        }
        for (file, text) in wanted {
            fs::write(folder.join(file), text).unwrap();
        }
    }
    let found = files_in(&folder);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    let remedy = format!("`{UPDATE}=1 cargo test --test it generated` writes {name}/ anew");
    assert_eq!(names(&found), names(wanted), "{remedy}");
    for (file, text) in wanted {
        assert!(
            found[file] == *text,
            "{name}/{file} is out of date; {remedy}"
        );
    }
}

fn files_in(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    let named = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read_to_string(entry.path()).unwrap())
    };
    entries.map(named).collect()
}

#[test]
fn completions_are_what_glauth_prints() {
    let file = |(shell, name): (&str, &str)| (name.to_owned(), printed(&["completions", shell]));
    check_folder("completions", &SHELLS.map(file).into());
}

#[test]
fn no_shell_completes_a_hidden_option() {
    for (shell, _) in SHELLS {
        let text = printed(&["completions", shell]);
        // What the script itself asks is no offer.
        let offers = text.replace("glauth completions --list", "");
        assert!(!offers.contains("--list"), "{shell}");
        assert!(!offers.contains("-l list"), "{shell}");
        assert!(offers.contains("lock-timeout"), "{shell}");
    }
}

#[test]
fn every_shell_has_its_completions() {
    let known = <clap_complete::Shell as clap::ValueEnum>::value_variants();
    let names: Vec<String> = known.iter().map(ToString::to_string).collect();
    assert_eq!(names, SHELLS.map(|(shell, _)| shell));
}

#[test]
fn man_pages_are_what_glauth_prints() {
    let commands = Cli::command();
    let commands = commands.get_subcommands().map(|command| {
        let name = command.get_name();
        (format!("glauth-{name}.1"), printed(&["man", name]))
    });
    let root = [
        ("glauth.1".to_owned(), printed(&["man"])),
        ("glauth-config.5".to_owned(), printed(&["man", "config"])),
    ];
    check_folder("man", &root.into_iter().chain(commands).collect());
}

#[test]
fn the_table_of_exit_codes_in_the_readme_is_the_programs_own() {
    let path = source("README.md");
    let Ok(text) = fs::read_to_string(&path) else {
        skipped("the table in README.md, which is not here");
        return;
    };
    let (start, end) = TABLE;
    let parts = text.split_once(start).and_then(|(before, rest)| {
        let (table, after) = rest.split_once(end)?;
        Some((before, table, after))
    });
    let Some((before, table, after)) = parts else {
        panic!("README.md has no table between `{start}` and `{end}`");
    };
    let wanted = exit_code_table();
    if is_update() {
        fs::write(&path, format!("{before}{start}{wanted}{end}{after}")).unwrap();
        return;
    }
    let remedy = format!("`{UPDATE}=1 cargo test --test it generated` writes it anew");
    assert_eq!(table, wanted, "{remedy}");
}

/// Between two newlines.
fn exit_code_table() -> String {
    let head = "\n| code | meaning | what a script does | `code` in JSON errors |\n\
                | --- | --- | --- | --- |\n";
    Exit::ALL.into_iter().fold(head.to_owned(), |text, exit| {
        let codes: Vec<String> = exit.codes().map(|code| format!("`{code}`")).collect();
        let row = format!(
            "| {} | {} | {} | {}",
            exit.code(),
            exit.meaning(),
            exit.remedy(),
            codes.join(", ")
        );
        text + row.trim_end() + " |\n"
    })
}
