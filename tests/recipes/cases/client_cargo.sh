#!/usr/bin/env bash
# cargo fetches from a registry that wants a token for everything.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs cargo

use_client() {
    mkdir -p .cargo src
    here cargo.toml .cargo/config.toml
    printf '[package]\nname = "app"\nedition = "2021"\n[dependencies.first]\nversion = "1.0.0"\nregistry = "forge"\n' \
        >Cargo.toml
    touch src/lib.rs
    cargo fetch
}

measure cargo "$(cargo --version | cut -d' ' -f2)" credential-provider 1 'GET /cargo/dl/second'
