#!/bin/sh
# /usr/local/bin/gcloud-token: prints a token for gcloud and Google's libraries, which run it for each exchange if
# GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 is set.
set -eu
token=$(glauth --quiet token https://forge.example.com)
printf '{"version": 1, "success": true, "token_type": "urn:ietf:params:oauth:token-type:jwt", "id_token": "%s"}\n' "$token"
