#!/bin/sh
# twine.sh FILE...: uploads the files with a token that no refresh invalidates meanwhile.
exec glauth --quiet exec --env TWINE_PASSWORD https://forge.example.com -- \
    twine upload --non-interactive --username oauth2 --repository-url https://forge.example.com/pypi/upload "$@"
