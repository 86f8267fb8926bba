#!/bin/sh
# pip.sh ARGUMENT...: runs pip with a token that no refresh invalidates while pip runs. The token stands in a URL: a
# server whose tokens hold `/`, `+`, `=` or `@` needs netrc instead, as in nix.sh.
# shellcheck disable=SC2016 # the shell that has the token expands it
exec glauth --quiet exec --env FORGE_TOKEN https://forge.example.com -- sh -c '
    PIP_INDEX_URL=https://oauth2:$FORGE_TOKEN@forge.example.com/pypi/simple/ exec pip "$@"' sh "$@"
