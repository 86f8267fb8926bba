#!/bin/sh
# poetry.sh ARGUMENT...: runs poetry with a token that no refresh invalidates while poetry runs, for a source with the
# name `forge`.
exec glauth --quiet exec --env POETRY_HTTP_BASIC_FORGE_PASSWORD https://forge.example.com -- \
    env POETRY_HTTP_BASIC_FORGE_USERNAME=oauth2 poetry "$@"
