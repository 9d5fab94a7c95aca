#!/usr/bin/env bash
# Builds a hub, a worker in C and one in Rust, and sends real requests through them.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
echo "building (the first time takes a minute or two) …"
cargo build --quiet -p slotway-hub -p slotway-ffi
cargo build --quiet -p slotway-tests --bin slotway-demo
cargo build --quiet -p slotway --example demo
gcc -O1 -Wall -Wextra -Iinclude bindings/c/examples/demo.c -o "$target/debug/demo-c" \
    "$target/debug/libslotway.a" -lgcc_s -lutil -lrt -lpthread -lm -ldl
exec "$target/debug/slotway-demo" "$target/debug/demo-c" "$target/debug/examples/demo"
