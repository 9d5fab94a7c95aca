#!/usr/bin/env bash
# Checks the C side as its users meet it: the header in every dialect, an installation,
# programs out of the tree that find it, and those programs serving requests of a real hub.
# One line a check; exits with 1 if any failed. What is not here (cmake, valgrind, a
# dialect) is skipped, and said to be.
set -uo pipefail
cd "$(dirname "$0")/../../.."
source=$PWD
here=$source/bindings/c
CC=${CC:-gcc} CXX=${CXX:-g++}
warnings=(-Wall -Wextra -Wpedantic -pedantic -Werror)

work=$(mktemp -d)
passed=0 failed=0 skipped=0
started=()

clean_up() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null; done
    wait
    rm -rf "$work"
}
trap clean_up EXIT

pass() { echo "ok       $1"; passed=$((passed + 1)); }
skip() { echo "skipped  $1: $2"; skipped=$((skipped + 1)); }
fail() {
    echo "FAILED   $1"
    [ $# -gt 1 ] && sed 's/^/         /' <<<"$2"
    failed=$((failed + 1))
}
have() { command -v "$1" >/dev/null 2>&1; }
# check NAME COMMAND…: passes if the command succeeds; shows what it said if not.
check() {
    local name=$1 said
    shift
    if said=$("$@" 2>&1); then pass "$name"; else fail "$name" "$said"; return 1; fi
}
# eventually CONDITION…: until it holds, for 30 s at most (what is limited is the failure).
eventually() {
    local end=$((SECONDS + 30))
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.02
    done
}

# --- the header, compiled ---------------------------------------------------------------

compiles() { "$@" -x "$language" "-std=$standard" "${warnings[@]}" -Iinclude -fsyntax-only \
    "$here"/tests/{header,program,exercise,bus,calls,registrations}.c "$here"/examples/*.c; }
newest=c23
"$CC" -std=c23 -x c -fsyntax-only /dev/null 2>/dev/null || newest=c2x
for standard in c99 c11 c17 $newest c++11 c++14 c++17 c++20; do
    case $standard in
        c++*) compiler=$CXX language=c++ ;;
        *) compiler=$CC language=c ;;
    esac
    name="header, examples and tests as $standard"
    if ! have "$compiler"; then
        skip "$name" "no $compiler"
    elif ! "$compiler" -x "$language" "-std=$standard" -fsyntax-only /dev/null 2>/dev/null; then
        skip "$name" "$compiler does not know it"
    else
        check "$name" compiles "$compiler"
    fi
done

lines=$(wc -l <"$here/examples/hello.c")
if [ "$lines" -lt 30 ]; then pass "hello.c has fewer than 30 lines: $lines"; else
    fail "hello.c has $lines lines, of fewer than 30"; fi

# --- an installation --------------------------------------------------------------------

prefix=$work/usr
if ! check "make install" env SLOTWAY_PROFILE="${SLOTWAY_PROFILE:-dev}" PREFIX="$prefix" DESTDIR= \
    scripts/install.sh; then
    echo "$passed passed, $failed failed, $skipped skipped"
    exit 1
fi
for file in bin/slotway include/slotway.h lib/libslotway.so.0.1.0 lib/libslotway.a \
    lib/pkgconfig/slotway.pc lib/cmake/Slotway/SlotwayConfig.cmake; do
    [ -s "$prefix/$file" ] || fail "$file is not installed"
done
same() { [ "$1" = "$2" ] || { echo "found $1, expected $2"; return 1; }; }
check "lib/libslotway.so leads to the versioned file" \
    same "$(readlink -f "$prefix/lib/libslotway.so")" "$(readlink -f "$prefix/lib/libslotway.so.0.1.0")"
if have readelf; then
    check "the soname has the ABI's version" same \
        "$(readelf -d "$prefix/lib/libslotway.so" | sed -n 's/.*soname: \[\(.*\)\]/\1/p')" libslotway.so.0
fi
if have nm; then
    declared=$(grep -v '^\(//\|#\)' include/slotway.h | grep -o 'slotway_[a-z_]*(' | tr -d '(' | sort -u)
    exported=$(nm -D --defined-only "$prefix/lib/libslotway.so" | awk '{ print $3 }' | sort)
    check "what is exported is what the header declares" same "$exported" "$declared"
fi
grep -q "$source" "$prefix/lib/pkgconfig/slotway.pc" "$prefix/lib/cmake/Slotway/"* &&
    fail "an installed file names the source tree"
staged=$work/stage
check "make install into DESTDIR" env SLOTWAY_PROFILE="${SLOTWAY_PROFILE:-dev}" PREFIX=/usr \
    DESTDIR="$staged" scripts/install.sh
check "its pkg-config file names the prefix alone" \
    same "$(sed -n 's/^prefix=//p' "$staged/usr/lib/pkgconfig/slotway.pc")" /usr

# --- programs out of the tree -----------------------------------------------------------

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
if have pkg-config; then
    cflags=$(pkg-config --cflags slotway)
    shared="$(pkg-config --libs slotway) -Wl,-rpath,$prefix/lib"
    # -l: names the file, so that the linker does not take the shared one.
    static=$(pkg-config --static --libs slotway | sed 's/-lslotway/-l:libslotway.a/')
else
    skip "pkg-config" "not here; its answers are made up"
    cflags=-I$prefix/include
    shared="-L$prefix/lib -lslotway -Wl,-rpath,$prefix/lib"
    static="-L$prefix/lib -l:libslotway.a $(sed -n 's/^Libs.private: //p' "$PKG_CONFIG_PATH/slotway.pc")"
fi

mkdir "$work/out"
cp "$here"/tests/*.[ch] "$here"/examples/*.c "$work/out"
programs=()
# build NAME COMPILER LANGUAGE STANDARD LINKAGE FILE: a program out of the tree.
build() {
    local libraries=$shared
    [ "$5" = static ] && libraries=$static
    # shellcheck disable=SC2086 # the flags are several words
    (cd "$work/out" && check "builds: $1" "$2" "-std=$4" "${warnings[@]}" -g -O1 -pthread \
        -x "$3" "$6" -x none -o "$1" $cflags $libraries)
}
for linkage in shared static; do
    build "c99-$linkage" "$CC" c c99 $linkage program.c && programs+=("c99-$linkage")
    if have "$CXX"; then
        build "c++17-$linkage" "$CXX" c++ c++17 $linkage program.c && programs+=("c++17-$linkage")
    else
        skip "builds: c++17-$linkage" "no $CXX"
    fi
done
if have cmake; then
    mkdir "$work/cmake"
    cp "$here/tests/program.c" "$work/cmake"
    cp "$here/tests/CMakeLists.txt" "$work/cmake"
    with_cmake() {
        cmake -S "$work/cmake" -B "$work/cmake/build" -DCMAKE_PREFIX_PATH="$prefix" \
            -DCMAKE_C_COMPILER="$CC" && cmake --build "$work/cmake/build"
    }
    if check "builds with CMake, shared and static" with_cmake; then
        for linkage in shared static; do
            cp "$work/cmake/build/$linkage" "$work/out/cmake-$linkage"
            programs+=("cmake-$linkage")
        done
    fi
else
    skip "builds with CMake" "no cmake"
fi
for example in hello echo inplace threads poll_loop events tokens queue exercise bus calls registrations; do
    build "$example" "$CC" c c11 shared "$example.c"
done

# --- serving ----------------------------------------------------------------------------

start_hub() {
    SLOTWAY_QUEUES_OPEN='*' "$prefix/bin/slotway" hub --listen 127.0.0.1:0 --control "$work/hub.sock" --admin none \
        --ready-file "$work/ready" >"$work/hub.log" 2>&1 &
    started+=($!)
    eventually test -s "$work/ready" || return 1
    port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/ready")
    [ -n "$port" ]
}
if ! start_hub; then
    fail "the installed hub starts" "$(cat "$work/hub.log")"
    echo "$passed passed, $failed failed, $skipped skipped"
    exit 1
fi
export SLOTWAY_HUB=$work/hub.sock

# start NAME COMMAND…: a worker; its input stays open until `stop_input`.
start() {
    local name=$1
    shift
    rm -f "$work/in"
    mkfifo "$work/in"
    "$@" <"$work/in" >"$work/$name.log" 2>&1 &
    worker=$!
    started+=("$worker")
    exec 8>"$work/in"
}
stop_input() { exec 8>&-; }
# http METHOD TARGET [HEADER…]: the whole answer; the body comes from the standard input.
http() {
    local method=$1 target=$2 header
    shift 2
    exec 9<>"/dev/tcp/127.0.0.1/$port" || return 1
    # What runs in the background has no standard input of its own.
    exec 6<&0
    {
        printf '%s %s HTTP/1.1\r\nhost: test\r\nconnection: close\r\n' "$method" "$target"
        for header in "$@"; do printf '%s\r\n' "$header"; done
        printf '\r\n'
        cat <&6
    } >&9 2>/dev/null &
    cat <&9 2>/dev/null
    wait $!
    exec 6<&- 9<&-
}
# get TARGET: the answer's status and body, on one line.
get() { http GET "$1" </dev/null | summary; }
post() { printf %s "$2" | http POST "$1" "content-length: ${#2}" "${@:3}" | summary; }
summary() { tr -d '\r' | awk 'NR == 1 { s = $2 } body { b = b (b == "" ? "" : " ") $0 } /^$/ { body = 1 }
    END { print s, b }'; }
answers() { [ "$(get "$1")" = "$2" ]; }
ended() { ! kill -0 "$1" 2>/dev/null; }
# ends NAME: the worker ends by itself, with 0.
ends() {
    eventually ended "$worker" || { kill "$worker"; fail "$1 ends" "$(cat "$work/$2.log")"; return; }
    wait "$worker"
    local status=$?
    if [ $status = 0 ]; then pass "$1"; else fail "$1: exit status $status" "$(cat "$work/$2.log")"; fi
}
said() { grep -q "$2" "$work/$1.log"; }

for program in "${programs[@]}"; do
    start "$program" "$work/out/$program"
    if eventually said "$program" ready && [ "$(get /ping)" = "200 pong" ]; then
        ends "$program serves and ends" "$program"
    else
        fail "$program serves" "$(cat "$work/$program.log")"
        kill "$worker" 2>/dev/null
    fi
    stop_input
done

# Every function, as it is meant and as it is not.
exercise() {
    local name=$1 log=$2 before=$failed
    shift 2
    start "$log" "$@"
    if ! eventually said "$log" ready; then
        fail "$name" "$(cat "$work/$log.log")"
        kill "$worker" 2>/dev/null
        return
    fi
    local large
    large=$(printf '%200000s' '' | tr ' ' x)
    expect() { [ "$2" = "$3" ] || fail "$name, $1: answered $2, not $3"; }
    expect head "$(post '/head/a%20b/x/y?q=1&r' hello 'x-twice: 1' 'X-Twice: 2')" "200 ok"
    expect answers "$(get /answers)" "200 ok"
    expect reserve "$(get /reserve)" "201 aaaaaok"
    expect stream "$(get /stream)" "200 0123456ok"
    expect peek "$(post /peek hello)" "200 ok"
    expect large "$(post /large "$large")" "200 ok"
    expect userdata "$(get /userdata)" "200 ok"
    expect unanswered "$(get /unanswered | cut -c 1-4)" "500 "
    expect abort "$(get /abort | cut -c 1-4)" "502 "
    exec 7<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /cancelled HTTP/1.1\r\nhost: test\r\n\r\n' >&7
    eventually said "$log" "waiting for the cancellation"
    exec 7<&-
    expect stop "$(get /stop)" "200 ok"
    stop_input
    [ "$failed" = "$before" ] || kill "$worker" 2>/dev/null
    ends "$name" "$log"
}
exercise "every function" exercise "$work/out/exercise"
if have valgrind; then
    exercise "every function under valgrind" valgrind valgrind --error-exitcode=9 --leak-check=full \
        --show-leak-kinds=definite,indirect,possible --errors-for-leak-kinds=definite,indirect,possible \
        --quiet "$work/out/exercise"
else
    skip "every function under valgrind" "no valgrind"
fi

# Events and streams, activities and calls, and many registrations, likewise; each is its own
# client.
by_itself() {
    local program=$1 what=$2
    start "$program" "$work/out/$program"
    ends "every function of $what" "$program"
    stop_input
    if have valgrind; then
        start "$program-valgrind" valgrind --error-exitcode=9 --leak-check=full \
            --show-leak-kinds=definite,indirect,possible \
            --errors-for-leak-kinds=definite,indirect,possible --quiet "$work/out/$program"
        ends "every function of $what under valgrind" "$program-valgrind"
        stop_input
    else
        skip "every function of $what under valgrind" "no valgrind"
    fi
}
by_itself bus events
by_itself calls calls
by_itself registrations registrations

# Twenty requests more are not one allocation more.
allocations() {
    local log=heap-$1 n
    start "$log" valgrind "$work/out/c99-shared" "$1"
    eventually said "$log" ready || { kill "$worker"; return; }
    for ((n = 0; n < $1; n++)); do get /ping >"$work/pong"; done
    eventually ended "$worker" || kill "$worker"
    stop_input
    sed -n 's/.*total heap usage: \([0-9,]*\) allocs.*/\1/p' "$work/$log.log"
}
if have valgrind; then
    # What a process allocates once, at a time of its own, may fall into one of the two; what a
    # request allocates falls into every try.
    for try in 1 2 3; do
        few=$(allocations 10)
        many=$(allocations 30)
        [ "$many" = "$few" ] && break
        echo "try $try: $few allocations for 10 requests, $many for 30"
    done
    check "a request allocates nothing" same "of 30 requests: ${many:-unknown} allocations" \
        "of 30 requests: $few allocations"
else
    skip "a request allocates nothing" "no valgrind"
fi

# What a request costs in allocations of its worker's whole process, counted from within:
# nothing, however it is taken, read and answered.
if build allocations "$CC" c gnu11 shared allocations.c; then
    head -c 300000 /dev/urandom >"$work/upload"
    streams() { http POST /stream "content-length: 300000" <"$work/upload" >"$work/streamed"; }
    for style in next poll; do
        start "allocations-$style" "$work/out/allocations" "$style"
        eventually said "allocations-$style" ready || fail "allocations.c $style" \
            "$(cat "$work/allocations-$style.log")"
        # What is allocated once, for a thread, a slot, a table, comes first.
        for ((n = 0; n < 5; n++)); do get /small/1; get /inplace; streams; done >/dev/null
        # As above: what is once is not in every try.
        for try in 1 2 3; do
            before=$(get /count)
            for ((n = 0; n < 20; n++)); do get "/small/$n"; get /inplace; streams; done >/dev/null
            after=$(get /count)
            [ "$after" = "$before" ] && break
            echo "try $try: $before allocations before sixty requests, $after after"
        done
        check "sixty requests by $style allocate nothing" same "$after" "$before"
        stop_input
        ends "allocations.c $style ends" "allocations-$style"
    done
fi

# --- the examples -----------------------------------------------------------------------

start hello "$work/out/hello"
if eventually answers /hello/w%C3%B6rld "200 Hello, wörld!"; then pass "hello.c"; else
    fail "hello.c" "$(get /hello/world; cat "$work/hello.log")"; fi
kill "$worker"
stop_input

start inplace "$work/out/inplace"
if eventually answers /squares/4 "200 1 4 9 16" && answers /squares/x "400 how many?"; then
    pass "inplace.c"
else
    fail "inplace.c" "$(get /squares/4; cat "$work/inplace.log")"
fi
kill "$worker"
stop_input

# Eight times what a slot holds, random, there and back.
start echo "$work/out/echo"
head -c 1000000 /dev/urandom >"$work/body"
echoes() { http PUT /echo "content-length: 1000000" <"$work/body" | tail -c 1000000 | cmp -s - "$work/body"; }
if eventually echoes; then pass "echo.c"; else fail "echo.c" "$(cat "$work/echo.log")"; fi
kill "$worker"
stop_input

start threads "$work/out/threads"
if eventually answers /slow/1 "200 done"; then
    get /slow/300 >"$work/slow" &
    slow=$!
    # In hand before the signal comes; if it is not, it is refused, and that is seen.
    sleep 0.1
    kill -TERM "$worker"
    ends "threads.c drains and ends" threads
    wait $slow
    check "threads.c answers what it had in hand" same "$(cat "$work/slow")" "200 done"
else
    fail "threads.c" "$(get /slow/1; cat "$work/threads.log")"
    kill "$worker"
fi
stop_input

start poll_loop "$work/out/poll_loop"
sums() { [ "$(post /sum AAAA)" = "200 4 bytes, sum 260" ]; }
if eventually sums; then
    # An upload that stalls, and others that come in between.
    (printf '%100000s' ''; eventually test -e "$work/go"; printf '%100000s' '') |
        http POST /sum "content-length: 200000" | summary >"$work/stalled" &
    stalled=$!
    between=0
    for _ in 1 2 3 4 5; do sums && between=$((between + 1)); done
    touch "$work/go"
    wait $stalled
    check "poll_loop.c serves others while an upload stalls" same "$between" 5
    check "poll_loop.c goes on with the upload" \
        same "$(cat "$work/stalled")" "200 200000 bytes, sum 6400000"
    stop_input
    ends "poll_loop.c drains and ends" poll_loop
else
    fail "poll_loop.c" "$(post /sum AAAA; cat "$work/poll_loop.log")"
    kill "$worker"
    stop_input
fi

# Two of them: what one reads, both print.
start events "$work/out/events"
mkfifo "$work/other"
# Without the first one's input, whose end it would put off.
"$work/out/events" <"$work/other" >"$work/other.log" 2>&1 8>&- &
other=$!
started+=("$other")
exec 7>"$work/other"
if eventually said events ready && eventually said other ready; then
    printf 'one\nanother\nwithout an end of line' >&8
    stop_input
    ends "events.c ends with its input" events
    check "events.c prints what it published" same "$(sed 1d "$work/events.log")" "$(
        printf 'chat.lines line: %s\nchat.lines line: %s\nchat.lines end: %s' \
            one another "without an end of line")"
    check "events.c prints what the other published" eventually said other "end: without an end"
