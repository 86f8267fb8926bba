//! The arguments of `login`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::HostTarget;
use crate::credential::HostArg;
use crate::oauth::PROVIDERS;

/// `glauth login`
#[derive(Debug, Args)]
// A login is at the whole address, or at none.
#[command(mut_arg("target", |host| host.value_parser(HostArg::parse)))]
#[command(after_long_help = "\
Examples:
  glauth login gitlab.com                # the first time and later
  glauth login --device gitlab.com       # consent on a phone
  glauth login -a work gitlab.com        # a second account
  glauth login --no-browser gitlab.com   # a browser elsewhere
  glauth login --standby gitlab.com      # add a standby grant
  glauth login https://mcp.example.com/mcp   # an MCP server
  glauth login --provider oidc --client-id ID https://sso.example.com/realms/dev
  glauth login --client-credentials --client-id ID \\
    --client-secret-file FILE https://sso.example.com
  glauth login --import --client-id ID gitlab.example.com < token-response.json
  pass show gitlab-token | glauth login --with-token gitlab.com

The second login needs no options. What you leave out (client id, provider, scopes, endpoints, parameters) \
comes from the current or previous login, then from the host's other accounts, then from the configuration, \
then from what glauth knows of such servers. The current login stays until the new one is stored.

A second import of the same token response changes nothing, so a provisioning script can run twice. The response \
can say when the token was issued (`created_at` and similar names) or when it expires (`expires_at` and similar), \
in seconds, milliseconds or RFC 3339. Without either, the lifetime counts from now, and glauth warns.")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
pub struct Login {
    /// Host to log in to.
    #[command(flatten)]
    pub target: HostTarget,

    /// Consent on another device, such as a phone (RFC 8628)
    #[arg(help_heading = "How to log in", long, group = "source")]
    pub device: bool,

    /// Print the address instead of opening a browser
    ///
    /// Open the address in any browser. If that runs on another machine, paste the address that it ends at into
    /// the terminal.
    #[arg(help_heading = "How to log in", long, group = "source")]
    pub no_browser: bool,

    /// Read a token response from standard input
    ///
    /// The JSON of RFC 6749 §5.1.
    #[arg(help_heading = "How to log in", long, group = "source")]
    pub import: bool,

    /// Read a personal access token from standard input
    #[arg(help_heading = "How to log in", long, group = "source")]
    pub with_token: bool,

    /// Log in a machine with its own credentials
    ///
    /// The client credentials grant (RFC 6749 §4.4). glauth asks for another token when one expires, and reads the file
    /// with the secret or the key each time.
    #[arg(help_heading = "How to log in", long, group = "source")]
    pub client_credentials: bool,

    /// Ask for a standby grant, too
    ///
    /// While one grant is refreshed, programs use the other. If there is a login, --standby adds a grant to it. A
    /// login in a browser asks for a standby grant by default if the server invalidates the old token at a refresh.
    #[arg(help_heading = "How to log in", long, conflicts_with_all = ["no_standby", "with_token", "client_credentials"])]
    pub standby: bool,

    /// Ask for one grant only
    #[arg(help_heading = "How to log in", long)]
    pub no_standby: bool,

    /// Client id of the application at the server
    ///
    /// glauth asks for it if it knows none, and registers itself at an MCP server.
    #[arg(help_heading = "The application", long, value_name = "ID")]
    pub client_id: Option<String>,

    /// File with the client secret
    #[arg(help_heading = "The application", long, value_name = "FILE")]
    pub client_secret_file: Option<PathBuf>,

    /// File with the client's private key (PEM)
    ///
    /// Instead of a secret: RSA, P-256 or Ed25519 (RFC 7523).
    #[arg(help_heading = "The application", long, value_name = "FILE", requires = "client_credentials", conflicts_with_all = ["client_secret_file", "auth_method"])]
    pub client_key_file: Option<PathBuf>,

    /// Name of the key at the server (`kid`)
    #[arg(
        help_heading = "The application",
        long,
        value_name = "ID",
        requires = "client_credentials"
    )]
    pub client_key_id: Option<String>,

    /// What the key's signature is for (`aud`)
    ///
    /// The server's name or the endpoint. The default is `issuer` for an MCP server, else `token_endpoint`.
    #[arg(help_heading = "The application", long, value_name = "NAME", requires = "client_credentials", value_parser = ["issuer", "token_endpoint"])]
    pub client_key_audience: Option<String>,

    /// How to send the client secret (RFC 7591)
    #[arg(help_heading = "The application", long, value_name = "METHOD", value_parser = ["none", "client_secret_basic", "client_secret_post"])]
    pub auth_method: Option<String>,

    /// Scope to ask for; can be repeated
    ///
    /// If there is a login, the scope is added to those that it has.
    #[arg(help_heading = "The application", long, value_name = "SCOPE", value_delimiter = ' ', value_parser = scope)]
    pub scope: Vec<String>,

    /// Ask for no other scopes than --scope
    #[arg(help_heading = "The application", long, requires = "scope")]
    pub replace_scopes: bool,

    /// Extra parameter for every request; can be repeated
    ///
    /// Such as `resource=…` or `audience=…`.
    #[arg(help_heading = "The application", long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub parameter: Vec<(String, String)>,

    /// Kind of server
    ///
    /// Without it glauth detects the kind. `mcp` asks HOST for its authorization server, `oidc` reads the endpoints from the issuer HOST, `generic` takes them from
    /// the options.
    #[arg(help_heading = "The server", long, value_name = "NAME", value_parser = PossibleValuesParser::new(PROVIDERS.iter().map(|provider| provider.name)))]
    pub provider: Option<String>,

    /// Additional certificate authority (PEM)
    ///
    /// Or the server's own self-signed certificate.
    #[arg(help_heading = "The server", long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// Redirect URI, as registered at the server
    ///
    /// A loopback address or `localhost`; without a port, any port will do. The default is `http://127.0.0.1/`, for
    /// Bitbucket Cloud `http://127.0.0.1:34871/`.
    #[arg(help_heading = "The application", long, value_name = "URL")]
    pub redirect_uri: Option<String>,

    /// Authorization endpoint (RFC 6749 §3.1)
    #[arg(help_heading = "The server", long, value_name = "URL")]
    pub authorization_endpoint: Option<String>,

    /// Device authorization endpoint (RFC 8628 §3.1)
    #[arg(help_heading = "The server", long, value_name = "URL")]
    pub device_endpoint: Option<String>,

    /// Token endpoint (RFC 6749 §3.2)
    #[arg(help_heading = "The server", long, value_name = "URL")]
    pub token_endpoint: Option<String>,

    /// Revocation endpoint (RFC 7009)
    #[arg(help_heading = "The server", long, value_name = "URL")]
    pub revocation_endpoint: Option<String>,
}

/// RFC 6749 §3.3: `scope-token`.
fn scope(text: &str) -> Result<String, String> {
    let good = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if text.is_empty() || !text.bytes().all(good) {
        return Err("is not a scope".to_owned());
    }
    Ok(text.to_owned())
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("is not KEY=VALUE".to_owned()),
    }
}
