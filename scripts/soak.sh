#!/usr/bin/env bash
# The long forms of the robustness campaigns, on a fresh build, one after another. Writes the
# tally to docs/soak.md. SOAK_MINUTES=20, SLOTWAY_SEED=… to repeat a run's choices.
set -euo pipefail
cd "$(dirname "$0")/.."
asan_target=x86_64-unknown-linux-gnu

step() { printf '\n== %s\n' "$*"; }

step "building: hub, workers, campaigns"
# Not optimised, so that debug assertions look on.
cargo build -p slotway-hub
cargo build -p slotway-ffi
cargo build -p slotway-tests

asan=()
if [ "$(uname -m)" = x86_64 ]; then
    step "building: the hub with AddressSanitizer"
    # In its own directory: everything is compiled in another way.
    RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo build -p slotway-hub \
        --target "$asan_target" --target-dir target/asan
    asan=(--asan "$PWD/target/asan/$asan_target/debug/slotway")
fi

step "death at every single instruction"
started=$SECONDS
SLOTWAY_TEST_LONG=1 cargo test --release -p slotway-core --all-features --test death -- \
    --nocapture 2>&1 | tee target/soak-death.log | grep -oE '(worker|hub), [A-Za-z, ()]+: [0-9]+ instr.*' || true
grep -q '^test result: ok' target/soak-death.log || { tail -n 40 target/soak-death.log; exit 1; }

step "campaigns"
target/debug/slotway-soak "${asan[@]}" --page target/soak.md
{
    cat target/soak.md
    echo
    echo "## Death at every single instruction"
    echo
    echo "\`core/tests/death\`. Each line: who stands at an instruction and what is"
    echo "done then, how many instructions its way has, how many of them change the region's"
    echo "words, and at how many it was tried (those that its last sleep moves aside)."
    echo
    echo '```'
    grep -hoE '(worker|hub), [A-Za-z, ()]+: [0-9]+ instructions.*' target/soak-death.log
    echo '```'
} >docs/soak.md
step "the tally is in docs/soak.md, $((SECONDS - started)) s"
