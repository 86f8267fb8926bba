#!/usr/bin/env bash
# Two builds of one commit in two folders give the same bytes: the binary and all that is made of it.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/release/support.sh"

cmp "$root/target/shipped/glauth" "$copy/target/shipped/glauth" || fail "the binaries are the same"
seen=0
for file in "$copy"/target/packages/*; do
    [[ $file != */SHA256SUMS ]] || continue
    cmp "$file" "$out/$(basename "$file")" || fail "$(basename "$file") is the same"
    seen=$((seen + 1))
done
[[ $seen == 4 ]] || fail "a tarball, a deb, an rpm and a list of components: $seen"

# Nothing of the machine is in them.
for binary in "$out"/../shipped/glauth "$out"/../shipped-*/glauth; do
    for path in "$root" "${CARGO_HOME:?}" "${RUSTUP_HOME:?}"; do
        ! grep --text --quiet --fixed-strings "$path/" "$binary" || fail "$binary does not contain $path"
    done
done
! grep --fixed-strings "$root" "$out"/*.cdx.json || fail "the lists of components name no folder"
