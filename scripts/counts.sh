#!/usr/bin/env bash
# Instructions for one exchange on each side, compared with the stored baseline; with
# `store` the baseline is written anew. Ends with 77 where there is no valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --quiet --release -p slotway-counts
exec "${CARGO_TARGET_DIR:-target}/release/slotway-counts" "$@"
