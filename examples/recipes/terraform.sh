#!/bin/sh
# terraform.sh HOST ARGUMENT...: Terraform with the login at HOST, for the gitlab provider (GITLAB_TOKEN) and
# an http backend (TF_HTTP_PASSWORD). A plan takes its time: at least half an hour of life, or exit code 125.
set -eu
host=$1
shift
exec glauth exec --min-ttl 30m --env GITLAB_TOKEN --env TF_HTTP_PASSWORD "$host" -- \
    env TF_HTTP_USERNAME=oauth2 terraform "$@"
