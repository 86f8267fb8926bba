#!/bin/sh
# xargs.sh HOST < URLS: requests each URL, eight at a time. Each request asks glauth for a token, which reads one file.
# When the token has expired, one request refreshes it and the others wait.
set -eu
export GLAUTH_HOST="$1"
# 255 makes xargs stop: if one request gets no token, the others get none either.
# shellcheck disable=SC2016 # the shells that xargs starts expand it
xargs -n 1 -P 8 sh -c '
    config=$(glauth --quiet token --format curl) || exit 255
    printf "%s\n" "$config" | curl --silent --show-error --fail --max-time 60 --config - "$1"
' sh
