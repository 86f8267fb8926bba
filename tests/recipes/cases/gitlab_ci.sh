#!/usr/bin/env bash
# The CI job is YAML, and its lines do in a bare environment what GitLab's runner makes of them.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/recipes/support.sh"
needs curl jq /usr/bin/python3
/usr/bin/python3 -c 'import yaml' 2>/dev/null || left_out "python3-yaml is not here"

job=$(/usr/bin/python3 -c 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))' <"$recipes/gitlab-ci.yml")
script=$(jq --raw-output '.["who-am-i"].script | map(if type == "string" then . else error("no text") end) | .[]' <<<"$job")
[[ $(jq --compact-output '.["who-am-i"].retry' <<<"$job") == '{"max":2,"exit_codes":[4]}' ]] ||
    fail "4 is tried again, and nothing else"

# The runner's shell executor: a login shell's variables, and `set -eo pipefail`.
run_job() {
    env -i HOME="$HOME" PATH="$PATH" CI=true CI_SERVER_URL="$URL" CI_API_V4_URL="$URL/api/v4" \
        bash -c "set -eo pipefail
$script"
}

start_server
log_in
ends_in -5
ends_with 0 run_job
says jane
# The other one was the login's: whose it is.
record_says '.rotations == 1 and .served == 2'

ask revoke >/dev/null
ends_in -5
ends_with 3 run_job
says "glauth login"
record_says '.served == 2 and .refused == 0'
log_in
done_with_server
ends_in -5
ends_with 4 run_job
