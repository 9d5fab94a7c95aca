#!/usr/bin/env bash
# Everything that CI runs, or the parts that are named, with a summary at the end.
# A part's output goes to target/test-logs and is shown when it fails.
set -uo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh all || exit 1

logs=target/test-logs
mkdir -p "$logs"
passed=0 failed=0 tests=0
summary=() reasons=()

# part NAME COMMAND…: runs a command, keeps its output, counts its tests.
part() {
    local name=$1 start=$SECONDS log status count
    shift
    log="$logs/${name// /-}.log"
    printf '%-44s ' "$name"
    "$@" >"$log" 2>&1
    case $? in
        0) status=ok passed=$((passed + 1)) ;;
        # What it needs is not here, and cannot be had.
        77) status=skipped ;;
        *) status=FAILED failed=$((failed + 1)) ;;
    esac
    count=$(sed -n -e 's/^test result: .* \([0-9]*\) passed.*/\1/p' -e 's/^ℹ pass \([0-9]*\)$/\1/p' -e 's/^\([0-9]*\) passed.* in .*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
    tests=$((tests + count))
    local line
    line=$(printf '%-7s %4d s' "$status" $((SECONDS - start)))
    [ "$count" -gt 0 ] && line+=$(printf '  %5d tests' "$count")
    echo "$line"
    summary+=("$(printf '%-44s %s' "$name" "$line")")
    if [ "$status" = skipped ]; then
        tail -n 1 "$log"
    elif [ "$status" = FAILED ]; then
        echo "--- the end of $log"
        tail -n 80 "$log"
        echo "---"
        reasons+=("$(printf 'why not: %s\n' "$name"; reason "$log")")
    fi
}

# reason LOG: what failed, in few lines, for who sees the end of the output only.
reason() {
    local said
    said=$(grep -E '^(test .* FAILED|FAILED |error|---- .* stdout|✖ )|panicked at|the tour' "$1" | head -n 8)
    { printf '%s\n' "$said"; tail -n 6 "$1"; } | cut -c 1-200 | sed '/^$/d; s/^/    /'
}

check() {
    part "formatting" cargo fmt --all --check
    part "lints" cargo clippy --workspace --all-targets --all-features -- -D warnings
    part "lints without optional features" cargo clippy -p slotway-hub --all-targets -- -D warnings
    part "formatting and lints of the Python binding" bash -c "cd bindings/python && \
        export CARGO_TARGET_DIR=\${CARGO_TARGET_DIR:-\$PWD/../../target}/python/lints && \
        cargo fmt --check && cargo clippy -- -D warnings"
    part "formatting and lints of the Node binding" bash -c "cd bindings/node && \
        export CARGO_TARGET_DIR=\${CARGO_TARGET_DIR:-\$PWD/../../target}/node/lints && \
        cargo fmt --check && cargo clippy -- -D warnings"
    part "core without std and alloc" cargo build -p slotway-core --no-default-features
    part "header is what the code says" scripts/header.sh --verify
    part "the C interface is the stored one" scripts/abi.sh
    part "README shows the examples" scripts/readme.sh
}

unit() {
    part "unit and integration tests" cargo test --workspace --all-features --exclude slotway-tests
    part "hub without optional features" cargo test -p slotway-hub --test without_otel
}

loom() {
    part "models" env RUSTFLAGS="--cfg slotway_loom" CARGO_TARGET_DIR=target/loom \
        cargo test --release -p slotway-loom
}

python() {
    part "Python: wheel, types, workers" bindings/python/tests/run.sh
}

node() {
    part "Node: package, types, workers" bindings/node/tests/run.sh
}

fleet() {
    part "task queues: workers of three languages" tests/fleet/run.sh
}

c() {
    part "C: header, install, examples" bindings/c/tests/run.sh
}

counts() {
    part "instructions for one exchange" scripts/counts.sh
}

blackbox() {
    # One at a time, as the tests ask for them: together their dependencies have other features.
    part "hub and workers for the black-box tests" bash -c \
        "cargo build -p slotway-hub && cargo build -p slotway-ffi && cargo build -p slotway-tests"
    part "black-box tests" cargo test -p slotway-tests
}

clients() {
    part "curl, Python and Node as clients" tests/clients/run.sh
}

browser() {
    part "the dashboard and events in Chromium" tests/browser/run.sh
}

tour() {
    part "README: five minutes" scripts/tour.sh
}

if [ $# -eq 0 ]; then set -- check unit loom c python node fleet counts blackbox clients browser tour; fi
for name in "$@"; do "$name"; done

echo
echo "Summary"
printf '%s\n' "${summary[@]}"
[ "$failed" -eq 0 ] || printf '%s\n' "" "${reasons[@]}"
echo
echo "$tests tests in $passed parts that passed and $failed that failed, $SECONDS s"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
