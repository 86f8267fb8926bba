#!/usr/bin/env bash
# A container sees what is refreshed outside of it, and changes nothing.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/recipes/support.sh"
needs bwrap curl jq
bwrap --unshare-all --ro-bind / / -- true 2>/dev/null || left_out "bwrap may not make namespaces here"

in_container() { "$recipes/container.sh" "$@"; }

start_server
log_in
# shellcheck disable=SC2016 # the shell inside expands them
request='curl=$(glauth --quiet token --format curl) && printf "%s\n" "$curl" |
    curl --silent --fail --max-time 60 --config - "$1/api/v4/user"'
ends_with 0 in_container sh -c "$request" sh "$URL"
says jane

# One container all the time: it asks whenever it is told to, and a refresh outside replaces the record.
mkfifo "$scratch/ask" "$scratch/answer"
in_container sh -c 'while read -r _; do glauth token || exit; done' \
    <"$scratch/ask" >"$scratch/answer" 8>&- 9<&- &
container=$!
trap 'kill -KILL $container $server 2>/dev/null' EXIT
exec 6>"$scratch/ask" 7<"$scratch/answer"
token_inside() {
    echo >&6
    IFS= read -r -t 60 token <&7 || fail "the container answers"
}
token_inside
old=$token
glauth refresh --force 2>/dev/null
token_inside
[[ $token != "$old" && $token == "$(glauth token)" ]] || fail "the container sees the new token"
exec 6>&- 7<&-
wait "$container"

# What has expired is not refreshed from there: its answer could not be stored.
ends_in -5
ends_with 5 in_container glauth token
says "read-only"
ends_with 5 in_container glauth refresh --force
record_says '.refreshes == 1'
glauth --quiet refresh --all --if-expiring 30m
ends_with 0 in_container sh -c "$request" sh "$URL"
ends_with 0 in_container glauth status
record_says '.refreshes == 2 and .refused == 0'
done_with_server
