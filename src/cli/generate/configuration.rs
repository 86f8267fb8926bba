//! glauth-config(5): every key of `config.toml`, from the list that the check uses.

use clap_mangen::roff::{Roff, bold, roman};

use super::super::args::CONFIG_PAGE;
use super::{lines, prose, sections, title};
use crate::config::{Form, HOST_KEYS, Key, TOP_KEYS};

const DESCRIPTION: [&str; 4] = [
    "The configuration of glauth is a TOML file. It is optional: `glauth login` asks for what it does not know, and remembers the answers.",
    "Commands read `default_host` if you name no host, and `account` if the host has no account called `default`. `glauth docker-credential` and `glauth setup-docker` read `registries`. Only a login reads the rest, because a refresh finds everything it needs in the record of the login. An option takes precedence over the record, and the record over the configuration.",
    "The file is ~/.config/glauth/config.toml, or glauth/config.toml in $XDG_CONFIG_HOME. On macOS it is ~/Library/Application Support/glauth/config.toml. To use another file, set --config or GLAUTH_CONFIG.",
    "Paths in the file are relative to its folder. If the file has a mistake, glauth names the line and says what to write there.",
];

const EXAMPLE: &str = "\
default_host = \"gitlab.example.com\"

[hosts.\"gitlab.example.com\"]
client_id = \"3f5c0a91\"
scopes = [\"api\"]

[hosts.\"git.example.org:8443\"]
provider = \"forgejo\"
ca_file = \"corp.pem\"";

/// The page.
pub(super) fn page() -> Roff {
    let mut roff = title("glauth-config", "5", "configuration file of glauth");
    roff.control("SH", ["SYNOPSIS"]);
    roff.text([bold("~/.config/glauth/config.toml")]);
    roff.control("SH", ["DESCRIPTION"]);
    prose::paragraphs(&mut roff, &DESCRIPTION.map(ToOwned::to_owned));
    roff.control("SH", ["TOP-LEVEL KEYS"]);
    for key in TOP_KEYS {
        describe(&mut roff, key);
    }
    roff.control("SH", ["KEYS OF A HOST"]);
    prose::paragraph(
        &mut roff,
        "Put these keys below a line such as `[hosts.\"gitlab.example.com\"]`. The quotes are required. The name may have a port or a path, as in `[hosts.\"example.com:8443/gitlab\"]`.",
    );
    for key in HOST_KEYS {
        describe(&mut roff, key);
    }
    roff.control("SH", ["EXAMPLES"]);
    let example: Vec<String> = EXAMPLE.lines().map(ToOwned::to_owned).collect();
    lines(&mut roff, &example);
    roff.extend([sections::see_also(CONFIG_PAGE)]);
    roff
}

/// A key: what it takes, what it says, what holds without it, and how to write it.
fn describe(roff: &mut Roff, key: &Key) {
    roff.control("TP", []);
    roff.text([bold(key.name), roman(format!(" ({})", key.form.words()))]);
    prose::paragraph(roff, key.about);
    if let Form::OneOf(known) = key.form {
        let known: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
        prose::paragraph(roff, &format!("One of {}.", known.join(", ")));
    }
    roff.control("IP", []);
    prose::paragraph(roff, &format!("Default: {}.", key.default));
    roff.control("br", []);
    prose::paragraph(roff, &format!("Example: `{}`", key.line()));
}
