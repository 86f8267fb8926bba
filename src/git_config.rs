//! What git's own configuration says of the way to a server: its proxy and its authorities. git is asked where
//! no repository is, so that only the system's, the user's and the command line's configuration count: a
//! repository's must not decide over a login that others share. `http.sslVerify` is never asked for.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use url::Url;

use crate::env;
use crate::http::Route;
use crate::signals::spawn_deaf;
use crate::user_file;

/// How long git may take to read its configuration; a home on a server that is gone takes for ever.
const LIMIT: Duration = Duration::from_secs(5);

/// The longest value that is read, in bytes.
const LENGTH_LIMIT: u64 = 64 * 1024;

/// The way that git would take to `url`, where the environment names no proxy.
#[must_use]
pub fn route(url: &Url) -> Route {
    let by_environment = env::proxy().is_some();
    Route {
        proxy: if by_environment { None } else { proxy_for(url) },
        ca_file: authorities_for(url),
    }
}

/// The proxy that git would take to `url`, as its configuration names it. Empty, it means none.
#[must_use]
pub fn proxy_for(url: &Url) -> Option<String> {
    ask(&[], "http.proxy", url).filter(|named| !named.is_empty())
}

/// The file of authorities that git trusts for `url`. One that others can write, or that is named from where a
/// repository is, is not trusted here.
fn authorities_for(url: &Url) -> Option<PathBuf> {
    let variable = env::option("GIT_SSL_CAINFO").map(PathBuf::from);
    let configured = || ask(&["--type=path"], "http.sslCAInfo", url).map(PathBuf::from);
    let path = variable.or_else(configured)?;
    (path.is_absolute() && user_file::check(&path).is_ok()).then_some(path)
}

/// The value of a key for this URL; `None` where there is none, or no git.
fn ask(options: &[&str], key: &str, url: &Url) -> Option<String> {
    let mut child = Command::new("git")
        .arg("config")
        .args(options)
        .args(["--get-urlmatch", key, url.as_str()])
        .current_dir(Path::new("/"))
        .env("GIT_DIR", "/dev/null")
        .env_remove("GIT_CONFIG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let stdout = child.stdout.take()?;
    let (sender, answer) = mpsc::channel();
    let read = move || {
        let mut text = String::new();
        let read = stdout.take(LENGTH_LIMIT).read_to_string(&mut text);
        sender.send(read.map(|_| text)).ok();
    };
    let text = spawn_deaf(read)
        .ok()
        .and_then(|_| answer.recv_timeout(LIMIT).ok());
    if text.is_none() {
        child.kill().ok();
    }
    let ended_well = child.wait().is_ok_and(|status| status.success());
    let text = text?.ok().filter(|_| ended_well)?;
    Some(text.trim_end_matches('\n').to_owned())
}
