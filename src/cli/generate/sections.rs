//! The sections that are the same for every command, which glauth(1) has, and what a command adds to them.

use clap_mangen::roff::{Roff, bold, roman};

use super::super::args::CONFIG_PAGE;
use super::{list, prose};
use crate::code::{Code, Exit};

/// The variables that glauth reads.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("GLAUTH_HOST", "Default host, in place of --host."),
    (
        "GLAUTH_ACCOUNT",
        "Name of the login, if a host has several, in place of --account.",
    ),
    (
        "GLAUTH_STORE",
        "Folder with the logins, or the address of a shared store, in place of --store. An address may have a password here.",
    ),
    (
        "GLAUTH_KEY_FILE",
        "The file with the keys of a shared store. Only its owner may read it; if root owns it, its group may, too.",
    ),
    (
        "GLAUTH_CACHE",
        "Folder for what a machine keeps of shared stores. The default is shared/ beside the folder with the logins. It must be on a disk of this machine, and last.",
    ),
    (
        "PGPASSWORD, PGPASSFILE",
        "The password of a shared store's user, and the file with it. The default file is ~/.pgpass.",
    ),
    (
        "CREDENTIALS_DIRECTORY",
        "Where systemd puts credentials: glauth.key is the file with the keys of a shared store.",
    ),
    ("GLAUTH_CONFIG", "Configuration file, in place of --config."),
    (
        "BROWSER",
        "Commands that open a page, separated by colons. With it, `glauth login` opens a browser even where it sees no display.",
    ),
    (
        "DISPLAY, WAYLAND_DISPLAY, SSH_CONNECTION, WSL_DISTRO_NAME, container",
        "Whether there is a browser that you would see. If not, `glauth login` prints the address instead.",
    ),
    (
        "HTTPS_PROXY, ALL_PROXY, NO_PROXY",
        "The proxy to servers (http, https, socks5, socks5h or socks), and the hosts that need none; in small letters, too. glauth never sends requests to loopback through a proxy. HTTP_PROXY has no effect, since glauth uses plain http on loopback only.",
    ),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "Where the system's certificate authorities are.",
    ),
    (
        "HOME",
        "Your home folder, which has the logins and the configuration.",
    ),
    (
        "XDG_DATA_HOME, XDG_CONFIG_HOME",
        "Folders for the logins and the configuration, on Linux. The defaults are ~/.local/share and ~/.config.",
    ),
    (
        "XDG_RUNTIME_DIR, TMPDIR",
        "Folders for a refreshed login that neither the store nor a place that lasts can take.",
    ),
    ("NO_COLOR", "No colour, even on a terminal."),
    ("TERM", "With `dumb`, no colour and no cursor movement."),
    (
        "LC_ALL, LC_CTYPE, LANG",
        "Whether the terminal shows more than ASCII; a QR code needs UTF-8.",
    ),
    (
        "PATH",
        "Where glauth finds git, docker-credential-glauth, and the command that `glauth exec` or `glauth proxy` runs.",
    ),
    (
        "GIT_CONFIG_GLOBAL",
        "git's global configuration, which `glauth setup-git` changes.",
    ),
    (
        "DOCKER_CONFIG",
        "The folder with docker's config.json, which `glauth setup-docker` changes. The default is ~/.docker.",
    ),
    (
        "REGISTRY_AUTH_FILE",
        "The file of podman, buildah and skopeo, which `glauth setup-docker` changes. The default is containers/auth.json in $XDG_CONFIG_HOME.",
    ),
];

const FILES: &[(&str, &str)] = &[
    (
        "~/.local/share/glauth/credentials/HOST/ACCOUNT.toml",
        "A login. On macOS the folder is ~/Library/Application Support/glauth/credentials.",
    ),
    (
        "~/.local/share/glauth/credentials/HOST/ACCOUNT.lock",
        "Its lock. Do not remove it while glauth runs.",
    ),
    (
        "~/.config/glauth/config.toml",
        "The configuration: see glauth-config(5). On macOS it is beside the folder of the logins.",
    ),
    (
        "glauth-rescue-UID/",
        "A refreshed login that the store could not take. The next call finds it there. The folder is beside the store, in the home, in /var/tmp (there with digits after UID), in $XDG_RUNTIME_DIR, /run/user/UID, the temporary folder or /tmp.",
    ),
];

