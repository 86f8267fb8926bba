#!/usr/bin/env bash
# The aarch64 binary under qemu: a stored token, a login in a browser, and refreshes.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/release/support.sh"
needs qemu-aarch64-static cargo
binary=$root/target/shipped-aarch64/glauth

tar --extract --file "$out/glauth-$version-aarch64-unknown-linux-musl.tar.gz" --directory "$scratch"
cmp "$binary" "$scratch/glauth-$version-aarch64-unknown-linux-musl/bin/glauth" || fail "the tarball has that binary"
[[ $(qemu-aarch64-static "$binary" --version) == "$(glauth --version)" ]] || fail "both name the same commit"

start_server
log_in
[[ $(qemu-aarch64-static "$binary" token "$URL") == "$(glauth token "$URL")" ]] || fail "it prints the stored token"
done_with_server

# Its own mount namespace, in which the kernel runs such binaries: glauth starts itself to refresh.
# shellcheck disable=SC2016 # the shell inside expands it
in_namespace='mount -t binfmt_misc none /proc/sys/fs/binfmt_misc && cat "$1" >/proc/sys/fs/binfmt_misc/register && shift && exec "$@"'
handler=/usr/lib/binfmt.d/qemu-aarch64.conf
with_handler() { unshare --user --map-root-user --mount sh -c "$in_namespace" sh "$handler" "$@"; }
with_handler "$binary" --version >/dev/null 2>&1 || left_out "the kernel gives no namespace binfmt_misc of its own"
cd "$root"
tests=(login::through_browser::a_login_through stampede::of_20_forced apart::the_caller_goes_on)
said=$(GLAUTH=$binary with_handler cargo test --locked --offline --test it -- "${tests[@]}" 2>&1) || fail "$said"
says "test result: ok. 3 passed"
