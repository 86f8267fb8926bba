#!/usr/bin/env bash
# gcloud exchanges the token by workload identity federation.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs_at_hand gcloud

use_client() {
    export CLOUDSDK_AUTH_TOKEN_INTROSPECTION_ENDPOINT=$REGISTRY/introspect
    here gcloud.sh
    here gcloud.json
    sed -i "s|https://sts.googleapis.com/v1/token|$REGISTRY/google|" gcloud.json
    sh gcloud.sh auth print-access-token
}

measure gcloud "$(gcloud version 2>/dev/null | sed -n 's/Google Cloud SDK //p')" 'exec --token-file' 1 'POST /google'
