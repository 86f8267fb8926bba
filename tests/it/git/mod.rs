//! `glauth git-credential` and `glauth setup-git`: by hand, and through git itself.

mod hostile;
mod login;
mod passwords;
mod places;
mod proxies;
mod setup;
mod smart_http;
mod world;

use std::collections::BTreeMap;

use crate::support::sandbox::{Finished, Sandbox};

/// `glauth git-credential OPERATION` with this question.
pub fn credential(sandbox: &Sandbox, operation: &str, question: &str) -> Finished {
    sandbox.run_with_input(&["git-credential", operation], question)
}

/// What `get` answers, without a word on stderr; empty: nothing.
#[track_caller]
pub fn get(sandbox: &Sandbox, question: &str) -> BTreeMap<String, String> {
    read(&credential(sandbox, "get", question).prints())
}

/// Lines of `key=value`, none twice.
#[track_caller]
pub fn read(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let (key, value) = line.split_once('=').unwrap();
        // Of the lists only capabilities have several values here.
        let key = match key {
            "capability[]" => format!("{key}{value}"),
            key => key.to_owned(),
        };
        let before = found.insert(key, value.to_owned());
        assert_eq!(before, None, "twice: {text}");
    }
    found
}

/// `store` or `erase`, without a word.
#[track_caller]
pub fn tell(sandbox: &Sandbox, operation: &str, question: &str) {
    let finished = credential(sandbox, operation, question);
    assert_eq!(finished.prints(), "");
}

/// `protocol` and `host` of a loopback login.
pub fn question(host: &str) -> String {
    format!("protocol=http\nhost={host}\n")
}
