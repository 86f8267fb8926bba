#!/usr/bin/env bash
# systemd finds no fault with the units, and their command does what the comments say where it can write
# to the named folders only, with the system calls that it is allowed.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/recipes/support.sh"
needs bwrap jq strace systemd-analyze

units=$HOME/.config/systemd/user
mkdir -p "$units"
cp "$recipes"/glauth-refresh.* "$units"

ends_with 0 systemd-analyze --user verify "$units"/glauth-refresh.{service,timer}
[[ $said == "" ]] || fail "systemd has nothing to say: $said"
ends_with 0 systemd-analyze calendar --iterations=2 "$(sed -n 's/^OnCalendar=//p' "$units/glauth-refresh.timer")"

setting() {
    local value
    value=$(sed -n "s/^$1=//p" "$units/glauth-refresh.service")
    value=${value//%h/$HOME}
    echo "${value//%t/$XDG_RUNTIME_DIR}"
}
read -ra command <<<"$(setting ExecStart)"
read -ra writable <<<"$(setting ReadWritePaths)"

# What ProtectSystem=strict makes of the world, with the folders that may be written; but for /tmp, where all
# of this test is.
strict() {
    local folder binds=()
    for folder in "${writable[@]}"; do
        [[ $folder == /tmp ]] || binds+=(--bind-try "${folder#-}" "${folder#-}")
    done
    bwrap --ro-bind / / --dev-bind /dev /dev --proc /proc "${binds[@]}" -- "$@"
}

start_server
log_in
ends_with 0 strict "${command[@]}"
record_says '.refreshes == 0'
ends_in -5
ends_with 0 strict "${command[@]}"
record_says '.rotations == 1'

# Every system call is one that SystemCallFilter= allows.
allowed() {
    systemd-analyze syscall-filter "$1" | sed -n 's/^ \+\([@a-z_0-9-]\+\).*/\1/p' | while read -r name; do
        if [[ $name == @* ]]; then allowed "$name"; else echo "$name"; fi
    done
}
allowed "$(setting SystemCallFilter)" | sort -u >"$scratch/allowed"
ends_in -5
ends_with 0 strace -f -qq -e signal=none -o "$scratch/calls" "${command[@]}"
record_says '.rotations == 2'
sed -n 's/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' "$scratch/calls" | sort -u >"$scratch/called"
forbidden=$(comm -13 "$scratch/allowed" "$scratch/called")
[[ $forbidden == "" ]] || fail "only what is allowed is called: $forbidden"
grep -q '^fsync$' "$scratch/called" || fail "the calls were seen"

# A person is needed: the unit fails, once a day. The server cannot be reached: it does not fail.
ask revoke >/dev/null
ends_in -5
ends_with 3 strict "${command[@]}"
says "glauth login"
ends_with 0 strict "${command[@]}"
log_in
done_with_server
ends_in -5
ends_with 0 strict "${command[@]}"
[[ $said == "" ]] || fail "nothing is said where the server is away: $said"

# More than a refresh takes at the longest: 10 s to connect, and 90 for the answer.
(($(setting TimeoutStopSec) > 100)) || fail "nothing is killed in the middle of a refresh"