/// `exec` and `proxy` end as their command does.
const EXEC_STATUS: &[(&str, &str)] = &[
    (
        "125",
        "glauth failed. Its message says why, as for the other commands.",
    ),
    ("126", "The command cannot be run."),
    ("127", "The command is not found."),
    ("any other", "The exit code of the command."),
];

/// What `proxy` sets for its command.
const SET_BY_PROXY: &[(&str, &str)] = &[
    (
        "GLAUTH_PROXY_URL",
        "Set for the command: the address to use in the place of HOST, with HOST's path.",
    ),
    (
        "GLAUTH_PROXY_HOST",
        "Set for the command: the host and port of that address, for a program that builds addresses of its own.",
    ),
    (
        "GLAUTH_PROXY_SECRET",
        "Set for the command: what such a program shows as its bearer token.",
    ),
    (
        "NO_PROXY, no_proxy",
        "Set for the command: what they held, and 127.0.0.1, if the environment names a proxy for http.",
    ),
];

/// What a command adds to what glauth(1) says.
struct Addition {
    command: &'static str,
    /// The variables that matter to it most.
    variables: &'static [&'static str],
    see_also: &'static [&'static str],
}

const ADDITIONS: &[Addition] = &[
    Addition {
        command: "login",
        variables: &["BROWSER", "DISPLAY", "LC_ALL"],
        see_also: &[
            "glauth-config(5)",
            "glauth-logout(1)",
            "glauth-setup-git(1)",
            "glauth-token(1)",
        ],
    },
    Addition {
        command: "token",
        variables: &[],
        see_also: &["glauth-exec(1)", "glauth-login(1)", "glauth-refresh(1)"],
    },
    Addition {
        command: "exec",
        variables: &["PATH"],
        see_also: &["glauth-proxy(1)", "glauth-token(1)", "memfd_create(2)"],
    },
    #[cfg(feature = "proxy")]
    Addition {
        command: "proxy",
        variables: &["PATH", "HTTPS_PROXY", "SSL_CERT_FILE"],
        see_also: &["glauth-exec(1)", "glauth-token(1)"],
    },
    Addition {
        command: "refresh",
        variables: &[],
        see_also: &[
            "glauth-status(1)",
            "glauth-token(1)",
            "crontab(5)",
            "systemd.timer(5)",
        ],
    },
    Addition {
        command: "status",
        variables: &[],
        see_also: &["glauth-doctor(1)", "glauth-refresh(1)", "glauth-store(1)"],
    },
    Addition {
        command: "logout",
        variables: &[],
        see_also: &["glauth-login(1)", "glauth-status(1)"],
    },
    Addition {
        command: "switch",
        variables: &["GLAUTH_ACCOUNT"],
        see_also: &["glauth-config(5)", "glauth-rename(1)", "glauth-status(1)"],
    },
    Addition {
        command: "rename",
        variables: &[],
        see_also: &["glauth-status(1)", "glauth-switch(1)"],
    },
    Addition {
        command: "git-credential",
        variables: &[],
        see_also: &[
            "glauth-setup-git(1)",
            "git-credential(1)",
            "gitcredentials(7)",
        ],
    },
    Addition {
        command: "setup-git",
        variables: &["GIT_CONFIG_GLOBAL"],
        see_also: &[
            "glauth-git-credential(1)",
            "git-config(1)",
            "gitcredentials(7)",
        ],
    },
    Addition {
        command: "docker-credential",
        variables: &[],
        see_also: &[
            "glauth-config(5)",
            "glauth-setup-docker(1)",
            "containers-auth.json(5)",
            "docker-login(1)",
        ],
    },
    Addition {
        command: "setup-docker",
        variables: &["DOCKER_CONFIG", "REGISTRY_AUTH_FILE"],
        see_also: &[
            "glauth-config(5)",
            "glauth-docker-credential(1)",
            "containers-auth.json(5)",
        ],
    },
    Addition {
        command: "doctor",
        variables: &["HTTPS_PROXY", "SSL_CERT_FILE"],
        see_also: &["glauth-status(1)", "glauth-store(1)"],
    },
    Addition {
        command: "store",
        variables: &[
            "GLAUTH_STORE",
            "GLAUTH_KEY_FILE",
            "GLAUTH_CACHE",
            "PGPASSWORD",
            "CREDENTIALS_DIRECTORY",
            "XDG_DATA_HOME",
            "XDG_RUNTIME_DIR",
        ],
        see_also: &["glauth-config(5)", "glauth-doctor(1)", "glauth-status(1)"],
    },
    Addition {
        command: "completions",
        variables: &[],
        see_also: &["bash(1)", "fish(1)", "zsh(1)"],
    },
    Addition {
        command: "man",
        variables: &[],
        see_also: &["man(1)"],
    },
];

