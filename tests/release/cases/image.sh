#!/usr/bin/env bash
# The container image: its user, its certificate authorities, and a token from its volume.
# shellcheck source-path=SCRIPTDIR source=../support.sh
. "${root:?}/tests/release/support.sh"
needs_root
needs buildah

buildah=(buildah --root "$scratch/images" --runroot "$scratch/run-images" --storage-driver vfs)
ends_with 0 env BUILDER="${buildah[*]}" "$root/packaging/image" glauth-test
ends_with 0 "${buildah[@]}" from --name glauth-test glauth-test
ends_with 0 "${buildah[@]}" inspect --format '{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}}' glauth-test
[[ $said == "65532:65532 [/usr/bin/glauth]" ]] || fail "the image runs glauth as its own user: $said"

inside() {
    "${buildah[@]}" run --isolation chroot --volume "$scratch/volume:/home/glauth" glauth-test -- /usr/bin/glauth "$@"
}

start_server
log_in
mkdir -p "$scratch/volume/.local/share"
cp -r "$HOME/.local/share/glauth" "$scratch/volume/.local/share"
chown -R 65532:65532 "$scratch/volume"
chmod 711 "$scratch"
inside --version >/dev/null 2>&1 || left_out "buildah cannot run a container here"
ends_with 0 inside --version
says "glauth $version"
ends_with 0 inside token "$URL"
is_same "the token in the volume" "$said" "$(glauth token "$URL")"
# A refresh is stored in the volume.
ends_with 0 inside refresh --force "$URL"
ends_with 0 inside token "$URL"
[[ $said != "$(glauth token "$URL")" ]] || fail "the container has the new token"

mounted=$("${buildah[@]}" mount glauth-test)
cmp "$mounted/etc/ssl/certs/ca-certificates.crt" /etc/ssl/certs/ca-certificates.crt || fail "the image has the authorities"
[[ $(stat --format '%u %a' "$mounted/home/glauth") == "65532 700" ]] || fail "the volume belongs to glauth"
done_with_server
