//! A server that glauth does not reach, and that git may: its configuration has a proxy, which glauth takes as
//! git's helper only.

use url::Url;

use super::Failure;
use crate::code::Code;
use crate::credential::is_loopback;
use crate::{env, git_config, http};

impl Failure {
    /// What to do about this failure where git's configuration has a proxy for the host.
    pub(in crate::cli) fn proxy_of_git(&self) -> Option<String> {
        if self.code != Code::Unreachable {
            return None;
        }
        proxy_of_git(&Url::parse(&format!("https://{}/", self.host.as_ref()?)).ok()?)
    }
}

/// The same of a server that was not reached.
pub(in crate::cli) fn proxy_of_git(url: &Url) -> Option<String> {
    if env::proxy().is_some() || is_loopback(url) {
        return None;
    }
    let proxy = http::proxy_of_git(&git_config::proxy_for(url)?).ok()?;
    let secret = match proxy.username() {
        "" => "",
        _ => ", with its user and password",
    };
    Some(format!(
        "run `export HTTPS_PROXY={}`{secret}: git's configuration has that proxy for this server",
        http::shown(&proxy)
    ))
}
