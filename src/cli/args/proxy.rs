//! The arguments of `proxy`.

use std::ffi::OsString;

use clap::Args;

use super::HostTarget;

/// `glauth proxy`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  # opencode.json: \"url\": \"{env:GLAUTH_PROXY_URL}\"
  glauth proxy https://mcp.example.com/mcp -- opencode
  glauth proxy https://mcp.example.com/mcp -- npx -y mcp-remote {url}
  glauth proxy gitlab.com -- sh -c 'curl \"$GLAUTH_PROXY_URL/api/v4/user\"'

The command uses the address in `GLAUTH_PROXY_URL`, or `{url}` in its arguments, in the place of HOST. The variable \
exists in the command alone, so write it in single quotes. The address holds a secret and works only \
while the command runs, for you and root alone. Requests go to the server of HOST and no other one. A program that builds its own addresses, such as npm, uses `http://$GLAUTH_PROXY_HOST` and shows \
`GLAUTH_PROXY_SECRET` as its token.

Each request gets the token that is fresh at that moment. If the server refuses it (401), glauth gets another one \
and repeats the request, unless its body is longer than 1 MiB. If glauth has no token or no answer, the command gets \
a 503 that says why.

Exit codes: the command's own; 125 if glauth fails, 126 if the command cannot be run, 127 if it is not found.")]
pub struct Proxy {
    /// Host of the login.
    #[command(flatten)]
    pub target: HostTarget,

    /// Command and its arguments; `{url}` in them is the address
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}
