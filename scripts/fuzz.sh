#!/usr/bin/env bash
# libFuzzer on every target, or on those that are named: `scripts/fuzz.sh operations`.
# FUZZ_SECONDS (60) for each; FUZZ_JOBS (the processors) at a time. What it finds on the way
# goes to target/fuzz/corpus, what fails to target/fuzz/failures; FUZZ_MERGE=1 brings the
# former, as small as it gets, into the stored corpus.
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
host=$(rustc -vV | sed -n 's/host: //p')
work=$PWD/target/fuzz
mkdir -p "$work/logs" "$work/failures"

# What cargo-fuzz would say to the compiler, so that it need not be here. The flags are not
# for release compilers, hence the variable.
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Zsanitizer=address -Cforce-frame-pointers"
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
cargo build --quiet --release --manifest-path fuzz/Cargo.toml --target-dir "$work/build" \
    --target "$host" || exit 1

if [ $# -eq 0 ]; then
    set -- fuzz/fuzz_targets/*.rs
    set -- "${@##*/}"
    set -- "${@%.rs}"
fi
running() { jobs -rp | wc -l; }
started=()
for target in "$@"; do
    while [ "$(running)" -ge "${FUZZ_JOBS:-$(nproc)}" ]; do sleep 0.2; done
    mkdir -p "$work/corpus/$target"
    "$work/build/$host/release/$target" "$work/corpus/$target" "fuzz/corpus/$target" \
        -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=2048 \
        -artifact_prefix="$work/failures/$target-" >"$work/logs/$target.log" 2>&1 &
    started+=("$!")
done
failed=0
for target in "$@"; do
    wait "${started[0]}"
    status=$?
    started=("${started[@]:1}")
    last=$(grep -E '^#[0-9]+' "$work/logs/$target.log" | tail -n 1)
    runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$work/logs/$target.log")
    if [ "$status" = 0 ]; then
        printf '%-16s ok      %10s runs  %s\n' "$target" "$runs" "$(grep -o 'cov: [0-9]* ft: [0-9]*' <<<"$last")"
        if [ -n "${FUZZ_MERGE:-}" ]; then
            "$work/build/$host/release/$target" -merge=1 "fuzz/corpus/$target" "$work/corpus/$target" \
                >"$work/logs/$target-merge.log" 2>&1
        fi
    else
        failed=1
        printf '%-16s FAILED  see %s\n' "$target" "$work/logs/$target.log"
        tail -n 40 "$work/logs/$target.log"
    fi
done
exit $failed
