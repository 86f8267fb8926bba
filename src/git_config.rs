//! What git's own configuration says of the way to a server: its proxy and its authorities. Only the system's,
//! the user's and the command line's configuration count: a repository's must not decide over a login that
//! others share. `http.sslVerify` is never asked for.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use url::Url;

use crate::env;
use crate::http::Route;
use crate::signals::spawn_with_signals_blocked;
use crate::user_file;

/// How long git may take to read its configuration; a home on a server that is gone takes for ever.
const LIMIT: Duration = Duration::from_secs(5);

/// The most that git says of its configuration, in bytes.
const LENGTH_LIMIT: u64 = 1024 * 1024;

/// Whose settings count (`git config --show-scope`): not those of a repository (`local`, `worktree`), though one
/// may have been cloned from anywhere.
const TRUSTED_SCOPES: [&str; 3] = ["system", "global", "command"];

/// The way that git would take to `url`, where the environment names no proxy.
#[must_use]
pub fn route(url: &Url) -> Route {
    let settings = settings();
    let by_environment = env::proxy().is_some();
    let proxy = || proxy_in(settings.as_deref(), url);
    Route {
        proxy: if by_environment { None } else { proxy() },
        ca_file: authorities_in(settings.as_deref(), url),
    }
}

/// The proxy that git would take to `url`, as its configuration names it. Empty, it means none.
#[must_use]
pub fn proxy_for(url: &Url) -> Option<String> {
    proxy_in(settings().as_deref(), url)
}

fn proxy_in(settings: Option<&str>, url: &Url) -> Option<String> {
    ask(settings, &[], "http.proxy", url).filter(|named| !named.is_empty())
}

/// The file of authorities that git trusts for `url`. One that others can write, or that is named from where a
/// repository is, is not trusted here.
fn authorities_in(settings: Option<&str>, url: &Url) -> Option<PathBuf> {
    let variable = env::option("GIT_SSL_CAINFO").map(PathBuf::from);
    let configured = || ask(settings, &["--type=path"], "http.sslCAInfo", url).map(PathBuf::from);
    let path = variable.or_else(configured)?;
    (path.is_absolute() && user_file::check(&path).is_ok()).then_some(path)
}

/// The value of a key for this URL; `None` where there is none, or no git.
fn ask(settings: Option<&str>, options: &[&str], key: &str, url: &Url) -> Option<String> {
    let from_settings = settings.map_or(&[][..], |_| &["--file", "-"]);
    let mut git = git();
    git.args(options).args(from_settings);
    git.args(["--get-urlmatch", key, url.as_str()]);
    // An old git cannot say whose a setting is: then none counts that depends on where the repository is.
    git.current_dir(Path::new("/")).env("GIT_DIR", "/dev/null");
    let value = run(git, settings.unwrap_or_default().to_owned())?;
    Some(value.trim_end_matches('\n').to_owned())
}

/// What git has under `http` here, without the repository's own, as a file of git's. Asked where git has called
/// us, so that the user's own `includeIf` counts as it does for git.
fn settings() -> Option<String> {
    let mut git = git();
    git.args(["--list", "--show-scope", "--null"]);
    let listed = run(git, String::new())?;
    let mut words = listed.split_terminator('\0');
    let mut file = String::new();
    while let (Some(scope), Some(setting)) = (words.next(), words.next()) {
        if TRUSTED_SCOPES.contains(&scope) {
            file.extend(setting_of(setting));
        }
    }
    Some(file)
}

/// `http.https://HOST.proxy`, a line, and its value, as it stands in a file; `None` for other sections.
fn setting_of(setting: &str) -> Option<String> {
    let (key, value) = setting.split_once('\n')?;
    let rest = key.strip_prefix("http.")?;
    let (url, name) = rest.rsplit_once('.').unwrap_or(("", rest));
    let [url, value] = [url, value].map(|text| text.replace('\\', "\\\\").replace('"', "\\\""));
    let value = value.replace('\n', "\\n");
    let section = if url.is_empty() {
        "[http]".to_owned()
    } else {
        format!("[http \"{url}\"]")
    };
    Some(format!("{section}\n\t{name} = \"{value}\"\n"))
}

fn git() -> Command {
    let mut git = Command::new("git");
    git.arg("config").env_remove("GIT_CONFIG");
    git
}

/// What git says to this input, where it succeeds in time.
fn run(mut git: Command, input: String) -> Option<String> {
    let mut child = git
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let (mut stdin, stdout) = (child.stdin.take()?, child.stdout.take()?);
    let (sender, answer) = mpsc::channel();
    let talk = move || {
        stdin.write_all(input.as_bytes()).ok();
        drop(stdin);
        let mut text = String::new();
        let read = stdout.take(LENGTH_LIMIT).read_to_string(&mut text);
        sender.send(read.map(|_| text)).ok();
    };
    let text = spawn_with_signals_blocked(talk)
        .ok()
        .and_then(|_| answer.recv_timeout(LIMIT).ok());
    if text.is_none() {
        child.kill().ok();
    }
    let ended_well = child.wait().is_ok_and(|status| status.success());
    text?.ok().filter(|_| ended_well)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_written_so_that_git_reads_the_same() {
        for (setting, written) in [
            (
                "http.proxy\nhttp://p:1",
                Some("[http]\n\tproxy = \"http://p:1\"\n"),
            ),
            (
                "http.https://a.example/.proxy\na\\\"b\nc",
                Some("[http \"https://a.example/\"]\n\tproxy = \"a\\\\\\\"b\\nc\"\n"),
            ),
            ("http.sslverify", None),
            ("core.editor\nvi", None),
        ] {
            assert_eq!(setting_of(setting).as_deref(), written, "{setting}");
        }
    }
}
