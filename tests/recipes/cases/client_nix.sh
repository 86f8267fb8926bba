#!/usr/bin/env bash
# Nix fetches two files with a netrc.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs nix-instantiate

use_client() {
    # A netrc file names no ports.
    here nix.sh
    sed -i "s/machine $FORGE/machine ${FORGE%:*}/" nix.sh
    export NIX_STORE_DIR=$PWD/store NIX_STATE_DIR=$PWD/state NIX_LOG_DIR=$PWD/log NIX_CONF_DIR=$PWD
    sh nix.sh nix-instantiate --eval --strict --option build-users-group '' \
        --expr "map builtins.fetchurl [ \"$REGISTRY/files/first\" \"$REGISTRY/files/second\" ]"
}

measure Nix "$(nix-instantiate --version | sed 's/.* //')" netrc-file 1 'GET /files/second'
