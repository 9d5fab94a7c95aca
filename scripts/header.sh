#!/usr/bin/env bash
# Writes include/slotway.h anew from the crate slotway-ffi, or checks with --verify that it
# is what the crate says.
set -euo pipefail
cd "$(dirname "$0")/.."
cbindgen=target/tools/bin/cbindgen
[ -x "$cbindgen" ] || cbindgen=cbindgen
if ! command -v "$cbindgen" >/dev/null; then
    echo "header: cbindgen is not here; run scripts/setup.sh all" >&2
    exit 1
fi
arguments=(--quiet --config ffi/cbindgen.toml --crate slotway-ffi --output include/slotway.h)
case ${1:-} in
    '') exec "$cbindgen" "${arguments[@]}" ffi ;;
    --verify)
        "$cbindgen" "${arguments[@]}" --verify ffi || {
            echo "header: include/slotway.h is not what ffi/ says; run make header and commit it" >&2
            exit 1
        }
        ;;
    *)
        echo "usage: scripts/header.sh [--verify]" >&2
        exit 2
        ;;
esac
