#!/usr/bin/env bash
# A box that is reached over ssh, with an sshd of our own behind ssh's ProxyCommand: no port, no daemon.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/recipes/support.sh"
needs curl jq ssh ssh-keygen sshd
((EUID == 0)) || left_out "an sshd for this test is root's"

mkdir -p /run/sshd # what Debian's start script makes
mkdir "$scratch/box" "$scratch/box/.cargo" "$scratch/box/.cargo/bin"
ln -s "$GLAUTH" "$scratch/box/.cargo/bin/glauth"
ssh-keygen -q -t ed25519 -N '' -f "$scratch/host_key"
ssh-keygen -q -t ed25519 -N '' -f "$scratch/user_key"
# The box's home is the account's own in real life; here the account is root, whose home is left alone.
cat >"$scratch/sshd_config" <<END
HostKey $scratch/host_key
AuthorizedKeysFile $scratch/user_key.pub
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
ForceCommand cd "$scratch/box" && export HOME="$scratch/box" && eval "\$SSH_ORIGINAL_COMMAND"
END
cat >"$scratch/ssh_config" <<END
Host box
    ProxyCommand $(command -v sshd) -i -f $scratch/sshd_config -E $scratch/sshd.log
    IdentityFile $scratch/user_key
    IdentitiesOnly yes
    BatchMode yes
    UserKnownHostsFile $scratch/known_hosts
    StrictHostKeyChecking accept-new
    User root
END
mkdir "$scratch/bin"
printf '#!/bin/sh\nexec %s -F %s "$@"\n' "$(command -v ssh)" "$scratch/ssh_config" >"$scratch/bin/ssh"
chmod +x "$scratch/bin/ssh"
export PATH=$scratch/bin:$PATH
ssh box true || fail "the box is there: $(cat "$scratch/sshd.log")"

start_server

# There is no login yet, and no question about one.
ends_with 3 ssh box .cargo/bin/glauth token "$URL"

# glauth shows the code here, and a person enters it.
"$recipes/ssh-log-in.sh" box "$URL" --json --client-id the-client \
    </dev/null >"$scratch/done" 2>"$scratch/shown" 8>&- 9<&- &
login=$!
trap 'kill -KILL $login $server 2>/dev/null' EXIT
shown=$(grep --max-count=1 device_authorization \
    < <(timeout 60 tail --pid="$login" --lines=+1 --follow "$scratch/shown")) ||
    fail "a code is shown: $(cat "$scratch/shown")"
ask "decide $(jq --raw-output .device_authorization.user_code <<<"$shown")" >/dev/null
wait "$login" || fail "the login is stored: $(cat "$scratch/shown")"
jq --exit-status '.outcome == "stored"' "$scratch/done" >/dev/null || fail "the login is stored"

# Its jobs over ssh end with the exit codes of the table, and those of their commands.
# shellcheck disable=SC2016 # the box's shell expands it
ends_with 0 ssh box '.cargo/bin/glauth exec -- sh -c "test -n \"\$GITLAB_TOKEN\" && echo served"'
says served
ends_with 42 ssh box '.cargo/bin/glauth exec -- sh -c "exit 42"'

# A box without a login of its own: the token of the login here.
log_in
# shellcheck disable=SC2016 # the box's shell expands it
on_box='printf "Authorization: Bearer %s\n" "$GITLAB_TOKEN" | curl --silent --fail --max-time 60 --header @- '"$URL/api/v4/user"
ends_with 0 "$recipes/ssh-hand-over.sh" box "$URL" "$on_box"
says jane
# The others were those of the two logins: whose they are.
record_says '.served == 3 and .refused == 0'
ask revoke >/dev/null
ends_in -5
ends_with 3 "$recipes/ssh-hand-over.sh" box "$URL" "$on_box"
record_says '.served == 3'
done_with_server
