#!/usr/bin/env bash
# The native part under AddressSanitizer, with the tests of workers. Run tests/run.sh before:
# it makes the project that this one copies. Arguments are files of tests, as there.
set -euo pipefail
cd "$(dirname "$0")/../../.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
here=$PWD/bindings/node
project=$target/node/asan-project
triple=$(rustc -vV | sed -n 's/^host: //p')

if [ ! -d "$target/node/project/node_modules/slotway" ]; then
    echo "there is no project in $target/node; run tests/run.sh before"
    exit 1
fi
runtime=$(gcc -print-file-name=libasan.so)
if [ ! -e "$runtime" ]; then
    echo "gcc has no libasan.so here, and node has to be started with it"
    exit 77
fi
if [ -z "${SLOTWAY_PROGRAM:-}" ]; then
    cargo build -p slotway-hub
    SLOTWAY_PROGRAM=$target/debug/slotway
fi
(cd "$here" && RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=$target/node/asan \
    cargo build --target "$triple")

rm -rf "$project"
cp -r "$target/node/project" "$project"
cd "$project"
rm -rf test
cp -r "$here/test" .
for binary in node_modules/slotway/native/*.node; do
    # A new file, and not the one that others may have loaded.
    rm "$binary"
    cp "$target/node/asan/$triple/debug/libslotway_node.so" "$binary"
done
# The hub has no need of it.
printf '#!/bin/sh\nunset LD_PRELOAD\nexec "%s" "$@"\n' "$(realpath "$SLOTWAY_PROGRAM")" >hub
chmod +x hub
export SLOTWAY_PROGRAM=$project/hub

files=()
for name in "$@"; do files+=("test/$name.test.js"); done
if [ ${#files[@]} -eq 0 ]; then
    # Of volume there is enough without it.
    mapfile -t files < <(find test/native test/calls test/runner -name '*.test.js' ! -name 'volume*' | sort)
fi
# Node keeps memory until its end, and handles its own faults.
export ASAN_OPTIONS=detect_leaks=0:handle_segv=0:detect_stack_use_after_return=0
LD_PRELOAD=$runtime timeout 1200 node --test --test-reporter=spec "${files[@]}"
