#!/bin/sh
# Prints each login for which a person must log in, and since when, one per line. It contacts no server.
glauth --json status | jq -r '.accounts[] | select(.needs_login)
    | "\(.host) \(.account) \([.grants[] | .state_since // .refusals.since // .expires_at] | max)"'
