#!/usr/bin/env bash
# The pictures of `slotway status` and `slotway top` in docs, made from a run.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v tmux >/dev/null; then
    echo "terminal: tmux is not here (on Debian: apt install tmux)." >&2
    exit 77
fi
cargo build -p slotway-hub -p slotway-tests --bin slotway --bin slotway-rust-worker
exec node tests/terminal/screenshots.mjs
