#!/bin/sh
# glab.sh HOST ARGUMENT...: runs glab with the login at HOST. exec sets GITLAB_TOKEN and GLAB_IS_OAUTH2; without the
# latter glab would send the token as a personal one. No refresh invalidates the token while glab runs.
set -eu
host=$1
shift
exec glauth exec "$host" -- env GITLAB_HOST="$host" glab "$@"
