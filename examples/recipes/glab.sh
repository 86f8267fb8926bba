#!/bin/sh
# glab.sh HOST ARGUMENT...: glab with the login at HOST. exec sets GITLAB_TOKEN and GLAB_IS_OAUTH2, without
# which glab would send the token as a personal one, and nobody ends that token early while glab runs.
set -eu
host=$1
shift
exec glauth exec "$host" -- env GITLAB_HOST="$host" glab "$@"
