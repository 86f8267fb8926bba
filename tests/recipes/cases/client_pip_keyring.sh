#!/usr/bin/env bash
# pip asks the keyring, which is glauth.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
hides=true
needs_pinned pip

use_client() {
    mkdir bin .config .config/pip
    here pip.conf .config/pip/pip.conf
    here keyring.sh bin/keyring
    export PATH=$PWD/bin:$PATH
    $ask_first pip install --no-input --disable-pip-version-check --no-cache-dir --target=there first
}

measure 'pip, keyring' "$(pip --version | cut -d' ' -f2)" keyring 1 'GET /pypi/files/second'
