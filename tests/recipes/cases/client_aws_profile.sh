#!/usr/bin/env bash
# The AWS CLI runs a command for new credentials, which exchanges a token.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs_pinned aws

use_client() {
    mkdir .aws
    here aws-credentials.sh aws-credentials
    here aws.config .aws/config
    sed -i "s|/usr/local/bin|$PWD|" .aws/config
    AWS_ENDPOINT_URL_STS=$REGISTRY/aws aws --profile forge s3 presign s3://bucket/key
}

measure 'AWS CLI, profile' "$(aws --version | sed 's|aws-cli/\([0-9.]*\).*|\1|')" credential_process 1 'POST /aws'
