#!/usr/bin/env bash
# pip has the token in the index URL of its environment.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs_pinned pip

use_client() {
    here pip.sh
    sh pip.sh install --no-input --disable-pip-version-check --no-cache-dir --target=there first
}

measure pip "$(pip --version | cut -d' ' -f2)" 'exec --env' 1 'GET /pypi/files/second'
