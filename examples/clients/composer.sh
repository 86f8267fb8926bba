#!/bin/sh
# composer.sh ARGUMENT...: runs composer with a token that no refresh invalidates while composer runs.
# shellcheck disable=SC2016 # the shell that has the token expands it
exec glauth --quiet exec --env FORGE_TOKEN https://forge.example.com -- sh -c '
    COMPOSER_AUTH="{\"bearer\":{\"forge.example.com\":\"$FORGE_TOKEN\"}}" exec composer "$@"' sh "$@"
