#!/bin/sh
# worker.sh HOST URL COUNT: requests URL COUNT times, with the login at HOST.
set -eu
[ $# -eq 3 ] || { echo "usage: worker.sh HOST URL COUNT" >&2 && exit 2; }
host=$1 url=$2 count=$3

# The caller reads the exit code. glauth has already printed the reason on stderr.
give_up() {
    case $1 in
        3) echo "worker: stopped: a person must log in" >&2 ;;
        4) echo "worker: not now; the next run tries again" >&2 ;;
        6) echo "worker: stopped: the token is good, but not allowed to do this" >&2 ;;
        *) echo "worker: please report this: glauth ended with $1" >&2 ;;
    esac
    exit "$1"
}

# glauth ends by itself: it waits up to a minute for another process's refresh, and 100 s for the server.
glauth_token() { glauth --quiet --lock-timeout 60s token "$@" "$host"; }

# printf is built into the shell, so the token never appears in a process's arguments.
request() {
    printf 'Authorization: Bearer %s\n' "$token" |
        curl --silent --show-error --max-time 60 --header @- --output /dev/null --write-out '%{http_code}' "$url"
}

served=0
while [ "$served" -lt "$count" ]; do
    token=$(glauth_token) || give_up $?
    refused=0
    while status=$(request) || give_up 4; [ "$status" = 401 ] && [ "$refused" -lt 2 ]; do
        refused=$((refused + 1)) # a third 401 has another cause
        token=$(printf %s "$token" | glauth_token --rejected) || give_up $?
    done
    case $status in
        2??) served=$((served + 1)) ;;
        *) echo "worker: the server answered $status" >&2 && exit 1 ;;
    esac
done
echo "$served served"
