//! The arguments of the commands for docker and its like.

use clap::{Args, ValueEnum};

use super::HostTarget;

/// `glauth docker-credential`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ln -s \"$(command -v glauth)\" ~/.local/bin/docker-credential-glauth
  echo registry.gitlab.com | glauth docker-credential get

docker, podman, buildah and skopeo call it, by the name docker-credential-glauth, and write the registry or the \
credentials to standard input. `get` prints a token that works. The login is that of the registry's own host, \
for registry.gitlab.com that of gitlab.com, else that of the host whose `registries` in config.toml name it. If there \
is no login, `get` prints `credentials not found in native keychain`, and the exit code is 1. On any other \
failure, the message is on standard output too, since some of these tools show no other one.

`store` keeps nothing, and fails for a registry without a login. `erase` ends no login. `list` prints the registries \
that have a login, with the user name of each.

The token needs a scope for the registry: at GitLab `api`, `read_registry` or `write_registry`; at GitHub \
`read:packages` or `write:packages`.")]
pub struct DockerCredential {
    /// What to do
    #[arg(value_enum, value_name = "OPERATION")]
    pub operation: DockerOperation,
}

/// What docker asks its helpers to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DockerOperation {
    /// Print the credentials for a registry
    Get,
    /// Keep credentials: glauth keeps none
    Store,
    /// Forget credentials: glauth keeps the login
    Erase,
    /// Print the registries that have a login
    List,
}

/// `glauth setup-docker`
#[derive(Debug, Args)]
#[command(mut_arg("target", |host| host.help("Only this host").long_help("Only the registries of this host, or only this registry. Without HOST, those of every host with a login; with --undo, every registry that docker and podman ask glauth for.")))]
#[command(after_long_help = "\
Examples:
  glauth setup-docker gitlab.com
  glauth setup-docker --undo gitlab.com

glauth adds the registries to `credHelpers` in ~/.docker/config.json (DOCKER_CONFIG), and for podman, buildah and \
skopeo in ~/.config/containers/auth.json (REGISTRY_AUTH_FILE). All else in these files stays as it is. They then call \
`docker-credential-glauth`, which is a link to glauth in a folder of PATH.

Name the registry of a GitLab server of your own in config.toml: `registries = [\"registry.example.com\"]` below \
`[hosts.\"gitlab.example.com\"]`.")]
pub struct SetupDocker {
    /// The only host to set up.
    #[command(flatten)]
    pub target: HostTarget,

    /// Remove glauth from both files
    #[arg(long)]
    pub undo: bool,
}
