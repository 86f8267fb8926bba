#!/bin/sh
# npm.sh ARGUMENT...: runs npm with a token that no refresh invalidates while npm runs. npm reads it once.
exec glauth --quiet exec --env FORGE_TOKEN https://forge.example.com -- npm "$@"
