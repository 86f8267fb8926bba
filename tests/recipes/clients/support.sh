# shellcheck shell=bash
# What the cases about package managers and cloud tools stand on: a registry, and four runs of one client. A case
# defines `use_client`, which runs the client once in an empty home, and calls `measure`. It sets `hides` if the client
# does not show what its helper says: then `use_client` puts `$ask_first` in front of the client.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/recipes/support.sh"
needs jq /usr/bin/python3

examples=$root/examples/clients
installed=$root/target/clients
page=$root/docs/clients.md
# The clients have homes of their own, and must find the login all the same.
export examples GLAUTH_STORE=$scratch/logins ask_first=
export PATH=$installed/bin:$installed/python/bin:$PATH

# needs_pinned PROGRAM: one that the suite installs, with the version that the page names.
needs_pinned() {
    [[ -x $installed/bin/$1 || -x $installed/python/bin/$1 ]] ||
        left_out "$1 is not here: tests/recipes/clients/install"
    pinned=true
}

# start_registry [CERTIFICATE KEY]: its address is in $REGISTRY, its host with the port in $FORGE.
# shellcheck disable=SC2120 # only Go has a certificate
start_registry() {
    mkdir "$scratch/registry"
    exec 7< <(exec /usr/bin/python3 "$root/tests/recipes/clients/registry.py" "$URL" "$scratch/registry" "$@" 8>&- 9<&-)
    registry=$!
    trap 'kill -KILL $registry $server 2>/dev/null' EXIT
    IFS= read -r -t 60 REGISTRY <&7
    FORGE=${REGISTRY#*://}
    export REGISTRY FORGE
}

set_up() {
    start_server
    start_registry
    log_in_at_registry
}

# shellcheck disable=SC2120
log_in_at_registry() {
    ask log-in | glauth login --import --client-id the-client "$@" "$REGISTRY" 2>/dev/null
}

# here FILE [NAME]: copies the example into the client's home, for this registry.
here() {
    local name=${2:-$1}
    sed "s|https://\([^/]*@\)\?forge.example.com|${REGISTRY%"$FORGE"}\1$FORGE|g; s|forge.example.com|$FORGE|g" \
        "$examples/$1" >"$name"
    [[ $1 != *.sh ]] || chmod +x "$name"
}
export -f here

# Runs the client in a new home. What it says is in $said, its exit code in $code.
run_client() {
    rm -rf "$scratch/client"
    mkdir "$scratch/client"
    : >"$scratch/registry/requests"
    code=0
    local script
    script="set -euo pipefail; $(declare -f use_client); use_client"
    said=$(cd "$scratch/client" && HOME=$PWD timeout 100 bash -c "$script" 2>&1 </dev/null 8>&- 9<&-) || code=$?
    [[ $code != 124 ]] || fail "the client ends: $said"
}

# run_client_while_the_token_rotates N REGEX: the registry refreshes when the Nth such request arrives.
run_client_while_the_token_rotates() {
    echo "$*" >"$scratch/registry/rotate"
    run_client
    [[ ! -e $scratch/registry/rotate ]] || differs "the token is rotated in mid-use"
}

requests() { cat "$scratch/registry/requests"; }
# counts WORD: how many requests had this verdict.
counts() { requests | grep --count " $1" || true; }

differs() { fail "$1: it ended with $code: $said; $(requests)"; }

# measure NAME VERSION HOW N REGEX: one fresh run, one with one grant and one with a standby grant while the token
# rotates, and one after the login has ended. It prints what was measured, and compares it with docs/clients.md. It
# starts what it needs, unless the case has done so.
measure() {
    local name=$1 version=$2 how=$3 asks=no one=fails
    shift 3
    [[ -v REGISTRY ]] || set_up
    run_client
    [[ $code == 0 && $(counts refused) == 0 && $(counts good) != 0 ]] || differs "a fresh token works"

    run_client_while_the_token_rotates "$@"
    [[ $(counts refused) != 0 ]] || differs "the old token is refused"
    ((code != 0)) || one=works
    if sed '1,/ refused/d' "$scratch/registry/requests" | grep --quiet ' good'; then asks=yes; fi

    log_in_at_registry --standby
    run_client_while_the_token_rotates "$@"
    [[ $code == 0 && $(counts refused) == 0 ]] || differs "with a standby grant nothing is refused"

    ask revoke >/dev/null
    ends_in -5
    run_client
    [[ $code != 0 && $(counts good) == 0 ]] || differs "the client fails"
    local ended=$code
    if [[ -v hides ]]; then
        [[ $said != *"glauth login"* ]] || fail "the client hides what glauth says: $said"
        ended="$code, and hides why"
        export ask_first="sh $examples/ask-first.sh $REGISTRY"
        run_client
        [[ $code == 3 ]] || fail "ask-first.sh fails: $code: $said"
    fi
    says "glauth login"
    done_with_server
    kill "$registry"
    compare "$name" "$version" "| \`$how\` | $asks | $one | works | $ended |"
}

# The row of the page, to the letter; but for the version of a program that this suite does not install.
compare() {
    local name=$1 version=$2 rest=$3 row="| $1 | $2 $3" there
    echo "$row"
    if [[ -n ${GLAUTH_UPDATE-} ]]; then
        awk -v begin="| $name | " -v row="$row" '
            index($0, begin) == 1 { print row; written = 1; next }
            /^<!-- end of measured -->/ && !written { print row }
            { print }' "$page" >"$scratch/page"
        cp "$scratch/page" "$page"
        return
    fi
    there=$(grep --fixed-strings "| $name | " "$page") || fail "docs/clients.md has a row for $name"
    [[ $there == "| $name | "*" $rest" ]] || fail "docs/clients.md says: $there (GLAUTH_UPDATE=1 corrects it)"
    [[ ! -v pinned || $there == "$row" ]] || fail "docs/clients.md says: $there"
}
