#!/bin/sh
# ssh-hand-over.sh BOX HOST COMMAND: runs COMMAND on a box that has no login, with a token of the login here. The
# token goes through stdin, and no refresh token goes at all: a copied store would break the login here.
set -eu
box=$1 host=$2 command=$3
token=$(glauth --quiet token --min-ttl 30m "$host")
# shellcheck disable=SC2029 # COMMAND is for the box's shell
printf '%s\n' "$token" | ssh "$box" "
    IFS= read -r GITLAB_TOKEN && export GITLAB_TOKEN GLAB_IS_OAUTH2=true && $command"
