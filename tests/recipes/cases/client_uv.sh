#!/usr/bin/env bash
# uv has the token in its environment.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs_pinned uv

use_client() {
    here uv.toml
    here uv.sh
    sh uv.sh --config-file uv.toml --no-cache pip install --python /usr/bin/python3 --target there first
}

measure uv "$(uv --version | cut -d' ' -f2)" 'exec --env' 1 'GET /pypi/files/second'