fn addition(command: &str) -> Option<&'static Addition> {
    ADDITIONS
        .iter()
        .find(|addition| addition.command == command)
}

/// The commands, each with its page.
pub(super) fn commands(root: &clap::Command) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["COMMANDS"]);
    for command in root.get_subcommands() {
        roff.control("TP", []);
        roff.text([bold(format!("glauth-{}", command.get_name())), roman("(1)")]);
        let about = command.get_about().map(ToString::to_string);
        prose::paragraph(&mut roff, &about.unwrap_or_default());
    }
    roff
}

/// Every exit code.
pub(super) fn exit_status() -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["EXIT STATUS"]);
    for exit in Exit::ALL {
        roff.control("TP", []);
        roff.text([bold(exit.code().to_string())]);
        let codes: Vec<&str> = exit.codes().map(Code::as_str).collect();
        let codes = match &*codes {
            [] => String::new(),
            codes => format!(" (in JSON errors: {})", codes.join(", ")),
        };
        let (meaning, remedy) = (exit.meaning(), exit.remedy());
        roff.text([roman(format!("{meaning}: {remedy}{codes}"))]);
    }
    roff
}

/// What a command's exit codes mean beyond that.
pub(super) fn exit_status_of(command: &str, paragraphs: &[String]) -> Roff {
    if ["exec", "proxy"].contains(&command) {
        return list("EXIT STATUS", EXEC_STATUS);
    }
    let mut roff = Roff::default();
    roff.control("SH", ["EXIT STATUS"]);
    let common = "glauth(1) lists the exit codes of all commands.";
    let all: Vec<String> = paragraphs
        .iter()
        .cloned()
        .chain([common.to_owned()])
        .collect();
    prose::paragraphs(&mut roff, &all);
    roff
}

/// Every variable.
pub(super) fn environment() -> Roff {
    list("ENVIRONMENT", ENVIRONMENT)
}

/// Those that matter to a command most.
pub(super) fn environment_of(command: &str) -> Roff {
    let named = addition(command).map_or(&[][..], |addition| addition.variables);
    let is_named = |row: &&(&str, &str)| {
        named
            .iter()
            .any(|name| row.0.split(", ").any(|one| one == *name))
    };
    let set = match command {
        "proxy" => SET_BY_PROXY,
        _ => &[],
    };
    let read = ENVIRONMENT.iter().filter(is_named);
    let rows: Vec<(&str, &str)> = set.iter().chain(read).copied().collect();
    let mut roff = list("ENVIRONMENT", &rows);
    if !rows.is_empty() {
        roff.control("PP", []);
    }
    prose::paragraph(
        &mut roff,
        "glauth(1) lists all variables that glauth reads.",
    );
    roff
}

/// The files that glauth uses.
pub(super) fn files() -> Roff {
    list("FILES", FILES)
}

/// The pages to read next.
pub(super) fn see_also(command: &str) -> Roff {
    let own = match command {
        "glauth" => &["glauth-login(1)", "glauth-token(1)", "glauth-config(5)"][..],
        CONFIG_PAGE => &["glauth-login(1)"][..],
        other => addition(other).map_or(&[][..], |addition| addition.see_also),
    };
    let root = (command != "glauth").then_some("glauth(1)");
    let all: Vec<&str> = root.into_iter().chain(own.iter().copied()).collect();
    let mut roff = Roff::default();
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(all.join(", "))]);
    roff
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::args::Cli;

    #[test]
    fn every_command_leads_to_other_pages() {
        let root = Cli::command();
        let names = root.get_subcommands().map(clap::Command::get_name);
        assert!(names.eq(ADDITIONS.iter().map(|addition| addition.command)));
        for addition in ADDITIONS {
            for name in addition.variables {
                let is_listed = ENVIRONMENT
                    .iter()
                    .any(|(row, _)| row.split(", ").any(|one| one == *name));
                assert!(is_listed, "{name}");
            }
        }
    }
}
