#!/usr/bin/env bash
# twine uploads two files.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs_pinned twine
needs curl

use_client() {
    here twine.sh
    sh twine.sh --disable-progress-bar "$scratch"/*.whl
}

set_up
for name in first second; do
    (cd "$scratch" && curl --silent --fail --config <(glauth token --format curl) --remote-name \
        "$REGISTRY/pypi/files/$name-1.0-py3-none-any.whl")
done
export scratch
measure twine "$(twine --version | sed -n '1s/twine version \([0-9.]*\).*/\1/p')" 'exec --env' 2 'POST /pypi/upload'
