# shellcheck shell=bash
# The words of the recipes, and what a case does with an installed package. The caller also gives version, out (the folder
# with the files of the release) and copy (this tree in another folder).
# shellcheck source-path=SCRIPTDIR source=../recipes/support.sh
. "${root:?}/tests/recipes/support.sh"

: "${version:?}" "${out:?}" "${copy:?}"
# What the last command said, and the root of this case.
said='' fresh=$scratch/fresh
# As the packages write the version.
packaged=${version/-/\~}-1

# is_same WHAT ONE OTHER
is_same() {
    [[ $2 == "$3" ]] || fail "$1: $(diff <(echo "$2") <(echo "$3"))"
}

needs_root() {
    ((EUID == 0)) || left_out "only root can change its root"
}

# What a package brings is used in a root, $fresh, by a user whose id is 1000.
as_user() {
    chroot --userspec=1000:1000 "$fresh" /usr/bin/env -i HOME=/home/jane PATH=/usr/bin:/bin LANG=C.UTF-8 "$@"
}

# A user of the root has the login of this case.
give_login() {
    start_server
    log_in
    mkdir -p "$fresh/home/jane/.local/share"
    cp -r "$HOME/.local/share/glauth" "$fresh/home/jane/.local/share"
    chown -R 1000:1000 "$fresh/home/jane"
}

user_keeps_login() {
    local logins=.local/share/glauth/credentials
    cmp "$HOME/$logins"/*/default.toml "$fresh/home/jane/$logins"/*/default.toml || fail "the user keeps the login"
}

# The files of the root, without those in which the package manager keeps its books, and without homes.
files_of_root() {
    (cd "$fresh" && find . \( -path ./home -o -path ./proc -o -path ./dev -o -path './var/lib/dpkg' -o -path ./var/lib/rpm \
        -o -path ./var/cache -o -path ./var/log -o -path ./var/lib/apt \) -prune -o -print | LC_ALL=C sort)
}

# The files that `make install` installs, below a prefix.
installed_files() {
    make --silent -C "$root" install-files DESTDIR="$scratch/installed" PREFIX=/usr
    (cd "$scratch/installed/usr" && find . ! -type d | LC_ALL=C sort)
}
