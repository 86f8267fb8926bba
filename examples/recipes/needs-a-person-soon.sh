#!/bin/sh
# needs-a-person-soon.sh [DAYS]: prints each login that expires for good within DAYS (default: 7), and when, one per
# line. Such a login has a token without a refresh token, or a refresh token whose expiry the server has named.
glauth --json status | jq -r --argjson days "${1:-7}" '(now + $days * 86400 | todate) as $soon
    | .accounts[] | select(.needs_login | not)
    | [.grants[] | if .refresh_fingerprint then .refresh_expires_at else .expires_at end] as $ends
    | select($ends != [] and all($ends[]; . != null and . < $soon))
    | "\(.host) \(.account) \($ends | max)"'
