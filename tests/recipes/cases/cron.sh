#!/usr/bin/env bash
# A real cron runs the recipe: it keeps one login alive, and mails that the other one needs a person.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/recipes/support.sh"
needs cron crontab jq mount unshare
((EUID == 0)) || left_out "cron is root's"

start_server
log_in
ends_in -5
# One that the server knows nothing of: it says that it has ended.
echo '{"access_token":"at-SECRET-x","refresh_token":"rt-SECRET-x","expires_in":7200}' |
    glauth login --import --client-id the-client --account gone "$URL" 2>/dev/null
ends_in -5 gone

# As it stands, but for the minute, and for the home, which in real life is the user's own.
{
    echo "HOME=$HOME"
    sed 's|^\*/15 |* |' "$recipes/crontab"
} >"$scratch/crontab"

# cron sends mail by way of /usr/sbin/sendmail, whatever there is.
mkfifo "$scratch/mail"
mkdir "$scratch/sbin" "$scratch/sbin.work"
printf '#!/bin/sh\nexec cat >%s\n' "$scratch/mail" >"$scratch/sbin/sendmail"
chmod +x "$scratch/sbin/sendmail"

# A cron of our own, with no jobs but ours: nothing of it is seen outside of this mount namespace.
# shellcheck disable=SC2016 # the shell inside expands it
scratch=$scratch unshare --mount sh -ec '
    mount --make-rprivate /
    mount -t overlay -o "lowerdir=/usr/sbin,upperdir=$scratch/sbin,workdir=$scratch/sbin.work" overlay /usr/sbin
    mount -t tmpfs -o mode=1730,gid=crontab tmpfs /var/spool/cron/crontabs
    mount -t tmpfs tmpfs /etc/cron.d
    mount --bind /dev/null /etc/crontab
    mount -t tmpfs tmpfs /run
    crontab "$scratch/crontab"
    exec cron -f
' 8>&- 9<&- >"$scratch/cron" 2>&1 &
cron=$!
trap 'kill -KILL $cron $server 2>/dev/null' EXIT

# It comes with the next full minute.
mail=$(timeout 100 cat "$scratch/mail") || fail "cron mails within a minute: $(cat "$scratch/cron")"
kill "$cron"
wait "$cron" || true

[[ $mail == *"(account gone)"* && $mail == *"glauth login"* ]] || fail "the mail names the login: $mail"
[[ $mail != *SECRET* ]] || fail "the mail has no token in it"
record_says '.rotations == 1 and .refreshes == 2 and .replays == 0'
ends_with 3 glauth --json status
jq --exit-status '.accounts | map(.state) == ["fresh", "login_required"]' <<<"$said" >/dev/null ||
    fail "one is fresh, and one is not: $said"

# The same line once more: it was told today. Where nothing is wrong, and where the server cannot be reached: no
# word.
line=$(sed -n 's|^\*/15 \* \* \* \* ||p' "$recipes/crontab")
ends_with 0 sh -c "$line"
[[ $said == "" ]] || fail "what was told today is not told again: $said"
glauth logout --local --account gone "$URL" 2>/dev/null
ends_with 0 sh -c "$line"
[[ $said == "" ]] || fail "nothing is said where all is well: $said"
done_with_server
ends_in -5
ends_with 0 sh -c "$line"
[[ $said == "" ]] || fail "nothing is said where the server is away: $said"
ends_with 4 glauth --quiet refresh --all --if-expiring 30m
