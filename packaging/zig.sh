# shellcheck shell=bash
# Compiles for other machines: Rust's target by rustup, and zig as the C compiler of ring. The caller gives root.

# The version that this was tested with.
zig=ziglang==0.17.1

has_target() {
    local library
    library=$(rustc --print target-libdir --target "$1" 2>/dev/null) && [[ -d $library ]]
}

# get_target TARGET: rustup fetches Rust's target if it is missing.
get_target() {
    has_target "$1" || rustup target add "$1" >&2
}

# get_zig ZIG'S-TARGET: packaging/zig-cc compiles for that target afterwards. pip fetches zig into target/zig if it is missing.
get_zig() {
    export ZIG_TARGET=$1 PYTHONPATH=${root:?}/target/zig${PYTHONPATH+:$PYTHONPATH}
    python3 -m ziglang version >/dev/null 2>&1 ||
        python3 -m pip install --quiet --root-user-action=ignore --target "$root/target/zig" "$zig" >&2
}
