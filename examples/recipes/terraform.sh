#!/bin/sh
# terraform.sh HOST ARGUMENT...: runs Terraform with the login at HOST, for the gitlab provider (GITLAB_TOKEN) and an
# http backend (TF_HTTP_PASSWORD). A plan takes time, so exec hands out a token with at least 30 minutes left, or ends
# with exit code 125.
set -eu
host=$1
shift
exec glauth exec --min-ttl 30m --env GITLAB_TOKEN --env TF_HTTP_PASSWORD "$host" -- \
    env TF_HTTP_USERNAME=oauth2 terraform "$@"
