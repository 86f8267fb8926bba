#!/bin/sh
# ask-first.sh HOST COMMAND...: runs a command that hides what its helper says, such as go or pnpm. If there is no
# token, glauth says why, and the command does not run.
set -eu
glauth --quiet token "$1" >/dev/null
shift
exec "$@"
