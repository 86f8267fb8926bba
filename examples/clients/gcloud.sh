#!/bin/sh
# gcloud.sh ARGUMENT...: runs gcloud by workload identity federation, with the pool and the provider of gcloud.json.
# gcloud reads the token from a file in memory, which goes away with it.
# shellcheck disable=SC2016 # the shell that has the token expands it
exec glauth --quiet exec --token-file FORGE_TOKEN_FILE https://forge.example.com -- sh -c '
    sed "s|FORGE_TOKEN_FILE|$FORGE_TOKEN_FILE|" "$HOME/gcloud.json" >"$HOME/.gcloud.json"
    CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE=$HOME/.gcloud.json exec gcloud "$@"' sh "$@"
