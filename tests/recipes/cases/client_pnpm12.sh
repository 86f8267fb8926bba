#!/usr/bin/env bash
# pnpm 12 asks a helper with arguments.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
hides=true
needs_pinned pnpm12

use_client() {
    here pnpm12.npmrc .npmrc
    mkdir app
    cd app
    echo '{"private":true,"dependencies":{"first":"1.0.0"}}' >package.json
    $ask_first pnpm12 install --reporter=append-only
}

measure 'pnpm 12' "$(pnpm12 --version)" tokenHelper 1 'GET /npm/second/-/'
