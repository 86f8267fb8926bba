#!/usr/bin/env bash
# npm installs two packages, of which one depends on the other.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs npm

use_client() {
    here npm.npmrc .npmrc
    here npm.sh
    echo '{"private":true,"dependencies":{"first":"1.0.0"}}' >package.json
    sh npm.sh install --no-audit --no-fund --loglevel=error
}

measure npm "$(npm --version)" 'exec --env' 1 'GET /npm/second/-/'
