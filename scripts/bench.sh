#!/usr/bin/env bash
# Measures Slotway beside its floors and peers: `make bench`, or one part by name.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh all wrk:wrk
cargo build --release -p slotway-benches -p slotway-hub -p slotway-ffi
# By itself, so that its core has the features that `make counts` gives it.
cargo build --release -p slotway-counts
exec target/release/slotway-bench "$@"
