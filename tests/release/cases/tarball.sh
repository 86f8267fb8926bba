#!/usr/bin/env bash
# The files, their sums, the tarballs, the lists of components, and where cargo-binstall looks.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/release/support.sh"
needs jq mandoc

cd "$out"
sha256sum --check --strict --quiet SHA256SUMS
is_same "SHA256SUMS names every file" "$(cut -c67- SHA256SUMS)" "$(printf '%s\n' ./*[a-z0-9] | sed 's|^./||' | LC_ALL=C sort)"
[[ $(grep -c . SHA256SUMS) == 8 ]] || fail "eight files: $(cat SHA256SUMS)"

# cargo-binstall's templates lead to the binary in the tarball.
metadata=$(cargo metadata --manifest-path "$root/Cargo.toml" --locked --no-deps --format-version 1)
template() { jq -r --arg key "$1" '.packages[] | select(.name == "glauth") | .metadata.binstall[$key]' <<<"$metadata"; }
filled() {
    sed "s/{ name }/glauth/g; s/{ bin }/glauth/g; s/{ version }/$version/g; s/{ target }/$2/g; s/{ binary-ext }//g" <<<"$1"
}

wanted=$({ installed_files && echo ./share/doc/glauth-cli/third-party.txt; } | LC_ALL=C sort)
commit_time=$(git -C "$root" log -1 --format=%ct)
for target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl; do
    name=glauth-$version-$target
    url=$(filled "$(template pkg-url)" "$target")
    [[ $url == *"/v$version/$name.tar.gz" ]] || fail "cargo-binstall asks for $name.tar.gz: $url"
    tar --extract --file "$name.tar.gz" --directory "$scratch"
    [[ -x $scratch/$(filled "$(template bin-dir)" "$target") ]] || fail "cargo-binstall finds the binary in $name.tar.gz"
    is_same "$name.tar.gz has what make installs" "$wanted" "$(cd "$scratch/$name" && find . ! -type d | LC_ALL=C sort)"
    strange=$(tar --list --verbose --numeric-owner --file "$name.tar.gz" | awk '$2 != "0/0"')
    [[ -z $strange ]] || fail "all belongs to root: $strange"
    [[ -z $(find "$scratch/$name" -newermt "@$commit_time") ]] || fail "nothing is newer than the commit"

    # What Cargo.lock pins is what is listed, with its licence.
    for package in ring rustls; do
        pinned=$(grep -A1 "^name = \"$package\"\$" "$root/Cargo.lock" | sed -n 's/^version = "\(.*\)"/\1/p')
        grep -q "^$package $pinned " "$scratch/$name/share/doc/glauth-cli/third-party.txt" || fail "$package $pinned has a licence"
        jq -e --arg name "$package" --arg version "$pinned" \
            '.bomFormat == "CycloneDX" and any(.components[]; .name == $name and .version == $version)' \
            "$name.cdx.json" >/dev/null || fail "$name.cdx.json has $package $pinned"
    done
done
grep -q 'Rich Felker' "$scratch/$name/share/doc/glauth-cli/third-party.txt" || fail "musl has a licence"

cd "$scratch/glauth-$version-x86_64-unknown-linux-musl"
[[ $(bin/glauth --version) == "$("$GLAUTH" --version)" ]] || fail "the tarball has the binary that is shipped"
mandoc share/man/man?/* >/dev/null
