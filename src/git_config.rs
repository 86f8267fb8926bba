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

/// The port of a proxy that names none, as curl has it.
const PROXY_PORT: u16 = 1080;

/// The way that git would take to `url`, where the environment names no proxy.
#[must_use]
pub fn route(url: &Url) -> Route {
    let proxy = if env::names_proxy() {
        None
    } else {
        proxy_for(url)
    };
    Route {
        proxy,
        ca_file: authorities_for(url),
    }
}

/// The proxy that git would take to `url`.
#[must_use]
pub fn proxy_for(url: &Url) -> Option<Url> {
    proxy_named(&ask(&[], "http.proxy", url)?)
}

/// `http.proxy` as curl reads it: a scheme may be left out, and a port means 1080 then. Empty, it means none.
fn proxy_named(text: &str) -> Option<Url> {
    let text = match text.split_once("://") {
        _ if text.is_empty() => return None,
        None => format!("http://{text}"),
        // curl's `socks` is SOCKS4.
        Some(("socks", rest)) => format!("socks4://{rest}"),
        Some(_) => text.to_owned(),
    };
    let mut url = Url::parse(&text).ok()?;
    // A URL leaves out the port of its scheme, which curl does not take for that of a proxy.
    let names_80 = text.trim_end_matches('/').ends_with(":80");
    if url.port().is_none() && url.scheme() != "https" && !names_80 {
        url.set_port(Some(PROXY_PORT)).ok()?;
    }
    url.has_host().then_some(url)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_what_curl_reads_in_it() {
        for (text, expected) in [
            ("http://proxy.corp:3128", Some("http://proxy.corp:3128/")),
            ("proxy.corp:3128", Some("http://proxy.corp:3128/")),
            ("proxy.corp", Some("http://proxy.corp:1080/")),
            ("http://proxy.corp", Some("http://proxy.corp:1080/")),
            ("http://proxy.corp:80", Some("http://proxy.corp/")),
            ("https://proxy.corp", Some("https://proxy.corp/")),
            ("socks5h://proxy.corp", Some("socks5h://proxy.corp:1080")),
            ("socks://proxy.corp:1", Some("socks4://proxy.corp:1")),
            (
                "jane:pw@proxy.corp:3128",
                Some("http://jane:pw@proxy.corp:3128/"),
            ),
            ("", None),
            ("http://", None),
        ] {
            let found = proxy_named(text);
            assert_eq!(found.as_ref().map(Url::as_str), expected, "{text}");
        }
    }
}