else
    fail "events.c" "$(cat "$work/events.log" "$work/other.log")"
    kill "$worker"
    stop_input
fi
exec 7>&-
worker=$other
ends "the other events.c ends, too" other

start tokens "$work/out/tokens"
refuses() { [ "$(get "/answers/$(printf '%81s' '' | tr ' ' x)")" = "400 too long" ]; }
if eventually refuses; then
    exec 7<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /answers/why HTTP/1.1\r\nhost: test\r\n\r\n' >&7
    answer=$(timeout 30 sed '/^event: done/q' <&7 | tr -d '\r' |
        awk '/^event: / { kind = $2 } kind == "token" && /^data:/ { sub(/^data: ?/, ""); printf "%s", $0 }')
    exec 7<&-
    check "tokens.c streams its answer" same "$answer" "Because slots are memory, and memory is near."
    check "tokens.c hears who is gone" eventually said tokens "is gone"
else
    fail "tokens.c" "$(get /answers/why; cat "$work/tokens.log")"
fi
kill "$worker"
stop_input

start queue "$work/out/queue"
if eventually said queue ready; then
    check "queue.c echoes" same "$(post /queues/demo/work/echo hello)" "200 hello"
    large=$(printf '%300000s' '' | tr ' ' x)
    check "queue.c echoes what is larger than its slot" same \
        "$(post /queues/demo/work/echo "$large" | sha256sum)" "$(echo "200 $large" | sha256sum)"
    check "queue.c sleeps" same "$(post /queues/demo/work/sleep 30)" "200 slept"
    check "queue.c fails" same "$(post /queues/demo/work/fail x)" "500 it failed"
    check "queue.c counts" same "$(post /queues/demo/work/count x; post /queues/demo/work/count x)" \
        "$(printf '200 1\n200 2')"
    check "queue.c crashes" same "$(post /queues/demo/work/crash x | cut -c 1-4)" "502 "
    wait "$worker"
    check "and exits with 1" same $? 1
else
    fail "queue.c" "$(cat "$work/queue.log")"
fi
stop_input
start queue "$work/out/queue"
if eventually said queue ready; then
    check "queue.c comes back" same "$(post /queues/demo/work/count x)" "200 1"
    kill -TERM "$worker"
    ends "queue.c drains on SIGTERM" queue
else
    fail "queue.c comes back" "$(cat "$work/queue.log")"
    kill "$worker" 2>/dev/null
fi
stop_input

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
