//! The keys of `config.toml`: one list for the check, the hints and glauth-config(5).

use crate::credential::EndpointName;

/// A key, as the manual shows it.
#[derive(Debug)]
pub struct Key {
    /// As it stands in the file.
    pub name: &'static str,
    /// What it takes.
    pub form: Form,
    /// A value that fits, as it stands in the file.
    pub example: &'static str,
    /// What glauth does without it.
    pub default: &'static str,
    /// What it says.
    pub about: &'static str,
}

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Any string.
    Text,
    /// The path of a file.
    File,
    /// A host name, a host with a port, or a URL of one.
    Host,
    /// The URL of an endpoint.
    Url,
    /// The URL of a client id metadata document.
    DocumentUrl,
    /// Where a browser comes back to.
    RedirectUri,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A list of strings.
    List,
    /// A list of registries: host names, with a port perhaps.
    Registries,
    /// A table of strings.
    Pairs,
}

impl Form {
    /// What the manual and a message call it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Text | Self::OneOf(_) => "a string",
            Self::File => "a path in quotes",
            Self::Host => "a host in quotes",
            Self::Url | Self::DocumentUrl | Self::RedirectUri => "a URL in quotes",
            Self::List => "a list of strings",
            Self::Registries => "a list of registries in quotes",
            Self::Pairs => "a table of strings",
        }
    }
}

/// The keys that stand above all tables.
pub const TOP_KEYS: &[Key] = &[
    Key {
        name: "default_host",
        form: Form::Host,
        example: "\"gitlab.example.com\"",
        default: "the only host in the store",
        about: "The host that a command uses if you name none. --host and GLAUTH_HOST take precedence.",
    },
    Key {
        name: "client_metadata_url",
        form: Form::DocumentUrl,
        example: "\"https://example.com/glauth.json\"",
        default: "none; glauth registers itself at such servers",
        about: "The address of a client id metadata document that you publish. glauth uses it as the client id at servers \
                that support such documents, unless it has another one.",
    },
];

/// The kinds of servers; a test compares them with those that glauth knows.
const PROVIDERS: &[&str] = &[
    "gitlab",
    "gitea",
    "forgejo",
    "github",
    "github-enterprise",
    "bitbucket",
    "google",
    "oidc",
    "mcp",
    "generic",
];

const NO_ENDPOINT: &str =
    "from the server's discovery document, else from what glauth knows about this kind of server";

