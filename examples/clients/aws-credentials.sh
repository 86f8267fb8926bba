#!/bin/sh
# /usr/local/bin/aws-credentials ROLE: exchanges a token for credentials, and prints them for `credential_process`.
unset AWS_PROFILE AWS_DEFAULT_PROFILE # that profile calls this program
# shellcheck disable=SC2016 # the shell that has the token expands it, and the backquotes are JMESPath's
exec glauth --quiet exec --token-file FORGE_TOKEN_FILE https://forge.example.com -- sh -c '
    exec aws sts assume-role-with-web-identity --region us-east-1 --output json \
        --role-arn "$1" --role-session-name glauth --web-identity-token "file://$FORGE_TOKEN_FILE" \
        --query "Credentials.{Version: \`1\`, AccessKeyId: AccessKeyId, SecretAccessKey: SecretAccessKey,
            SessionToken: SessionToken, Expiration: Expiration}"' sh "$1"
