#!/usr/bin/env bash
# A release comes from a commit that names its version, its maintainer and its address.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/release/support.sh"

tree=$scratch/tree
git clone --quiet "$copy" "$tree"
cp "$copy"/packaging/* "$tree/packaging/"
sed -i '/^authors = /d; /^repository = /d; /^homepage = /d' "$tree/Cargo.toml"
commit() { git -C "$tree" -c user.name=A -c user.email=a@example.com commit --quiet --all --allow-empty --message change; }
git -C "$tree" add packaging
commit

ends_with 1 "$tree/packaging/release" --trial 99.0.0
says "has version $version, not 99.0.0"
ends_with 2 "$tree/packaging/release"

ends_with 1 "$tree/packaging/release" "$version"
says "names no maintainer"
sed -i 's/^name = "glauth"$/&\nauthors = ["A <a@example.com>"]/' "$tree/Cargo.toml"
ends_with 1 "$tree/packaging/release" "$version"
says "changes that are in no commit"
commit
ends_with 1 "$tree/packaging/release" "$version"
says "names no repository"
sed -i 's|^name = "glauth"$|&\nrepository = "https://example.com/glauth"|' "$tree/Cargo.toml"
sed -i "/^## .*${version//./\\.}/d" "$tree/CHANGELOG.md"
commit
ends_with 1 "$tree/packaging/release" "$version"
says "has no section $version"
touch "$tree/new"
ends_with 1 "$tree/packaging/release" "$version"
says "changes that are in no commit"
