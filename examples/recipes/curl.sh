#!/bin/sh
# curl.sh HOST URL: one request. Not `glauth … | curl …`: there a failure of glauth would pass unseen.
set -eu
config=$(glauth --quiet token --format curl "$1")
# printf is part of the shell, so that the token is in no argv.
printf '%s\n' "$config" | curl --silent --show-error --fail --max-time 60 --config - "$2"
