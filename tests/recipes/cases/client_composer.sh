#!/usr/bin/env bash
# Composer installs two packages, of which one depends on the other.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs composer unzip

use_client() {
    here composer.sh
    printf '{"repositories":[{"type":"composer","url":"%s/composer"},{"packagist.org":false}],
        "config":{"secure-http":false},"require":{"forge/first":"1.0.0"}}' "$REGISTRY" >composer.json
    export COMPOSER_ALLOW_SUPERUSER=1
    sh composer.sh update --no-interaction --no-progress
}

version=$(composer --version 2>/dev/null | sed 's/Composer version \([0-9.]*\).*/\1/')
measure Composer "$version" 'exec --env' 1 'GET /composer/dist/second'
