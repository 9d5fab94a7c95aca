#!/usr/bin/env bash
# The tests of core, of the C interface and of the fuzz targets under AddressSanitizer and
# ThreadSanitizer; `scripts/san.sh address` for one. The flags are not for release
# compilers, hence RUSTC_BOOTSTRAP; the standard library is the one that was shipped,
# without instrumentation, and scripts/tsan.supp says what follows from that.
set -uo pipefail
cd "$(dirname "$0")/.."
host=$(rustc -vV | sed -n 's/host: //p')
export RUSTC_BOOTSTRAP=1
failed=0

# tests SANITIZER NAME ARGUMENTS…
tests() {
    local kind=$1 name=$2 log status=ok
    shift 2
    log=target/san/$kind-$name.log
    mkdir -p target/san
    RUSTFLAGS=$flags cargo test --quiet --target "$host" --target-dir "target/san/$kind" "$@" \
        >"$log" 2>&1 || { status=FAILED failed=1; }
    printf '%-8s %-20s %-7s %5d tests\n' "$kind" "$name" "$status" \
        "$(sed -n 's/^test result: .* \([0-9]*\) passed.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')"
    [ $status = ok ] || tail -n 60 "$log"
}

address() {
    local flags="-Zsanitizer=address"
    # Not `death`, which runs its child one instruction at a time.
    tests address core -p slotway-core --all-features --lib --test allocations --test golden \
        --test hostile --test stress
    tests address ffi -p slotway-ffi
}

thread() {
    local flags="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer"
    export TSAN_OPTIONS="suppressions=$PWD/scripts/tsan.supp ${TSAN_OPTIONS:-}"
    tests thread core -p slotway-core --all-features --test stress
    tests thread ffi -p slotway-ffi
}

[ $# -gt 0 ] || set -- address thread
for kind in "$@"; do "$kind"; done
exit $failed
