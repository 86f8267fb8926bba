#!/bin/sh
# uv.sh ARGUMENT...: runs uv with a token that no refresh invalidates while uv runs, for an index with the name `forge`.
exec glauth --quiet exec --env UV_INDEX_FORGE_PASSWORD https://forge.example.com -- \
    env UV_INDEX_FORGE_USERNAME=oauth2 UV_KEYRING_PROVIDER=disabled uv "$@"
