#!/usr/bin/env bash
# pnpm 10 asks a helper without arguments.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
hides=true
needs_pinned pnpm10

use_client() {
    here pnpm-token-helper.sh pnpm-token-helper
    here pnpm10.npmrc .npmrc
    sed -i "s|/usr/local/bin|$HOME|" .npmrc
    mkdir app
    cd app
    echo '{"private":true,"dependencies":{"first":"1.0.0"}}' >package.json
    $ask_first pnpm10 install --reporter=append-only
}

measure 'pnpm 10' "$(pnpm10 --version)" tokenHelper 1 'GET /npm/second/-/'