/// The keys in the table of a host.
pub const HOST_KEYS: &[Key] = &[
    Key {
        name: "account",
        form: Form::Text,
        example: "\"work\"",
        default: "the account called default, else the only one",
        about: "The account that a command uses if you name none and the host has no account called default. \
                glauth switch writes this key.",
    },
    Key {
        name: "registries",
        form: Form::Registries,
        example: "[\"registry.example.com\"]",
        default: "registry.gitlab.com for gitlab.com; elsewhere none but the host itself",
        about: "The registries of container images that accept this host's tokens. glauth docker-credential gives them a \
                token of this host.",
    },
    Key {
        name: "client_id",
        form: Form::Text,
        example: "\"3f5c0a91\"",
        default: "the client id that glauth knows for the server; if it knows none, it asks",
        about: "The client id of your application at the server.",
    },
    Key {
        name: "client_secret",
        form: Form::Text,
        example: "\"s3cr3t\"",
        default: "none: a public client",
        about: "The secret of a confidential client. client_secret_file takes precedence.",
    },
    Key {
        name: "client_secret_file",
        form: Form::File,
        example: "\"gitlab.secret\"",
        default: "none",
        about: "A file that holds the client secret.",
    },
    Key {
        name: "client_key_file",
        form: Form::File,
        example: "\"/etc/ci/client.key\"",
        default: "none",
        about: "A file that holds the private key (PEM) with which login --client-credentials authenticates.",
    },
    Key {
        name: "client_key_id",
        form: Form::Text,
        example: "\"2026-11\"",
        default: "none",
        about: "The name of that key at the server (`kid`).",
    },
    Key {
        name: "client_key_audience",
        form: Form::OneOf(&["issuer", "token_endpoint"]),
        example: "\"issuer\"",
        default: "\"issuer\" for an MCP server, else \"token_endpoint\"",
        about: "What glauth calls the server (`aud`) in what it signs with that key.",
    },
    Key {
        name: "auth_method",
        form: Form::OneOf(&["none", "client_secret_basic", "client_secret_post"]),
        example: "\"client_secret_post\"",
        default: "from the server's discovery document, else by the kind of server",
        about: "How glauth sends the client secret (RFC 7591).",
    },
    Key {
        name: "scopes",
        form: Form::List,
        example: "[\"api\"]",
        default: "the usual scopes for the kind of server",
        about: "The scopes that a login requests.",
    },
    Key {
        name: "parameters",
        form: Form::Pairs,
        example: "{ resource = \"https://api.example.com\" }",
        default: "none",
        about: "Extra parameters for every authorization and token request.",
    },
    Key {
        name: "redirect_uri",
        form: Form::RedirectUri,
        example: "\"http://localhost:7171/callback\"",
        default: "\"http://127.0.0.1/\"; for Bitbucket Cloud \"http://127.0.0.1:34871/\"",
        about: "The redirect URI, as registered at the server: `http` with a loopback address or `localhost`. Without a port, glauth uses any free one.",
    },
    Key {
        name: "provider",
        form: Form::OneOf(PROVIDERS),
        example: "\"gitlab\"",
        default: "detected",
        about: "The kind of server. With `oidc`, glauth reads the endpoints from the issuer; with `generic`, from the keys below.",
    },
    Key {
        name: "url",
        form: Form::Host,
        example: "\"http://127.0.0.1:3000\"",
        default: "\"https://HOST\"",
        about: "The address of the server. `http` works only on loopback.",
    },
    Key {
        name: "ca_file",
        form: Form::File,
        example: "\"/etc/ssl/corp.pem\"",
        default: "only the system's certificate authorities",
        about: "An additional certificate authority (PEM), or the server's own self-signed certificate.",
    },
    Key {
        name: "authorization_endpoint",
        form: Form::Url,
        example: "\"https://gitlab.example.com/oauth/authorize\"",
        default: NO_ENDPOINT,
        about: "The page where you consent (RFC 6749 §3.1).",
    },
    Key {
        name: "device_authorization_endpoint",
        form: Form::Url,
        example: "\"https://gitlab.example.com/oauth/authorize_device\"",
        default: NO_ENDPOINT,
        about: "Where glauth asks for a device code (RFC 8628 §3.1).",
    },
    Key {
        name: "token_endpoint",
        form: Form::Url,
        example: "\"https://gitlab.example.com/oauth/token\"",
        default: NO_ENDPOINT,
        about: "Where glauth gets and refreshes tokens (RFC 6749 §3.2).",
    },
    Key {
        name: "revocation_endpoint",
        form: Form::Url,
        example: "\"https://gitlab.example.com/oauth/revoke\"",
        default: NO_ENDPOINT,
        about: "Where glauth revokes tokens (RFC 7009).",
    },
    Key {
        name: "check_endpoint",
        form: Form::Url,
        example: "\"https://gitlab.example.com/oauth/token/info\"",
        default: NO_ENDPOINT,
        about: "Where glauth checks a token: it answers 200 if the token works, and 401 if it does not.",
    },
    Key {
        name: "userinfo_endpoint",
        form: Form::Url,
        example: "\"https://gitlab.example.com/oauth/userinfo\"",
        default: NO_ENDPOINT,
        about: "Where glauth asks which user a token belongs to (OpenID Connect Core §5.3).",
    },
];

/// The key of a host's table with this name.
pub(super) fn host_key(name: &str) -> Option<&'static Key> {
    HOST_KEYS.iter().find(|key| key.name == name)
}

/// The key above all tables with this name.
pub(super) fn top_key(name: &str) -> Option<&'static Key> {
    TOP_KEYS.iter().find(|key| key.name == name)
}

/// Any key with this name.
pub(super) fn key(name: &str) -> Option<&'static Key> {
    host_key(name).or_else(|| top_key(name))
}

impl Key {
    /// The endpoint that it names.
    #[must_use]
    pub fn endpoint(&self) -> Option<EndpointName> {
        let mut all = EndpointName::ALL.iter().copied();
        all.find(|endpoint| endpoint.key() == self.name)
    }

    /// A line of the file with a value that fits.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} = {}", self.name, self.example)
    }
}
