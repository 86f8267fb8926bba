#!/bin/sh
# container.sh COMMAND...: runs COMMAND in a container (bubblewrap) that can read the logins but not change them.
set -eu
store=${GLAUTH_STORE:-$HOME/.local/share/glauth/credentials}
# Bind the folder, not a file in it: a refresh replaces the file, and the container would keep the old one.
exec bwrap --unshare-all --share-net --die-with-parent --clearenv \
    --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
    --ro-bind /etc /etc --ro-bind-try /run/systemd/resolve /run/systemd/resolve \
    --proc /proc --dev /dev --tmpfs /tmp \
    --ro-bind "$(command -v glauth)" /opt/bin/glauth --setenv PATH /opt/bin:/usr/bin \
    --ro-bind "$store" /opt/logins --setenv GLAUTH_STORE /opt/logins \
    -- "$@"
