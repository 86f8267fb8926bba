#!/usr/bin/env bash
# poetry locks a package and the one that it depends on.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs_pinned poetry

use_client() {
    here poetry.sh
    here poetry.toml pyproject.toml
    export POETRY_VIRTUALENVS_CREATE=false PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring
    sh poetry.sh lock --no-interaction --no-cache
}

measure poetry "$(poetry --version | tr -dc '0-9.')" 'exec --env' 1 'GET /pypi/files/second'
