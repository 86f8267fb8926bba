#!/usr/bin/env bash
# uv asks the keyring, which is glauth.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs_pinned uv

use_client() {
    mkdir bin
    here uv.toml
    here keyring.sh bin/keyring
    export PATH=$PWD/bin:$PATH
    uv --config-file uv.toml --no-cache pip install --python /usr/bin/python3 --target there first
}

measure 'uv, keyring' "$(uv --version | cut -d' ' -f2)" keyring 1 'GET /pypi/files/second'
