//! The table. What it says of a server was read in that server's source or documentation, or tried
//! on it; where nothing is known it says the worst, so that nothing is broken.

use super::{ImageRegistry, MCP, NeedsSecret, Provider, REDIRECT_URI, Registration, SharedClient};
use crate::credential::{AuthMethod, Endpoints, Independence, ReuseDetection, RotationEffect};

/// Every provider; the first one is the default for a host that nothing else is known of.
pub const PROVIDERS: &[Provider] = &[
    GITLAB,
    GITEA,
    FORGEJO,
    GITHUB,
    GITHUB_ENTERPRISE,
    BITBUCKET,
    GOOGLE,
    OIDC,
    MCP_SERVER,
    GENERIC,
];

/// Doorkeeper; access tokens live two hours.
const GITLAB: Provider = Provider {
    name: "gitlab",
    title: "GitLab",
    hosts: &["gitlab.com"],
    client_ids: &[],
    issuer: Some("/"),
    endpoints: Endpoints {
        authorization: Some("/oauth/authorize"),
        device_authorization: Some("/oauth/authorize_device"),
        token: Some("/oauth/token"),
        revocation: Some("/oauth/revoke"),
        check: Some("/oauth/token/info"),
        userinfo: Some("/api/v4/user"),
    },
    device_client_apart: false,
    token_check_endpoint: Some("/api/v4/personal_access_tokens/self"),
    token_user_endpoint: Some("/api/v4/user"),
    scopes: &["api"],
    scope_separators: &[' '],
    authorization_parameters: &[],
    secret_method: AuthMethod::ClientSecretBasic,
    needs_secret: NeedsSecret::Nothing,
    redirect_uri: REDIRECT_URI,
    git_username: "oauth2",
    images: Some(ImageRegistry {
        is_at_host: false,
        scopes: &["api", "read_registry", "write_registry"],
        username: None,
    }),
    // glab sends a bare GITLAB_TOKEN as Private-Token, which GitLab refuses for OAuth tokens.
    environment: &[("GITLAB_TOKEN", "{token}"), ("GLAB_IS_OAUTH2", "true")],
    token_environment: &[("GITLAB_TOKEN", "{token}")],
    rotation: RotationEffect::Kills,
    replay: ReuseDetection::Harmless,
    grants: Independence::Independent,
    refresh_errors: &[],
    client_errors: &[],
    registration: Some(Registration {
        page: "/-/user_settings/applications",
        redirect_uri: "Redirect URI",
        client_id: "Application ID",
        remark: "\"Confidential\" off",
    }),
    shared_clients: &[],
    discovers: false,
    may_have_device_grant: false,
    foreign_endpoints: false,
};

/// One grant for each user and application, with a counter that its refresh tokens carry. Where
/// `INVALIDATE_REFRESH_TOKENS` is on (Forgejo's default, not Gitea's) any refresh or login of the
/// user at this application ends all older refresh tokens. Access tokens are JWTs that live as long
/// as they say. A spent refresh token is answered with `unauthorized_client`, and costs nothing
/// else.
const GITEA: Provider = Provider {
    name: "gitea",
    title: "Gitea",
    hosts: &["gitea.com"],
    issuer: Some("/"),
    endpoints: Endpoints {
        authorization: Some("/login/oauth/authorize"),
        token: Some("/login/oauth/access_token"),
        // This one wants no scope.
        check: Some("/login/oauth/userinfo"),
        userinfo: Some("/login/oauth/userinfo"),
        ..Endpoints::NONE
    },
    token_check_endpoint: Some("/api/v1/user"),
    token_user_endpoint: Some("/api/v1/user"),
    images: Some(ImageRegistry {
        is_at_host: true,
        scopes: &[],
        username: None,
    }),
    environment: &[("GITEA_TOKEN", "{token}")],
    token_environment: &[("GITEA_TOKEN", "{token}")],
    rotation: RotationEffect::Keeps,
    replay: ReuseDetection::Harmless,
    refresh_errors: &["unauthorized_client"],
    registration: Some(Registration {
        page: "/user/settings/applications",
        redirect_uri: "Redirect URIs",
        client_id: "Client ID",
        remark: "\"Confidential Client\" off",
    }),
    shared_clients: &SHARED_BY_GITEA,
    may_have_device_grant: true,
    foreign_endpoints: false,
    ..GENERIC
};

