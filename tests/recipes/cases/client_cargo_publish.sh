#!/usr/bin/env bash
# cargo publishes a crate.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs cargo

use_client() {
    mkdir -p .cargo src
    here cargo.toml .cargo/config.toml
    printf '[package]\nname = "app-%s"\nversion = "1.0.0"\nedition = "2021"\nlicense = "MIT"\ndescription = "app"\n' \
        $RANDOM >Cargo.toml
    touch src/lib.rs
    cargo publish --no-verify --registry forge
}

measure 'cargo publish' "$(cargo --version | cut -d' ' -f2)" credential-provider 1 'PUT /cargo/api'
