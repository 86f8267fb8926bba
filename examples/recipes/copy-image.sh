#!/bin/sh
# copy-image.sh HOST SKOPEO-ARGUMENTS...: copies an image between registries that accept the login at HOST, or to and
# from this machine.
#
#   copy-image.sh gitlab.com docker://registry.gitlab.com/group/app:1 docker://registry.gitlab.com/group/mirror:1
#
# Once, before that: `glauth login HOST` and `glauth setup-docker HOST`.
#
# skopeo asks glauth once, and uses that token to the end. `exec` keeps the token valid meanwhile: no other process
# refreshes it away, even if the login has only one grant. The exit code is that of skopeo, or 125 if there is no token.
set -eu
host=$1
shift
exec glauth exec --min-ttl 30m "$host" -- skopeo copy "$@"
