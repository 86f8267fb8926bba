//! Providers are data: what a kind of server does, and where its endpoints are.

use crate::credential::{Independence, Replay, RotationEffect};

/// A kind of server.
#[derive(Debug)]
pub struct Provider {
    /// As in records, in the configuration and after `--provider`.
    pub name: &'static str,
    /// Below the host's base URL.
    pub token_path: Option<&'static str>,
    /// RFC 7009, below the base URL.
    pub revocation_path: Option<&'static str>,
    /// Answers 200 for a token that lives and 401 for one that is dead, below the base URL.
    pub check_path: Option<&'static str>,
    /// The same for personal access tokens.
    pub token_check_path: Option<&'static str>,
    /// The user name that goes with a token as git's password.
    pub git_username: &'static str,
    /// What `exec` sets; `{token}` stands for the token.
    pub environment: &'static [(&'static str, &'static str)],
    /// The same for personal access tokens.
    pub token_environment: &'static [(&'static str, &'static str)],
    /// What a refresh does to the old access token.
    pub rotation: RotationEffect,
    /// What a spent refresh token does to the grant.
    pub replay: Replay,
    /// Whether a user's grants live and die each for itself.
    pub grants: Independence,
    /// Its own names for `invalid_grant`.
    pub grant_errors: &'static [&'static str],
    /// Where an application is registered, below the base URL.
    pub registration_path: Option<&'static str>,
    /// Whether endpoints may be given that are not of the host's own origin.
    pub foreign_endpoints: bool,
}

/// Every provider; the first one is the default for a host that nothing else is known of.
pub const PROVIDERS: &[Provider] = &[
    Provider {
        name: "gitlab",
        token_path: Some("/oauth/token"),
        revocation_path: Some("/oauth/revoke"),
        check_path: Some("/oauth/token/info"),
        token_check_path: Some("/api/v4/personal_access_tokens/self"),
        git_username: "oauth2",
        // glab sends a bare GITLAB_TOKEN as Private-Token, which GitLab refuses for OAuth tokens.
        environment: &[("GITLAB_TOKEN", "{token}"), ("GLAB_IS_OAUTH2", "true")],
        token_environment: &[("GITLAB_TOKEN", "{token}")],
        rotation: RotationEffect::Kills,
        replay: Replay::Harmless,
        grants: Independence::Independent,
        grant_errors: &[],
        registration_path: Some("/-/user_settings/applications"),
        foreign_endpoints: false,
    },
    // A server of which nothing is known: the worst is assumed, so that nothing is broken.
    Provider {
        name: "generic",
        token_path: None,
        revocation_path: None,
        check_path: None,
        token_check_path: None,
        git_username: "oauth2",
        environment: &[("ACCESS_TOKEN", "{token}")],
        token_environment: &[("ACCESS_TOKEN", "{token}")],
        rotation: RotationEffect::Kills,
        replay: Replay::Revokes,
        grants: Independence::Shared,
        grant_errors: &["bad_refresh_token"],
        registration_path: None,
        foreign_endpoints: true,
    },
];

/// The provider of that name.
#[must_use]
pub fn provider(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}
