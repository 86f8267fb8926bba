#!/usr/bin/env bash
# gcloud asks a command for the token that it exchanges.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs_at_hand gcloud

use_client() {
    export CLOUDSDK_AUTH_TOKEN_INTROSPECTION_ENDPOINT=$REGISTRY/introspect
    here gcloud-token.sh gcloud-token
    here gcloud-command.json
    sed -i "s|https://sts.googleapis.com/v1/token|$REGISTRY/google|; s|/usr/local/bin|$PWD|" gcloud-command.json
    export GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE=$PWD/gcloud-command.json
    gcloud auth print-access-token
}

measure 'gcloud, command' "$(gcloud version 2>/dev/null | sed -n 's/Google Cloud SDK //p')" executable 1 'POST /google'