/// Built in (`builtinApplications`), unless an administrator has switched them off. Each takes any port of 127.0.0.1.
const SHARED_BY_GITEA: [SharedClient; 3] = [
    SharedClient {
        id: "a4792ccc-144e-407e-86c9-5e7d8d9c3269",
        name: "git-credential-oauth",
        program: "git-credential-oauth",
    },
    SharedClient {
        id: "e90ee53c-94e2-48ac-9358-a874fb9e0662",
        name: "Git Credential Manager",
        program: "git-credential-manager",
    },
    SharedClient {
        id: "d57cb8c4-630c-4168-8324-ec79935e18d4",
        name: "tea",
        program: "tea",
    },
];

const FORGEJO: Provider = Provider {
    name: "forgejo",
    title: "Forgejo",
    hosts: &["codeberg.org"],
    ..GITEA
};

/// OAuth apps, whose tokens do not end, and GitHub Apps, which rotate. A code is redeemed with a
/// secret only; the device grant needs none.
const GITHUB: Provider = Provider {
    name: "github",
    title: "GitHub",
    hosts: &["github.com"],
    issuer: Some("/login/oauth"),
    endpoints: Endpoints {
        authorization: Some("/login/oauth/authorize"),
        device_authorization: Some("/login/device/code"),
        token: Some("/login/oauth/access_token"),
        check: Some("https://api.github.com/user"),
        userinfo: Some("https://api.github.com/user"),
        ..Endpoints::NONE
    },
    token_check_endpoint: Some("https://api.github.com/user"),
    token_user_endpoint: Some("https://api.github.com/user"),
    scopes: &["repo"],
    scope_separators: &[' ', ','],
    secret_method: AuthMethod::ClientSecretPost,
    needs_secret: NeedsSecret::Code,
    git_username: "x-access-token",
    images: Some(ImageRegistry {
        is_at_host: false,
        scopes: &["read:packages", "write:packages"],
        username: None,
    }),
    environment: &[("GH_TOKEN", "{token}"), ("GITHUB_TOKEN", "{token}")],
    token_environment: &[("GH_TOKEN", "{token}"), ("GITHUB_TOKEN", "{token}")],
    replay: ReuseDetection::Harmless,
    refresh_errors: &["bad_refresh_token"],
    client_errors: &[
        "bad_verification_code",
        "device_flow_disabled",
        "incorrect_client_credentials",
        "incorrect_device_code",
        "redirect_uri_mismatch",
        "unverified_user_email",
    ],
    registration: Some(Registration {
        page: "/settings/applications/new",
        redirect_uri: "Authorization callback URL",
        client_id: "Client ID",
        remark: "\"Enable Device Flow\" on; a login through a browser needs its client secret too",
    }),
    foreign_endpoints: false,
    ..GENERIC
};

const GITHUB_ENTERPRISE: Provider = Provider {
    name: "github-enterprise",
    title: "GitHub Enterprise Server",
    hosts: &[],
    endpoints: Endpoints {
        check: Some("/api/v3/user"),
        userinfo: Some("/api/v3/user"),
        ..GITHUB.endpoints
    },
    token_check_endpoint: Some("/api/v3/user"),
    token_user_endpoint: Some("/api/v3/user"),
    environment: &[("GH_ENTERPRISE_TOKEN", "{token}")],
    token_environment: &[("GH_ENTERPRISE_TOKEN", "{token}")],
    ..GITHUB
};

/// The refresh token stayed the same for years; Atlassian announced in 2026 that it will rotate.
/// Its documentation does not say what that does to the old tokens, so the worst is assumed. A loopback port
/// counts here, so a fixed one is registered.
const BITBUCKET: Provider = Provider {
    name: "bitbucket",
    title: "Bitbucket Cloud",
    hosts: &["bitbucket.org"],
    endpoints: Endpoints {
        authorization: Some("/site/oauth2/authorize"),
        token: Some("/site/oauth2/access_token"),
        check: Some("https://api.bitbucket.org/2.0/user"),
        userinfo: Some("https://api.bitbucket.org/2.0/user"),
        ..Endpoints::NONE
    },
    needs_secret: NeedsSecret::Everything,
    redirect_uri: "http://127.0.0.1:34871/",
    git_username: "x-token-auth",
    environment: &[("BITBUCKET_TOKEN", "{token}")],
    token_environment: &[("BITBUCKET_TOKEN", "{token}")],
    registration: Some(Registration {
        page: "https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/",
        redirect_uri: "Callback URL",
        client_id: "Key",
        remark: "a private consumer in the workspace's settings, with the permissions it is for and Account: Read",
    }),
    foreign_endpoints: false,
    ..GENERIC
};

