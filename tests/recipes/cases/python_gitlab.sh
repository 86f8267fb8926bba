#!/usr/bin/env bash
# python-gitlab goes on after a 401, once.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/recipes/support.sh"
needs jq /usr/bin/python3
/usr/bin/python3 -c 'import gitlab' 2>/dev/null || left_out "python3-gitlab is not here"

who_am_i() { /usr/bin/python3 "$recipes/python_gitlab.py" "$URL"; }

start_server
log_in
ends_with 0 who_am_i
[[ $said == jane ]] || fail "jane is named: $said"
record_says '.refreshes == 0'

# One of the answers is the login's: whose it is.
# The stored token looks fresh, and is dead.
ask expire >/dev/null
ends_with 0 who_am_i
[[ $said == jane ]] || fail "jane is named: $said"
record_says '.rotations == 1 and .refused == 1 and .served == 3'

ask revoke >/dev/null
ends_with 3 who_am_i
says "glauth login"
record_says '.served == 3 and .refused == 2 and .refreshes == 2'
done_with_server
