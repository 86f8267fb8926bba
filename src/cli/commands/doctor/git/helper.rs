//! What a helper in git's configuration runs. Git gives it to a shell: what is more than words is not
//! guessed at, and a word is shown only where it can hold no secret (P8).

use std::path::Path;

use crate::env;

/// A helper that is words and nothing else.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HelperCall {
    /// What stands before the program as NAME=value.
    variables: Vec<(String, String)>,
    /// The program, and what it is called with.
    words: Vec<String>,
}

impl HelperCall {
    /// `None`: a shell makes more of it than words.
    pub(super) fn of(helper: &str) -> Option<Self> {
        let mut words = words(helper.trim_start_matches('!'))?;
        let program = words.iter().position(|word| variable(word).is_none())?;
        let variables = words.drain(..program);
        let variables = variables.filter_map(|word| variable(&word)).collect();
        Some(Self { variables, words })
    }

    /// Why git does not get to the program; `None`: it does, as far as can be told.
    fn cannot_run(&self) -> Option<String> {
        let program = self.words.first()?;
        if program.starts_with('/') {
            let is_there = env::is_executable(Path::new(program));
            return (!is_there).then(|| format!("there is no program `{program}`"));
        }
        // Not `exec`, `env` and their like, nor what is found by another path than ours.
        let is_named = program.contains("glauth") && !program.contains('/');
        let is_lost =
            is_named && self.variable("PATH").is_none() && env::in_path(program).is_none();
        is_lost.then(|| "its program is not in the PATH".to_owned())
    }

    /// The store that it names.
    pub(super) fn store(&self) -> Option<&Path> {
        self.option(&["--store"], "GLAUTH_STORE").map(Path::new)
    }

    /// The account that it names.
    pub(super) fn account(&self) -> Option<&str> {
        self.option(&["--account", "-a"], "GLAUTH_ACCOUNT")
    }

    /// What follows one of these names, or stands in one word with it; else what the variable says.
    fn option(&self, names: &[&str], variable: &str) -> Option<&str> {
        let ours = self
            .words
            .iter()
            .skip_while(|word| !word.contains("glauth"));
        let mut rest = ours.map(String::as_str);
        while let Some(word) = rest.next() {
            if names.contains(&word) {
                return rest.next();
            }
            let value = |name: &&str| word.strip_prefix(name)?.strip_prefix('=');
            if let Some(value) = names.iter().find_map(value) {
                return Some(value);
            }
        }
        self.variable(variable)
    }

    fn variable(&self, wanted: &str) -> Option<&str> {
        let mut last = self.variables.iter().rev();
        let found = last.find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    }
}

/// Why git does not get to the program of a helper; `None`: it does, as far as can be told.
pub(super) fn cannot_run(helper: &str) -> Option<String> {
    if helper.starts_with(['!', '/']) {
        return HelperCall::of(helper)?.cannot_run();
    }
    let name = first_word(helper).unwrap_or("…");
    Some(format!(
        "it takes `{name}` for the command `git-credential-{name}`"
    ))
}

/// What a helper is called; of a shell's command nothing is said.
pub(super) fn name_of(helper: &str) -> String {
    let word = first_word(helper).filter(|_| !helper.starts_with('!'));
    word.map_or_else(|| "a shell command".to_owned(), |word| format!("`{word}`"))
}

/// The first word, where it is a name or a path and nothing else.
fn first_word(helper: &str) -> Option<&str> {
    let word = helper.split_whitespace().next()?;
    let is_plain = |c: char| c.is_alphanumeric() || "/._+-".contains(c);
    word.chars().all(is_plain).then_some(word)
}

/// A word that sets a variable for the command after it.
fn variable(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    let is_name = is_name && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

/// The words of a command; `None` where there may be substitutions, patterns or operators in it.
fn words(command: &str) -> Option<Vec<String>> {
    let is_more = |c: char| "$`;&|<>()*?[{~#!\n".contains(c);
    let words = (!command.contains(is_more)).then(|| shlex::split(command))?;
    words.filter(|words| !words.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_is_taken_apart_as_a_shell_does() {
        for helper in [
            r"!'/a b/glauth' '--store' '/it'\''s' '-a' 'work' 'git-credential'",
            r#"!"/a b/glauth" --store="/it's" --account=work git-credential"#,
            r"!GLAUTH_STORE=/it\'s GLAUTH_ACCOUNT=work /a\ b/glauth git-credential",
            r"!GLAUTH_STORE=/x exec '/a b/glauth' --store /it\'s -a=work git-credential",
        ] {
            let call = HelperCall::of(helper).unwrap();
            assert_eq!(call.store(), Some(Path::new("/it's")), "{helper}");
            assert_eq!(call.account(), Some("work"), "{helper}");
        }
        let call = HelperCall::of("/glauth git-credential").unwrap();
        assert_eq!((call.store(), call.account()), (None, None));
    }

    #[test]
    fn what_is_more_than_words_is_not_guessed_at() {
        for helper in [
            "!f() { /nowhere/glauth git-credential; }; f",
            "!test -x /x && /x/glauth git-credential",
            "!$HOME/bin/glauth git-credential",
            r#"!"$HOME/bin/glauth" git-credential"#,
            "!~/bin/glauth git-credential",
            "!'/nowhere/glauth git-credential",
            "!A=b",
        ] {
            assert_eq!(HelperCall::of(helper), None, "{helper}");
            assert_eq!(cannot_run(helper), None, "{helper}");
        }
    }

    #[test]
    fn a_helper_that_git_does_not_get_to_is_seen() {
        for helper in [
            "!'/bin/sh' 'git-credential'",
            "/bin/sh git-credential",
            "!GLAUTH_STORE=/x /bin/sh git-credential",
            "!exec no-glauth-of-this-name git-credential",
            "!PATH=/x no-glauth-of-this-name git-credential",
            "!bin/glauth git-credential",
        ] {
            assert_eq!(cannot_run(helper), None, "{helper}");
        }
        for helper in [
            "glauth git-credential",
            "/nowhere/glauth git-credential",
            "!'/no where/glauth' 'git-credential'",
            "!GLAUTH_STORE=/x /nowhere/glauth git-credential",
            "!no-glauth-of-this-name git-credential",
        ] {
            assert!(cannot_run(helper).is_some(), "{helper}");
        }
    }

    #[test]
    fn no_word_that_may_be_a_secret_is_shown() {
        for helper in [
            "!pw-SECRET-1/glauth git-credential",
            "!pw-SECRET-1-glauth git-credential",
            "!A=pw-SECRET-1 /nowhere/glauth git-credential",
            "!A-B=pw-SECRET-1/glauth git-credential",
            "A=pw-SECRET-1 glauth git-credential",
            "glauth --token pw-SECRET-1 git-credential",
        ] {
            let shown = format!("{:?} {}", cannot_run(helper), name_of(helper));
            assert!(!shown.contains("SECRET"), "{shown}");
        }
        assert_eq!(name_of("store --file=x"), "`store`");
        assert_eq!(name_of("/usr/bin/git-x get"), "`/usr/bin/git-x`");
    }
}
