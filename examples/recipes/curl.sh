#!/bin/sh
# curl.sh HOST URL: sends one request. `glauth … | curl …` would hide a failure of glauth, so this uses a variable.
set -eu
config=$(glauth --quiet token --format curl "$1")
# printf is built into the shell, so the token is in no process's arguments.
printf '%s\n' "$config" | curl --silent --show-error --fail --max-time 60 --config - "$2"
