# shellcheck shell=bash
# What every case stands on: a home with glauth where cargo puts it, a server, and words to judge with. The
# caller gives root, GLAUTH, SERVER and an empty folder, scratch.
set -euo pipefail

: "${root:?}" "${GLAUTH:?}" "${SERVER:?}" "${scratch:?}"
# shellcheck disable=SC2034 # the cases use it
recipes=$root/examples/recipes
export HOME=$scratch/home XDG_RUNTIME_DIR=$scratch/run TMPDIR=$scratch/tmp
mkdir -p "$HOME/.cargo/bin" "$XDG_RUNTIME_DIR" "$TMPDIR"
chmod 0700 "$XDG_RUNTIME_DIR"
ln -s "$GLAUTH" "$HOME/.cargo/bin/glauth"
export PATH=$HOME/.cargo/bin:$PATH

# needs PROGRAM...: the case is left out where one is not here.
needs() {
    local program
    for program; do
        command -v "$program" >/dev/null || left_out "$program is not here"
    done
}

# needs_at_hand PROGRAM...: the same with what this suite cannot install; --require does not demand it.
needs_at_hand() {
    local program
    for program; do
        command -v "$program" >/dev/null && continue
        trap - EXIT
        echo "$program is not here, and this suite cannot install it"
        exit 78
    done
}

left_out() {
    trap - EXIT
    echo "$*"
    exit 77
}

fail() {
    echo "not so: $*" >&2
    exit 1
}

# ends_with CODE COMMAND...: it ends with that code. What it says is in $said afterwards.
ends_with() {
    local wanted=$1 code=0
    shift
    said=$("$@" 2>&1 </dev/null) || code=$?
    [[ $code == "$wanted" ]] || fail "$* ended with $code, not $wanted: $said"
}

# says TEXT: what the last command said contains it.
says() {
    [[ $said == *"$1"* ]] || fail "\`$1\` was said: $said"
}

# The server listens to 8 and answers on 9. What stays in the background must not hold them: `8>&- 9<&-`.
start_server() {
    mkfifo "$scratch/to" "$scratch/from"
    "$SERVER" <"$scratch/to" >"$scratch/from" &
    server=$!
    trap 'kill -KILL $server 2>/dev/null' EXIT
    exec 8>"$scratch/to" 9<"$scratch/from"
    IFS= read -r -t 60 URL <&9
}

ask() {
    local answer
    echo "$*" >&8
    IFS= read -r -t 60 answer <&9
    printf '%s\n' "$answer"
}

# A new login, with a token that lives for two hours.
log_in() {
    ask log-in | glauth login --import --client-id the-client "$URL" 2>/dev/null
}

# Lets the stored token end so many seconds from now; its end is the only time in the record that matters here.
ends_in() {
    local account=${2:-default}
    sed -i "s/^expires_at = .*/expires_at = $(date --utc --date="$1 seconds" +%FT%TZ)/" \
        "$(store)"/*/"$account.toml"
}

store() { echo "${GLAUTH_STORE:-$HOME/.local/share/glauth/credentials}"; }

# record_says JQ: what the server has seen.
record_says() {
    local record
    record=$(ask record)
    jq --exit-status "$1" <<<"$record" >/dev/null || fail "$1: $record"
}

# The end of every case: the server judges its clients.
done_with_server() {
    exec 8>&- 9<&-
    wait "$server" || fail "the server is content with its clients"
    trap - EXIT
}
