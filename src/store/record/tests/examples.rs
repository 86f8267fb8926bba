//! A record of each kind, with every key that it can have.

/// `kind = "oauth"`, with a standby.
pub(super) const OAUTH: &str = r#"version = 1
kind = "oauth"
host = "gitlab.example.com"
scheme = "https"
account = "default"

[identity]
username = "jane"
subject = "248289761001"

[client]
provider = "gitlab"
client_id = "5ab1d5ea"
auth_method = "client_secret_basic"
client_secret = "client-secret"
token_endpoint = "https://gitlab.example.com/oauth/token"
revocation_endpoint = "https://gitlab.example.com/oauth/revoke"
check_endpoint = "https://gitlab.example.com/oauth/token/info"
git_username = "oauth2"
rotation = "kills"
replay = "harmless"
grants = "independent"
ca_file = "/etc/ssl/corp.pem"
server_user = 998

[client.parameters]
resource = "https://gitlab.example.com/api"

[client.environment]
GITLAB_TOKEN = "{token}"
GLAB_IS_OAUTH2 = "true"

[login]
issuer = "https://gitlab.example.com/issuer"
authorization_endpoint = "https://gitlab.example.com/oauth/authorize"
device_authorization_endpoint = "https://gitlab.example.com/oauth/authorize_device"
userinfo_endpoint = "https://gitlab.example.com/oauth/userinfo"
redirect_uri = "http://localhost:7171/auth/redirect"
scopes = ["api"]
promises_issuer = true
registered_at = 2026-11-23T09:59:00Z
client_secret_expires_at = 2027-11-23T09:59:00Z
registration_client_uri = "https://gitlab.example.com/oauth/register/5ab1d5ea"
registration_access_token = "registration-access-token"

[[grants]]
generation = 42
origin = "1f2e3d4c5b"
access_token = "access-token-of-grant-0"
refresh_token = "refresh-token-of-grant-0"
token_type = "Bearer"
scopes = ["api", "read_user"]
issued_at = 2026-11-23T10:00:00Z
issued_boot = "42 4f3c2b1a 5321042"
expires_at = 2026-11-23T12:00:00Z
refresh_expires_at = 2027-05-23T10:00:00Z
cause = "expiring"
state = "doubtful"
state_since = 2026-11-23T11:59:59.999Z
refused = true
answer_lost_at = 2026-11-23T11:59:59.999Z
refresh_refusals = 2
refresh_refused_since = 2026-11-23T11:50:00Z
refresh_next_at = 2026-11-23T11:58:02Z
refresh_token_invalid = true
refresh_refusal = "invalid_grant: too early"

[[grants]]
generation = 41
origin = "5b4c3d2e1f"
access_token = "access-token-of-grant-1"
token_type = "Bearer"
scopes = []
issued_at = 2026-11-23T09:00:00Z
cause = "login"
state = "active"

[last_attempt]
sequence = 57
grant = 0
cause = "expiring"
by = "pid 4711 on build7"
started_at = 2026-11-23T11:59:59Z
outcome = "unavailable"
code = "refresh_refused"
finished_at = 2026-11-23T12:00:00.21Z
retry_at = 2026-11-23T12:00:30.21Z
failures = 3
failing_since = 2026-11-23T11:50:00Z
next_at = 2026-11-23T12:00:04.21Z
said = "invalid_grant: too early"
# end of record
"#;

/// `kind = "token"`: a personal access token.
pub(super) const TOKEN: &str = r#"version = 1
kind = "token"
host = "gitlab.example.com"
scheme = "https"
account = "ci-bot"

[client]
provider = "gitlab"
auth_method = "none"
check_endpoint = "https://gitlab.example.com/api/v4/personal_access_tokens/self"
git_username = "oauth2"
rotation = "kills"
replay = "harmless"
grants = "independent"

[client.environment]
GITLAB_TOKEN = "{token}"

[[grants]]
generation = 1
origin = "1f2e3d4c5b"
access_token = "personal-access-token"
token_type = "Bearer"
scopes = []
issued_at = 2026-11-23T10:00:00Z
cause = "login"
state = "active"
# end of record
"#;

/// `kind = "client_credentials"`: a machine with a key.
pub(super) const MACHINE: &str = r#"version = 1
kind = "client_credentials"
host = "sso.example.com"
scheme = "https"
account = "ci"

[client]
provider = "oidc"
client_id = "ci-runner"
auth_method = "private_key_jwt"
client_key_file = "/run/secrets/client.key"
client_key_id = "2026-11"
client_key_audience = "https://sso.example.com"
token_endpoint = "https://sso.example.com/token"
git_username = "oauth2"
rotation = "keeps"
replay = "harmless"
grants = "independent"

[login]
issuer = "https://sso.example.com"
scopes = ["read"]

[[grants]]
generation = 3
origin = "1f2e3d4c5b"
access_token = "access-token"
token_type = "Bearer"
scopes = ["read"]
issued_at = 2026-11-23T10:00:00Z
expires_at = 2026-11-23T11:00:00Z
cause = "expiring"
state = "active"
# end of record
"#;

/// What is left of a machine with a secret in a file.
pub(super) const MACHINE_LOGGED_OUT: &str = r#"version = 1
kind = "logged_out"
host = "sso.example.com"
scheme = "https"
account = "ci"

[client]
provider = "oidc"
client_id = "ci-runner"
auth_method = "client_secret_basic_file"
client_secret_file = "/run/secrets/oauth"
token_endpoint = "https://sso.example.com/token"
git_username = "oauth2"
rotation = "keeps"
replay = "harmless"
grants = "independent"

[logged_out]
generation = 3
at = 2026-11-23T12:00:00Z
reason = "asked"
# end of record
"#;

/// `kind = "password"`: what git asked to keep.
pub(super) const PASSWORD: &str = r#"version = 1
kind = "password"
host = "git.example.com"
scheme = "http"
account = "0123456789abcdef0123456789abcdef"

[git]
protocol = "http"
path = "team/project.git"
username = "jane"
password = "git-password"
password_expiry_utc = 2026-11-23T12:00:00Z
oauth_refresh_token = "git-refresh-token"
authtype = "Bearer"
credential = "git-credential"
# end of record
"#;

/// `kind = "logged_out"`: where a login was.
pub(super) const LOGGED_OUT: &str = r#"version = 1
kind = "logged_out"
host = "gitlab.example.com"
scheme = "https"
account = "default"

[client]
provider = "gitlab"
client_id = "5ab1d5ea"
auth_method = "client_secret_post"
client_secret = "client-secret"
token_endpoint = "https://gitlab.example.com/oauth/token"
git_username = "oauth2"
rotation = "keeps"
replay = "revokes"
grants = "shared"

[logged_out]
generation = 42
at = 2026-11-23T12:00:00Z
reason = "asked"
# end of record
"#;
