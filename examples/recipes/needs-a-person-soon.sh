#!/bin/sh
# needs-a-person-soon.sh [DAYS]: which login ends for good within so many days (a week), and when: a line each.
# That is one with a token that cannot be refreshed, or with a refresh token whose end the server has told.
glauth --json status | jq -r --argjson days "${1:-7}" '(now + $days * 86400 | todate) as $soon
    | .accounts[] | select(.needs_login | not)
    | [.grants[] | if .refresh_fingerprint then .refresh_expires_at else .expires_at end] as $ends
    | select($ends != [] and all($ends[]; . != null and . < $soon))
    | "\(.host) \(.account) \($ends | max)"'
