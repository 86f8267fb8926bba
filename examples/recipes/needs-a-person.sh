#!/bin/sh
# Which login needs a person, and since when: a line each. It asks no server.
glauth --json status | jq -r '.accounts[] | select(.needs_login)
    | "\(.host) \(.account) \([.grants[] | .state_since // .refusals.since // .expires_at] | max)"'
