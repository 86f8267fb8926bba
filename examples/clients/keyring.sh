#!/bin/sh
# Put this into your PATH as `keyring`. uv and pip before 26 call `keyring get SERVICE USERNAME`; pip 26 calls
# `keyring --mode=creds --output=json get SERVICE [USERNAME]`. SERVICE is the URL of the index or its host.
set -eu
json=false
while :; do
    case ${1-} in
        --output=json) json=true ;;
        --*) ;;
        *) break ;;
    esac
    shift
done
[ "${1-}" = get ] || exit 1 # glauth keeps no passwords
token=$(glauth --quiet token "$2")
if $json; then
    printf '{"username": "%s", "password": "%s"}\n' "${3:-oauth2}" "$token"
else
    printf '%s\n' "$token"
fi
