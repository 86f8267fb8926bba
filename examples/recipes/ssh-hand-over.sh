#!/bin/sh
# ssh-hand-over.sh BOX HOST COMMAND: runs COMMAND on BOX, which has no login, with a token of this machine's login. The
# access token goes through stdin. The refresh token stays here, since a copy of it would break this machine's login.
set -eu
box=$1 host=$2 command=$3
token=$(glauth --quiet token --min-ttl 30m "$host")
# shellcheck disable=SC2029 # the shell on BOX expands COMMAND
printf '%s\n' "$token" | ssh "$box" "
    IFS= read -r GITLAB_TOKEN && export GITLAB_TOKEN GLAB_IS_OAUTH2=true && $command"
