#!/usr/bin/env bash
# The AWS CLI exchanges the token, each time that its own credentials expire.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs_pinned aws

use_client() {
    here aws.sh
    # It signs an address, for which it needs credentials, and contacts no other server.
    AWS_ENDPOINT_URL_STS=$REGISTRY/aws sh aws.sh s3 presign s3://bucket/key
}

measure 'AWS CLI' "$(aws --version | sed 's|aws-cli/\([0-9.]*\).*|\1|')" 'exec --token-file' 1 'POST /aws'
