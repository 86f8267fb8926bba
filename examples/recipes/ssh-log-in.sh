#!/bin/sh
# ssh-log-in.sh BOX HOST [OPTION...]: logs in to HOST on BOX, which has no screen. glauth shows an address and a code;
# consent in a browser here or on a phone. The tokens never leave BOX.
set -eu
box=$1 host=$2
shift 2
# ssh starts no login shell on BOX, so PATH may lack .cargo/bin.
exec ssh "$box" .cargo/bin/glauth login --device "$@" "$host"
