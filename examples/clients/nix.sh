#!/bin/sh
# nix.sh COMMAND ARGUMENT...: runs a command of Nix, such as nix-build, with the login in a netrc file of its own.
set -eu
command=$1
shift
umask 077
netrc=$(mktemp "${XDG_RUNTIME_DIR:-/tmp}/netrc.XXXXXX")
trap 'rm -f "$netrc"' EXIT
trap 'exit 1' HUP INT TERM
# shellcheck disable=SC2016 # the shell that has the token expands it
# No refresh invalidates the token while Nix runs.
glauth --quiet exec --env FORGE_TOKEN https://forge.example.com -- sh -c '
    netrc=$1
    shift
    printf "machine forge.example.com login oauth2 password %s\n" "$FORGE_TOKEN" >"$netrc"
    exec "$@"' sh "$netrc" "$command" --option netrc-file "$netrc" "$@"
