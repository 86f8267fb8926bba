#!/usr/bin/env bash
# The .rpm in a root that has nothing else: installed, used, and removed.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/release/support.sh"
needs_root
needs rpm rpmbuild

rpms() { rpm --root "$fresh" --dbpath /var/lib/rpm "$@"; }

package=$out/glauth-cli-$packaged.$(uname -m).rpm
for one in "$out"/*.rpm; do
    is_same "$one has what make installs" \
        "$({ installed_files && echo ./share/doc/glauth-cli/third-party.txt && echo ./share/doc/glauth-cli; } |
            sed -E 's|^\.|/usr|; s|(/man/.*)|\1.gz|' | LC_ALL=C sort)" \
        "$(rpm --query --package --list "$one" | LC_ALL=C sort)"
done
[[ $(rpm --query --package --queryformat '%{BUILDHOST} %{VENDOR}' "$package") == "localhost (none)" ]] ||
    fail "the package does not name the machine"

mkdir -p "$fresh/var/lib/rpm"
rpms --initdb
give_login
files_of_root >"$scratch/before"
ends_with 0 rpms --install "$package"
ends_with 0 rpms --verify glauth-cli
# There is no other program in that root, and no library.
as_user() { chroot --userspec=1000:1000 "$fresh" "$@"; }
ends_with 0 as_user /usr/bin/glauth --version
says "glauth $version"
export HOME=/home/jane
ends_with 0 as_user /usr/bin/glauth token "$URL"
export HOME=$scratch/home
is_same "the user's token" "$said" "$(glauth token "$URL")"
ends_with 0 as_user /usr/bin/docker-credential-glauth --help
is_same "the licences" "$(rpms --query --licensefiles glauth-cli | sed 's|.*/||')" "$(printf '%s\n' LICENSE-APACHE LICENSE-MIT)"

mkdir "$scratch/other"
printf '%s\n' 'Name: glauth' 'Version: 1' 'Release: 1' 'Summary: another' 'License: none' 'BuildArch: noarch' '%description' \
    'Another.' '%files' >"$scratch/other/glauth.spec"
rpmbuild -bb --quiet --define "_topdir $scratch/other" "$scratch/other/glauth.spec"
ends_with 1 rpms --install "$scratch"/other/RPMS/noarch/*.rpm
says "conflicts with"

ends_with 0 rpms --erase glauth-cli
[[ -z $(rpms --query --all) ]] || fail "no package is left"
is_same "what the package leaves" "$(find "$fresh/usr" ! -type d)" ""
user_keeps_login
done_with_server