/// The refresh token stays; revoking any token ends all that the user gave this application.
const GOOGLE: Provider = Provider {
    name: "google",
    title: "Google",
    hosts: &["accounts.google.com"],
    issuer: Some("/"),
    endpoints: Endpoints {
        authorization: Some("/o/oauth2/v2/auth"),
        device_authorization: Some("https://oauth2.googleapis.com/device/code"),
        token: Some("https://oauth2.googleapis.com/token"),
        revocation: Some("https://oauth2.googleapis.com/revoke"),
        userinfo: Some("https://openidconnect.googleapis.com/v1/userinfo"),
        ..Endpoints::NONE
    },
    // "Invalid client type." for a desktop app.
    device_client_apart: true,
    scopes: &["openid", "email"],
    // Without both there is no refresh token from the second login on.
    authorization_parameters: &[("access_type", "offline"), ("prompt", "consent")],
    secret_method: AuthMethod::ClientSecretPost,
    needs_secret: NeedsSecret::Everything,
    environment: &[
        ("CLOUDSDK_AUTH_ACCESS_TOKEN", "{token}"),
        ("GOOGLE_OAUTH_ACCESS_TOKEN", "{token}"),
    ],
    rotation: RotationEffect::Keeps,
    replay: ReuseDetection::Harmless,
    registration: Some(Registration {
        page: "https://console.cloud.google.com/auth/clients",
        // A desktop app has none to enter.
        redirect_uri: "",
        client_id: "Client ID",
        remark: "of the type \"Desktop app\" (for the device grant: \"TVs and Limited Input devices\"), with its client secret",
    }),
    foreign_endpoints: false,
    // Artifact Registry, below a host for each region.
    images: Some(ImageRegistry {
        is_at_host: false,
        scopes: &["https://www.googleapis.com/auth/cloud-platform"],
        username: Some("oauth2accesstoken"),
    }),
    ..GENERIC
};

/// Any server with a discovery document. The worst is assumed of a replay and of revocation, which
/// is what most of them do; the old access token is a JWT that lives on at most of them, but not
/// at all, so that too.
const OIDC: Provider = Provider {
    name: "oidc",
    title: "OpenID Connect",
    scopes: &["openid", "offline_access"],
    // OpenID Connect Core §11: else `offline_access` may be ignored.
    authorization_parameters: &[("prompt", "consent")],
    discovers: true,
    foreign_endpoints: false,
    ..GENERIC
};

/// An MCP server, or another protected resource (RFC 9728). What its authorization server does with a replay is
/// unknown, so glauth assumes the worst.
pub(super) const MCP_SERVER: Provider = Provider {
    name: MCP,
    title: "an MCP server",
    scopes: &[],
    foreign_endpoints: true,
    ..OIDC
};

/// A server of which nothing is known: the worst is assumed, so that nothing is broken.
const GENERIC: Provider = Provider {
    name: "generic",
    title: "this server",
    hosts: &[],
    client_ids: &[],
    issuer: None,
    endpoints: Endpoints::NONE,
    device_client_apart: false,
    token_check_endpoint: None,
    token_user_endpoint: None,
    scopes: &[],
    scope_separators: &[' '],
    authorization_parameters: &[],
    // RFC 6749 §2.3.1: the method that every server must take.
    secret_method: AuthMethod::ClientSecretBasic,
    needs_secret: NeedsSecret::Nothing,
    redirect_uri: REDIRECT_URI,
    git_username: "oauth2",
    images: None,
    environment: &[("ACCESS_TOKEN", "{token}")],
    token_environment: &[("ACCESS_TOKEN", "{token}")],
    rotation: RotationEffect::Kills,
    replay: ReuseDetection::Revokes,
    grants: Independence::Shared,
    refresh_errors: &["bad_refresh_token"],
    client_errors: &[],
    registration: None,
    shared_clients: &[],
    discovers: false,
    may_have_device_grant: false,
    foreign_endpoints: true,
};
