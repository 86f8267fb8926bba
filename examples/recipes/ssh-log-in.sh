#!/bin/sh
# ssh-log-in.sh BOX HOST [OPTION...]: logs in at HOST on a box without a screen. It shows an address and a code;
# you consent in a browser here, or on a phone. The tokens never leave the box.
set -eu
box=$1 host=$2
shift 2
# The box's shell is not a login shell, and has a bare PATH.
exec ssh "$box" .cargo/bin/glauth login --device "$@" "$host"
