#!/bin/sh
# aws.sh ARGUMENT...: runs the AWS CLI as the role, with a web identity. The token is in a file in memory, which AWS's
# tools read again for each exchange. It works until the token expires.
exec glauth --quiet exec --token-file AWS_WEB_IDENTITY_TOKEN_FILE https://forge.example.com -- \
    env AWS_ROLE_ARN=arn:aws:iam::123456789012:role/example AWS_REGION=us-east-1 aws "$@"
