#!/usr/bin/env bash
# The .deb in a fresh Debian: installed, used, and removed.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/release/support.sh"
needs_root
needs dpkg-deb lintian mmdebstrap

for architecture in amd64 arm64; do
    deb=$out/glauth-cli_${packaged}_$architecture.deb
    # The address of a trial's maintainer has no host.
    ends_with 0 lintian --no-cfg --allow-root --fail-on error,warning --suppress-tags bogus-mail-host-in-debian-changelog "$deb"
    is_same "the deb for $architecture has what make installs" \
        "$(installed_files | sed -E 's|^\.|/usr|; s|(/man/.*)|\1.gz|; /share.doc/d' | LC_ALL=C sort)" \
        "$(dpkg-deb --fsys-tarfile "$deb" | tar --list | sed 's/^\.//; /\/$/d; /share.doc/d; /lintian/d' | LC_ALL=C sort)"
done
deb=$out/glauth-cli_${packaged}_$(dpkg --print-architecture).deb

suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mmdebstrap --quiet --variant=apt --include=man-db,bash-completion "$suite" "$fresh" >"$scratch/log" 2>&1 ||
    left_out "mmdebstrap cannot make a root: $(tail --lines=1 "$scratch/log")"
give_login
files_of_root >"$scratch/before"
cp "$deb" "$fresh/glauth.deb"
ends_with 0 chroot "$fresh" apt-get install --yes --no-install-recommends /glauth.deb
rm "$fresh/glauth.deb"

ends_with 0 as_user glauth --version
says "glauth $version"
ends_with 0 as_user glauth token "$URL"
is_same "the user's token" "$said" "$(glauth token "$URL")"
ends_with 0 as_user man glauth
says "One OAuth login"
ends_with 0 as_user man 5 glauth-config
# shellcheck disable=SC2016 # the shell inside expands it
completes='. /usr/share/bash-completion/bash_completion && _completion_loader glauth; complete -p glauth'
ends_with 0 as_user bash -c "$completes"
says "glauth"
for file in zsh/site-functions/_glauth fish/vendor_completions.d/glauth.fish doc/glauth-cli/copyright \
    doc/glauth-cli/changelog.gz doc/glauth-cli/changelog.Debian.gz doc/glauth-cli/third-party.txt.gz; do
    [[ -s $fresh/usr/share/$file ]] || fail "$file is installed"
done
[[ $(readlink "$fresh/usr/bin/docker-credential-glauth") == glauth ]] || fail "docker finds its helper"
said=$(as_user docker-credential-glauth get <<<"$URL")
says "$(glauth token "$URL")"

# The LDAP server's package and this one exclude each other.
mkdir -p "$scratch/other/DEBIAN"
printf '%s\n' 'Package: glauth' 'Version: 1' 'Architecture: all' 'Maintainer: A <a@example.com>' 'Description: another' \
    >"$scratch/other/DEBIAN/control"
dpkg-deb --build "$scratch/other" "$fresh/other.deb" >/dev/null
ends_with 1 chroot "$fresh" dpkg --install /other.deb
says "conflicting packages"
rm "$fresh/other.deb"
chroot "$fresh" dpkg --remove glauth >/dev/null 2>&1 || true

ends_with 0 chroot "$fresh" apt-get purge --yes glauth-cli
is_same "what the package leaves" "$(files_of_root)" "$(cat "$scratch/before")"
user_keeps_login
done_with_server
